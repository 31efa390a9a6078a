"""Numbers of the tuning room as they are written, and tiles that say what the comparison says."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pages.tuning.labels import GROUPS, ChangeCell
from pages.tuning.live_metrics import tiles_html
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import LIVE_METRICS, OUTCOME_METRICS, SHOPPER_METRICS
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, ShopFacts, differences
from recsys.evaluation.statistics.significance import Interval
from tests.tuning._comparisons import difference


def lists(seed: int, n: int = 80) -> MeasuredLists:
    """Lists of some shoppers with values drawn at random."""
    rng = np.random.default_rng(seed)
    ranked = np.stack([rng.choice(40, 5, replace=False) for _ in range(n)]).astype(np.int32)
    return MeasuredLists(ranked, {name: rng.random(n) for name in SHOPPER_METRICS})


def facts(n: int = 80) -> ShopFacts:
    """Facts of the same shop."""
    return ShopFacts(40, np.arange(40.0), np.full(n, 10.0))


def tiles(now: MeasuredLists, before: MeasuredLists, modelled: frozenset[str] = frozenset(), **more: Any) -> str:
    """All tiles of two settings on the same shoppers; `more` of the case, or `clicks`."""
    panel = SimpleNamespace(n_items=40, clicks=more.pop("clicks", ClickProbabilities()))
    case = SimpleNamespace(
        **{"now": "now", "reference": SimpleNamespace(name="equal weights"), "k": 5, "is_same": False, "n_imagined": 0},
        lists=lambda setting: now if setting == "now" else before,
        tuning=SimpleNamespace(test=SimpleNamespace(panel=panel)),
    )
    vars(case).update(more)
    return tiles_html(case, differences(now, before, replace(facts(), modelled=modelled)))  # type: ignore[arg-type]


def test_every_metric_stands_in_one_group() -> None:
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(LIVE_METRICS)


@pytest.mark.parametrize("metric", LIVE_METRICS)
def test_no_number_is_no_number(metric: str) -> None:
    assert fmt.value(metric, math.nan) == fmt.change(metric, math.nan) == "–"
    assert fmt.interval(metric, math.nan, math.nan) == "rests on too few shoppers to say"


def test_tiles_show_each_metric_with_its_change_and_verdict() -> None:
    now, before = lists(0), lists(1)
    now.values["ndcg"][:] = before.values["ndcg"] + np.linspace(0.1, 0.3, 80)
    html = tiles(now, before)
    assert html.count('data-metric="') == len(LIVE_METRICS)
    assert 'sw-metric-better" data-metric="ndcg"' in html
    assert "+0.2000" in html
    assert "nDCG@5" in html


def test_tiles_of_the_reference_itself_claim_no_change() -> None:
    now = lists(0)
    html = tiles(now, now, is_same=True)
    assert "sw-metric-better" not in html
    assert "sw-metric-worse" not in html
    assert html.count("this is the reference") == len(LIVE_METRICS)


def test_tiles_stand_where_nobody_has_a_value() -> None:
    now = lists(0)
    empty = MeasuredLists(np.full_like(now.ranked, -1), {name: np.full(80, np.nan) for name in SHOPPER_METRICS})
    html = tiles(empty, empty)
    assert "no shopper has a value" in html
    assert "nan" not in html


def test_an_end_beside_0_never_reads_as_0() -> None:
    assert fmt.interval("hit_rate", -0.00702, -0.0003) == "−0.7 to −0.03 pp"
    assert fmt.interval("ndcg", -0.00000004, 0.01) == "−0.00000004 to +0.0100"
    assert fmt.interval("popularity_lift", 0.0002, 0.05) == "+0.02 to +5 pp"
    assert fmt.interval("gini", 0.0, 0.01) == "0.000 to +0.010"


def test_a_change_that_is_called_better_never_reads_as_none() -> None:
    found = difference("hit_rate", 0.1003, 0.1, 0.0001, 0.0005)
    assert "<strong>+0.03 pp</strong>" in ChangeCell(found).html
    same = difference("hit_rate", 0.1003, 0.1, -0.0001, 0.0005)
    assert "<strong>0.0 pp</strong>" in ChangeCell(same).html


def test_where_nobody_has_a_history_no_lift_is_told() -> None:
    nothing = Difference("popularity_lift", math.nan, math.nan, Interval(*[math.nan] * 3, 0), "unclear", 0)
    cell = ChangeCell(nothing)
    assert (cell.kind, cell.mark_html, cell.ends) == ("open", "", "no history to compare with")
    assert "≈" not in cell.html


def test_less_popular_than_what_shoppers_had_is_neither_better_nor_worse() -> None:
    below = difference("popularity_lift", -0.57, 0.2, -0.8, -0.7)
    assert below.verdict == "better"
    cell = ChangeCell(below)
    assert (cell.kind, cell.mark_html) == ("open", "")
    assert cell.words == "lists are less popular than what they had before"
    assert "−80 to −70 pp; lists are less popular" in cell.html
    assert ChangeCell(difference("popularity_lift", 0.2, -0.1, 0.2, 0.4)).words.startswith("lists were less popular")
    assert ChangeCell(difference("popularity_lift", 0.2, 0.5, -0.4, -0.2)).kind == "better"
    assert ChangeCell(difference("popularity_lift", -0.2, -0.2, -0.1, 0.1)).kind == "unclear"


@pytest.mark.parametrize("metric", LIVE_METRICS)
def test_what_was_not_observed_is_not_judged(metric: str) -> None:
    found = difference(metric, 0.5, 0.4, 0.05, 0.15)
    kind = ChangeCell(found, is_observed=False).kind
    assert kind == ("open" if metric in OUTCOME_METRICS else found.verdict)


def test_shares_of_single_shoppers_are_written_as_their_mean_is() -> None:
    now, before = lists(0), lists(1)
    now.values["long_tail"][:] = before.values["long_tail"][:] = np.tile([0.0, 0.1, 0.3, 0.2], 20)
    html = tiles(now, before)
    assert "10% to 30%; 0% for 20 of 80" in html
