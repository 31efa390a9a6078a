"""Quotes on cards: which sentences are found when a model is made, and which of them each shopper sees."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.artifacts.folder import open_artifact
from recsys.data.dataset import Dataset
from recsys.serving.quote_candidates import QuoteCandidates
from recsys.serving.quotes import Quote
from recsys.serving.recommender import Recommender
from recsys.text.phrasebook import KINDS
from tests._data import shared_data
from tests.serving.test_recommender import make_model

LIGHT, DRY = "Very light and easy to carry on long walks.", "Great sturdy poles, a good waterproof floor."
LONG = (
    "The tent is light and easy to carry, and the poles are great and sturdy in a storm, "
    "and the floor is nice and warm."
)


def shop_with(tiny: dict[str, pd.DataFrame], folder: Path, *said: tuple[str, str, str, float]) -> Recommender:
    """The small shop with further reviews: shopper, product, text, stars."""
    more = [
        tiny["reviews"].iloc[[0]].assign(user_id=user, item_id=item, text=text, rating=stars)
        for user, item, text, stars in said
    ]
    reviews = pd.concat([tiny["reviews"], *more], ignore_index=True)
    return make_model(Dataset.from_frames(**{**tiny, "reviews": reviews}), folder)


def candidates(model: Recommender, item_id: str) -> list[str]:
    """The sentences that may be quoted for a product, reviews and description."""
    row, found = model.item_row(item_id), model._quotes._candidates
    own = np.flatnonzero(model._semantic.items_at(found.places) == row)
    texts = []
    for at in own.tolist():
        document = model.documents.holding([found.places[at]])[0]
        texts.append(document.text[found.starts[at] : found.ends[at]])
    return sorted(texts)


def texts_of(quotes: Sequence[Quote | None]) -> list[str | None]:
    return [None if quote is None else quote.text for quote in quotes]


def test_each_shopper_sees_what_fits_them(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    model = shop_with(tiny, tmp_path / "m", ("eli", "stove", LIGHT, 5), ("dora", "stove", DRY, 5))
    for words, fitting in (("light, easy to carry", LIGHT), ("sturdy poles, waterproof floor", DRY)):
        assert texts_of(model.quotes(model.scores(None, words), ["stove"])) == [fitting]


def test_no_two_cards_of_a_list_say_the_same(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    nearly = LIGHT.replace("Very", "Really")
    model = shop_with(
        *(tiny, tmp_path / "m"), ("eli", "stove", LIGHT, 5), ("dora", "lamp", nearly, 5), ("ben", "lamp", DRY, 5)
    )
    request = model.scores(None, "light, easy to carry")
    assert texts_of(model.quotes(request, ["lamp"])) == [nearly]
    assert texts_of(model.quotes(request, ["stove", "lamp"])) == [LIGHT, DRY]
    assert texts_of(model.quotes(request, ["lamp", "stove"])) == [nearly, None]


def test_what_tells_clearly_more_stands_before_what_fits(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    thin = "Great weight for long hikes."
    model = shop_with(tiny, tmp_path / "m", ("eli", "stove", thin, 5), ("dora", "stove", DRY, 5))
    assert thin in candidates(model, "stove")
    assert texts_of(model.quotes(model.scores(None, "great weight, long hikes"), ["stove"])) == [DRY]


def test_a_description_that_was_cut_does_not_speak_to_its_end(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    whole, cut = "A copper pot that heats evenly on every hob.", "Its copper handle stays cool on every ho"
    tiny["items"].loc[tiny["items"]["item_id"] == "00123", "description"] = f"{whole} {cut}"
    assert candidates(shop_with(tiny, tmp_path / "m"), "00123") == [whole]


def test_what_is_struck_is_not_quoted(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    model = shop_with(tiny, tmp_path / "m", ("eli", "stove", LIGHT, 5), ("dora", "stove", DRY, 5))
    request = model.scores(None, "light, easy to carry")
    (quote,) = model.quotes(request, ["stove"])
    assert quote is not None
    struck = model.ablate(request, [quote.document.name(quote.document.spans[0][0])])
    assert texts_of(model.quotes(struck, ["stove"])) == [DRY]


def test_a_quote_is_a_whole_sentence_around_phrases_that_an_explanation_knows(
    tiny: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    model = shop_with(tiny, tmp_path / "m", ("eli", "tent-4", f"We took it to the coast. {LONG}", 5))
    request = model.scores(None, "soft and warm floor")
    (quote,) = model.quotes(request, ["tent-4"])
    assert quote is not None
    assert quote.text == LONG == quote.document.text[quote.start : quote.end]
    assert len(quote.document.places) > 1
    explained = {part.source.get("strike") for part in model.explain(request, "tent-4").of("semantic")}
    assert {quote.document.name(start) for start, _ in quote.document.spans} <= explained


@pytest.mark.parametrize(
    ("text", "stars", "found"),
    [
        (LIGHT, 5, [LIGHT]),
        (LIGHT, 3, []),
        (f"{LIGHT} But the zip broke at once.", 5, []),
        (f"{LIGHT} We used it in May.", 4, [LIGHT]),
        ("Very light and easy to carry!! 10/10 :)", 5, ["Very light and easy to carry!"]),
        ("Very light and easy to carry.Sturdy and waterproof in a storm.", 5, None),
        ("Very light and easy to carry, mail me at ann@example.org", 5, []),
        ("Muy ligera y facil de llevar en la mochila, la recomiendo mucho", 5, []),
        ("ok", 5, []),
        ("", 5, []),
    ],
)
def test_sentences_of_good_reviews_are_judged(
    tiny: dict[str, pd.DataFrame], tmp_path: Path, text: str, stars: float, found: list[str] | None
) -> None:
    model = shop_with(tiny, tmp_path / "m", ("eli", "candle", text, stars))
    wanted = text.replace(".Sturdy", ".\nSturdy").split("\n") if found is None else found
    assert [each for each in candidates(model, "candle") if each != "Lovely scent of cedar."] == sorted(wanted)


def test_a_sentence_on_many_descriptions_is_boilerplate(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    own, shared = "A copper pot that heats evenly on every hob.", "Made in our workshop from copper and oak."
    tiny["items"]["description"] = [f"{own.replace('pot', name)} {shared}" for name in tiny["items"]["item_id"]]
    model = shop_with(tiny, tmp_path / "m")
    assert candidates(model, "00123") == [own.replace("pot", "00123")]


def test_a_description_in_another_language_than_the_others_does_not_speak(
    tiny: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    german = "Ein leichtes Zelt mit stabilem Gestell und wasserdichtem Boden."
    tiny["items"].loc[tiny["items"]["item_id"] == "00123", "description"] = german
    assert candidates(shop_with(tiny, tmp_path / "m"), "00123") == []


def test_candidates_are_kept_with_the_model(tiny_data: Dataset, tmp_path: Path) -> None:
    model = make_model(tiny_data, tmp_path / "m")
    kept = QuoteCandidates(**open_artifact(tmp_path / "m").arrays("quotes"))
    assert len(kept) > 0
    assert (np.diff(kept.places) >= 0).all()
    assert ((kept.grades > 0) & (kept.grades <= 1)).all()
    assert (kept.starts < kept.ends).all()
    assert {KINDS[kind] for kind in model._semantic.kinds[kept.places].tolist()} <= {"review", "description"}


def test_a_shop_without_words_has_no_quotes(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    tiny["reviews"]["text"], tiny["items"]["description"] = "", ""
    model = make_model(Dataset.from_frames(**tiny), tmp_path / "m")
    everything = model.items["item_id"].tolist()
    assert model.quotes(model.scores("ann"), everything) == (None,) * len(everything)


@pytest.mark.slow
def test_on_a_real_shop_of_many_languages_customers_speak_the_readers(tmp_path: Path) -> None:
    """Half of what stood on this shop's cards was not English, and a quarter complained."""
    from recsys.text.language import languages_of

    data = Dataset.read(shared_data("steam_au"))
    model = make_model(data.core(3), tmp_path / "steam")
    busy = model.items.nlargest(60, "n_ratings")["item_id"].tolist()
    users = model.users.nlargest(5, "n_interactions")["user_id"].tolist()
    quotes = [quote for user in users for quote in model.quotes(model.scores(user), busy) if quote is not None]
    languages = languages_of([quote.text for quote in quotes])
    assert len(quotes) >= 0.4 * len(users) * len(busy)
    assert np.isin(languages, ["en", ""]).mean() >= 0.98
    assert min(quote.document.rating for quote in quotes) >= 4
    assert len({quote.text for quote in quotes}) >= len(busy) / 2
