"""The live evaluation gives the lists of the one ranking function, and the metrics of the evaluation by command."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from ranx import Qrels, Run, evaluate

from recsys.cache import n_bytes
from recsys.errors import ContextError, SettingsError
from recsys.evaluation.metrics.lists import _measure
from recsys.evaluation.metrics.registry import SHOPPER_METRICS
from recsys.evaluation.protocols.hold_out import EvaluationSettings
from recsys.evaluation.statistics.paired import means
from recsys.panel import build
from recsys.panel import engine as engine_module
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import AS_IT_WAS, Scenario
from recsys.ranking.diversity import diversify_all
from recsys.ranking.rank import fuse, select
from recsys.settings import WHOLE_CATALOGUE, Filters, FusionSettings, RankingSettings
from recsys.studies.evaluate import evaluate as evaluate_models
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder
from tests._list_definitions import click_rates, every_metric

weights = st.tuples(*[st.sampled_from([0.0, 0.05, 0.3, 1.0, 7.0])] * 4).filter(any)
asked = st.builds(
    RankingSettings,
    fusion=weights.map(lambda each: FusionSettings(*each)),
    filters=st.sampled_from([WHOLE_CATALOGUE, Filters()]),
    n=st.sampled_from([1, 3, 10, 50]),
    diversity=st.sampled_from([0.0, 0.0, 0.25, 1.0]),
    method=st.sampled_from(["mmr", "dpp", "msd"]),
)


def values_of(panel: Panel, user: int) -> NDArray[np.float32]:
    """Standardised scores of one shopper of a whole panel, float32 of shape (n_components, n_items)."""
    return np.concatenate([panel.scores.static[user], panel.scores.context[user][None]])


def eligible_of(panel: Panel, filters: Filters, user: int) -> NDArray[np.bool_]:
    """What one shopper may be shown."""
    owned = panel.seen.row(user)
    return panel.candidate_filter.eligible(filters, owned)


@given(ranking=asked, data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lists_are_those_of_the_ranking_function(
    engine: LiveEngine, ranking: RankingSettings, data: st.DataObject
) -> None:
    panel = engine.panel
    user = data.draw(st.integers(0, len(panel) - 1))
    fused = fuse(values_of(panel, user), ranking.fusion)
    rows, _ = select(fused, ranking, eligible_of(panel, ranking.filters, user), panel.vectors)
    found = engine.measure(ranking)
    assert found.lists.ranked[user][: len(rows)].tolist() == rows.tolist()
    assert (found.lists.ranked[user][len(rows) :] == -1).all()


@given(ranking=asked)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_metrics_are_those_of_their_definitions(engine: LiveEngine, ranking: RankingSettings) -> None:
    panel, some = engine.panel, slice(None, None, 7)
    lists = engine.measure(ranking).lists
    held, clicks = panel.relevant, panel.clicks
    relevant = [set(each.tolist()) for each in np.split(held.values, held.starts[1:-1])]
    ranked, baseline = lists.ranked[some], panel.baselines["popularity"][some]
    wanted = every_metric(ranked, relevant[some], baseline, panel.vectors, panel.popularity, panel.n_train_users)
    wanted["ctr"] = click_rates(ranked, clicks.attraction[some], clicks.odds, clicks.seen)
    assert tuple(lists.values) == SHOPPER_METRICS
    for name, values in lists.values.items():
        np.testing.assert_allclose(values[some], wanted[name], atol=1e-6, err_msg=name)


def test_accuracy_is_that_of_an_independent_library(engine: LiveEngine) -> None:
    panel, k = engine.panel, 10
    lists = engine.measure(RankingSettings(filters=WHOLE_CATALOGUE, n=k)).lists
    held, users = panel.relevant, panel.shoppers["user_id"]
    qrels = Qrels(
        {
            user: {str(item): 1 for item in held.values[held.starts[place] : held.starts[place + 1]]}
            for place, user in enumerate(users)
        }
    )
    run = Run(
        {
            user: {str(item): float(k - at) for at, item in enumerate(lists.ranked[place]) if item >= 0}
            for place, user in enumerate(users)
        }
    )
    theirs = {"ndcg": "ndcg", "precision": "precision", "recall": "recall", "mrr": "mrr", "hit_rate": "hit_rate"}
    for name, other in theirs.items():
        assert lists.values[name].mean() == pytest.approx(evaluate(qrels, run, f"{other}@{k}"), abs=1e-6), name


def test_a_live_setting_measures_what_the_evaluation_by_command_reports(
    panel_folders: tuple[Path, Path], engine: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recsys.studies import evaluate as evaluate_module

    monkeypatch.setattr(evaluate_module, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
    told = evaluate_models(panel_folders[0].parent / "shop", EvaluationSettings("last"))
    live = engine.measure(RankingSettings(told.weights["full"], WHOLE_CATALOGUE, 10)).lists
    for name, interval in told.models["full"].items():
        if name in live.values:
            assert float(np.nanmean(live.values[name])) == pytest.approx(interval.mean, abs=1e-6), name
    together = means(live, engine.panel.facts)
    for name in ("coverage", "personalisation"):
        ends = [(each.mean, each.low, each.high) for each in (together[name], told.models["full"][name])]
        assert ends[0] == pytest.approx(ends[1], abs=1e-6, nan_ok=True), name
    for name in ("popularity", "recent_popularity", "item_knn", "ease", "collaborative"):
        ours, theirs = engine.baseline(name, 10).values, told.models[name]
        assert np.nanmean(ours["novelty"]) == pytest.approx(theirs["novelty"].mean, abs=1e-6), name
        # Simple models tie: the command takes the mean over all orders, and here there is the one that is shown.
        tied = 1e-6 if name == "ease" else 0.02
        assert ours["ndcg"].mean() == pytest.approx(theirs["ndcg"].mean, abs=tied), name


def test_what_a_shopper_has_is_never_listed(engine: LiveEngine) -> None:
    ranked = engine.measure(RankingSettings(filters=WHOLE_CATALOGUE, n=100)).lists.ranked
    owned = engine.panel.seen
    for user in range(len(engine.panel)):
        assert not np.isin(ranked[user], owned.values[owned.starts[user] : owned.starts[user + 1]]).any()


def test_filters_hold_for_settings_and_baselines_alike(engine: LiveEngine) -> None:
    items = engine.panel.items
    category = str(items["category"].value_counts().index[0])
    filters = Filters(categories=frozenset({category}))
    allowed = set(np.flatnonzero((items["category"] == category) & items["available"]))
    lists = [engine.measure(RankingSettings(filters=filters)).lists, engine.baseline("ease", 10, filters)]
    for each in lists:
        assert set(np.unique(each.ranked)) - {-1} <= allowed
        assert (each.ranked[:, 0] >= 0).any()


def test_seen_products_cannot_be_asked_for(engine: LiveEngine) -> None:
    with pytest.raises(SettingsError, match="what a shopper already has cannot be found again"):
        engine.measure(RankingSettings(filters=Filters(include_seen=True)))


def test_lists_longer_than_the_baselines_are_refused(engine: LiveEngine) -> None:
    with pytest.raises(SettingsError, match="lists of 101 are longer than the 100"):
        engine.measure(RankingSettings(n=101))


def test_a_scenario_changes_context_alone_and_can_be_taken_back(engine: LiveEngine) -> None:
    ranking = RankingSettings(FusionSettings(0, 0, 0, 1), WHOLE_CATALOGUE)
    device = engine.panel.context_scorers[0].lifts["device"][0][0]
    own, other = engine.measure(ranking), engine.measure(ranking, Scenario.of(device=device))
    on_it = engine.panel.shoppers["device"].to_numpy(object) == device
    assert on_it.any()
    assert (~on_it).any()
    np.testing.assert_array_equal(own.lists.ranked[on_it], other.lists.ranked[on_it])
    assert (own.lists.ranked[~on_it] != other.lists.ranked[~on_it]).any()
    silent = RankingSettings(FusionSettings(1, 1, 1, 0), WHOLE_CATALOGUE)
    np.testing.assert_array_equal(
        engine.measure(silent).lists.ranked, engine.measure(silent, Scenario.of(device=device)).lists.ranked
    )


def test_own_circumstances_imagined_are_own_circumstances(engine: LiveEngine) -> None:
    scores = LiveEngine(engine.panel)._imagine(AS_IT_WAS, lambda *told: None).context
    np.testing.assert_allclose(scores, engine.panel.scores.context, atol=1e-5)


def test_a_scenario_of_unknown_circumstances_says_what_is_known(engine: LiveEngine) -> None:
    with pytest.raises(ContextError, match="device='fridge' is not among"):
        engine.measure(RankingSettings(filters=WHOLE_CATALOGUE), Scenario.of(device="fridge"))


def test_loops_are_compiled_once_whether_arrays_lie_on_disk_or_in_memory(panel: Panel, engine: LiveEngine) -> None:
    asked = RankingSettings(FusionSettings(1, 2, 3, 4), WHOLE_CATALOGUE, 7, 0.3)
    before = engine.measure(asked).lists
    loops = (engine_module.select, _measure, diversify_all)
    kinds = [len(loop.signatures) for loop in loops]
    scores, clicks = panel.scores, panel.clicks
    copied = replace(
        panel,
        scores=replace(scores, static=scores.static.copy(), context=scores.context.copy()),
        clicks=replace(clicks, attraction=clicks.attraction.copy()),
        vectors=panel.vectors.copy(),
    )
    after = LiveEngine(copied).measure(asked).lists
    np.testing.assert_array_equal(after.ranked, before.ranked)
    assert [len(loop.signatures) for loop in loops] == kinds


def test_sessions_may_ask_at_once(panel: Panel) -> None:
    shared, alone = LiveEngine(panel), LiveEngine(panel)
    mixes = [FusionSettings(*each) for each in np.random.default_rng(0).dirichlet(np.ones(4), 12)]
    found: dict[int, NDArray[np.int32]] = {}

    def ask(at: int) -> None:
        found[at] = shared.measure(RankingSettings(mixes[at], WHOLE_CATALOGUE, diversity=0.2)).lists.ranked

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(len(mixes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for at, mix in enumerate(mixes):
        np.testing.assert_array_equal(
            found[at], alone.measure(RankingSettings(mix, WHOLE_CATALOGUE, diversity=0.2)).lists.ranked
        )


@pytest.mark.parametrize("kind", ["engine", "candidate_engine"])
def test_some_shoppers_have_the_lists_that_they_have_among_all(kind: str, request: pytest.FixtureRequest) -> None:
    whole: LiveEngine = request.getfixturevalue(kind)
    rows = np.flatnonzero(np.random.default_rng(2).random(len(whole.panel)) < 0.4)
    some = LiveEngine(whole.panel.only(rows))
    assert len(some.panel) == len(rows)
    settings = RankingSettings(FusionSettings(0.3, 0.1, 0.4, 0.2), diversity=0.3)
    one, all_of_them = some.measure(settings), whole.measure(settings)
    np.testing.assert_array_equal(one.lists.ranked, all_of_them.lists.ranked[rows])
    np.testing.assert_array_equal(one.lists.values["ndcg"], all_of_them.lists.values["ndcg"][rows])
    assert not some.panel.clicks.is_known


def test_candidates_are_proven_or_counted(engine: LiveEngine, candidate_engine: LiveEngine) -> None:
    assert engine.panel.scores.is_whole
    assert not candidate_engine.panel.scores.is_whole
    n_unproven = 0
    for mix in np.random.default_rng(1).dirichlet(np.full(4, 0.4), 40):
        for diversity in (0.0, 0.3):
            ranking = RankingSettings(FusionSettings(*mix), WHOLE_CATALOGUE, diversity=diversity)
            whole, part = engine.measure(ranking), candidate_engine.measure(ranking)
            proven = ~part.unproven
            np.testing.assert_array_equal(whole.lists.ranked[proven], part.lists.ranked[proven])
            n_unproven += int(part.unproven.sum())
        assert not whole.unproven.any()
    assert n_unproven > 0, "the fixture holds so much that nothing had to be proven"


def test_candidates_of_a_scenario_are_proven_too(engine: LiveEngine, candidate_engine: LiveEngine) -> None:
    scenario = Scenario.of(device=engine.panel.context_scorers[0].lifts["device"][0][0], season="winter")
    ranking = RankingSettings(FusionSettings(0.2, 0.1, 0.2, 0.5), WHOLE_CATALOGUE)
    whole, part = engine.measure(ranking, scenario), candidate_engine.measure(ranking, scenario)
    proven = ~part.unproven
    assert proven.any()
    np.testing.assert_array_equal(whole.lists.ranked[proven], part.lists.ranked[proven])


def test_a_filter_on_candidates_never_calls_a_short_list_proven(candidate_engine: LiveEngine) -> None:
    category = str(candidate_engine.panel.items["category"].value_counts().index[-1])
    found = candidate_engine.measure(RankingSettings(filters=Filters(False, False, frozenset({category}))))
    short = (found.lists.ranked < 0).any(axis=1)
    assert short.any()
    assert found.unproven[short].all()


def test_results_are_kept_and_forgotten_by_what_they_take(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    from recsys.panel import engine as module

    takes = n_bytes(LiveEngine(panel).measure(RankingSettings(n=7)))
    monkeypatch.setattr(module, "CACHE_BYTES", 2 * takes)
    engine = LiveEngine(panel)
    first = engine.measure(RankingSettings(n=5))
    assert engine.measure(RankingSettings(n=5)) is first
    engine.measure(RankingSettings(n=6))
    engine.measure(RankingSettings(n=7))
    assert len(engine._results) == 2
    assert engine.measure(RankingSettings(n=5)) is not first
    for k in range(1, 20):
        engine.baseline("ease", k)
    assert 1 <= len(engine._baselines) < 19


def test_kept_lists_cannot_be_changed_by_a_session(engine: LiveEngine) -> None:
    for lists in (engine.measure(RankingSettings()).lists, engine.baseline("ease", 10)):
        with pytest.raises(ValueError, match="read-only"):
            lists.ranked[0, 0] = 1
        with pytest.raises(ValueError, match="read-only"):
            lists.values["ndcg"][0] = 1


def test_panels_of_both_roles_hold_the_same_shop(panel_folders: tuple[Path, Path]) -> None:
    validation, test = Panel.open(panel_folders[0])
    assert (validation.role, test.role) == ("validation", "test")
    assert validation.n_items == test.n_items
    assert validation.panel_id != test.panel_id
    assert tuple(test.baselines) == build.BASELINES
