"""Numbers of the tuning room as they are written, and tiles that say what the comparison says."""

import math

import numpy as np
import pytest

from pages._shared.tuning import tiles, wording
from recsys.evaluation.paired import LIVE_METRICS, SHOPPER_METRICS, Lists, ShopFacts, differences


def lists(seed: int, n: int = 80) -> Lists:
    """Lists of some shoppers with values drawn at random."""
    rng = np.random.default_rng(seed)
    ranked = np.stack([rng.choice(40, 5, replace=False) for _ in range(n)]).astype(np.int32)
    return Lists(ranked, {name: rng.random(n) for name in SHOPPER_METRICS})


def facts(n: int = 80) -> ShopFacts:
    """Facts of the same shop."""
    return ShopFacts(40, np.arange(40.0), np.full(n, 10.0))


def test_every_metric_stands_in_one_group() -> None:
    assert sorted(name for group in wording.GROUPS.values() for name in group) == sorted(LIVE_METRICS)


@pytest.mark.parametrize("metric", LIVE_METRICS)
def test_no_number_is_no_number(metric: str) -> None:
    assert wording.value(metric, math.nan) == wording.change(metric, math.nan) == "–"
    assert wording.interval(metric, math.nan, math.nan) == "too few shoppers differ to say"


def test_tiles_show_each_metric_with_its_change_and_verdict() -> None:
    now, before = lists(0), lists(1)
    now.values["ndcg"][:] = before.values["ndcg"] + np.linspace(0.1, 0.3, 80)
    found = differences(now, before, facts())
    html = tiles.tiles_html(now, before, found, 5, 40, "equal weights", is_same=False)
    assert html.count('data-metric="') == len(LIVE_METRICS)
    assert 'sw-metric-better" data-metric="ndcg"' in html
    assert "+0.2000" in html
    assert "nDCG@5" in html


def test_tiles_of_the_reference_itself_claim_no_change() -> None:
    now = lists(0)
    html = tiles.tiles_html(now, now, differences(now, now, facts()), 5, 40, "equal weights", is_same=True)
    assert "sw-metric-better" not in html
    assert "sw-metric-worse" not in html
    assert html.count("this is the reference") == len(LIVE_METRICS)


def test_tiles_stand_where_nobody_has_a_value() -> None:
    now = lists(0)
    empty = Lists(np.full_like(now.ranked, -1), {name: np.full(80, np.nan) for name in SHOPPER_METRICS})
    html = tiles.tiles_html(empty, empty, differences(empty, empty, facts()), 5, 40, "x", is_same=False)
    assert "no shopper has a value" in html
    assert "nan" not in html
