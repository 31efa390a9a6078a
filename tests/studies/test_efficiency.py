"""Costs are those of what is fitted and asked, and accuracy bought is told only where there is some."""

import json
import time
from collections.abc import Iterator

import numba
import numpy as np
import pytest

from recsys.errors import Cancelled
from recsys.evaluation.statistics.paired import Difference, verdict_of
from recsys.evaluation.statistics.significance import Interval
from recsys.scorers.base import FloatArray, Requests
from recsys.scorers.content import ContentScorer
from recsys.settings import COMPONENTS
from recsys.studies import efficiency
from recsys.studies.efficiency import CLASSES, LISTING, MANY, AccuracyGain, Timed, bought_in_words
from recsys.studies.format import in_words, interval_in_words
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.report import figure
from recsys.studies.result import Result
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder

SLEEP_S = 0.01


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Iterator[Result]:
    """Of half the shop, of all, and of two; the content component is made slow."""
    score = ContentScorer._score

    def slow(self: ContentScorer, requests: Requests) -> FloatArray:
        time.sleep(SLEEP_S)
        return score(self, requests)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(efficiency, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
        patch.setattr(efficiency, "TIMES", (0.5, 1.0, 2.0))
        patch.setattr(efficiency, "N_ONE", 5)
        patch.setattr(efficiency, "MOST_FITS", 2)
        patch.setattr(ContentScorer, "_score", slow)
        yield EXPERIMENTS["efficiency"].run(workspace, ExperimentSettings(k=10))


def test_every_model_is_timed_at_every_size(result: Result) -> None:
    found = {(each["name"], each["times"]): each for each in result.figures["costs"]}
    assert set(found) == {(name, times) for name in (*CLASSES, LISTING) for times in (0.5, 1.0, 2.0)}
    assert {found["ease", times]["n_items"] for times in (0.5, 1.0, 2.0)} == {150, 300, 600}
    for (name, _), each in found.items():
        assert set(each["timed"]) == ({"one_ms"} if name == LISTING else {"fit_s", "one_ms", "many_ms"})
        assert all(timed["median"] >= timed["fastest"] > 0 for timed in each["timed"].values())
        assert each["n_bytes"] > 0


def test_a_slow_component_is_seen_to_be_slow(result: Result) -> None:
    own = {each["name"]: each["timed"] for each in result.figures["costs"] if each["times"] == 1}
    assert own["content"]["one_ms"]["median"] >= 1e3 * SLEEP_S
    assert own["content"]["many_ms"]["median"] >= 1e3 * SLEEP_S / MANY
    assert "the dearest component is content" in result.conclusion[0]
    assert result.figures["bought"]["content"]["ms"] == own["content"]["one_ms"]["median"]


def test_memory_is_that_of_what_is_fitted(result: Result) -> None:
    n_bytes = {each["times"]: each["n_bytes"] for each in result.figures["costs"] if each["name"] == "popularity"}
    assert n_bytes == {0.5: 4 * 150, 1.0: 4 * 300, 2.0: 4 * 600}


def test_ratios_are_to_the_cheapest_component_of_the_same_size(result: Result) -> None:
    names = {"Collaborative", "Content", "Semantic", "Context"}
    for times in (0.5, 1.0, 2.0):
        rows = [row for row in result.tables[0].rows if row["times"] == times and row["model"] in names]
        assert min(row["one_ms_ratio"] for row in rows) == min(row["fit_s_ratio"] for row in rows) == 1


def test_what_is_bought_is_the_loss_without_it_a_millisecond(result: Result) -> None:
    bought_by = result.figures["bought"]
    assert set(bought_by) == {*COMPONENTS, "semantic + context"}
    for each in bought_by.values():
        assert each["per_ms"]["mean"] == pytest.approx(each["gain"]["change"]["mean"] / each["ms"])
    both = bought_by["semantic"]["ms"] + bought_by["context"]["ms"]
    assert bought_by["semantic + context"]["ms"] == pytest.approx(both)


def difference(low: float, high: float) -> Difference:
    change = Interval((low + high) / 2, low, high, 500)
    return Difference("ndcg", 0.2, 0.1, change, verdict_of(change, True), 100)


def test_a_rate_is_given_only_of_a_gain() -> None:
    gain = AccuracyGain.of(difference(0.1, 0.2), 2.0)
    assert f"{interval_in_words(gain.per_ms)} a millisecond" in bought_in_words(("content",), gain)
    assert (gain.per_ms.mean, gain.per_ms.low, gain.per_ms.high) == pytest.approx((0.075, 0.05, 0.1))
    for low, high, verdict in ((-0.1, 0.2, "no difference we can tell"), (-0.2, -0.1, "worse")):
        said = bought_in_words(("semantic", "context"), AccuracyGain.of(difference(low, high), 2.0))
        assert said.endswith(f"{verdict}).")
        assert said.startswith("Semantic and context for 2.000 ms")


def test_times_have_a_fastest_and_a_median() -> None:
    assert Timed.of([0.3, 0.1, 0.2], 1e3) == Timed(100.0, 200.0, 3)


def test_the_machine_is_named(result: Result) -> None:
    assert result.figures["machine"]["cores"] >= 1
    assert f"{result.figures['machine']['cores']} cores" in result.protocol


def test_it_is_timed_on_one_core_which_is_given_back_when_it_is_cancelled(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, during = numba.get_num_threads(), []

    def cancelled(*given: object) -> None:
        during.append(numba.get_num_threads())
        raise Cancelled("timing")

    monkeypatch.setattr(efficiency, "costs", cancelled)
    with pytest.raises(Cancelled):
        EXPERIMENTS["efficiency"].run(workspace, ExperimentSettings())
    assert (during, numba.get_num_threads()) == ([1], before)


def test_a_shop_is_not_made_larger_than_can_be_waited_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(efficiency, "TIMES", (0.5, 1.0, 2.0, 4.0))
    monkeypatch.setattr(efficiency, "MOST_ITEMS", 600)
    monkeypatch.setattr(efficiency, "_costs_at", lambda data, times, *rest: [times])
    assert efficiency.costs(workspace.data) == [0.5, 1.0, 2.0]
    monkeypatch.setattr(efficiency, "MOST_ITEMS", 10)
    assert efficiency.costs(workspace.data) == [0.5, 1.0]


def test_sizes_and_times_are_drawn_on_axes_of_equal_ratios(result: Result) -> None:
    fits, answers, accuracy = (figure(plot) for plot in result.plots)
    for drawn in (fits, answers):
        assert (drawn.layout.xaxis.type, drawn.layout.yaxis.type) == ("log", "log")
    assert accuracy.layout.xaxis.type == "log"
    assert accuracy.layout.yaxis.type != "log"
    assert {one.name for one in result.plots[0].series} >= {"Collaborative", "Semantic"}
    assert all(np.isfinite(one.y).all() for one in result.plots[2].series)


def test_the_result_is_told_and_kept(result: Result) -> None:
    again = Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False)))
    assert again.plots[0].x_log
    assert "Accuracy bought per millisecond" in in_words(again)
