"""Finding good weights: better than equal weights where it chose, honest where it did not, the same every time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.errors import Cancelled, SettingsError, StoreError, StoreUnavailable
from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.evaluation.statistics.paired import differences, means
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import Segment
from recsys.settings import (
    COMPONENTS,
    DIVERSITY_METHODS,
    WHOLE_CATALOGUE,
    DiversityMethod,
    FusionSettings,
    RankingSettings,
)
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.tuning.goals import MARGIN, Constraint, Goal, GoalEvaluator
from recsys.tuning.search import (
    SearchResult,
    SearchSettings,
    SearchState,
    constraint_outcomes,
    find_weights,
    study_name,
)
from recsys.tuning.trials import BATCH, Trials, references_of, to_fusion, to_params
from tests.store._postgres import PostgresServer, serving

BALANCED = Goal("ndcg", (Constraint("ild", 0, "equal"), Constraint("coverage", 0.4)))
SHORT = SearchSettings(n_trials=4)

Engines = tuple[LiveEngine, LiveEngine]


@pytest.fixture(scope="session")
def engines(panel_folders: tuple[Path, Path]) -> Engines:
    """Validation and test shoppers."""
    validation, test = Panel.open(panel_folders[0])
    return LiveEngine(validation), LiveEngine(test)


@pytest.fixture(scope="session")
def found(engines: Engines) -> SearchResult:
    """One search with constraints."""
    return find_weights(*engines, BALANCED, SearchSettings(30))


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A running PostgreSQL server."""
    with serving() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new and empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'shop.sqlite3'}"
    running: PostgresServer = request.getfixturevalue("server")
    return running.new_database()


def without_time(found: SearchResult) -> str:
    """Everything that was found, as text: intervals that nobody tells have no number, which is unlike itself."""
    return json.dumps(replace(found, seconds=0.0).as_json())


def test_it_beats_equal_weights_where_it_chose(engines: Engines) -> None:
    found = find_weights(*engines, Goal("ndcg"), SHORT)
    evaluator = GoalEvaluator(engines[0], found.goal)
    assert found.validation["ndcg"].mean > evaluator.measure(evaluator.equal).metrics["ndcg"]
    assert found.n_tied >= 1
    assert found.n_points == 1771


def test_constraints_are_kept_on_validation_and_answered_on_test(engines: Engines, found: SearchResult) -> None:
    evaluator = GoalEvaluator(engines[0], BALANCED)
    assert evaluator.measure(found.settings).is_inside
    assert [each.constraint for each in found.kept] == list(BALANCED.constraints)
    equal = evaluator.measure(evaluator.equal).metrics
    assert found.validation["ild"].mean >= equal["ild"]
    assert found.validation["coverage"].mean >= 0.4
    for kept in found.kept:
        assert kept.answer in ("met", "missed", "cannot tell")
        assert (kept.answer == "met") <= (kept.room.mean >= 0)
        assert kept.room.mean == pytest.approx(kept.value - kept.allowed)


def test_lists_of_their_own_can_be_asked_for_and_sought(engines: Engines) -> None:
    half = Goal("ndcg", (Constraint("personalisation", 0.5),))
    found = find_weights(*engines, half, SHORT)
    assert found.validation["personalisation"].mean >= 0.5
    assert [each.answer for each in found.kept_on_validation] == ["met"]
    most = find_weights(*engines, Goal("personalisation"), SHORT)
    evaluator = GoalEvaluator(engines[0], most.goal)
    assert most.validation["personalisation"].mean > evaluator.measure(evaluator.equal).metrics["personalisation"]
    with pytest.raises(SettingsError, match="Personalisation cannot be 16, which is 1,600%; give 0% to 100%"):
        Constraint("personalisation", 16)


def test_what_it_reports_is_what_the_comparison_says(engines: Engines, found: SearchResult) -> None:
    evaluator = GoalEvaluator(engines[1], BALANCED)
    lists, equal, own = (
        evaluator.lists(each) for each in (found.settings, evaluator.equal, evaluator.ranking(FusionSettings()))
    )
    assert str(dict(found.test)) == str(means(lists, evaluator.facts))  # the ends of few that tell are NaN
    assert str(dict(found.against_equal)) == str(differences(lists, equal, evaluator.facts))
    assert str(dict(found.against_default)) == str(differences(lists, own, evaluator.facts))


