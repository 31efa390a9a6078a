"""What the reader is given: whole, grouped, folded around what matters, and nothing that must not be shown."""

import doctest
import itertools
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages._shared import charts, illustrations
from pages.explanations import reader
from pages.explanations.reader import payload, toggled
from recsys.explanations.documents import Document
from recsys.explanations.reading import (
    DocumentContributions,
    Partner,
    PhraseContribution,
    TextContributions,
    WordEffect,
    WordEffects,
)
from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender
from recsys.text.masking import mask_personal, pseudonym
from tests._hostile import ATTACKS
from tests.pages.test_palette import SIGHT, THEMES, contrast, lab, linear

SIDES = ("shopper", "product")


@pytest.fixture(scope="module")
def model(page_home: Path) -> Recommender:
    return Recommender.load(AppPaths(page_home).model)


@pytest.fixture(scope="module")
def asked(model: Recommender) -> str:
    return str(model.users.sort_values("n_reviews")["user_id"].iloc[-1])


@pytest.fixture(scope="module")
def reading(model: Recommender, asked: str) -> TextContributions:
    """A shopper who wrote much and typed something, before a product that others wrote of."""
    scored = model.scores(asked, "a warm sleeping bag for cold nights")
    return model.read(scored, model.rank(scored).items[0].item_id)


def phrase(start: int, end: int, value: float = 0.1, **facts: Any) -> PhraseContribution:
    return PhraseContribution(
        **{"name": f"r1.{start}", "loss": 0.0, "polarity": 0.0, "partners": (), "ablated": False, **facts},
        start=start,
        end=end,
        value=value,
    )


def text(said: str, phrases: tuple[PhraseContribution, ...], **facts: Any) -> DocumentContributions:
    spans = tuple((each.start, each.end) for each in phrases)
    known = {"kind": "review", "number": 1, "item_id": "P1", "title": "Tent", "user_id": "U1", "rating": 4.0}
    moment = datetime(2026, 5, 31, tzinfo=UTC)
    document = Document(**{**known, "moment": moment, **facts}, text=said, places=tuple(range(len(spans))), spans=spans)
    return DocumentContributions(document, sum(each.value for each in phrases), phrases)


def sides(
    shopper: tuple[DocumentContributions, ...] = (), product: tuple[DocumentContributions, ...] = ()
) -> TextContributions:
    total = sum(each.value for each in product)
    return TextContributions(shopper, product, total, len(shopper), len(product))


def documents(data: dict[str, Any], side: str) -> list[dict[str, Any]]:
    return [each for group in data[side]["groups"] for each in group["documents"]]


def groups(data: dict[str, Any], side: str) -> list[str]:
    return [group["title"] for group in data[side]["groups"]]


def only(said: DocumentContributions, side: str = "product") -> dict[str, Any]:
    """The one document of a reading with one text."""
    (document,) = documents(payload(sides(**{side: (said,)}), user_id="U9"), side)
    return document


def shown(document: dict[str, Any], *, folded: bool = True) -> str:
    return "".join(piece["text"] for piece in document["pieces"] if folded or not piece["fold"])


def test_everything_read_is_there_once_and_can_be_sent(reading: TextContributions, asked: str) -> None:
    data = json.loads(json.dumps(payload(reading, user_id=asked), allow_nan=False))
    for side, texts in (("shopper", reading.shopper), ("product", reading.product)):
        assert sorted(each["index"] for each in documents(data, side)) == list(range(len(texts)))
        for each in documents(data, side):
            read = texts[each["index"]]
            assert each["value"] == pytest.approx(sum(p["value"] for p in each["phrases"]), abs=1e-5)
            assert [p["strike"] for p in each["phrases"]] == [p.name for p in read.phrases]
            assert shown(each) == mask_personal(read.document.text).replace("\r\n", "\n")
    assert data["strongest"] == max(abs(p.value) for p in reader._phrases(reading))


def test_partners_point_to_phrases_of_the_other_side(reading: TextContributions, asked: str) -> None:
    data = payload(reading, user_id=asked)
    for side, other in itertools.permutations(SIDES):
        there = {each["index"]: each for each in documents(data, other)}
        pairs = [pair for each in documents(data, side) for p in each["phrases"] for pair in p["partners"]]
        assert pairs
        assert all(at < len(there[index]["phrases"]) for index, at, _ in pairs)
        assert all(value for _, _, value in pairs)


