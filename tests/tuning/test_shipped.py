"""The presets that come with the app: tuned for the shop, measured on test, refused where the shop cannot have them."""

import json
import re
from pathlib import Path

import pytest

from recsys.errors import Cancelled, DataError
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import Segment
from recsys.progress import Progress
from recsys.settings import FusionSettings
from recsys.store.addresses import file_address
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.tuning.goals import Goal, GoalEvaluator, describe_constraint, saved_goal
from recsys.tuning.search import SearchSettings
from recsys.tuning.shipped import INTENTIONS, Intention, NotAvailable, TunedPreset, to_store, tune_shipped
from tests.tuning.test_search import Engines, engines

__all__ = ["engines"]  # a fixture


@pytest.fixture(scope="module")
def shipped(engines: Engines) -> list[TunedPreset | NotAvailable]:
    """All five, tuned in a hurry, and one that no shop can have."""
    mars = Intention("On Mars", "For nobody.", Goal("ndcg", segment=Segment.of(region="Mars")))
    return tune_shipped(
        *engines,
        default=FusionSettings(0.3, 0.05, 0.4, 0.25),
        settings=SearchSettings(12),
        intentions=(*INTENTIONS, mars),
    )


def test_each_is_tuned_for_a_goal_of_its_own_and_keeps_it(shipped: list[TunedPreset | NotAvailable]) -> None:
    tuned = [each for each in shipped if isinstance(each, TunedPreset)]
    kept = [each.draft.goal for each in to_store(shipped)]
    assert [each.intention.name for each in tuned] == [each.name for each in INTENTIONS]
    assert len({each.intention.goal for each in tuned}) == len(INTENTIONS)
    for each in tuned:
        assert each.found.goal == each.intention.goal
        assert each.intention.goal in map(saved_goal, kept)


def test_each_is_better_than_equal_weights_where_it_was_chosen(
    engines: Engines, shipped: list[TunedPreset | NotAvailable]
) -> None:
    for each in shipped:
        if isinstance(each, TunedPreset):
            evaluator, metric = GoalEvaluator(engines[0], each.found.goal), each.found.goal.metric
            equal = evaluator.measure(evaluator.equal).metrics[metric]
            # What is taken is the middle of all that is tied with the best.
            _, error = evaluator.gap(evaluator.lists(each.found.settings), evaluator.lists(evaluator.equal), metric)
            assert each.found.validation[metric].mean >= equal - 1.5 * error, each.intention.name
            assert evaluator.measure(each.found.settings).is_inside


def test_what_a_shop_cannot_tell_apart_is_refused_with_the_reason(
    shipped: list[TunedPreset | NotAvailable],
) -> None:
    refused = shipped[-1]
    assert isinstance(refused, NotAvailable)
    assert "Mars" in refused.reason
    assert refused.as_json()["available"] is False