def test_a_result_survives_json(found: SearchResult) -> None:
    text = json.dumps(found.as_json(), allow_nan=False)
    again = SearchResult.from_json(json.loads(text))
    assert json.dumps(again.as_json(), allow_nan=False) == text
    assert (again.goal, again.settings, again.front) == (found.goal, found.settings, found.front)


def test_the_front_has_no_point_that_another_beats(found: SearchResult) -> None:
    assert found.front_metrics == ("ndcg", "ild")
    firsts, seconds = [each.first for each in found.front], [each.second for each in found.front]
    assert firsts == sorted(firsts, reverse=True)
    assert seconds == sorted(seconds)
    assert len(set(firsts)) == len(set(seconds)) == len(found.front) > 1


def test_the_same_seed_finds_the_same(engines: Engines, found: SearchResult) -> None:
    assert without_time(find_weights(*engines, BALANCED, SearchSettings(30))) == without_time(found)


def test_a_search_that_was_stopped_goes_on_as_if_nothing_had_happened(
    engines: Engines, found: SearchResult, address: str
) -> None:
    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        if stage == "trying settings" and done == 2 * BATCH + 3:
            raise Cancelled(stage)

    with pytest.raises(Cancelled):
        find_weights(*engines, BALANCED, SearchSettings(30), database_url=address, progress=stop)
    evaluator = GoalEvaluator(engines[0], BALANCED)
    assert len(Trials(evaluator, 0, study_name(evaluator, 0), address)) == 2 * BATCH
    steps: list[int] = []
    resumed = find_weights(
        *engines, BALANCED, SearchSettings(30), database_url=address, watch=lambda so_far: steps.append(so_far.n_trials)
    )
    assert steps == [30]
    assert without_time(resumed) == without_time(found)
    longer = find_weights(*engines, BALANCED, SearchSettings(34), database_url=address)
    assert longer.n_trials == 34


def test_trials_and_presets_share_a_database(engines: Engines, address: str) -> None:
    database = Database(address)
    store = PresetStore(database, "demo")
    assert store.presets() == ()
    find_weights(*engines, Goal("recall"), SHORT, database_url=address)
    assert store.presets() == ()


def test_other_goals_have_other_trials(engines: Engines) -> None:
    evaluators = [GoalEvaluator(engines[0], goal) for goal in (Goal("ndcg"), Goal("ndcg", k=5), Goal("mrr"))]
    names = {study_name(evaluator, seed) for evaluator in evaluators for seed in (0, 1)}
    assert len(names) == 6


def test_whoever_watches_sees_the_best_so_far(engines: Engines) -> None:
    seen: list[SearchState] = []
    find_weights(*engines, BALANCED, SearchSettings(2 * BATCH), watch=seen.append)
    assert [each.n_trials for each in seen] == [BATCH, 2 * BATCH]
    values = [each.best.metrics["ndcg"] for each in seen if each.best]
    assert len(values) == 2
    assert values == sorted(values)


@pytest.mark.parametrize("method", DIVERSITY_METHODS)
def test_presets_may_be_tried_first(engines: Engines, method: DiversityMethod) -> None:
    preset = RankingSettings(FusionSettings(0.4, 0.1, 0.2, 0.3), diversity=0.25, method=method)
    evaluator = GoalEvaluator(engines[0], Goal("ndcg"))
    trials = Trials(evaluator, 0, "some")
    trials.batch([evaluator.ranking(preset.fusion, 0.25, method)], 1, 1)
    assert trials.measured[0].settings == replace(preset, filters=WHOLE_CATALOGUE)


@pytest.mark.parametrize("seed", range(20))
def test_settings_and_their_place_in_the_space_are_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = rng.multinomial(100, rng.dirichlet([0.5] * 4))
    fusion = FusionSettings(**dict(zip(COMPONENTS, (whole / 100).tolist(), strict=True)))
    assert to_fusion(to_params(RankingSettings(fusion))) == fusion


