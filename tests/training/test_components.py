"""What a shop's validation shoppers choose all together, and what they are asked by."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import Round, last_split, temporal_split
from recsys.errors import LeakError, SettingsError
from recsys.evaluation.protocols.hold_out import contexts_of
from recsys.progress import Progress, silent
from recsys.ranking.rank import Standardised
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, Requests
from recsys.scorers.collaborative import CollaborativeSettings
from recsys.scorers.context import ContextSettings
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, FusionSettings
from recsys.text.phrasebook import Phrasebook, build_phrasebook
from recsys.training import components, fit, validation
from recsys.training.components import ComponentChoice, choose_components, choose_for_all
from recsys.training.engine_choice import EngineChoice
from recsys.training.fit import TrainingSettings, train
from recsys.training.validation import ValidationShoppers
from recsys.training.weights import ValidationScores, choose_weights
from tests._data import write_folder
from tests._encoder import WordEncoder
from tests.training.test_engine_choice import groups, shop_of


@pytest.fixture(scope="module")
def data() -> Dataset:
    """A shop in which products of one group go together, of 240 shoppers."""
    return shop_of(groups(240), 96)


@pytest.fixture(scope="module")
def book(data: Dataset) -> Phrasebook:
    return build_phrasebook(data, WordEncoder())


@pytest.fixture(scope="module")
def chosen(data: Dataset, book: Phrasebook) -> ComponentChoice:
    return choose_for_all(data, book)


def scores_now(chosen: ComponentChoice, data: Dataset, book: Phrasebook, *, own: bool) -> np.ndarray:
    """Validation shoppers' scores, each at their `own` moment or all at the last one, worked out one by one."""
    split = last_split(data)
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(split.fit_validation, book), settings=chosen.settings())
    users = split.validation.users()
    contexts = contexts_of(data, split.fit_validation, split.validation, users, "last")
    requests = Requests(users, tuple(contexts) if own else (Context(),) * len(users))
    raw = np.stack([scorers[name].score(requests) for name in COMPONENTS], axis=1)
    had = split.fit_validation.seen()[users].toarray().astype(bool)
    return np.stack([Standardised.of(each, ~mine).values for each, mine in zip(raw, had, strict=True)])


