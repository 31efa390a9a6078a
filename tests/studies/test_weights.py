"""Every mix on validation and on test: what is chosen, what is tied, and what hindsight is worth."""

import json
from dataclasses import replace

import numpy as np
import pytest

from recsys.evaluation.statistics.paired import differences
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import WHOLE_CATALOGUE
from recsys.progress import silent
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings
from recsys.studies.registry import EXPERIMENTS, ExperimentSettings
from recsys.studies.result import Cell, Result
from recsys.studies.weights.study import Role, by_halves
from recsys.studies.weights.summary import Agreement, Component, Mix, Share, Study, conclusion
from recsys.studies.workspace import Workspace


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    return EXPERIMENTS["weights"].run(workspace, ExperimentSettings())


@pytest.fixture(scope="module")
def roles(workspace: Workspace) -> tuple[Role, Role]:
    validation, test = (Role.of(engine, 10, silent) for engine in workspace.engines("last", 1, 0))
    return validation, test


def rows_of(result: Result, table: str) -> list[dict[str, Cell]]:
    return [dict(row) for row in next(each for each in result.tables if each.name == table).rows]


def test_the_mix_is_chosen_on_validation_and_held_against_the_best_in_hindsight(
    result: Result, roles: tuple[Role, Role]
) -> None:
    _, test = roles
    fusions = [role.map.settings(role.map.best("ndcg")) for role in roles]
    assert result.figures["weights"]["chosen"] == fusions[0].normalised()
    new, old = (test.engine.measure(RankingSettings(f, WHOLE_CATALOGUE)).lists for f in reversed(fusions))
    expected = differences(new, old, test.engine.panel.facts)["ndcg"].change
    row = rows_of(result, "mixes")[1]
    assert (row["change"], row["change_low"]) == pytest.approx((expected.mean, expected.low))
    assert (row["rank_on_test"], row["tied_on_test"]) == (1, "yes")
    assert rows_of(result, "mixes")[0]["rank_on_validation"] == 1


def test_the_tied_region_is_the_maps_own(result: Result, roles: tuple[Role, Role]) -> None:
    validation, test = roles
    told = result.figures["weights"]
    assert told["agreement"]["n_tied_on_validation"] == validation.tied.sum()
    assert told["agreement"]["n_tied_on_both"] == (validation.tied & test.tied).sum()
    for place, name in enumerate(COMPONENTS):
        inside = test.map.cells.weights[test.tied][:, place]
        assert told["components"][name]["test"] == pytest.approx([inside.min(), inside.max()])
    assert told["agreement"]["pearson"] == pytest.approx(np.corrcoef(validation.means, test.means)[0, 1])


def test_every_share_of_every_component_has_the_best_mix_that_validation_knows(
    result: Result, roles: tuple[Role, Role]
) -> None:
    validation, test = roles
    rows = rows_of(result, "shares")
    assert [row["share"] for row in rows if row["component"] == "semantic"] == pytest.approx(np.linspace(0, 1, 21))
    steps = validation.map.cells.steps
    for row in rows[3::17]:
        among = steps[:, COMPONENTS.index(str(row["component"]))] == round(float(row["share"] or 0) * 20)
        assert row["validation"] == pytest.approx(validation.means[among].max())
        assert row["hindsight"] == pytest.approx(test.means[among].max())
        assert float(row["test"] or 0) <= test.means[among].max() + 1e-9


def test_halves_never_measure_on_those_they_chose_by(roles: tuple[Role, Role]) -> None:
    _, test = roles
    best = test.map.best("ndcg")
    # Beside the best of all on these very shoppers nothing can gain, unless it was measured where it was chosen.
    assert by_halves(test, best, seed=0).mean < 0
    assert by_halves(test, best, seed=0).as_json() == by_halves(test, best, seed=0).as_json()
    worst = int(np.argmin(test.means))
    assert by_halves(test, worst, seed=0).low > 0


def test_a_mix_between_the_steps_is_measured_but_has_no_place_on_the_map(roles: tuple[Role, Role]) -> None:
    _, test = roles
    assert test.point_of(FusionSettings(0.31, 0.19, 0.25, 0.25)) is None
    point = test.point_of(FusionSettings(2, 1, 1, 0))
    assert point is not None
    assert test.map.settings(point).normalised()["collaborative"] == 0.5
    assert test.values(FusionSettings(2, 1, 1, 0)).mean() == pytest.approx(test.means[point])


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


def _study(change: Interval, halves: Interval, tied: tuple[float, float], found: tuple[float, float]) -> Study:
    sure, flat = Interval(0.05, 0.04, 0.06, 900), Interval(0.0, 0.0, 0.0, 900)
    chosen = Mix("Best on validation (chosen)", FusionSettings(1, 0, 0, 1), sure, sure, flat, 1, 7, True, True)
    other = replace(chosen, name="Best on test (in hindsight)", weights=FusionSettings(1, 1, 0, 1), change=change)
    shares = tuple(
        Share(name, 0.0, FusionSettings(1, 1, 1, 1), 0.04, sure, change, 0.05, True, True) for name in COMPONENTS
    )
    return Study(
        k=10,
        n_users=900,
        mixes=(chosen, other, replace(other, name="Equal weights")),
        shares=shares,
        components=tuple(Component(name, tied, found) for name in COMPONENTS),
        agreement=Agreement(0.9, 0.8, 0.1, 5, 4, 3),
        by_halves=halves,
        validation=np.full(6, 0.04),
        test=np.full(6, 0.04),
        tied_on_validation=np.ones(6, bool),
    )


def test_sentences_claim_what_the_intervals_carry_and_no_more() -> None:
    unsure, sure = Interval(0.002, -0.001, 0.005, 900), Interval(-0.004, -0.007, -0.001, 900)
    said = " ".join(conclusion(_study(unsure, unsure, (0.0, 0.4), (0.0, 0.5))))
    assert "partly luck" in said
    assert "which cannot be told from nothing" in said
    assert "It could be zero: mixes without it cannot be told from the best on either" in said
    assert "Equal weights (collaborative 33%, content 33%, context 33%) reach nDCG 0.0500 on test, +0.0020" in said
    assert "no difference we can tell" in said
    assert "tells next to nothing of their order on test" in said
    said = " ".join(conclusion(_study(sure, sure, (0.1, 0.4), (0.0, 0.5))))
    assert "would have done worse" in said
    assert "It could be zero on test, but not on validation" in said
    assert "beside the chosen mix: worse" in said
    said = " ".join(conclusion(_study(Interval(0.1, float("nan"), float("nan"), 5), unsure, (0.1, 0.4), (0.2, 0.2))))
    assert "It cannot be zero: every mix without it is surely worse" in said
    assert "10% to 40% in the tied mixes of validation and 20% in those of test" in said
    assert "too few shoppers tell" in said
