"""The map is the live evaluation at 1,771 points: the same lists, the same means; ties and fronts by brute force."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.evaluation.statistics.jackknife import ListChange
from recsys.evaluation.statistics.paired import MeasuredLists, means, tied_by_gaps, tied_with_best
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import AS_IT_WAS, EVERYONE, Scenario, Segment
from recsys.progress import silent
from recsys.settings import WHOLE_CATALOGUE, Filters, RankingSettings
from recsys.tuning.map_kernels import grid_cells
from recsys.tuning.weight_map import MapPasses, WeightMap, weight_map

AWAY = Scenario.of(daypart="night")
WARM = Segment.of(activity="warm")


def setting(found: WeightMap, point: int, k: int, filters: Filters) -> RankingSettings:
    return RankingSettings(found.settings(point), filters, k)


def measured(
    engine: LiveEngine, found: WeightMap, point: int, filters: Filters, who: Segment, when: Scenario
) -> MeasuredLists:
    lists = engine.measure(setting(found, point, found.k, filters), when).lists
    return lists.of(who.mask(engine.panel.shoppers))


@pytest.fixture(scope="module")
def found(engine: LiveEngine) -> WeightMap:
    """The map that most tests look at, with the ties of every metric."""
    return weight_map(engine, 10, WHOLE_CATALOGUE, metrics=LIVE_METRICS)


@pytest.fixture(scope="module")
def everywhere(engine: LiveEngine, found: WeightMap) -> list[MeasuredLists]:
    """The engine's answer at every point."""
    return [measured(engine, found, at, WHOLE_CATALOGUE, EVERYONE, AS_IT_WAS) for at in range(len(found.cells.weights))]


@pytest.fixture(scope="module")
def some_points() -> list[int]:
    return np.random.default_rng(3).choice(len(grid_cells().weights), 25, replace=False).tolist()


@pytest.mark.parametrize("k", [5, 20])
@pytest.mark.parametrize("held", ["engine", "candidate_engine"])
def test_lists_are_those_of_the_engine(
    k: int, held: str, some_points: list[int], request: pytest.FixtureRequest
) -> None:
    engine: LiveEngine = request.getfixturevalue(held)
    category = engine.panel.items["category"].mode()[0]
    for filters, who, when in (
        (WHOLE_CATALOGUE, EVERYONE, AS_IT_WAS),
        (Filters(), WARM, AWAY),
        (Filters(only_available=False, categories=frozenset([category])), EVERYONE, AS_IT_WAS),
    ):
        users = np.flatnonzero(who.mask(engine.panel.shoppers))
        passes = MapPasses(engine, grid_cells(), users, k, filters, when, silent)
        lists = np.concatenate([chunk for _, chunk in passes.lists("ranking")], axis=1)
        assert lists.shape == (len(grid_cells().weights), len(users), k)
        for point in some_points:
            ranking = RankingSettings(WeightMap(grid_cells(), k, 0, {}, {}).settings(point), filters, k)
            np.testing.assert_array_equal(lists[point], engine.measure(ranking, when).lists.ranked[users])


@pytest.mark.parametrize("held", ["engine", "candidate_engine"])
@pytest.mark.parametrize(
    ("filters", "who", "when"), [(WHOLE_CATALOGUE, EVERYONE, AS_IT_WAS), (Filters(), WARM, AWAY)], ids=["all", "some"]
)
def test_means_are_those_of_the_live_metrics(
    held: str, filters: Filters, who: Segment, when: Scenario, some_points: list[int], request: pytest.FixtureRequest
) -> None:
    engine: LiveEngine = request.getfixturevalue(held)
    mask = who.mask(engine.panel.shoppers)
    found = weight_map(engine, 5, filters, when, who, metrics=())
    assert found.n_users == mask.sum()
    assert tuple(found.means) == LIVE_METRICS
    assert not found.tied
    for point in some_points:
        expected = means(measured(engine, found, point, filters, who, when), engine.panel.facts.of(mask))
        for name, interval in expected.items():
            assert found.means[name][point] == pytest.approx(interval.mean, abs=2e-6, nan_ok=True), name


def test_the_lift_counts_only_shoppers_who_had_something(engine: LiveEngine) -> None:
    profile = engine.panel.profile_popularity.copy()
    profile[::3] = np.nan
    profile.flags.writeable = False  # as the panel's own: loops are compiled for that
    partly_new = LiveEngine(replace(engine.panel, profile_popularity=profile))
    found = weight_map(partly_new, 5, WHOLE_CATALOGUE, metrics=("popularity_lift",))
    lists = measured(partly_new, found, 400, WHOLE_CATALOGUE, EVERYONE, AS_IT_WAS)
    expected = means(lists, partly_new.panel.facts)["popularity_lift"].mean
    assert found.means["popularity_lift"][400] == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["ndcg", "hit_rate", "ild", "novelty"])
def test_ties_of_shopper_metrics_are_those_of_their_values(
    found: WeightMap, everywhere: list[MeasuredLists], metric: str
) -> None:
    values = np.stack([lists.values[metric] for lists in everywhere]).astype(np.float32)
    expected = tied_with_best(values, found.best(metric))
    assert (found.tied[metric] != expected).sum() <= 2  # rounding may turn what stands on the edge
    assert found.tied[metric][found.best(metric)]


