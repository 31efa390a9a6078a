"""Every mix on validation and on test: what is chosen, what is tied, and what hindsight is worth."""

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from recsys.evaluation.statistics.paired import differences
from recsys.evaluation.statistics.significance import Interval
from recsys.progress import silent
from recsys.settings import COMPONENTS, WHOLE_CATALOGUE, FusionSettings, RankingSettings, parse_weights
from recsys.studies.format import change_text
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import Cell, Result
from recsys.studies.weights import MappedRole, MeasuredMix, WeightsFigures, by_halves, conclusion
from recsys.studies.workspace import ExperimentSettings, Workspace


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    return EXPERIMENTS["weights"].run(workspace, ExperimentSettings())


@pytest.fixture(scope="module")
def roles(workspace: Workspace) -> tuple[MappedRole, MappedRole]:
    validation, test = (MappedRole.of(engine, 10, silent) for engine in workspace.engines("last", 1, 0))
    return validation, test


def rows_of(result: Result, table: str) -> list[dict[str, Cell]]:
    return [dict(row) for row in next(each for each in result.tables if each.name == table).rows]


def test_the_mix_is_chosen_on_validation_and_held_against_the_best_in_hindsight(
    result: Result, roles: tuple[MappedRole, MappedRole]
) -> None:
    _, test = roles
    fusions = [role.map.settings(role.map.best("ndcg")) for role in roles]
    assert result.figures["weights"]["chosen"] == fusions[0].normalised()
    new, old = (test.engine.measure(RankingSettings(f, WHOLE_CATALOGUE)).lists for f in reversed(fusions))
    expected = differences(new, old, test.engine.panel.facts)["ndcg"].change
    row = rows_of(result, "mixes")[1]
    assert row["change"] == pytest.approx(expected.mean)
    assert row["change_low"] == pytest.approx(expected.as_json()["low"])
    assert (row["rank_on_test"], row["tied_on_test"]) == (1, "yes")
    assert rows_of(result, "mixes")[0]["rank_on_validation"] == 1


def test_the_tied_region_is_the_maps_own(result: Result, roles: tuple[MappedRole, MappedRole]) -> None:
    validation, test = roles
    told = result.figures["weights"]
    assert told["agreement"]["n_tied_on_validation"] == validation.tied.sum()
    assert told["agreement"]["n_tied_on_both"] == (validation.tied & test.tied).sum()
    for place, name in enumerate(COMPONENTS):
        inside = test.map.cells.weights[test.tied][:, place]
        assert told["components"][name]["test"] == pytest.approx([inside.min(), inside.max()])
    assert told["agreement"]["pearson"] == pytest.approx(np.corrcoef(validation.means, test.means)[0, 1])


def test_every_share_of_every_component_has_the_best_mix_that_validation_knows(
    result: Result, roles: tuple[MappedRole, MappedRole]
) -> None:
    validation, test = roles
    rows = rows_of(result, "shares")
    assert [row["share"] for row in rows if row["name"] == "semantic"] == pytest.approx(np.linspace(0, 1, 21))
    steps = validation.map.cells.steps
    for row in rows[3::17]:
        among = steps[:, COMPONENTS.index(str(row["name"]))] == round(float(row["share"] or 0) * 20)
        assert row["validation"] == pytest.approx(validation.means[among].max())
        assert row["hindsight"] == pytest.approx(test.means[among].max())
        assert float(row["test"] or 0) <= test.means[among].max() + 1e-9


def test_the_frontier_is_what_more_personal_lists_cost(result: Result, roles: tuple[MappedRole, MappedRole]) -> None:
    validation, test = roles
    first, *others = rows_of(result, "frontier")
    assert first["weights"] == rows_of(result, "mixes")[0]["weights"]
    assert others
    quality, overlaps = validation.means, 1 - validation.map.means["personalisation"]
    for row in others:
        most = float(str(row["name"]).removeprefix("At most ").removesuffix("%")) / 100
        assert float(row["overlap"] or 0) <= most
        assert row["validation"] == pytest.approx(quality[overlaps <= most].max())
        fusion = parse_weights(str(row["weights"]).replace(" ", "=").replace(",=", ",").replace("%", ""))
        ranked = test.engine.measure(RankingSettings(fusion, WHOLE_CATALOGUE)).lists.ranked
        both = [len(set(a) & set(b)) / 10 for a, b in combinations(ranked.tolist(), 2)]
        assert row["overlap_on_test"] == pytest.approx(np.mean(both), abs=1e-6)
    told = [float(row["overlap"] or 0) for row in (first, *others)]
    assert told == sorted(told, reverse=True)


