"""The trade-off chart: axes where the metric can be, simple models by number, and numbers written as everywhere."""

import math

import pytest

from pages.tuning import metric_charts
from pages.tuning.labels import BASELINES
from recsys.panel.segments import EvaluationConfig

METRICS = "ndcg", "ild"


def models(*points: tuple[float, float]) -> dict[str, dict[str, float]]:
    """Values of the simple models, in their order, as (nDCG, variety)."""
    return {name: dict(zip(METRICS, at, strict=True)) for name, at in zip(BASELINES, points, strict=False)}


def drawn(metrics: tuple[str, str], values: dict[str, float], baselines: dict[str, dict[str, float]]) -> dict:  # type: ignore[type-arg]
    point = metric_charts.TrailPoint(EvaluationConfig("now"), values)
    return metric_charts.tradeoff_chart(
        [point], ("the <b>reference", values), baselines, metrics, 10, "light"
    ).to_dict()


@pytest.mark.parametrize(
    ("metric", "values", "low", "high"),
    [
        ("ndcg", [0.0, 0.0], 0.0, 0.05),
        ("hit_rate", [0.001, 0.2], 0.0, 0.3),
        ("coverage", [0.9, 0.999], 0.8, 1.0),
        ("popularity_lift", [-0.99, 0.5], -1.0, 0.8),
        ("novelty", [0.1, 9.0], 0.0, 12.0),
    ],
)
def test_an_axis_stays_where_the_metric_can_be(metric: str, values: list[float], low: float, high: float) -> None:
    found = metric_charts.axis_range(metric, [{metric: value} for value in values])
    assert found is not None
    assert low <= found[0] <= min(values)
    assert max(values) < found[1] <= high or found[1] == high
    assert found[0] < found[1]


def test_an_axis_of_nothing_is_left_to_the_chart() -> None:
    assert metric_charts.axis_range("popularity_lift", [{"popularity_lift": math.nan}]) is None


def test_models_that_lie_over_each_other_share_a_number_and_others_have_their_own() -> None:
    baselines = models((0.03, 0.2), (0.05, 0.601), (0.0501, 0.6), (0.02, 0.9))
    figure = drawn(METRICS, {"ndcg": 0.08, "ild": 0.5}, baselines)
    texts = {trace["textposition"]: list(trace["text"]) for trace in figure["data"] if trace["mode"] == "text"}
    assert texts["middle center"] == ["1", "4"]
    assert [text.replace("<br> ", "") for text in texts["top center"]] == ["3, 2"]


def test_a_shared_number_stands_below_where_another_model_is_above() -> None:
    baselines = models((0.05, 0.5), (0.05, 0.501), (0.056, 0.5), (0.02, 0.9))
    figure = drawn(METRICS, {"ndcg": 0.09, "ild": 0.2}, baselines)
    assert [trace["textposition"] for trace in figure["data"] if trace["mode"] == "text"] == [
        "middle center",
        "bottom center",
    ]


def test_nothing_is_drawn_outside_of_its_axes_and_hidden() -> None:
    figure = drawn(METRICS, {"ndcg": 0.0, "ild": 0.5}, models((0.0, 0.4), (0.0, 0.6)))
    for trace in figure["data"]:
        assert trace["cliponaxis"] is False
    assert figure["layout"]["yaxis"]["range"] == [0, 0.01]


def test_units_are_those_of_the_axes_and_tiles() -> None:
    values = {"hit_rate": 0.1020, "popularity_lift": 0.537}
    figure = drawn(("hit_rate", "popularity_lift"), values, {"ease": values})
    here = next(trace for trace in figure["data"] if trace.get("name") == "This setting")
    assert here["text"][0].endswith("Hit rate@10 10.2%<br>Popularity lift +54%")
    assert figure["layout"]["yaxis"]["title"]["text"] == "Hit rate@10 (mean of shoppers, %)"
    assert figure["layout"]["xaxis"]["title"]["text"] == "Popularity lift (all lists together, %)"
    assert not any("<b>" in text for trace in figure["data"] for text in trace["text"])
