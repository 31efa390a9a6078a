"""The comparison is fair: nothing owned is ranked, nothing held out is known, all are asked at their moment."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split, temporal_split
from recsys.data.writing import write_folder
from recsys.errors import DataError, SettingsError
from recsys.evaluation.metrics.registry import EVALUATED_METRICS
from recsys.evaluation.protocols import requests
from recsys.evaluation.protocols.hold_out import EvaluationSettings, SplitName
from recsys.progress import Progress, silent
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES
from recsys.scorers.base import NO_ROW, Fitting, Requests
from recsys.settings import COMPONENTS, Context
from recsys.studies import evaluate as evaluate_module
from recsys.studies.evaluate import MODELS, evaluate
from recsys.text.phrasebook import Phrasebook, build_phrasebook
from recsys.training import weight_choice
from recsys.training.weight_choice import choose_weights
from tests._encoder import WordEncoder

NAMES = "popularity recent_popularity item_knn ease collaborative content semantic context traditional full"


def quick_book(data: Dataset, progress: Progress = silent) -> Phrasebook:
    return build_phrasebook(data, WordEncoder(), progress)


@pytest.fixture
def shop(tmp_path: Path, tiny: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small shop as a data folder, read with the quick encoder."""
    monkeypatch.setattr(evaluate_module, "make_phrasebook", quick_book)
    write_folder(tmp_path / "shop", **tiny)
    return tmp_path / "shop"


@pytest.mark.parametrize("split", ["last", "temporal"])
def test_every_model_is_reported_by_every_metric(shop: Path, split: SplitName) -> None:
    found = evaluate(shop, EvaluationSettings(split, k=3))
    told = found.as_json()
    assert {"protocol", "k", "n_users", "models"} <= set(told)
    assert list(told["models"]) == NAMES.split() == list(MODELS)
    for report in told["models"].values():
        assert list(report) == list(EVALUATED_METRICS)
        for interval in report.values():
            assert set(interval) == {"mean", "low", "high"}
        low, mean, high = (report["recall"][name] for name in ("low", "mean", "high"))
        assert 0 <= mean <= 1
        assert (low is None) == (high is None)
        assert low is None or 0 <= low <= mean <= high <= 1
    assert (told["k"], told["n_users"]) == (3, 3 if split == "last" else found.n_users)
    assert set(told["weights"]) == {"traditional", "full"}
    assert told["weights"]["traditional"]["semantic"] == told["weights"]["traditional"]["context"] == 0


@pytest.mark.parametrize("split", ["last", "temporal"])
def test_the_protocol_is_told_in_words(shop: Path, split: SplitName) -> None:
    words = evaluate(shop, EvaluationSettings(split, k=3)).protocol
    for part in (
        "held out" if split == "last" else "split by time",
        "nDCG@3",
        "95% bootstrap",
        "without what a shopper",
    ):
        assert part in words
    assert ("What other shoppers did after that is learned from too" in words) == (split == "last")


def test_the_same_seed_finds_the_same(shop: Path) -> None:
    settings = EvaluationSettings("last", k=3, seed=4)
    assert evaluate(shop, settings).as_json() == evaluate(shop, settings).as_json()


@pytest.mark.parametrize("split", ["last", "temporal"])
def test_no_list_holds_what_the_shopper_had(shop: Path, monkeypatch: pytest.MonkeyPatch, split: SplitName) -> None:
    lists: list[np.ndarray] = []
    measure = evaluate_module.evaluate_lists
    monkeypatch.setattr(
        evaluate_module,
        "evaluate_lists",
        lambda ranked, *rest, **more: (lists.append(ranked), measure(ranked, *rest, **more))[1],
    )
    evaluate(shop, EvaluationSettings(split, k=8))
    data = Dataset.read(shop)
    held = last_split(data) if split == "last" else temporal_split(data)
    owned, users = held.fit_test.seen().toarray(), held.test.users()
    assert len(lists) == len(MODELS)
    for ranked in lists:
        assert ranked.shape == (len(users), 8)
        for user, row in zip(users, ranked, strict=True):
            listed = row[row >= 0]
            assert not owned[user, listed].any()
            assert len(set(listed)) == len(listed) == (~owned[user]).sum()  # and everything else is there


def test_leave_last_out_asks_in_the_circumstances_of_the_held_out_act(tiny_data: Dataset) -> None:
    split = last_split(tiny_data)
    users = split.test.users()
    asked = requests.contexts_of(tiny_data, split.fit_test, split.test, users, "last")
    expected = {
        "ann": Context.at(datetime(2024, 4, 20, 19, tzinfo=UTC), device="mobile", region="north"),
        "ben": Context.at(datetime(2024, 4, 12, 20, 45, tzinfo=UTC), device="mobile", region="south"),
        "cleo": Context.at(datetime(2024, 4, 25, 11, tzinfo=UTC), device="desktop", region="south"),
    }
    assert dict(zip(tiny_data.user_ids[users], asked, strict=True)) == expected