def test_settings_are_of_the_components_that_choose_and_weights_by_their_scores(
    chosen: ComponentChoice, data: Dataset, book: Phrasebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How personal lists are is told at one moment: a shop serves everybody today."""
    settings = chosen.settings()
    assert set(settings) == {"context", "collaborative"}
    assert settings["collaborative"] == chosen.engine.settings
    seen: list[ValidationScores] = []

    def choosing(scores: ValidationScores, k: int, progress: Progress, served: ValidationScores, among: tuple) -> dict:
        seen.extend([scores, served])
        return choose_weights(scores, k, progress, served, among)

    monkeypatch.setattr(components, "choose_weights", choosing)
    assert choose_for_all(data, book) == chosen
    scores, served = seen
    split = last_split(data)
    had = split.fit_validation.seen()[split.validation.users()].toarray().astype(bool)
    for found, own in ((scores, True), (served, False)):
        expected = scores_now(chosen, data, book, own=own)
        np.testing.assert_allclose(found.values, expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(found.eligible, ~had)
    wanted = list(zip(scores.pair_users, scores.pair_items, strict=True))
    assert wanted == list(enumerate(split.validation.item_rows[np.argsort(split.validation.user_rows)]))
    assert chosen.weights == choose_weights(scores, 10, served=served)
    assert chosen.weights["full"] != FusionSettings()


def test_weights_are_not_chosen_where_a_person_fixes_them(data: Dataset, book: Phrasebook) -> None:
    rounds = last_split(data).rounds("validation")
    found = choose_components(data, rounds, book, "last", among=())
    assert found.weights["full"] == FusionSettings()
    assert found.engine.tried


def test_last_choices_play_no_part(chosen: ComponentChoice, data: Dataset, book: Phrasebook) -> None:
    test = last_split(data).test
    blind = data.without_pairs(test.user_rows, test.item_rows)
    again = choose_components(blind, last_split(data).rounds("validation"), book, "last")
    assert again == chosen


def test_all_that_is_said_can_be_written(chosen: ComponentChoice) -> None:
    told = json.loads(json.dumps(chosen.as_json()))
    assert told["engine"]["in_words"] == chosen.engine.in_words()
    assert told["engine"]["engine"] == chosen.engine.name
    assert chosen.in_words() == f"{chosen.context.in_words()} {chosen.engine.in_words()}"


@pytest.mark.parametrize("engine", [None, "item_knn"])
def test_too_few_shoppers_choose_nothing(tiny_data: Dataset, engine: str | None) -> None:
    book = build_phrasebook(tiny_data, WordEncoder())
    rounds = last_split(tiny_data).rounds("validation")
    found = choose_components(tiny_data, rounds, book, "last", engine=engine)  # type: ignore[arg-type]
    assert found.context.context == ContextSettings()
    assert found.engine.settings == replace(CollaborativeSettings(), engine=engine or "ease")
    assert found.engine.tried == {}
    assert found.in_words().count("too few validation shoppers") == 2
    usual = FusionSettings()
    assert found.weights == {
        "full": usual,
        "traditional": FusionSettings(usual.collaborative, usual.content, 0, 0),
    }


def test_who_has_too_few_choices_to_hide_one_decides_nothing(tiny: dict, tiny_data: Dataset) -> None:
    once = tiny["reviews"].drop_duplicates("user_id").assign(rating=5)
    few = Dataset.from_frames(tiny["items"], once)
    found = choose_for_all(few, build_phrasebook(few, WordEncoder()))
    assert found == ComponentChoice(engine=EngineChoice(n_items=few.n_items))


def test_what_is_held_out_must_not_have_been_learned_from(data: Dataset, book: Phrasebook) -> None:
    split = last_split(data)
    with pytest.raises(LeakError):
        choose_components(data, [Round(split.fit_test, split.validation)], book, "last")


def test_shoppers_are_drawn_where_all_are_too_many(
    data: Dataset, book: Phrasebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "MAX_CELLS", 60 * data.n_items)
    rounds = list(last_split(data).rounds("validation"))
    some, same, others = (ValidationShoppers.of(data, rounds, book, "last", {}, seed) for seed in (0, 0, 1))
    assert some.n_different == len(some.scores.values) == 60
    np.testing.assert_array_equal(some.users[0], same.users[0])
    assert some.users[0].tolist() != others.users[0].tolist()
    assert (np.diff(some.users[0]) > 0).all()
    held_out = rounds[0].held_out
    relevant = dict(zip(held_out.user_rows.tolist(), held_out.item_rows.tolist(), strict=True))
    assert some.scores.pair_items.tolist() == [relevant[user] for user in some.users[0].tolist()]


def test_whoever_is_asked_in_two_rounds_counts_in_each_and_is_one_shopper(data: Dataset, book: Phrasebook) -> None:
    split = temporal_split(data, 0.3, 0.3)
    first, second = Round(split.fit_validation, split.validation), Round(split.fit_test, split.test)
    one, other, both = (
        ValidationShoppers.of(data, rounds, book, "temporal", {}) for rounds in ([first], [second], [first, second])
    )
    assert len(both.scores.values) == len(one.scores.values) + len(other.scores.values)
    assert both.n_different == len(set(split.validation.users()) | set(split.test.users()))
    np.testing.assert_array_equal(both.scores.values[: len(one.scores.values)], one.scores.values)
    assert not both.scores.values[:, COMPONENTS.index("collaborative")].any()


@pytest.fixture
def folder(data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop as a data folder, for training with the quick encoder."""

    def make(known: Dataset, progress: Progress = silent, *_: object) -> Phrasebook:
        return build_phrasebook(known, WordEncoder(), progress)

    monkeypatch.setattr(fit, "make_phrasebook", make)
    items = data.items[["item_id", "title", "category", "brand"]]
    write_folder(tmp_path / "shop", items=items, events=_events(data))
    return tmp_path / "shop"


def _events(data: Dataset) -> pd.DataFrame:
    likes = data.positives()
    columns = {"user_id": data.user_ids[likes["user_row"]], "item_id": data.item_ids[likes["item_row"]]}
    return pd.DataFrame(
        {**columns, "event": "purchase", "timestamp": pd.to_datetime(likes["time_s"], unit="s", utc=True)}
    )


def test_a_model_keeps_what_was_chosen_for_it(folder: Path, tmp_path: Path, chosen: ComponentChoice) -> None:
    facts = train(folder, tmp_path / "model").manifest["chosen"]
    weights = chosen.weights["full"]
    assert facts["engine"]["engine"] == chosen.engine.name
    assert facts["engine"]["validation_ndcg"] == pytest.approx(dict(chosen.engine.tried))
    assert facts["weights"] == weights.as_dict() != FusionSettings().as_dict()
    model = Recommender.load(tmp_path / "model")
    assert model.info.default_weights == weights
    assert model.info.engine == facts["engine"]["label"]
    assert model.info.engine_in_words == facts["engine"]["in_words"]
    assert model.scorers["collaborative"].settings == chosen.engine.settings
    assert model.recommend("u0001").weights == weights.normalised()


def test_weights_and_engine_can_be_fixed(folder: Path, tmp_path: Path) -> None:
    mine = FusionSettings(1, 1, 1, 1)
    settings = TrainingSettings(engine="lightfm", choose_weights=False, default_weights=mine)
    train(folder, tmp_path / "model", settings)
    model = Recommender.load(tmp_path / "model")
    assert model.info.default_weights == mine
    assert model.info.engine == "LightFM"
    assert list(model.scorers["collaborative"].engines) == ["lightfm"]
    with pytest.raises(SettingsError, match="engine='slim' is not known; use one of lightfm, item_knn, ease"):
        TrainingSettings(engine="slim")  # type: ignore[arg-type]