def test_halves_never_measure_on_those_they_chose_by(roles: tuple[MappedRole, MappedRole]) -> None:
    _, test = roles
    best = test.map.best("ndcg")
    # Beside the best of all on these very shoppers nothing can gain, unless it was measured where it was chosen.
    assert by_halves(test, best, seed=0).mean < 0
    assert by_halves(test, best, seed=0).as_json() == by_halves(test, best, seed=0).as_json()
    worst = int(np.argmin(test.means))
    assert by_halves(test, worst, seed=0).low > 0


def test_a_mix_is_found_on_the_map_and_measured_there(roles: tuple[MappedRole, MappedRole]) -> None:
    _, test = roles
    point = test.point_of(FusionSettings(2, 1, 1, 0))
    assert test.map.settings(point).normalised()["collaborative"] == 0.5
    assert test.values(point).mean() == pytest.approx(test.means[point])
    for named in (FusionSettings(), FusionSettings(1, 1, 1, 1)):
        assert test.map.settings(test.point_of(named)).normalised() == pytest.approx(named.normalised())


def test_the_document_and_the_charts_are_whole(result: Result) -> None:
    again = Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False)))
    assert json.dumps(again.as_json()) == json.dumps(result.as_json())
    assert [plot.name for plot in result.plots] == [*(f"share_{name}" for name in COMPONENTS), "agreement"]
    assert sum(len(series.x) for series in result.plots[-1].series[:2]) == 1771
    for plot in result.plots[:4]:
        assert plot.series[1].low
        assert len(plot.series) == 3


def test_progress_is_told_and_stops_the_work(workspace: Workspace) -> None:
    class StopError(Exception):
        pass

    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        raise StopError(stage)

    with pytest.raises(StopError, match="mapping weights"):
        EXPERIMENTS["weights"].run(workspace, ExperimentSettings(), stop)


def _figures(
    change: Interval, halves: Interval, tied: tuple[float, float], found: tuple[float, float]
) -> WeightsFigures:
    sure, flat = Interval(0.05, 0.04, 0.06, 900), Interval(0.0, 0.0, 0.0, 900)
    chosen = MeasuredMix("Best on validation (chosen)", FusionSettings(1, 0, 0, 1), sure, sure, flat, True, False, 1, 7)
    other = replace(chosen, name="Best on test (in hindsight)", weights=FusionSettings(1, 1, 0, 1), change=change)
    shares = tuple(
        replace(other, name=name, weights=FusionSettings(1, 1, 1, 1), share=0.0, hindsight=0.05) for name in COMPONENTS
    )
    n_tied = {"n_tied_on_validation": 5, "n_tied_on_test": 4, "n_tied_on_both": 3}
    return WeightsFigures(
        k=10,
        n_users=900,
        mixes=(chosen, other, replace(other, name="Equal weights")),
        shares=shares,
        components={name: {"validation": tied, "test": found} for name in COMPONENTS},
        agreement={"pearson": 0.9, "spearman": 0.8, "spearman_among_tied": 0.1, **n_tied},
        by_halves=halves,
        validation=np.full(6, 0.04),
        test=np.full(6, 0.04),
        tied_on_validation=np.ones(6, bool),
        frontier=(),
    )


@pytest.mark.parametrize(
    ("halves", "verdict"),
    [
        (Interval(0.002, -0.001, 0.005, 900), "no difference we can tell"),
        (Interval(0.003, 0.001, 0.005, 900), "better"),
        (Interval(-0.004, -0.007, -0.001, 900), "worse"),
        (Interval(0.1, float("nan"), float("nan"), 5), "no difference we can tell"),
    ],
)
def test_the_conclusion_claims_what_the_intervals_carry(halves: Interval, verdict: str) -> None:
    chosen, gain, _ = conclusion(_figures(halves, halves, (0.0, 0.4), (0.0, 0.5)))
    assert change_text(halves) in gain
    assert verdict in gain
    for figure in ("6 mixes", "collaborative 50%, context 50%", "0.0500", "number 7", "not tied"):
        assert figure in chosen


@pytest.mark.parametrize(
    ("validation", "test", "roles"),
    [(0.0, 0.0, ""), (0.1, 0.0, "validation"), (0.0, 0.1, "test"), (0.1, 0.2, "validation or test")],
)
def test_a_component_could_be_zero_only_where_some_tied_mix_goes_without(
    validation: float, test: float, roles: str
) -> None:
    flat = Interval(0.0, -0.1, 0.1, 900)
    said = conclusion(_figures(flat, flat, (validation, 0.4), (test, 0.5)))[-1]
    for name in COMPONENTS:
        assert (f"{name} cannot be zero on {roles}" if roles else f"{name} could be zero") in said