@pytest.mark.parametrize("metric", ["coverage", "gini", "personalisation"])
def test_ties_of_all_lists_together_rest_on_the_shares_of_a_difference(
    engine: LiveEngine, found: WeightMap, everywhere: list[MeasuredLists], metric: str
) -> None:
    best = found.best(metric)
    sign = 1 if METRICS[metric].higher_is_better else -1
    n_items = engine.panel.n_items
    pairs = [ListChange.of(everywhere[best].ranked, each.ranked, n_items).metric(metric) for each in everywhere]
    gaps = sign * np.array([now - before for now, before, _ in pairs])
    shares = sign * np.stack([share for _, _, share in pairs]).astype(np.float32)
    errors = np.full(len(gaps), np.inf)
    if metric == "coverage":
        errors[:] = [
            ListChange.of(everywhere[best].ranked, each.ranked, n_items).coverage_error() for each in everywhere
        ]
    expected = tied_by_gaps(gaps, shares, most_errors=errors)
    assert (found.tied[metric] != expected).sum() <= 2
    assert found.tied[metric][best]


def test_lists_too_large_to_keep_are_made_again(
    engine: LiveEngine, found: WeightMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.tuning.weight_map.MAX_LIST_BYTES", 0)
    monkeypatch.setattr("recsys.tuning.weight_map.CHUNK", 100)
    again = weight_map(engine, 10, WHOLE_CATALOGUE, metrics=("coverage",))
    np.testing.assert_array_equal(again.tied["coverage"], found.tied["coverage"])
    np.testing.assert_allclose(again.means["ndcg"], found.means["ndcg"])


def test_points_that_are_taken_in_turns_are_the_same(
    engine: LiveEngine, found: WeightMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.tuning.weight_map.MAX_STEP_BYTES", 8 * engine.panel.n_items * 500)
    again = weight_map(engine, 10, WHOLE_CATALOGUE, metrics=("coverage", "gini", "personalisation"))
    for name in ("coverage", "gini", "personalisation"):
        np.testing.assert_array_equal(again.tied[name], found.tied[name])


def test_shoppers_taken_together_tell_nearly_as_much(
    engine: LiveEngine, found: WeightMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.tuning.weight_map.MOST_GROUPS", len(engine.panel) // 3)
    together = weight_map(engine, 10, WHOLE_CATALOGUE, metrics=("ndcg", "ild", "coverage"))
    for name in ("ndcg", "ild", "coverage"):
        np.testing.assert_allclose(together.means[name], found.means[name], atol=1e-9)
        one, other = found.tied[name], together.tied[name]
        assert (one != other).mean() < 0.2, f"{name}: {one.sum()} and {other.sum()} points"
        assert other[found.best(name)]


def test_no_point_that_shows_far_fewer_products_is_tied_by_coverage(found: WeightMap) -> None:
    """Where every product stands on many lists few shoppers have a share in coverage; that is no ignorance."""
    coverage = found.means["coverage"]
    assert coverage.min() < 0.5 * coverage.max()
    assert coverage[found.tied["coverage"]].min() > 0.7 * coverage.max()


@pytest.mark.parametrize("metric", LIVE_METRICS)
def test_the_best_is_the_best_and_of_equals_the_most_even(found: WeightMap, metric: str) -> None:
    values = found.means[metric] * (1 if METRICS[metric].higher_is_better else -1)
    best = found.best(metric)
    assert values[best] == pytest.approx(np.nanmax(values), abs=1e-9)
    equals = np.flatnonzero(np.abs(values - values[best]) < 1e-10)
    assert np.square(found.cells.weights[best]).sum() <= np.square(found.cells.weights[equals]).sum(1).min() + 1e-6
    tied = found.tied[metric]
    inside = found.best("ild", among=tied)
    assert tied[inside]
    assert found.means["ild"][inside] == pytest.approx(np.nanmax(found.means["ild"][tied]), abs=1e-9)
    assert tied[found.most_even(tied)]


@pytest.mark.parametrize("pair", [("ndcg", "ild"), ("hit_rate", "coverage"), ("ndcg", "gini"), ("gini", "novelty")])
def test_no_point_of_the_front_is_beaten_and_all_others_are(found: WeightMap, pair: tuple[str, str]) -> None:
    gains = np.stack([found.means[name] * (1 if METRICS[name].higher_is_better else -1) for name in pair], axis=1)

    def is_beaten(point: int) -> bool:
        return bool(((gains >= gains[point]).all(axis=1) & (gains > gains[point]).any(axis=1)).any())

    front = found.efficient(*pair)
    assert not any(is_beaten(point) for point in front.tolist())
    on_front = {tuple(gains[point]) for point in front.tolist()}
    for point in set(range(len(gains))) - set(front.tolist()):
        assert is_beaten(point) or tuple(gains[point]) in on_front
    assert np.all(np.diff(gains[front, 0]) < 0)


def test_nobody_is_mapped_without_a_number(engine: LiveEngine) -> None:
    nobody = Segment.of(activity="warm", top_category="no such thing")
    found = weight_map(engine, 5, WHOLE_CATALOGUE, segment=nobody, metrics=("ndcg",))
    assert found.n_users == 0
    assert found.best("ndcg") == found.most_even(found.tied["ndcg"]) == -1
    assert not found.efficient("ndcg", "ild").size


def test_what_cannot_be_measured_is_refused_as_everywhere(engine: LiveEngine) -> None:
    with pytest.raises(SettingsError, match="what a shopper already has cannot be found again"):
        weight_map(engine, 5, Filters(include_seen=True))


def test_progress_is_told_shopper_by_shopper(engine: LiveEngine) -> None:
    told: list[tuple[str, int, int]] = []
    weight_map(engine, 5, WHOLE_CATALOGUE, metrics=("coverage",), progress=lambda *step: told.append(step))
    n = len(engine.panel)
    assert ("mapping weights", 0, n) in told
    assert told[-1] == ("comparing with the best", n, n)
