"""Contextual, static and shuffled: what is compared, what is said of it, and what was planted."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.demo.oracle import PlantedEffect
from recsys.evaluation.statistics.paired import differences
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.studies.context import ContextFigures, conclusion, tables
from recsys.studies.context_circumstances import (
    DIMENSIONS,
    Circumstances,
    ContextComparison,
    ContextPart,
    GroupGain,
)
from recsys.studies.context_planted import recovered
from recsys.studies.format import by_verdict, change_text
from recsys.studies.models import validation_scores
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import NOTHING, Cell, Result
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weights import best_weights

ALONE = RankingSettings(FusionSettings(0, 0, 0, 1), WHOLE_CATALOGUE)


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    return EXPERIMENTS["context"].run(workspace, ExperimentSettings())


def rows_of(result: Result, table: str) -> list[dict[str, Cell]]:
    return [dict(row) for row in next(each for each in result.tables if each.name == table).rows]


def test_the_gain_is_that_over_static_on_the_same_test_shoppers(result: Result, workspace: Workspace) -> None:
    _, test = workspace.engines("last", 1, 0)
    known = Circumstances.of(test.panel)
    static = known.under(known.static()).measure(ALONE).lists
    own = test.measure(ALONE).lists
    expected = differences(own, static, test.panel.facts)
    for metric, row in zip(("ndcg", "recall"), rows_of(result, "compared"), strict=False):
        assert row["way"] == "Context alone"
        assert row["gain"] == pytest.approx(expected[metric].change.mean)
        assert row["gain_low"] == pytest.approx(expected[metric].change.as_json()["low"], abs=1e-6)


def test_shuffled_is_the_mean_of_several_deals(result: Result, workspace: Workspace) -> None:
    _, test = workspace.engines("last", 1, 0)
    known = Circumstances.of(test.panel)
    found = [
        known.under(known.scores(dict.fromkeys(DIMENSIONS, known.permutation(seed))))
        .measure(ALONE)
        .lists.values["ndcg"]
        for seed in range(5)
    ]
    row = rows_of(result, "compared")[0]
    assert row["shuffled"] == pytest.approx(np.mean(found))
    assert row["rest"] == pytest.approx(float(row["shuffled"] or 0) - float(row["static"] or 0))
    assert row["loss"] == pytest.approx(float(row["contextual"] or 0) - float(row["shuffled"] or 0))


def test_weights_are_chosen_on_validation_and_anew_for_each(result: Result, workspace: Workspace) -> None:
    validation, _ = workspace.engines("last", 1, 0)
    known = Circumstances.of(validation.panel)
    static, _ = best_weights(validation_scores(known.under(known.static()).panel), COMPONENTS, 10)
    chosen = result.figures["context"]["weights"]
    assert chosen["contextual"] == validation.panel.weights["full"].normalised()  # as `evaluate` chose them
    assert chosen["static"] == static.normalised() != chosen["contextual"]


def test_every_part_is_left_out_and_dealt(result: Result, workspace: Workspace) -> None:
    _, test = workspace.engines("last", 1, 0)
    rows = {row["part"]: row for row in rows_of(result, "parts")}
    assert list(rows) == ["trend", *CONTEXT_DIMENSIONS, "all circumstances", "newer acts counting more"]
    known = Circumstances.of(test.panel)
    without = known.under(known.scores(left_out=frozenset({"season"}))).measure(ALONE).lists.values["ndcg"]
    own = test.measure(ALONE).lists.values["ndcg"]
    assert rows["season"]["left_out_alone"] == pytest.approx((own - without).mean())
    assert rows["newer acts counting more"]["dealt"] is None


def test_a_part_that_the_data_lack_says_why(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    why = "the data does not say the region"
    monkeypatch.setattr(Circumstances, "why_not", lambda self, name: why if name == "region" else "")
    found = EXPERIMENTS["context"].run(workspace, ExperimentSettings(k=5))
    row = next(row for row in rows_of(found, "parts") if row["part"] == "region")
    assert (row["why_not"], row["left_out"]) == (why, None)
    assert f"Not in these data: region ({why})." in found.conclusion
    assert "region" not in {row["group"] for row in rows_of(found, "groups")}
    drawn = next(plot for plot in found.plots if plot.name == "parts_left_out").series[0].x
    assert "season, context alone" in drawn
    assert "region, context alone" not in drawn


def test_groups_are_large_and_hold_whom_they_name(result: Result, workspace: Workspace) -> None:
    shoppers = workspace.engines("last", 1, 0)[1].panel.shoppers
    rows = rows_of(result, "groups")
    assert rows
    for row in rows:
        assert row["n"] == (shoppers[str(row["group"])] == row["value"]).sum() >= 100
        assert int(row["n"]) < len(shoppers)
        assert row["gain"] == pytest.approx(float(row["contextual"] or 0) - float(row["static"] or 0))


def test_planted_effects_are_judged_on_a_demo_shop_only(
    result: Result, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of(result, "planted")
    tents = next(row for row in rows if (row["value"], row["category"]) == ("winter", "Tents"))
    scorer = workspace.engines("last", 1, 0)[1].panel.context_scorers[0]
    values, lifts = scorer.lifts["season"]
    inside = (workspace.engines("last", 1, 0)[1].panel.items["category"] == "Tents").to_numpy()
    assert tents["planted"] == pytest.approx(-1.1)
    assert tents["learnt"] == pytest.approx(lifts[values.index("winter"), inside].mean(), abs=1e-6)
    assert tents["judged"] == "right sign"
    found = result.figures["context"]["planted"]["recovered"]["all"]
    assert found["signs"]["low"] > 0.5  # better than guessing, even in a small shop
    assert found["n_effects"] + found["n_zero"] == len(rows)
    for each in ("zero, learnt as near zero", "zero, learnt as an effect"):
        assert any(row["judged"] == each and row["planted"] == 0 for row in rows)
    assert any(plot.name == "planted" for plot in result.plots)
    monkeypatch.setattr("recsys.studies.context.parts_of", lambda *asked: {})
    elsewhere = replace(workspace, data_folder=tmp_path)
    monkeypatch.setattr(elsewhere, "engines", lambda *asked: workspace.engines(*asked))
    monkeypatch.setattr(elsewhere, "facts", dict)
    monkeypatch.setattr(elsewhere, "split", workspace.split)
    told = EXPERIMENTS["context"].run(elsewhere, ExperimentSettings())
    assert told.figures["context"]["planted"] is None
    assert "planted" not in " ".join(told.conclusion)
    assert "planted" not in {table.name for table in told.tables}


def test_the_document_is_whole(result: Result) -> None:
    assert any("after the moment" in each for each in result.caveats)
    again = Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False)))
    assert json.dumps(again.as_json()) == json.dumps(result.as_json())
    names = ["compared", "parts_left_out", "parts_dealt", "groups", "planted"]
    assert [plot.name for plot in result.plots] == names
    for plot in result.plots[:4]:
        rows = [name for series in plot.series for name in series.x]
        assert len(rows) == len(set(rows))  # no interval lies upon another


def test_progress_can_stop_it_while_parts_are_measured(workspace: Workspace) -> None:
    class StopError(Exception):
        pass

    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        if stage == "measuring the parts of the context" and done:
            raise StopError

    with pytest.raises(StopError):
        EXPERIMENTS["context"].run(workspace, ExperimentSettings(), stop)


def test_where_all_are_asked_alike_dealing_is_no_control(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = []
    for engine in workspace.engines("last", 1, 0):
        shoppers = engine.panel.shoppers
        alike = shoppers.assign(**{name: shoppers[name].iloc[0] for name in (*CONTEXT_DIMENSIONS, "moment_s")})
        known = Circumstances.of(replace(engine.panel, shoppers=alike))
        engines.append(LiveEngine(known.under(known.scores()).panel))
    asked = Workspace(workspace.data_folder, workspace.work_folder)
    monkeypatch.setattr(asked, "engines", lambda *how: engines)
    found = EXPERIMENTS["context"].run(asked, ExperimentSettings("temporal"))
    assert not any("after the moment" in each for each in found.caveats)  # learned from before it only
    assert any("is no control" in each for each in found.conclusion)
    assert not any(each.startswith("Dealt at random") for each in found.conclusion)
    for row in rows_of(found, "compared"):
        assert (row["loss"], row["loss_low"]) == (0, None)
    assert {row["dealt"] for row in rows_of(found, "parts")} == {None}
    assert rows_of(found, "parts")[0]["left_out_alone"] != 0


@pytest.mark.parametrize(("dealt", "says_so"), [((), False), (("region",), True), (("trend", "region"), False)])
def test_one_moment_for_all_is_a_caveat(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, dealt: tuple[str, ...], says_so: bool
) -> None:
    monkeypatch.setattr("recsys.studies.context.parts_of", lambda *asked: {})
    monkeypatch.setattr("recsys.studies.context.groups_of", lambda *asked: ())
    monkeypatch.setattr("recsys.studies.context.tuned", lambda *asked: FusionSettings())
    monkeypatch.setattr("recsys.studies.context_circumstances.N_SHUFFLES", 1)
    monkeypatch.setattr(Circumstances, "varies", lambda self, name: name in dealt)
    found = EXPERIMENTS["context"].run(workspace, ExperimentSettings())
    assert any("leaves the trend as it was" in each for each in found.caveats) == says_so


def _interval(mean: float, spread: float = 0.002) -> Interval:
    return Interval(mean, mean - spread, mean + spread, 900)


def _figures(gain: float, loss: float) -> ContextFigures:
    worlds = ContextComparison(
        _interval(0.05),
        _interval(0.05 - gain),
        _interval(0.05 - loss),
        _interval(gain),
        _interval(loss),
        _interval(gain - loss),
        _interval(loss / gain, 0.1) if gain > 0.002 else NOTHING,
    )
    return ContextFigures(
        k=10,
        weights=dict.fromkeys(("contextual", "static", "shuffled"), FusionSettings()),
        compared={"Context alone": {"ndcg": worlds, "recall": worlds}, "In the chosen mix": {"ndcg": worlds}},
        parts={
            "trend": ContextPart("", *(_interval(0.01),) * 4),
            "season": ContextPart("", *(_interval(0.001),) * 4),
            "device": ContextPart("", *(_interval(-0.01),) * 4),
            "region": ContextPart("nobody says it"),
        },
        groups=(GroupGain("device", "mobile", 120, 0.05, 0.04, _interval(gain), _interval(loss)),),
        planted=None,
        dealt=("trend", "season"),
    )


@pytest.mark.parametrize(
    ("gain", "loss", "verdict", "share"),
    [
        (0.02, 0.02, "better", "100% of the gain"),
        (0.02, 0.01, "better", "50% of the gain"),
        (0.02, 0.001, "better", "5% of the gain"),
        (0.001, 0.02, "no difference we can tell", ""),
        (-0.02, -0.02, "worse", ""),
    ],
)
def test_the_conclusion_claims_what_the_intervals_carry(gain: float, loss: float, verdict: str, share: str) -> None:
    alone, mix, control, *_ = conclusion(_figures(gain, loss))
    for sentence in (alone, mix):
        assert sentence.endswith(f"{change_text(_interval(gain))}.")
        assert verdict in sentence
    assert change_text(_interval(loss)) in control
    assert change_text(_interval(gain - loss)) in control
    assert share in control
    assert ("of the gain" in control) == bool(share)


def test_parts_are_sorted_by_what_their_intervals_say() -> None:
    found = _figures(0.02, 0.02)
    parts, missing = conclusion(found)[3:]
    assert parts.split(" is ")[1] == by_verdict({"trend": "better", "season": "unclear", "device": "worse"}) + "."
    assert "region (nobody says it)" in missing
    assert [table.name for table in tables(found)] == ["compared", "parts", "groups"]
    assert [table.name for table in tables(replace(found, groups=()))] == ["compared", "parts"]


def _effect(category: str, planted: float, learnt: float) -> PlantedEffect:
    return PlantedEffect("season", "winter", category, planted, learnt, planted, learnt)


def test_signs_order_and_zeros_are_counted() -> None:
    effects = [_effect("a", 0.5, 0.3), _effect("b", -0.5, -0.05), _effect("c", 0.4, -0.2), _effect("d", 0.2, 0.1)]
    effects += [_effect("a", 0.0, 0.02), _effect("b", 0.0, 0.3)]
    found = recovered(effects)
    assert (found.signs.mean, found.signs.n) == (0.75, 4)
    assert 0.3 < found.signs.low < 0.75 < found.signs.high < 1
    assert (found.n_zero, found.n_near_zero, found.n_effects, found.n_lost) == (2, 1, 4, 1)
    perfect = recovered([_effect(name, size, 2 * size) for name, size in zip("abcdef", range(-2, 4), strict=True)])
    assert perfect.order.mean == pytest.approx(1)
    assert not found.order.is_given  # four categories are too few to resample
    rng = np.random.default_rng(0)
    many = [_effect(str(n % 40), size, size + rng.normal(0, 1)) for n, size in enumerate(rng.normal(size=160))]
    order = recovered(many).order
    assert -1 < order.low < order.mean < order.high < 1
    assert math.isnan(recovered([_effect("a", 0.0, 0.1)]).signs.mean)
    assert NOTHING.as_json() == {"mean": None, "low": None, "high": None}