def test_texts_are_grouped_by_who_speaks(reading: TextContributions, asked: str) -> None:
    data = payload(reading, user_id=asked)
    assert groups(data, "shopper") == ["Typed now", "Written by this shopper", "Said of products they chose"]
    assert groups(data, "product") == ["What other shoppers say", "What the shop says"]
    typed, own, chosen = (group["documents"] for group in data["shopper"]["groups"])
    assert [each["who"] for each in typed] == ["Typed words"]
    assert {each["who"] for each in own} == {"this shopper"}
    assert all(each["product"] and each["stars"] and each["day"] for each in own)
    assert "this shopper" not in {each["who"] for each in chosen}
    assert {each["who"] for each in data["product"]["groups"][1]["documents"]} <= {
        "Title",
        "Description",
        "Category and tags",
    }


def test_a_new_shopper_wrote_nothing(model: Recommender) -> None:
    scored = model.scores(None, "a quiet stove")
    reading = model.read(scored, model.rank(scored).items[0].item_id)
    data = payload(reading, user_id=None)
    assert groups(data, "shopper") == ["Typed now"]
    assert data["shopper"]["hint"] == "Nothing written yet: the words typed above are all that is known."
    assert "this shopper" not in {each["who"] for side in SIDES for each in documents(data, side)}


def test_other_shoppers_bear_pseudonyms_and_no_id_is_sent(
    reading: TextContributions, asked: str, model: Recommender
) -> None:
    sent = json.dumps(payload(reading, user_id=asked))
    authors = {t.document.user_id for t in (*reading.shopper, *reading.product)} - {None, asked}
    assert authors
    assert all(pseudonym(author) in sent for author in authors)
    assert not set(re.findall(r"\w+", sent)) & set(model.users["user_id"])


def test_what_is_left_out_is_said() -> None:
    one = text("Dry.", (phrase(0, 4, 0.25),))
    many = replace(sides(product=(one,)), n_product_texts=1816, total=0.37)
    assert payload(many, user_id=None)["product"]["counted"] == (
        "1 of 1,816 texts shown; the rest adds +0.12, in all +0.37"
    )
    two = sides(product=(one, text("Warm.", (phrase(0, 5, 0.5),), number=2)))
    assert payload(two, user_id=None)["product"]["counted"] == "All 2 texts; together they add +0.75"
    assert payload(sides(product=(one,)), user_id=None)["product"]["counted"] == "The one text there is; it adds +0.25"


def test_each_group_is_open_a_little(reading: TextContributions, asked: str) -> None:
    data = payload(reading, user_id=asked)
    for side in SIDES:
        assert sum(each["open"] for each in documents(data, side)) == reader.SHOWN
        assert all(group["documents"][0]["open"] for group in data[side]["groups"])


def test_folding_spares_the_strongest_phrases_and_the_first_words(reading: TextContributions, asked: str) -> None:
    data = payload(reading, user_id=asked)
    n_folded = 0
    for each in (*documents(data, "shopper"), *documents(data, "product")):
        hidden = {piece["phrase"] for piece in each["pieces"] if piece["fold"]}
        n_folded += bool(hidden)
        strongest = sorted(range(len(each["phrases"])), key=lambda n: -abs(each["phrases"][n]["value"]))
        assert not hidden & set(strongest[: reader.KEPT])
        assert not each["pieces"][0]["fold"]
        if len(shown(each)) <= reader.FOLD_OVER:
            assert not hidden
    assert n_folded > 3


def test_a_struck_phrase_is_not_folded_and_short_gaps_stay() -> None:
    said = " ".join(f"This is sentence number {n:02d} of the text." for n in range(20))
    spans = [(found.start(), found.end()) for found in re.finditer(r"This.*?\.", said)]
    struck = text(
        said, tuple(phrase(*span, 0.0 if n == 9 else 0.01 + (n == 15), ablated=n == 9) for n, span in enumerate(spans))
    )
    pieces = only(struck)["pieces"]
    kept = {piece["phrase"] for piece in pieces if not piece["fold"]} - {None}
    assert {0, 9, 15} <= kept
    assert len(kept) < 9
    for fold, run in itertools.groupby(pieces, key=lambda piece: piece["fold"]):
        assert not fold or sum(len(piece["text"]) for piece in run) >= reader.WORTH_FOLDING


