"""Other circumstances for the same shoppers: dealt, left out, or without a clock; their own give the panel's scores."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.ranking.rank import Standardised
from recsys.scorers.base import NO_ROW, Exclusions, Requests
from recsys.scorers.context import ContextScorer
from recsys.settings import CONTEXT_DIMENSIONS, WHOLE_CATALOGUE, Context, FusionSettings, RankingSettings
from recsys.studies.context_circumstances import DIMENSIONS, TREND, Circumstances, timeless
from recsys.studies.workspace import Workspace


@pytest.fixture(scope="module")
def test_panel(workspace: Workspace) -> Panel:
    return workspace.engines("last", 1, 0)[1].panel


@pytest.fixture(scope="module")
def circumstances(test_panel: Panel) -> Circumstances:
    return Circumstances.of(test_panel)


def asked(panel: Panel, user: int, context: Context, *left_out: str) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """Standardised scores as the component itself gives them."""
    requests = Requests.one(NO_ROW, context, exclusions=Exclusions(circumstances=frozenset(left_out)))
    raw = panel.context_scorers[panel.rounds[user]].score(requests)
    return Standardised.of(raw, panel.counting([user])[0]).values[0]


def test_own_circumstances_give_the_scores_of_the_panel(circumstances: Circumstances, test_panel: Panel) -> None:
    assert np.array_equal(circumstances.scores(), test_panel.scores.context)


def test_everything_dealt_is_the_component_asked_in_the_circumstances_of_another(
    circumstances: Circumstances, test_panel: Panel
) -> None:
    order = circumstances.permutation(3)
    assert sorted(order.tolist()) == list(range(len(test_panel)))
    assert (order != np.arange(len(order))).mean() > 0.9
    assert np.array_equal(order, circumstances.permutation(3))
    assert not np.array_equal(order, circumstances.permutation(4))
    scores = circumstances.scores(dict.fromkeys(DIMENSIONS, order))
    for user in (0, 7, 40):
        expected = asked(test_panel, user, test_panel.contexts[order[user]])
        assert scores[user] == pytest.approx(expected, abs=1e-6)


def test_one_dimension_dealt_leaves_the_others_as_they_were(circumstances: Circumstances, test_panel: Panel) -> None:
    order = circumstances.permutation(0)
    scores = circumstances.scores({"device": order})
    own, other = test_panel.contexts[5], test_panel.contexts[order[5]]
    mixed = Context(own.daypart, own.weekday, own.season, other.device, own.region, own.moment)
    assert scores[5] == pytest.approx(asked(test_panel, 5, mixed), abs=1e-6)


def test_what_is_left_out_does_not_count(circumstances: Circumstances, test_panel: Panel) -> None:
    for left_out in ((TREND,), ("season", "region"), CONTEXT_DIMENSIONS):
        scores = circumstances.scores(left_out=frozenset(left_out))
        assert scores[9] == pytest.approx(asked(test_panel, 9, test_panel.contexts[9], *left_out), abs=1e-6)


def test_static_is_one_order_for_everybody_and_counts_every_act_alike(
    circumstances: Circumstances, test_panel: Panel
) -> None:
    static, scorer = circumstances.static(), test_panel.context_scorers[0]
    # The scale is everybody's own, since it rests on what they do not have; the order is the same.
    of_best = (static - static.min(axis=1, keepdims=True)) / np.ptp(static, axis=1, keepdims=True)
    np.testing.assert_allclose(of_best, np.tile(of_best[0], (len(static), 1)), atol=1e-5)
    for user in (0, 7):
        counted = np.sort(static[user][test_panel.counting([user])[0]])
        assert (counted.mean(), counted[-10:].mean()) == pytest.approx((0, 1), abs=1e-4)
    counts = np.bincount(scorer.rows, minlength=test_panel.n_items)
    order = np.argsort(counts, kind="stable")
    assert (np.diff(static[0][order])[np.diff(counts[order]) > 0] > 0).all()
    assert all(np.ptp(static[0][counts == n]) == 0 for n in np.unique(counts))  # no order by age among equals


def test_acts_up_to_the_moment_are_counted_however_old(test_panel: Panel) -> None:
    scorer = ContextScorer.from_state(test_panel.context_scorers[0].state())
    scorer.settings = replace(scorer.settings, burst_weight=4.0)
    moment = int(np.median(scorer.times_s))
    counts = np.bincount(scorer.rows[scorer.times_s < moment], minlength=test_panel.n_items)
    prior = scorer.settings.trend_prior
    assert timeless(scorer).trend(moment) == pytest.approx(np.log((counts + prior) / prior), abs=1e-5)
    assert scorer.settings.trend_days < 1000  # the one that serves is as it was
    assert scorer.settings.burst_weight == 4


def test_only_the_context_component_changes(circumstances: Circumstances, test_panel: Panel) -> None:
    engine, plain = circumstances.under(circumstances.static()), LiveEngine(test_panel)
    for fusion, same in ((FusionSettings(1, 1, 1, 0), True), (FusionSettings(0, 0, 0, 1), False)):
        settings = RankingSettings(fusion, WHOLE_CATALOGUE)
        lists = [each.measure(settings).lists.ranked for each in (engine, plain)]
        assert np.array_equal(*lists) == same


def test_a_dimension_says_why_it_plays_no_part(circumstances: Circumstances, monkeypatch: pytest.MonkeyPatch) -> None:
    assert circumstances.why_not(TREND) == circumstances.why_not("device") == ""
    monkeypatch.setitem(circumstances.panel.context_scorers[0].unavailable, "device", "nobody says which device")
    assert circumstances.why_not("device") == "nobody says which device"
    monkeypatch.setitem(circumstances.panel.shoppers, "daypart", "")
    assert circumstances.why_not("daypart") == "what is held out in this way has no such circumstance"