def test_every_metric_of_a_judge_is_that_of_the_live_evaluation(engines: Engines) -> None:
    evaluator = GoalEvaluator(
        engines[1], Goal("ndcg", (Constraint("popularity_lift", 0.4, at_least=False),), Segment.of(activity="new"))
    )
    settings = evaluator.ranking(FusionSettings(0.1, 0.5, 0.2, 0.2), 0.3)
    expected = means(evaluator.lists(settings), evaluator.facts)
    judged = evaluator.measure(settings)
    for name in LIVE_METRICS:
        assert judged.metrics[name] == pytest.approx(expected[name].mean), name
    interval = expected["popularity_lift"]
    error = (interval.high - interval.low) / 2 / 1.96
    assert judged.slacks[0] == pytest.approx(0.4 - interval.mean - MARGIN * error, abs=0.5 * error)


def test_a_constraint_against_the_best_refers_to_the_best_of_the_map(engines: Engines) -> None:
    goal = Goal("coverage", (Constraint("ndcg", 0.1, "best"),))
    evaluator = GoalEvaluator(engines[0], goal)
    found = evaluator.map()
    evaluator.best = references_of(evaluator, found)
    top = evaluator.measure(evaluator.best["ndcg"])
    assert top.metrics["ndcg"] == pytest.approx(found.means["ndcg"].max(), abs=1e-6)
    (kept,) = constraint_outcomes(evaluator, top.settings)
    assert (kept.answer, kept.allowed) == ("met", pytest.approx(0.9 * top.metrics["ndcg"]))
    result = find_weights(*engines, goal, SHORT)
    assert result.validation["ndcg"].mean >= 0.9 * top.metrics["ndcg"]


def test_what_nothing_can_meet_is_missed_and_said_so(engines: Engines) -> None:
    found = find_weights(*engines, Goal("ndcg", (Constraint("hit_rate", 0.99),)), SHORT)
    assert [each.answer for each in (*found.kept_on_validation, *found.kept)] == ["missed", "missed"]


def test_too_few_shoppers_are_refused(engines: Engines) -> None:
    with pytest.raises(SettingsError, match=r"shoppers from Atlantis: only 0 of the .* too few to choose by"):
        find_weights(*engines, Goal("ndcg", segment=Segment.of(home="Atlantis")), SHORT)


def test_a_metric_without_values_is_refused(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = GoalEvaluator.map

    def empty(evaluator: GoalEvaluator, *args: object) -> object:
        found = whole(evaluator)
        return replace(found, means={**found.means, "ild": np.full(len(found.cells.weights), np.nan)})

    monkeypatch.setattr(GoalEvaluator, "map", empty)
    with pytest.raises(SettingsError, match=r"Variety \(ILD\) has no value for these shoppers"):
        find_weights(*engines, BALANCED, SHORT)


@pytest.mark.parametrize("n_trials", [0, 5001])
def test_a_number_of_trials_that_makes_no_sense_is_refused(n_trials: int) -> None:
    with pytest.raises(SettingsError, match=f"n_trials={n_trials} is not usable; give 1 to 5,000"):
        SearchSettings(n_trials)


def test_a_database_that_cannot_be_reached_is_told_without_its_password(engines: Engines) -> None:
    address = "postgresql://ann:secret@127.0.0.1:9/shop"
    told = r"the PostgreSQL database 'shop' at 127.0.0.1:9 cannot be reached \(.*; nothing already saved is lost"
    stages: list[str] = []
    with pytest.raises(StoreUnavailable, match=told) as error:
        find_weights(
            *engines, Goal("ndcg"), SHORT, database_url=address, progress=lambda stage, *rest: stages.append(stage)
        )
    assert "secret" not in str(error.value)
    assert not stages  # nothing was computed in vain


def test_a_database_that_goes_away_meanwhile_is_told(engines: Engines, tmp_path: Path) -> None:
    file = tmp_path / "shop.sqlite3"

    def spoil(stage: str, *rest: int) -> None:
        if stage == "trying settings":
            file.write_bytes(b"no database any more" * 100)

    with pytest.raises(StoreError, match=r"shop.sqlite3 is damaged, or is not a SQLite database at all"):
        find_weights(*engines, Goal("ndcg"), SHORT, database_url=f"sqlite:///{file}", progress=spoil)


def test_a_place_where_no_database_file_can_be_is_told(engines: Engines, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened for writing"):
        find_weights(*engines, Goal("ndcg"), SHORT, database_url=f"sqlite:///{tmp_path / 'file' / 'shop.sqlite3'}")