def test_personal_data_is_hidden_also_where_it_crosses_phrases() -> None:
    said = "Warm bag. Ask ann@example.org or 4111 1111 1111 1111, it is dry."
    document = only(text(said, (phrase(0, 9), phrase(10, 17), phrase(17, 29), phrase(30, 64))))
    assert shown(document) == "Warm bag. Ask [email hidden] or [card hidden], it is dry."
    assert "example" not in json.dumps(document)
    assert {piece["phrase"] for piece in document["pieces"] if piece["hidden"]} == {1, 3}
    assert len(document["phrases"]) == 4  # the third has no words left to show, but its value counts


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_keeps_its_words_and_loses_its_tricks(attack: str) -> None:
    said = f"Dry. {attack}"
    document = only(text(said, (phrase(0, 4), phrase(5, len(said))), title=attack, user_id=attack), "shopper")
    sent = shown(document) + document["product"] + document["who"]
    assert not set(sent) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x7f")
    if "<script>" in attack:
        assert "<script>" in shown(document)
    assert attack not in document["who"]


def test_line_breaks_stay_but_do_not_pile_up() -> None:
    said = "Dry.\r\n\r\n" + "\n" * 50 + "\tWarm.\x07"
    assert shown(only(text(said, (phrase(0, 4),)))) == "Dry.\n\n Warm. "


def test_praise_and_complaint_are_told_apart_from_afar() -> None:
    said = text(
        "Dry, cold, red.", (phrase(0, 4, polarity=0.34), phrase(5, 10, polarity=-0.9), phrase(11, 15, polarity=0.3))
    )
    assert [each["opinion"] for each in only(said)["phrases"]] == ["praise", "complaint", ""]
    title = text("Blue Murder Tent", (phrase(0, 16, polarity=-0.9),), kind="title", user_id=None, rating=float("nan"))
    assert [each["opinion"] for each in only(title)["phrases"]] == [""]


def test_empty_sides_say_why() -> None:
    data = payload(sides(), user_id=None)
    assert "no words of this shopper" in data["shopper"]["empty"]
    assert "Nobody has written about this product" in data["product"]["empty"]
    assert data["strongest"] == 0
    only_shop = sides(product=(text("Tent", (phrase(0, 4),), kind="title", user_id=None, rating=float("nan")),))
    assert payload(only_shop, user_id=None)["product"]["hint"].startswith("No review in words yet")


def test_words_inside_a_phrase_are_masked_like_the_text() -> None:
    said = "Warm bag. Ask ann@example.org now, please."
    end = len(said)
    one = sides(product=(text(said, (phrase(0, 9), phrase(10, end, 0.1))),))
    each = ((10, 13, 0.02), (14, 17, 0.01), (18, 29, 0.5), (30, 33, -0.05))
    effects = WordEffects(tuple(WordEffect(*word) for word in each), 0.1, -0.02)
    inside = payload(one, user_id=None, inside=("r1.10", effects))["inside"]
    assert "".join(word["text"] for word in inside["words"]) == "Ask [email hidden] now, please."
    assert [(word["text"], word["value"]) for word in inside["words"] if word["value"] is not None] == [
        ("Ask", 0.02),
        ("now", -0.05),
    ]
    assert (inside["residual"], inside["whole"]) == (-0.02, 0.1)
    assert payload(one, user_id=None, inside=("r9.9", effects))["inside"] is None
    assert payload(one, user_id=None, inside=("", effects))["inside"] is None


def test_a_closer_look_at_a_real_phrase(model: Recommender, reading: TextContributions, asked: str) -> None:
    scored = model.scores(asked, "a warm sleeping bag for cold nights")
    item_id = model.rank(scored).items[0].item_id
    said = next(each for each in reading.product if each.document.kind == "review")
    start, end, strike = (getattr(said.phrases[0], name) for name in ("start", "end", "name"))
    effects = model.look_inside(scored, item_id, strike)
    inside = payload(reading, user_id=asked, inside=(strike, effects))["inside"]
    assert "".join(word["text"] for word in inside["words"]) == said.document.text[start:end]
    effects = sum(word["value"] or 0 for word in inside["words"])
    assert effects + inside["residual"] == pytest.approx(inside["whole"], abs=1e-5)
    assert inside["whole"] == pytest.approx(said.phrases[0].value, abs=1e-3)


