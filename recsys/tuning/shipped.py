"""Presets that come with the app: each a goal, tuned for every shop on its own validation shoppers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.errors import ContextError, DataError, SettingsError
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import Scenario, Segment
from recsys.progress import Progress, silent
from recsys.settings import CONTEXT_DIMENSIONS, FusionSettings
from recsys.store.records import Draft, Measurement, PresetSettings, ShippedPreset
from recsys.tuning.goals import Constraint, Goal, describe_constraint, describe_goal, save_goal
from recsys.tuning.search import Answer, SearchResult, SearchSettings, find_weights

N_TRIALS = 60
"""Trials with variety for each of them, beside the 1,771 points of the map."""


@dataclass(frozen=True, slots=True)
class Intention:
    """A goal that a preset is tuned for.

    `replay`: name of `protocols.rewinds.REWINDS` whose shoppers it is tuned and measured on, for goals about shoppers
    of whom the shop's own way of holding out ("") has too few; `asked`: how the shoppers of the replay are asked, in
    words.
    """

    name: str
    description: str
    goal: Goal
    tags: tuple[str, ...] = ()
    replay: str = ""
    asked: str = ""


INTENTIONS = (
    Intention(
        "Balanced",
        "Accuracy, variety and catalogue together: as accurate as it gets while lists stay as varied as with equal "
        "weights and three quarters of the products that equal weights would show are still shown.",
        Goal("ndcg", (Constraint("ild", 0, "equal"), Constraint("coverage", 0.25, "equal"))),
        ("everyday",),
    ),
    Intention("Accuracy first", "The product that is wanted, as high up as possible.", Goal("ndcg"), ("accuracy",)),
    Intention(
        "Discovery",
        "Products that few have found yet, for a tenth of the accuracy of equal weights at most.",
        Goal("novelty", (Constraint("ndcg", 0.1, "equal"),)),
        ("long tail",),
    ),
    Intention(
        "New shoppers",
        "For shoppers who have at most two products so far.",
        Goal("ndcg", segment=Segment.of(activity="new")),
        ("newcomers",),
        "newcomers",
        "asked when two products of theirs were known",
    ),
    Intention(
        "Evening mobile",
        "For the sofa: lists asked for in the evening on a phone.",
        Goal("ndcg", segment=Segment.of(daypart="evening", device="mobile")),
        ("evening", "mobile"),
        "evening_mobile",
        "asked before the last product that they chose in the evening on a phone",
    ),
)

Engines = tuple[LiveEngine, LiveEngine]
"""Of validation and of test shoppers."""

Replayed = Callable[[str, Progress], Engines]
"""Prepares a replay by its name, unless it was; raises DataError where the data has no such moments."""


@dataclass(frozen=True, slots=True)
class TunedPreset:
    """A preset tuned for this shop.

    `protocol`: how its shoppers were held out, in words; `is_replayed`: whether they were put back to the moment that
    the intention is about; `default`: the weights of the model in use, which `found.against_default` is about; None
    where nobody named them.
    """

    intention: Intention
    found: SearchResult
    protocol: str
    is_replayed: bool = False
    default: FusionSettings | None = None

    def as_json(self) -> dict[str, Any]:
        """Everything that was measured, without the chart."""
        facts = {"name": self.intention.name, "available": True, "keeps_goal": self.found.beats_equal}
        result = {name: each for name, each in self.found.as_json().items() if not name.startswith("front")}
        return {**facts, "protocol": self.protocol, **result}


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """A preset that this shop cannot have, and why."""

    intention: Intention
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The name and the reason."""
        facts = {"name": self.intention.name, "available": False, "reason": self.reason}
        return {**facts, "words": describe_goal(self.intention.goal)}


def tune_shipped(
    validation: LiveEngine,
    test: LiveEngine,
    progress: Progress = silent,
    *,
    replayed: Replayed | None = None,
    default: FusionSettings | None = None,
    settings: SearchSettings | None = None,
    intentions: Sequence[Intention] = INTENTIONS,
) -> list[TunedPreset | NotAvailable]:
    """Tune every preset on validation shoppers and measure it on test shoppers, held out in the shop's own way.

    `replayed`: gives the shoppers of a replay; None tunes every preset on the shop's own way of holding out; `default`:
    the weights of the model in use, which results are compared with, too. Raises Cancelled: the reporter asked to stop.
    """
    settings = settings or SearchSettings(N_TRIALS)
    n_trials = settings.n_trials * len(intentions)

    def tuned(place: int, intention: Intention) -> TunedPreset | NotAvailable:
        def report(stage: str, done: int = 0, total: int = 0) -> None:
            tried = done if stage.startswith("trying") else 0
            progress("tuning presets", settings.n_trials * place + tried, n_trials)

        report("")
        goal = intention.goal
        try:
            validation.check(Scenario.of(**_circumstances(goal)))
            is_replayed = bool(replayed and intention.replay)
            engines = replayed(intention.replay, report) if replayed and is_replayed else (validation, test)
            found = find_weights(*engines, goal, settings, default=default, progress=report)
        except (SettingsError, ContextError, DataError) as error:
            return NotAvailable(intention, str(error))
        return TunedPreset(intention, found, engines[1].panel.protocol, is_replayed, default)

    presets = [tuned(place, intention) for place, intention in enumerate(intentions)]
    progress("tuning presets", n_trials, n_trials)
    return presets


def to_store(presets: Sequence[TunedPreset | NotAvailable]) -> list[ShippedPreset]:
    """Presets as `PresetStore.ship` takes them, measured on test shoppers; long protocols and notes are shortened."""
    return [_stored(each) for each in presets if isinstance(each, TunedPreset)]


def _circumstances(goal: Goal) -> dict[str, str]:
    return {name: value for name, value in goal.segment.values if name in CONTEXT_DIMENSIONS}


def _stored(preset: TunedPreset) -> ShippedPreset:
    found, intention = preset.found, preset.intention
    settings = PresetSettings.of(found.settings, _circumstances(found.goal), found.goal.segment.as_dict())
    return ShippedPreset(
        Draft(intention.name, settings, intention.description, intention.tags, save_goal(found.goal)),
        Measurement(
            {name: interval.as_json() for name, interval in found.test.items()},
            found.n_users["test"],
            _shortened(preset.protocol),
            found.panel_ids["test"],
            _shortened(_note(preset)),
        ),
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 500 else text[:497] + "..."


def _note(preset: TunedPreset) -> str:
    found, metric = preset.found, preset.found.goal.metric
    references = {"equal weights": found.against_equal}
    if preset.default is not None:
        references["the model's weights"] = found.against_default
    changes = (f"{change_text(each[metric])} against {name}" for name, each in references.items())
    said = f"{METRICS[metric].at(found.goal.k)} {' and '.join(changes)}, on test shoppers"
    if preset.is_replayed:
        said += f" {preset.intention.asked}"
    held = (f"{describe_constraint(each.constraint)}: {_ANSWERS[each.answer]}" for each in found.kept)
    return "; ".join([said, *held])


_ANSWERS: Mapping[Answer, str] = {"met": "kept", "missed": "not kept", "cannot tell": "cannot be told"}


def change_text(change: Difference) -> str:
    """A change with its interval, in the metric's own unit."""
    ends = fmt.interval(change.metric, change.change.low, change.change.high)
    return f"{fmt.change(change.metric, change.change.mean)} ({ends})"
