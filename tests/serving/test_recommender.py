"""An opened model answers: whom it knows, what it lists, what it quotes, and what it refuses."""

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from recsys.artifacts.folder import MANIFEST
from recsys.data.dataset import Dataset
from recsys.errors import ArtifactError, ContextError, InputError, SettingsError, UnknownItemError, UnknownUserError
from recsys.scorers import AS_THEY_ARE, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, Filters, FusionSettings, RankingSettings
from recsys.text.phrasebook import build_phrasebook
from recsys.training.fit import TrainingSettings, save_model
from tests._encoder import WordEncoder

UNTIL = datetime(2024, 4, 28, 20, 30, tzinfo=UTC)
"""The last thing that the small shop knows."""

LATER = datetime(2024, 5, 3, 8, tzinfo=UTC)


class TypedWords(WordEncoder):
    """The quick encoder, for what a person types; it knows every word whole."""

    def encode_now(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.encode(texts)

    def pieces(self, words: Sequence[str]) -> list[int]:
        return [1] * len(words)


def make_model(data: Dataset, folder: Path, settings: Mapping[str, Any] = AS_THEY_ARE) -> Recommender:
    """Train on a dataset with the quick encoder and open the model; `settings` of components, by name."""
    book = build_phrasebook(data, WordEncoder())
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(data, book), settings=settings)
    save_model(folder, data, book, scorers, TrainingSettings())
    return opened(folder)


def opened(folder: Path) -> Recommender:
    model = Recommender.load(folder)
    model.__dict__["_encoder"] = TypedWords()  # in place of the property that loads the real one
    return model


@cache
def _trained() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


def small_model(data: Dataset, folder: Path) -> Recommender:
    """The small shop's model in a folder of its own, trained once and then copied; `data` is always the small shop."""
    trained = Path(_trained().name) / "model"
    if not trained.exists():
        make_model(data, trained)
    shutil.copytree(trained, folder)
    return opened(folder)


@pytest.fixture
def model(tiny_data: Dataset, tmp_path: Path) -> Recommender:
    return small_model(tiny_data, tmp_path / "model")


USERS = ["0042", "ann", "ben", "cleo", "dora", "eli"]


def listing(model: Recommender, user: str | None = None, words: str = "", **settings: object) -> list[str]:
    ranked = model.recommend(user, words, settings=RankingSettings(**settings))  # type: ignore[arg-type]
    return [item.item_id for item in ranked.items]


def test_nobody_unknown_is_answered(model: Recommender) -> None:
    with pytest.raises(
        UnknownUserError,
        match=r"shopper 'zoe' is not among the 6 known here; check the id, or describe a new shopper in words$",
    ):
        model.recommend("zoe")
    with pytest.raises(UnknownUserError, match="shopper '' is not among the 6 known here"):
        model.history("")
    for words in ("", "  \n"):
        with pytest.raises(InputError, match="nobody was asked about; give a shopper's id, or words"):
            model.recommend(None, words)


def test_an_unknown_product_is_named(model: Recommender) -> None:
    with pytest.raises(UnknownItemError, match="product '123' is not among the 8 in the catalogue"):
        model.quotes(model.scores("ann"), ["mug", "123"])


@pytest.mark.parametrize("user", USERS)
def test_seen_and_sold_out_products_are_never_recommended(model: Recommender, tiny_data: Dataset, user: str) -> None:
    owned = set(tiny_data.item_ids[tiny_data.seen()[[tiny_data.user_row(user)]].toarray()[0]])
    assert set(listing(model, user, n=8)) == set(tiny_data.item_ids) - owned - {"candle"}
    everything = Filters(include_seen=True, only_available=False)
    assert set(listing(model, user, n=8, filters=everything)) == set(tiny_data.item_ids)


