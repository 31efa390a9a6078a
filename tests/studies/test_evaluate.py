"""The comparison is fair: nothing owned is ranked, nothing held out is known, all are asked at their moment."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split, temporal_split
from recsys.errors import DataError, SettingsError
from recsys.evaluation.metrics.lists import list_metrics
from recsys.evaluation.metrics.registry import EVALUATED_METRICS
from recsys.evaluation.protocols.hold_out import EvaluationSettings, SplitName, contexts_of
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.paired import MeasuredLists, ShopFacts, means, whole_interval
from recsys.progress import Progress, silent
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES
from recsys.scorers.base import NO_ROW, Fitting, Requests, Scorer
from recsys.settings import COMPONENTS, Context
from recsys.studies import evaluate as evaluate_module
from recsys.studies.evaluate import MODELS, evaluate, evaluate_lists
from recsys.studies.result import as_json
from recsys.text.phrasebook import Phrasebook, build_phrasebook
from recsys.training import components
from tests._data import write_folder
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
    asked = contexts_of(tiny_data, split.fit_test, split.test, users, "last")
    expected = {
        "ann": Context.at(datetime(2024, 4, 20, 19, tzinfo=UTC), device="mobile", region="north"),
        "ben": Context.at(datetime(2024, 4, 12, 20, 45, tzinfo=UTC), device="mobile", region="south"),
        "cleo": Context.at(datetime(2024, 4, 25, 11, tzinfo=UTC), device="desktop", region="south"),
    }
    assert dict(zip(tiny_data.user_ids[users], asked, strict=True)) == expected


def test_the_temporal_split_asks_at_the_cut_and_knows_no_more(tiny_data: Dataset) -> None:
    split = temporal_split(tiny_data)
    users = split.test.users()
    asked = contexts_of(tiny_data, split.fit_test, split.test, users, "temporal")
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
    held = last_split(tiny_data) if split == "last" else temporal_split(tiny_data)
    seen: list[Dataset] = []
    fit = Scorer.fit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(components, "FEWEST_SHOPPERS", 1)
        patch.setattr(
            Scorer, "fit", lambda self, fitting, *rest: (seen.append(fitting.data), fit(self, fitting, *rest))[1]
        )
        chosen = components.choose_components(tiny_data, held.rounds("validation"), quick_book(tiny_data), split, k=3)
    asked = list(held.rounds("validation"))
    assert len(asked) == {"last": 1, "temporal": 3}[split]
    assert {id(train) for train in seen} == {id(one.train) for one in asked}
    for one in asked:
        likes = one.train.positives()
        for hidden in (one.held_out, held.test):
            assert not hidden.relevant()[likes["user_row"].to_numpy(), likes["item_row"].to_numpy()].any()
    weights = chosen.weights
    assert set(weights) == {"traditional", "full"}
    assert set(weights["full"].as_dict()) == set(COMPONENTS)
    assert set(chosen.engine.tried) == {"lightfm", "item_knn", "ease"}


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


RANKED = np.array([[0, 1, 2], [3, 0, -1], [4, 5, 6]], np.int32)
HELD_OUT = csr_array(np.array([[0, 1, 0, 0, 0, 0, 0, 0], [0] * 8, [0, 0, 0, 0, 0, 0, 0, 1]], bool))
POPULARITY = np.array([3, 1, 0, 0, 0, 0, 0, 0], float)


def _report(ranked=RANKED, **options):
    options = {"k": 2, "popularity": POPULARITY, "n_train_users": 3} | options
    return evaluate_lists(ranked, HELD_OUT, **options)


def test_every_metric_is_reported_and_shoppers_without_held_out_products_are_counted():
    report = _report()
    assert tuple(report) == EVALUATED_METRICS
    assert report["recall"].mean == 0.5  # found, nothing to find, missed
    assert report["precision"].mean == 0.25
    assert report["mrr"].mean == 0.25
    assert report["novelty"].mean == pytest.approx(((0 + 1) / 2 + (2 + 0) / 2 + (2 + 2) / 2) / 3)
    assert report["coverage"].mean == 5 / 8  # of the first two places: 0, 1, 3, 4 and 5
    assert report["personalisation"].mean == pytest.approx(5 / 6)  # one of three pairs shares half of its products
    assert report["recall"].n_skipped == 1
    assert report["novelty"].n_skipped == 0


def test_json_has_the_shape_of_the_contract():
    shape = as_json(_report())
    assert set(shape) == set(EVALUATED_METRICS)
    assert all(set(interval) == {"mean", "low", "high"} for interval in shape.values())
    assert shape["ild"] == {"mean": None, "low": None, "high": None}  # no encoder took part
    vectors = np.eye(8, dtype=np.float32)
    assert as_json(_report(item_vectors=vectors))["ild"] == {"mean": 1.0, "low": None, "high": None}


def test_intervals_are_those_of_the_shoppers_own_values():
    rng = np.random.default_rng(0)
    ranked = np.argsort(rng.random((600, 50)))[:, :10].astype(np.int32)
    held_out = csr_array(rng.random((600, 50)) < 0.02)
    report = evaluate_lists(ranked, held_out, k=10, popularity=np.ones(50), n_train_users=600, seed=9)
    alone = mean_interval(list_metrics(ranked, held_out, 10, None, np.ones(50), 600)["recall"], seed=9)
    found = report["recall"]
    assert (found.n, found.n_skipped, found.mean) == (alone.n, alone.n_skipped, alone.mean)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high), rel=1e-6)
    assert report["recall"].low < report["recall"].mean < report["recall"].high


@pytest.mark.parametrize(("n_hits", "is_given"), [(0, False), (1, False), (6, False), (9, False), (12, True)])
def test_evaluate_and_the_live_metrics_give_or_refuse_the_same_interval(n_hits, is_given):
    """6 hits among 600: one of the two used to print an interval."""
    ranked = np.tile(np.arange(10, dtype=np.int32), (600, 1))
    held_out = np.zeros((600, 50), bool)
    held_out[np.arange(600), np.where(np.arange(600) < n_hits, np.arange(600) % 10, 20)] = True
    report = evaluate_lists(ranked, csr_array(held_out), k=10, popularity=np.ones(50), n_train_users=600)
    values = list_metrics(ranked, csr_array(held_out), 10, None, np.ones(50), 600)
    live = means(
        MeasuredLists(ranked, {**dict.fromkeys(("serendipity", "long_tail", "ctr"), np.zeros(600)), **values}),
        ShopFacts(50, np.ones(50), np.ones(600)),
    )
    for name in ("recall", "ndcg", "hit_rate", "f1", "coverage", "personalisation"):
        ours, theirs = report[name], live[name]
        np.testing.assert_allclose(
            [ours.mean, ours.low, ours.high], [theirs.mean, theirs.low, theirs.high], rtol=1e-6, err_msg=name
        )
    assert report["hit_rate"].is_given == is_given
    assert as_json(report)["recall"]["mean"] == pytest.approx(n_hits / 600)
    assert (as_json(report)["recall"]["low"] is None) == (not is_given)


def test_coverage_counts_the_catalogue_shown_and_its_interval_holds_the_estimate():
    interval = whole_interval("coverage", np.array([[0, 1], [1, 2], [1, -1]], np.int32), n_items=6)
    assert (interval.mean, interval.is_given) == (0.5, False)
    assert np.isnan(whole_interval("coverage", np.zeros((0, 2), np.int32), n_items=6).mean)
    with pytest.raises(ValueError, match="n_items=0: coverage needs a catalogue"):
        whole_interval("coverage", np.zeros((1, 1), np.int32), 0)


def test_the_interval_of_coverage_holds_the_expected_coverage():
    rng = np.random.default_rng(8)
    appeal = np.log(1 / np.arange(1, 201) ** 1.2)
    runs = []
    for _ in range(100):
        ranked = np.argsort(-(appeal + rng.gumbel(size=(100, 200))), axis=1)[:, :5].astype(np.int32)
        runs.append(whole_interval("coverage", ranked, 200, n_resamples=300))
    expected = np.mean([run.mean for run in runs])
    assert np.mean([run.low <= expected <= run.high for run in runs]) >= 0.92