def test_the_temporal_split_asks_at_the_cut_and_knows_no_more(tiny_data: Dataset) -> None:
    split = temporal_split(tiny_data)
    users = split.test.users()
    asked = requests.contexts_of(tiny_data, split.fit_test, split.test, users, "temporal")
    homes = {"0042": "west", "ann": "north", "ben": "south", "cleo": "south", "dora": "north", "eli": "west"}
    for user, context in zip(tiny_data.user_ids[users], asked, strict=True):
        assert context.moment is not None
        assert context.moment.timestamp() > split.fit_test.known_until_s
        assert context.stated() == {"season": "spring", "region": homes[user]}


@pytest.mark.parametrize("name", [*BASELINE_CLASSES, *COMPONENT_CLASSES])
def test_held_out_words_ratings_and_times_change_no_score(tiny: dict[str, pd.DataFrame], name: str) -> None:
    data = Dataset.from_frames(**tiny)
    held_out = last_split(data).test
    pairs = set(zip(data.user_ids[held_out.user_rows], data.item_ids[held_out.item_rows], strict=True))
    twisted = {table: frame.copy() for table, frame in tiny.items()}
    for table in ("reviews", "events"):
        hit = [pair in pairs for pair in zip(twisted[table]["user_id"], twisted[table]["item_id"], strict=True)]
        assert any(hit)
        twisted[table].loc[hit, "timestamp"] += pd.Timedelta(hours=1)
        twisted[table].loc[hit, "device"] = "toaster"
        if table == "reviews":
            twisted[table].loc[hit, "text"] = "Rainproof, bright, noisy and warm: the best mug."
            twisted[table].loc[hit, "rating"] = 4
    scores = []
    for tables in (tiny, twisted):
        whole = Dataset.from_frames(**tables)
        split = last_split(whole)
        np.testing.assert_array_equal(split.test.item_rows, held_out.item_rows)
        rows = np.array([*range(whole.n_users), NO_ROW], np.int32)
        asked = Context.at(datetime(2024, 4, 29, tzinfo=UTC), device="mobile", region="north")
        scorer = {**BASELINE_CLASSES, **COMPONENT_CLASSES}[name]().fit(Fitting(split.fit_test, quick_book(whole), 0))
        scores.append(scorer.score(Requests(rows, (asked,) * len(rows))))
    np.testing.assert_array_equal(scores[0], scores[1])


@pytest.mark.parametrize("split", ["last", "temporal"])
def test_weights_are_chosen_without_looking_at_the_test(tiny_data: Dataset, split: SplitName) -> None:
    """Fitting on the validation round must not see the test pairs either."""
    settings = EvaluationSettings(split, k=3)
    held = last_split(tiny_data) if split == "last" else temporal_split(tiny_data)
    seen: list[Dataset] = []
    fit = weight_choice.fit_scorers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            weight_choice,
            "fit_scorers",
            lambda classes, fitting, *rest: (seen.append(fitting.data), fit(classes, fitting, *rest))[1],
        )
        weights = choose_weights(tiny_data, held, quick_book(tiny_data), settings)
    asked = list(held.rounds("validation"))
    assert len(asked) == {"last": 1, "temporal": 3}[split]
    assert [train is one.train for train, one in zip(seen, asked, strict=True)] == [True] * len(asked)
    for train, one in zip(seen, asked, strict=True):
        likes = train.positives()
        for hidden in (one.held_out, held.test):
            assert not hidden.relevant()[likes["user_row"].to_numpy(), likes["item_row"].to_numpy()].any()
    assert set(weights["full"].as_dict()) == set(COMPONENTS)


@pytest.mark.parametrize("options", [{"min_interactions": 0}, {"k": 0}])
def test_settings_below_one_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=r"min_interactions=\d and k=\d+ must both be at least 1"):
        EvaluationSettings(**options)


def test_a_seed_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"seed=-1 is not usable; give a whole number from 0 to 4294967295"):
        EvaluationSettings(seed=-1)


def test_a_shop_too_small_to_test_on_is_refused(shop: Path, tiny: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(
        SettingsError, match="no shopper and product have 5 interactions or more; lower --min-interactions"
    ):
        evaluate(shop, EvaluationSettings("last", min_interactions=5))
    few = {name: table[table.get("user_id") == "dora"] for name, table in tiny.items() if name != "items"}
    write_folder(shop, items=tiny["items"], **few)
    with pytest.raises(DataError, match="no shopper has 3 positives, so none can be held out"):
        evaluate(shop, EvaluationSettings("last"))