def test_filters_reach_the_list(model: Recommender) -> None:
    assert set(listing(model, "0042", filters=Filters(categories=frozenset({"Tents"}), price_low=1))) == {
        "tent-2",
        "tent-4",
    }
    with pytest.raises(SettingsError, match="category 'Boats' is not in this catalogue"):
        listing(model, "0042", filters=Filters(categories=frozenset({"Boats"})))


@pytest.mark.parametrize(("user", "words"), [("ann", ""), (None, "a warm soft blanket"), ("ann", "bright light")])
def test_components_sum_to_the_score_and_ranks_count_from_one(model: Recommender, user: str | None, words: str) -> None:
    ranked = model.recommend(user, words, settings=RankingSettings(diversity=0.5))
    assert [item.rank for item in ranked.items] == list(range(1, len(ranked.items) + 1))
    assert sorted(item.rank_before_diversity for item in ranked.items) == [item.rank for item in ranked.items]
    for item in ranked.items:
        assert tuple(item.components) == COMPONENTS
        assert sum(item.components.values()) == pytest.approx(item.score, abs=1e-6)


def test_words_alone_find_what_they_say(model: Recommender) -> None:
    semantic = RankingSettings(FusionSettings(0, 0, 1, 0))
    ranked = model.recommend(None, "Warm and soft.", settings=semantic)
    assert ranked.items[0].item_id == "blanket"
    assert ranked.user_id is None


def test_words_move_the_list_of_a_known_shopper(model: Recommender) -> None:
    settings = RankingSettings(FusionSettings(0, 0.2, 0.8, 0))
    plain, told = (model.recommend("eli", words, settings=settings) for words in ("", "boils a litre in three minutes"))
    place = {
        kind: [item.item_id for item in ranked.items].index("stove") for kind, ranked in (("p", plain), ("t", told))
    }
    assert place["t"] == 0
    assert place["t"] <= place["p"]
    assert [item.score for item in told.items] != [item.score for item in plain.items]


def test_cold_shoppers_are_served_and_told_so(model: Recommender) -> None:
    for user, words, rests in (
        (
            "0042",
            "",
            "cold shopper: no purchases or reviews to learn from, so the list rests on what shoppers in general",
        ),
        (
            None,
            "a light tent",
            "new shopper: no purchases or reviews to learn from, so the list rests on these words, what",
        ),
        (
            None,
            "?!",
            "new shopper: no purchases or reviews to learn from, so the list rests on what shoppers in general",
        ),
    ):
        ranked = model.recommend(user, words)
        assert ranked.is_cold
        assert ranked.items
        assert any(note.startswith(rests) for note in ranked.notes)
    warm = model.recommend("ann")
    assert not warm.is_cold
    assert not any("no purchases" in note for note in warm.notes)


@pytest.mark.parametrize(
    ("text", "words", "rests"),
    [
        ("too thin for me", "", "what they wrote, what shoppers in general choose"),
        ("too thin for me", "a light tent", "these words, what they wrote, what shoppers in general choose"),
        ("", "", "what shoppers in general choose"),
        ("...", "?", "what shoppers in general choose"),
    ],
)
def test_who_liked_nothing_they_had_is_cold_and_told_so(
    tiny: dict[str, pd.DataFrame], tmp_path: Path, text: str, words: str, rests: str
) -> None:
    lukewarm = tiny["reviews"].iloc[[0]].assign(user_id="fay", item_id="blanket", rating=3, text=text)
    tables = {**tiny, "reviews": pd.concat([tiny["reviews"], lukewarm], ignore_index=True)}
    model = make_model(Dataset.from_frames(**tables), tmp_path / "lukewarm")
    ranked = model.recommend("fay", words)
    notes = ranked.notes[1:] if words == "?" else ranked.notes  # that one is not understood, and said first
    assert model.users.set_index("user_id").loc["fay", "activity"] == "cold"
    assert ranked.is_cold
    assert notes[0] == (
        f"cold shopper: no product they are known to like, so the list rests on {rests} and circumstances"
    )
    assert "blanket" not in {item.item_id for item in ranked.items}


