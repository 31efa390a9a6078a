"""The weight map says what the core measured, follows the controls, and puts mixes on the sliders."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st

from pages.tuning.metric_charts import clicked_point, legend_html
from pages.tuning.weight_map import load, summary_html, worth_loading
from pages.tuning.weight_map_charts import HEIGHT, MapView, MarkedMix, Plane, triangle
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, Verdict, differences
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import Segment
from recsys.settings import COMPONENTS, WHOLE_CATALOGUE, RankingSettings
from recsys.tuning.map_kernels import N_STEPS, grid_cells
from recsys.tuning.weight_map import WeightMap, weight_map
from tests.pages._seen import html, text
from tests.pages.tuning.conftest import OpenRoom


@pytest.fixture(scope="session")
def test_engine(panels: tuple[Panel, Panel]) -> LiveEngine:
    return LiveEngine(panels[1])


@pytest.fixture(scope="session")
def found(test_engine: LiveEngine) -> WeightMap:
    """What the section shows when it is opened."""
    return weight_map(test_engine, 10, WHOLE_CATALOGUE, metrics=("ndcg",))


def mapped(found: WeightMap, **values: float) -> MapView:
    mix = MarkedMix("this setting", np.full(4, 0.25), {"ndcg": 0.1, "ild": 0.5, **values})
    return MapView(found, "ndcg", "ild", mix, mix)


def on_sliders(page: object) -> list[int]:
    return [page.slider(key=name).value for name in COMPONENTS]  # type: ignore[attr-defined]


def test_it_says_how_good_the_best_is_and_how_much_is_as_good(open_room: OpenRoom, found: WeightMap) -> None:
    seen = text(open_room("Weight map"))
    best = found.best("ndcg")
    assert f"The best mix found scores {fmt.value('ndcg', found.means['ndcg'][best])} by nDCG@10" in seen
    assert f"{found.tied['ndcg'].mean():.0%} are not ruled out as the best, after comparing 1,771 mixes" in seen
    assert "variety" not in seen.split("The best mix found")[1].split("Mixes worth")[0]


def test_the_best_mix_goes_on_the_sliders_and_the_slice_follows(open_room: OpenRoom, found: WeightMap) -> None:
    page = open_room("Weight map")
    page.button(key="load_best").click().run()
    steps = found.cells.steps[found.best("ndcg")]
    assert on_sliders(page) == [5 * step for step in steps.tolist()]
    assert page.segmented_control(key="room").value == "Weight map"
    assert page.slider(key="slice").value == 5 * steps[-1]
    assert "this setting is among them" in text(page)
    assert page.button(key="load_best").disabled


def test_no_mix_is_offered_that_loses_to_the_best_where_the_two_are_compared_alone(
    open_room: OpenRoom, found: WeightMap, test_engine: LiveEngine
) -> None:
    page = open_room("Weight map")
    best = found.best("ndcg")

    def lists(point: int) -> MeasuredLists:
        return test_engine.measure(RankingSettings(found.settings(point), WHOLE_CATALOGUE, 10)).lists

    def against_best(point: int) -> Difference:
        return differences(lists(point), lists(best), test_engine.panel.facts)["ndcg"]

    region = np.flatnonzero(found.tied["ndcg"])[::15].tolist()
    assert any(against_best(point).verdict == "worse" for point in region)  # so being of the region does not do
    page.button(key="load_even").click().run()
    point = found.cells.nearest(np.array(on_sliders(page)) / 100)
    change = against_best(point)
    assert point != best
    assert found.tied["ndcg"][point]
    assert change.verdict != "worse"
    said = fmt.interval("ndcg", change.change.low, change.change.high)
    against = f"Against the best: nDCG@10 {fmt.change('ndcg', change.change.mean)} ({said}) ; Variety (ILD)"
    assert against in text(page)


def differing(verdict: Verdict, low: float, n_changed: int = 40) -> Difference:
    return Difference("ndcg", 0.1, 0.1, Interval(0.0, low, -low, 400, 0), verdict, n_changed)


def test_losers_are_passed_over_and_so_is_what_is_further_behind(found: WeightMap) -> None:
    values, tied = found.means["ndcg"], found.tied["ndcg"]
    enough = float(np.quantile(values[tied], 0.8))
    compared: list[int] = []

    def change(point: int) -> dict[str, Difference]:
        compared.append(point)
        found = differing("unclear" if values[point] >= enough else "worse", -0.01)
        return {"ndcg": found, "ild": found}

    best, even, second = worth_loading(mapped(found), change)
    assert (best.point, even.point) == (found.best("ndcg"), found.most_even(tied & (values >= enough)))
    assert second.point == found.best("ild", among=tied & (values >= enough))
    assert len(compared) < 60


def test_what_too_few_shoppers_tell_is_no_reason_to_offer_a_mix(found: WeightMap) -> None:
    shown = mapped(found)
    asked: list[int] = []

    def offered(change: Difference) -> list[str]:
        def compared(point: int) -> dict[str, Difference]:
            asked.append(point)
            return {"ndcg": change, "ild": change}

        return [each.key for each in worth_loading(shown, compared)]

    assert offered(differing("unclear", -0.01)) == ["best", "even", "second"]
    assert offered(differing("unclear", np.nan)) == ["best"]
    assert offered(differing("worse", -0.01)) == ["best"]
    assert not {found.best("ndcg"), -1}.intersection(asked)


@pytest.mark.parametrize("change", [{"n_users": 40}, {"tied": {"ndcg": np.ones(1771, bool)}}])
def test_where_hardly_anything_can_be_told_only_the_best_is_offered(found: WeightMap, change: dict[str, Any]) -> None:
    shown = mapped(replace(found, **change))
    rows = worth_loading(shown, lambda point: pytest.fail("compared"))
    assert [each.key for each in rows] == ["best"]
    assert "weights can hardly be told apart" in summary_html(shown, "test", 0)


def test_moving_the_slice_keeps_the_setting_and_the_map(
    open_room: OpenRoom, found: WeightMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_room("Weight map")
    before = on_sliders(page)
    monkeypatch.setattr("pages.tuning.context.map_weights", lambda *rest: pytest.fail("computed again"))
    page.slider(key="slice").set_value(60).run()
    assert on_sliders(page) == before
    page.slider(key="semantic").set_value(100).run()
    share = 100 * before[3] / (before[0] + before[1] + 100 + before[3])
    assert page.slider(key="slice").value == 5 * round(share / 5)  # back to where the setting is
    assert not page.exception


def test_another_component_can_be_fixed_and_an_address_holds_the_slice(open_room: OpenRoom) -> None:
    page = open_room("Weight map", fixed="Content", slice="40", second="Novelty")
    assert page.slider(key="slice").label == "Content in every mix"
    assert page.slider(key="slice").value == 40
    assert page.selectbox(key="second").value == "novelty"


def test_the_second_metric_gives_way_to_the_judged_one(open_room: OpenRoom) -> None:
    page = open_room("Weight map", metric="Variety (ILD)")
    assert page.selectbox(key="second").value == "ndcg"
    page.selectbox(key="metric").set_value("ndcg").run()
    assert not page.exception
    assert page.selectbox(key="second").value != "ndcg"


@pytest.mark.parametrize("metric", ["Exposure Gini", "Catalogue coverage", "Popularity lift"])
def test_metrics_of_all_lists_have_a_region_too(open_room: OpenRoom, metric: str) -> None:
    seen = text(open_room("Weight map", metric=metric))
    assert re.search(r"are not ruled out as the best|all other mixes are ruled out", seen)
    assert f"Best {metric} found" in seen


def test_variety_is_said_to_be_left_out(open_room: OpenRoom) -> None:
    assert "The map leaves variety out" in text(open_room("Weight map", diversity="0.5"))


def test_validation_shoppers_can_be_looked_at(open_room: OpenRoom, panels: tuple[Panel, Panel]) -> None:
    page = open_room("Weight map", map_of="Validation shoppers")
    found = weight_map(LiveEngine(panels[0]), 10, WHOLE_CATALOGUE)
    assert f"scores {fmt.value('ndcg', found.means['ndcg'][found.best('ndcg')])}" in text(page)


def test_a_segment_is_mapped_by_itself(open_room: OpenRoom, test_engine: LiveEngine) -> None:
    page = open_room("Weight map", shoppers="Warm", n="5")
    found = weight_map(test_engine, 5, WHOLE_CATALOGUE, segment=Segment.of(activity="warm"))
    assert f"scores {fmt.value('ndcg', found.means['ndcg'][found.best('ndcg')])} by nDCG@5" in text(page)


def test_what_cannot_be_computed_is_said(open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*rest: object) -> WeightMap:
        raise ValueError("out of paper")

    monkeypatch.setattr("pages.tuning.context.map_weights", broken)
    page = open_room("Weight map", n="20")
    assert 'class="sw-empty"' in html(page)
    assert "ut of paper" in html(page)
    monkeypatch.undo()


@pytest.mark.parametrize("points", [[], [{}], [{"customdata": "x"}], [{"customdata": 99_999}]])
def test_a_click_on_nothing_is_left_alone(points: list[dict[str, object]]) -> None:
    assert clicked_point({"selection": {"points": points}}, 1771) is None
    assert clicked_point(None, 1771) is None


def test_a_click_loads_its_mix(found: WeightMap, monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", state)
    point = clicked_point({"selection": {"points": [{"customdata": [7]}]}}, 1771)
    assert point == 7
    load(found, point)
    assert [state[name] for name in COMPONENTS] == [5 * step for step in found.cells.steps[7].tolist()]
    assert sum(5 * found.cells.steps[7]) == 100


@pytest.mark.parametrize("share", [0, 7, 19, 20])
def test_a_slice_is_a_triangle_of_all_its_mixes(share: int) -> None:
    plane, cells = Plane("content", share), grid_cells()
    points = plane.points(cells)
    n = N_STEPS - share
    assert len(points) == (n + 1) * (n + 2) // 2
    x, y = plane.positions(cells.weights[points])
    assert x.min() >= -1e-9
    assert x.max() <= 1 + 1e-9
    assert y.max() <= HEIGHT + 1e-9
    if n:
        distances = np.hypot(x[:, None] - x, y[:, None] - y)
        assert distances[distances > 1e-9].min() == pytest.approx(1 / n, rel=1e-4)


def test_the_outline_parts_what_is_inside_from_what_is_not() -> None:
    plane, cells = Plane("context", 5), grid_cells()
    inside = np.zeros(len(cells.weights), bool)
    own = plane.points(cells)
    inside[own[:1]] = True
    sides = list(plane.outline(cells, inside))
    assert len(sides) == 6
    (x,), (y,) = plane.positions(cells.weights[own[:1]])
    for ends in sides:
        assert np.hypot(*(np.mean(ends, axis=0) - (x, y))) == pytest.approx(1 / plane.n / 2, rel=1e-4)
    inside[own] = True
    assert len(list(plane.outline(cells, inside))) == 6 * plane.n + 6


def test_colours_mean_the_same_in_every_slice_and_better_is_brighter(found: WeightMap) -> None:
    shown = mapped(found)

    def fills(share: int) -> dict[int, str]:
        plane = Plane("context", share)
        shapes = triangle(shown, plane, "light").layout.shapes
        return dict(zip(plane.points(found.cells).tolist(), (shape.fillcolor for shape in shapes), strict=True))

    def brightness(colour: str) -> float:
        return sum(float(part) for part in re.findall(r"[\d.]+", colour))

    everywhere = {point: fill for share in range(21) for point, fill in fills(share).items()}
    assert len(everywhere) == 1771
    order = np.argsort(found.means["ndcg"])
    lights = np.array([brightness(everywhere[point]) for point in order.tolist()])
    assert np.all(np.diff(lights) > -4)  # rounding of colours
    assert lights[-1] > 2 * lights[0]


def test_a_name_of_a_preset_stays_text() -> None:
    assert "&lt;b&gt;" in legend_html({"reference": "preset <b>"})


def test_the_second_metric_stays_between_the_map_and_the_live_metrics(open_room: OpenRoom) -> None:
    page = open_room("Weight map", second="Novelty")
    page.segmented_control(key="room").set_value("Live metrics").run()
    page.slider(key="semantic").set_value(70).run()
    assert page.selectbox(key="second").value == "novelty"
    page.segmented_control(key="room").set_value("Weight map").run()
    assert page.selectbox(key="second").value == "novelty"