def test_ticks_of_texts_and_phrases_go_together() -> None:
    def read(*struck: int) -> TextContributions:
        spans = ((0, 4), (5, 10), (11, 16))
        return sides(
            product=(text("Dry. Warm. Cold.", tuple(phrase(*s, ablated=n in struck) for n, s in enumerate(spans))),)
        )

    assert toggled((), "r1.5", read()) == ("r1.5",)
    assert toggled(("r1.5",), "r1.5", read(1)) == ()
    assert toggled(("c:trend", "r1.5"), "r1", read(1)) == ("c:trend", "r1")
    assert toggled(("r1",), "r1", read(0, 1, 2)) == ()
    assert toggled(("r1",), "r1.5", read(0, 1, 2)) == ("r1.0", "r1.11")
    assert toggled(("r1.0", "r1.11", "r1.5"), "r1", read(0, 1, 2)) == ()
    assert toggled(("h:P1",), "r1.5", read(0, 1, 2)) == ()
    assert toggled(("c:trend",), "r7", read()) == ("c:trend", "r7")


def test_strikes_that_the_reader_names_are_known_to_the_model(
    model: Recommender, reading: TextContributions, asked: str
) -> None:
    data = payload(reading, user_id=asked)
    some = documents(data, "product")[0]
    struck = toggled((), some["phrases"][0]["strike"], reading)
    scored = model.scores(asked, "a warm sleeping bag for cold nights", ablated=struck)
    assert scored.ablated == struck


def test_only_names_that_were_shown_come_back(reading: TextContributions, asked: str) -> None:
    names = reader._names(reading)

    class Given:
        struck_toggled = next(iter(names))
        look_inside = "<script>"

    assert reader._answer(Given, "struck_toggled", names) == Given.struck_toggled
    assert reader._answer(Given, "look_inside", names) is None
    assert reader._answer({}, "struck_toggled", names) is None


def test_partners_survive_grouping() -> None:
    shopper = text("Warm.", (phrase(0, 5, partners=(Partner(1, 0, 0.3),)),), user_id="U9")
    shop = text("Tent", (phrase(0, 4),), kind="title", number=3, user_id=None, rating=float("nan"))
    data = payload(sides((shopper,), (shop, text("Dry.", (phrase(0, 4, 0.3),)))), user_id="U9")
    ((index, at, value),) = documents(data, "shopper")[0]["phrases"][0]["partners"]
    (meant,) = (each for each in documents(data, "product") if each["index"] == index)
    assert (shown(meant), at, value) == ("Dry.", 0, 0.3)
    assert groups(data, "product") == ["What other shoppers say", "What the shop says"]


def test_examples_hold() -> None:
    assert doctest.testmod(reader) == (0, 1)


# Colours ------------------------------------------------------------------------------------------------------


def tints(theme: str) -> dict[str, str]:
    sheet = (illustrations.ASSETS / "reader.css").read_text(encoding="utf-8")
    found = re.findall(r"--((?:up|down)(?:-\d)?): light-dark\((#\w{6}), (#\w{6})\);", sheet)
    assert len(found) == 12
    return {name: pair[THEMES.index(theme)] for name, *pair in found}


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_lines_can_be_seen_on_every_tint(theme: str) -> None:
    colours = tints(theme)
    for way, step in itertools.product(("up", "down"), range(1, 6)):
        assert contrast(charts.INK[theme], colours[f"{way}-{step}"]) >= 4.5
        assert contrast(colours[way], colours[f"{way}-{step}"]) >= 3
    assert min(contrast(colours[way], charts.SURFACE[theme]) for way in ("up", "down")) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_speaking_for_and_pulling_down_are_told_apart(theme: str, sight: str) -> None:
    seen = {name: lab(SIGHT[sight] @ linear(colour)) for name, colour in tints(theme).items()}
    for step, least in ((1, 5), (2, 11), (3, 20), (4, 20), (5, 20)):
        assert np.linalg.norm(seen[f"up-{step}"] - seen[f"down-{step}"]) > least
    assert np.linalg.norm(seen["up"] - seen["down"]) > 20


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("way", ["up", "down"])
def test_tints_grow_away_from_the_surface(theme: str, way: str) -> None:
    far = [contrast(tints(theme)[f"{way}-{step}"], charts.SURFACE[theme]) for step in range(1, 6)]
    assert far == sorted(far)
    assert all(b / a > 1.08 for a, b in itertools.pairwise(far))


def test_the_script_builds_no_markup_from_text() -> None:
    script = (illustrations.ASSETS / "reader.js").read_text(encoding="utf-8")
    forbidden = r"innerHTML|outerHTML|insertAdjacent|\.write|createContextualFragment|DOMParser|eval\(|\.href|fetch\("
    assert not re.search(forbidden, script)