def test_circumstances_that_the_data_lacks_are_refused(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = engines[0].panel.context_scorers[0]
    monkeypatch.setattr(scorer, "unavailable", {"daypart": "timestamps are whole days"})
    (refused,) = tune_shipped(*engines, settings=SearchSettings(3), intentions=INTENTIONS[-1:])
    assert isinstance(refused, NotAvailable)
    assert "timestamps are whole days" in refused.reason


def test_goals_about_rare_shoppers_are_tuned_on_a_replay(
    engines: Engines, newcomer_folder: Path, tmp_path: Path
) -> None:
    asked = []

    def replayed(name: str, progress: Progress) -> Engines:
        asked.append(name)
        if name == "evening_mobile":
            raise DataError("nobody has a phone", file="shop", remedy="sell some")
        validation, test = Panel.open(newcomer_folder)
        return LiveEngine(validation), LiveEngine(test)

    chosen = [each for each in INTENTIONS if each.name not in ("Balanced", "Discovery")]
    found = tune_shipped(*engines, replayed=replayed, settings=SearchSettings(3), intentions=chosen)
    assert asked == ["newcomers", "evening_mobile"]
    accuracy, new, evening = found
    assert isinstance(accuracy, TunedPreset)
    assert isinstance(new, TunedPreset)
    assert isinstance(evening, NotAvailable)
    assert "nobody has a phone" in evening.reason
    assert not accuracy.is_replayed
    assert new.is_replayed
    assert new.found.n_users["test"] == len(Panel.open(newcomer_folder)[1])
    assert new.protocol != accuracy.protocol
    store = PresetStore(Database(file_address(tmp_path / "shop.sqlite3")), "demo")
    store.ship(to_store(found))
    kept = {each.name: each.measured for each in store.presets()}
    measured = kept["New shoppers"]
    assert measured is not None
    assert measured.protocol.startswith("every shopper as they were when only 2 products")
    assert "asked when two products of theirs were known" in measured.note


def test_segments_that_are_too_small_are_refused(engines: Engines) -> None:
    rare = Segment.of(activity="cold", weekday="Monday", season="winter", device="tablet")
    nobody = Intention("Cold", "For strangers.", Goal("ndcg", segment=rare))
    (refused,) = tune_shipped(*engines, settings=SearchSettings(3), intentions=(nobody,))
    assert isinstance(refused, NotAvailable)
    assert "fewer than 20 are too few to choose by" in refused.reason


def test_the_store_takes_them(shipped: list[TunedPreset | NotAvailable], tmp_path: Path) -> None:
    store = PresetStore(Database(file_address(tmp_path / "shop.sqlite3")), "demo")
    store.ship(to_store(shipped))
    presets = {each.name: each for each in store.presets()}
    assert set(presets) == {each.name for each in INTENTIONS}
    assert not any(each.is_default for each in presets.values())  # that is for people to decide
    for each in shipped:
        if not isinstance(each, TunedPreset):
            continue
        preset = presets[each.intention.name]
        measured = preset.measured
        assert measured is not None
        assert saved_goal(preset.goal) == each.found.goal
        assert preset.settings.ranking() == each.found.settings
        assert measured.metrics["ndcg"]["mean"] == each.found.test["ndcg"].mean
        assert measured.n_users == each.found.n_users["test"]
        assert measured.panel_id == each.found.panel_ids["test"]
    assert presets["Evening mobile"].settings.scenario == {"daypart": "evening", "device": "mobile"}
    assert presets["New shoppers"].settings.segment == {"activity": "new"}
    store.ship(to_store(shipped))
    assert all(len(each.saves) == 1 for each in store.presets())


def test_what_it_came_to_is_said_against_both_references_in_names_and_units_of_the_page(
    engines: Engines, shipped: list[TunedPreset | NotAvailable]
) -> None:
    notes = {each.draft.name: each.measured.note for each in to_store(shipped) if each.measured}
    found = {each.intention.name: each.found for each in shipped if isinstance(each, TunedPreset)}
    against = found["Accuracy first"].against_default["ndcg"].change
    lists = GoalEvaluator(engines[1], found["Accuracy first"].goal)
    own = lists.lists(lists.ranking(FusionSettings(0.3, 0.05, 0.4, 0.25)))
    chosen = lists.lists(found["Accuracy first"].settings)
    assert against.mean == pytest.approx((chosen.values["ndcg"] - own.values["ndcg"]).mean())
    metric, interval = fmt.change("ndcg", against.mean), fmt.interval("ndcg", against.low, against.high)
    assert f"{metric} ({interval}) against the model's weights" in notes["Accuracy first"]
    for name, preset in found.items():
        goal = preset.goal
        assert notes[name].startswith(
            f"{METRICS[goal.metric].at(10)} {fmt.change(goal.metric, preset.against_equal[goal.metric].change.mean)}"
        )
        for kept in preset.kept:
            answer = {"met": "kept", "missed": "not kept", "cannot tell": "cannot be told"}[kept.answer]
            assert f"{describe_constraint(kept.constraint)}: {answer}" in notes[name]
    for note in notes.values():
        assert not re.search(r"\b(ndcg|ild|constraint|met|missed)\b| -\d", note)
    (unheld,) = tune_shipped(*engines, settings=SearchSettings(3), intentions=INTENTIONS[1:2])
    assert isinstance(unheld, TunedPreset)
    (stored,) = to_store([unheld])
    assert stored.measured is not None
    assert "the model's weights" not in stored.measured.note


def test_everything_measured_is_json(shipped: list[TunedPreset | NotAvailable]) -> None:
    told = json.loads(json.dumps([each.as_json() for each in shipped], allow_nan=False))
    assert [each["available"] for each in told] == [True] * 5 + [False]
    assert {"words", "settings", "test", "against_equal", "kept", "keeps_goal"} <= set(told[0])


def test_progress_is_that_of_all_and_stops_at_once(engines: Engines) -> None:
    seen: list[tuple[str, int, int]] = []

    def note(stage: str, done: int = 0, total: int = 0) -> None:
        seen.append((stage, done, total))
        if done > 3:
            raise Cancelled(stage)

    with pytest.raises(Cancelled):
        tune_shipped(*engines, note, settings=SearchSettings(3), intentions=INTENTIONS[1:4])
    assert {(stage, total) for stage, _, total in seen} == {("tuning presets", 9)}
    assert {0, 3} <= {done for _, done, _ in seen}