def test_a_component_that_cannot_tell_products_apart_is_named(model: Recommender) -> None:
    scored = model.scores("0042")
    silent = [name for name, lead in zip(COMPONENTS, scored.standardised.lead, strict=True) if lead == 0]
    assert "content" in silent  # looked at a blanket, liked nothing, said nothing
    note = next(note for note in scored.notes if "cannot tell products apart" in note)
    assert all(name in note for name in silent)


def test_cold_products_are_marked(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    tables = {name: table[table.get("item_id") != "lamp"] for name, table in tiny.items() if name != "items"}
    cold = make_model(Dataset.from_frames(tiny["items"], **tables), tmp_path / "cold")
    marked = {item.item_id: item.is_cold for item in cold.recommend("ann", settings=RankingSettings(n=8)).items}
    assert marked["lamp"]
    assert not marked["mug"]


def test_history_is_newest_first_with_the_words_that_were_written(model: Recommender) -> None:
    past = model.history("ann")
    assert past["item_id"].tolist() == ["blanket", "lamp", "candle", "stove", "tent-2", "tent-2"]
    assert past["kind"].tolist() == ["review", "review", "view", "review", "review", "purchase"]
    assert past["timestamp"].is_monotonic_decreasing
    assert past["text"].tolist()[:3] == ["So warm and soft.", "The battery was dead within an hour.", ""]
    assert past["rating"].tolist()[:2] == [5, 2]


@pytest.mark.parametrize(("user", "words"), [(user, "") for user in USERS] + [(None, "light and bright")])
def test_quotes_are_verbatim(model: Recommender, tiny: dict[str, pd.DataFrame], user: str | None, words: str) -> None:
    scored = model.scores(user, words)
    reviews = tiny["reviews"].set_index(["user_id", "item_id"])["text"]
    items = tiny["items"].set_index("item_id")
    for item_id, quote in zip(items.index, model.quotes(scored, list(items.index)), strict=True):
        if quote is None:
            continue
        assert quote.document.item_id == item_id
        assert quote.text == quote.document.text[quote.start : quote.end] != ""
        assert all(start < quote.end and end > quote.start for start, end in quote.document.spans)
        if quote.document.kind == "review":
            assert quote.document.text == reviews[quote.document.user_id, item_id]
            assert quote.document.moment is not None
        else:
            assert quote.document.kind == "description"
            assert quote.document.text == items["description"][item_id]
            assert (quote.document.user_id, quote.document.moment) == (None, None)


def test_a_complaint_in_a_good_review_is_not_quoted_as_praise(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    said = (
        tiny["reviews"]
        .iloc[[0]]
        .assign(user_id="eli", item_id="mug", text="Horrible awful terrible handle. A sturdy handle, easy to hold.")
    )
    tiny["reviews"] = pd.concat([tiny["reviews"], said], ignore_index=True)
    model = make_model(Dataset.from_frames(**tiny), tmp_path / "model")
    scored = model.scores(words="horrible awful terrible handle")
    leading = max(model.explain(scored, "mug").of("semantic"), key=lambda part: part.value)
    (quote,) = model.quotes(scored, ["mug"])
    assert "Horrible" in leading.label  # it is what speaks most for the product, and it is explained as such
    assert quote is not None
    assert quote.text == "A sturdy handle, easy to hold."


def test_complaints_are_not_quoted_for_a_product(model: Recommender, tiny: dict[str, pd.DataFrame]) -> None:
    words = [said for said in tiny["reviews"]["text"] if said.strip()] + ["a book of poems"]
    scored = [model.scores(user) for user in model.users["user_id"]] + [model.scores(None, said) for said in words]
    quotes = [quote for request in scored for quote in model.quotes(request, model.items["item_id"].tolist())]
    ratings = [quote.document.rating for quote in quotes if quote is not None and quote.document.kind == "review"]
    assert ratings
    assert min(ratings) > 3


def test_a_customer_speaks_before_the_description_and_nobody_where_nothing_fits(model: Recommender) -> None:
    request = model.scores(None, "boils fast")
    tent, bare, mug = model.quotes(request, ["tent-2", "00123", "mug"])
    assert tent is not None
    assert (tent.text, tent.document.kind) == ("Good tent, easy to pitch in the rain.", "review")
    assert bare is None  # it has a title and nothing else
    assert mug is not None
    assert (mug.text, mug.document.kind) == ("Keeps its looks for years.", "description")


def test_quotes_stay_right_where_reviews_were_left_out(tiny_data: Dataset, tmp_path: Path) -> None:
    train = tiny_data.without_pairs([tiny_data.user_row("ann")], [tiny_data.item_row("tent-2")])
    model = make_model(train, tmp_path / "cut")
    (quote,) = model.quotes(model.scores(None, "easy to pitch in the rain"), ["tent-2"])
    assert quote is not None
    assert quote.document.text == "Good tent, easy to pitch in the rain."
    assert quote.document.user_id == "ben"


def test_circumstances_can_be_asked_about_or_say_why_not(model: Recommender) -> None:
    options = model.context_options()
    assert set(options) == {"daypart", "weekday", "season", "device", "region", "moment"}
    assert set(options["device"].values) <= {"desktop", "mobile", "tablet"}
    for name, option in options.items():
        assert bool(option.values) != bool(option.unavailable) or name == "moment"
    with pytest.raises(ContextError, match=r"device='toaster' is not among the known ones; use one of desktop, mobile"):
        model.scores("ann", context=Context(device="toaster"))


def test_a_circumstance_that_the_data_lacks_changes_nothing_and_says_so(
    tiny: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    tables = {name: table.drop(columns=["device"], errors="ignore") for name, table in tiny.items()}
    model = make_model(Dataset.from_frames(**tables), tmp_path / "plain")
    assert model.context_options()["device"].unavailable
    plain, told = model.scores("ann"), model.scores("ann", context=Context(device="mobile"))
    assert any(note.startswith("device changes nothing: ") for note in told.notes)
    np.testing.assert_array_equal(told.standardised.values, plain.standardised.values)


def test_a_moment_that_the_model_would_judge_with_hindsight_is_refused(model: Recommender) -> None:
    early = Context(moment=datetime(2024, 4, 28, 20, 29, tzinfo=UTC))
    with pytest.raises(
        ContextError, match=r"knows what happened until 2024-04-28 20:30 UTC and would judge 2024-04-28 20:29"
    ):
        model.scores("ann", context=early)
    assert model.info.known_until == UNTIL
    assert model.recommend("ann", context=Context(moment=UNTIL)).items


@pytest.mark.parametrize("user", USERS)
def test_what_happens_later_does_not_change_the_list(tiny: dict[str, pd.DataFrame], tmp_path: Path, user: str) -> None:
    cut = pd.Timestamp("2024-04-06T12:00", tz="UTC")
    other = {name: table.copy() for name, table in tiny.items()}
    for name in ("reviews", "events"):
        late = other[name]["timestamp"] >= cut
        other[name].loc[late, "item_id"] = "00123"
        if name == "reviews":
            other[name].loc[late, "rating"] = 1
            other[name].loc[late, "text"] = "Terrible. Warm, bright, light."
        other[name] = other[name].drop_duplicates(["user_id", "item_id", "timestamp"])
    asked = Context.at(cut.to_pydatetime(), device="mobile")
    lists = []
    for name, tables in (("true", tiny), ("other", other)):
        data = Dataset.from_frames(**tables).until(int(cut.timestamp()))
        lists.append(make_model(data, tmp_path / name).recommend(user, context=asked).as_json())
    assert lists[0] == lists[1]


def test_opened_twice_it_answers_the_same(model: Recommender, tmp_path: Path) -> None:
    again = opened(tmp_path / "model")
    assert again.model_id == model.model_id
    context = Context.at(LATER, device="mobile", region="north")
    for user in USERS:
        assert again.recommend(user, "light", context) == model.recommend(user, "light", context)


def test_a_shared_model_outlives_its_replacement(model: Recommender, tiny_data: Dataset, tmp_path: Path) -> None:
    make_model(tiny_data.until(int(datetime(2024, 4, 1, tzinfo=UTC).timestamp())), tmp_path / "model")
    assert model.recommend("ann").items  # its table of shoppers had not been read before
    assert model.history("ann")["text"].iloc[0] == "So warm and soft."


def test_the_json_document_keeps_the_contract(model: Recommender) -> None:
    context = Context.at(LATER, device="mobile")
    ranked = model.recommend("ann", context=context, settings=RankingSettings(FusionSettings(2, 1, 1, 0), n=3))
    told = json.loads(json.dumps(ranked.as_json()))
    assert {"user_id", "weights", "context", "items"} <= set(told)
    assert told["user_id"] == "ann"
    assert told["weights"] == {"collaborative": 0.5, "content": 0.25, "semantic": 0.25, "context": 0}
    assert told["context"] == {
        "daypart": "morning",
        "weekday": "Friday",
        "season": "spring",
        "device": "mobile",
        "moment": "2024-05-03T08:00:00+00:00",
    }
    assert len(told["items"]) == 3
    for item in told["items"]:
        assert {"rank", "item_id", "title", "score", "components"} <= set(item)
        assert list(item["components"]) == list(COMPONENTS)
        assert sum(item["components"].values()) == pytest.approx(item["score"])


def test_the_model_knows_its_shop(model: Recommender, tiny_data: Dataset) -> None:
    info, glance = model.info, model.summary
    assert (info.name, info.n_items, info.n_users, info.n_reviews, info.n_interactions) == ("tiny", 8, 6, 13, 12)
    assert info.data_fingerprint == tiny_data.fingerprint
    assert glance.rating_counts == {1: 1, 2: 1, 3: 2, 4: 3, 5: 6}
    assert glance.text_coverage == 7 / 8
    assert glance.writer_share == 5 / 6
    assert glance.activity["reviews"].sum() == 13
    assert glance.top_categories["category"].iloc[0] == "Tents"


@pytest.mark.parametrize("missing", ["data", "chosen", "scorers", "settings", "summary", "trained_at", "event_kinds"])
def test_a_manifest_that_misses_something_is_refused_when_opened(
    model: Recommender, tmp_path: Path, missing: str
) -> None:
    path = tmp_path / "model" / MANIFEST
    manifest = json.loads(path.read_text())
    del manifest[missing]
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=r"the parts of the model do not fit together .*; train the model again"):
        Recommender.load(tmp_path / "model")


@pytest.mark.parametrize("part", ["collaborative", "history", "reference", "items", "users", "reviews"])
def test_a_model_that_misses_a_part_is_refused_when_opened(model: Recommender, tmp_path: Path, part: str) -> None:
    path = tmp_path / "model" / MANIFEST
    manifest = json.loads(path.read_text())
    del manifest["files"][part]
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=f"the model has no part '{part}'; train it again"):
        Recommender.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("part", "fact", "value"),
    [("data", "known_until_s", 1e30), ("chosen", "weights", {"semantic": float("nan")})],
)
def test_a_manifest_with_impossible_values_is_refused_when_opened(
    model: Recommender, tmp_path: Path, part: str, fact: str, value: object
) -> None:
    path = tmp_path / "model" / MANIFEST
    manifest = json.loads(path.read_text())
    manifest[part][fact] = value
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=r"the parts of the model do not fit together .*; train the model again"):
        Recommender.load(tmp_path / "model")
