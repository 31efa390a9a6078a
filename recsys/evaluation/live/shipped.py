"""The presets that come with the app: each a goal, tuned for every shop on its own validation shoppers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.errors import ContextError, SettingsError
from recsys.evaluation.live.engine import LiveEngine
from recsys.evaluation.live.found import Found
from recsys.evaluation.live.goals import Goal, parse_goal
from recsys.evaluation.live.judging import FEWEST_SHOPPERS
from recsys.evaluation.live.search import SearchSettings, find_weights
from recsys.evaluation.live.segments import Scenario
from recsys.progress import Progress, silent
from recsys.settings import CONTEXT_DIMENSIONS
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import Draft, Measurement
from recsys.store.records import ShippedPreset as StoredPreset

N_TRIALS = 60
"""Trials with variety for each of them, beside the 1,771 points of the map."""


@dataclass(frozen=True, slots=True)
class Intention:
    """What a preset is for.

    Parameters
    ----------
    name, description : as people see them
    goal : in words, as `parse_goal` reads them
    """

    name: str
    description: str
    goal: str
    tags: tuple[str, ...] = ()


INTENTIONS = (
    Intention(
        "Balanced",
        "Accuracy, variety and catalogue together: as accurate as it gets while lists stay as varied as with equal "
        "weights and three quarters of the products that equal weights would show are still shown.",
        "best nDCG with diversity no lower than with equal weights and coverage within 25% of equal weights",
        ("everyday",),
    ),
    Intention("Accuracy first", "The product that is wanted, as high up as possible.", "best nDCG", ("accuracy",)),
    Intention(
        "Discovery",
        "Products that few have found yet, without losing accuracy against equal weights.",
        "most novelty with nDCG no lower than with equal weights",
        ("long tail",),
    ),
    Intention(
        "New shoppers",
        "For shoppers who have at most two products so far.",
        "best nDCG for new shoppers",
        ("newcomers",),
    ),
    Intention(
        "Evening mobile",
        "For the sofa: lists asked for in the evening on a phone.",
        "best nDCG in the evening on mobile",
        ("evening", "mobile"),
    ),
)


@dataclass(frozen=True, slots=True)
class ShippedPreset:
    """A preset tuned for this shop."""

    intention: Intention
    found: Found

    @property
    def goal(self) -> Goal:
        """What it was tuned for."""
        return self.found.goal

    def as_json(self) -> dict[str, Any]:
        """Everything that was measured, without the chart."""
        said = self.found.as_json()
        del said["front"], said["front_metrics"]
        return {"name": self.intention.name, "available": True, "keeps_goal": self.found.beats_equal, **said}


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """A preset that this shop cannot have, and why."""

    intention: Intention
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The name and the reason."""
        return {"name": self.intention.name, "available": False, "reason": self.reason, "words": self.intention.goal}


def tune_shipped(
    validation: LiveEngine,
    test: LiveEngine,
    progress: Progress = silent,
    *,
    settings: SearchSettings | None = None,
    intentions: Sequence[Intention] = INTENTIONS,
) -> list[ShippedPreset | NotAvailable]:
    """Tune every preset on validation shoppers and measure it on test shoppers.

    Raises
    ------
    Cancelled : the reporter asked to stop
    """
    settings = settings or SearchSettings(N_TRIALS)
    answer: list[ShippedPreset | NotAvailable] = []
    for place, intention in enumerate(intentions):
        goal = parse_goal(intention.goal)
        reason = _refusal(validation, goal) or _refusal(test, goal)
        if reason:
            answer.append(NotAvailable(intention, reason))
            continue
        report = _Part(progress, place, len(intentions))
        try:
            found = find_weights(validation, test, goal, settings, progress=report)
        except SettingsError as error:
            answer.append(NotAvailable(intention, str(error)))
        else:
            answer.append(ShippedPreset(intention, found))
    progress("tuning presets", 100 * len(intentions), 100 * len(intentions))
    return answer


def to_store(presets: Sequence[ShippedPreset | NotAvailable], protocol: str = "") -> list[StoredPreset]:
    """What `PresetStore.ship` takes; the measurement is that on test shoppers. None becomes the default by itself.

    Parameters
    ----------
    protocol : of the panel, in words; shortened where it is too long to be kept
    """
    return [_stored(each, protocol) for each in presets if isinstance(each, ShippedPreset)]


def _stored(preset: ShippedPreset, protocol: str) -> StoredPreset:
    found, intention = preset.found, preset.intention
    stated = {name: value for name, value in found.goal.segment.values if name in CONTEXT_DIMENSIONS}
    return StoredPreset(
        Draft(
            intention.name,
            PresetSettings.of(found.settings, stated, found.goal.segment.as_dict()),
            intention.description,
            intention.tags,
            found.goal.in_words(),
        ),
        Measurement(
            {name: interval.as_json() for name, interval in found.test.items()},
            found.n_users["test"],
            protocol if len(protocol) <= 500 else protocol[:497] + "...",
            found.panel_ids["test"],
            _note(found),
        ),
    )


def _note(found: Found) -> str:
    change = found.against_equal[found.goal.metric]
    said = f"{found.goal.metric} {change.change.mean:+.4f} against equal weights on test shoppers"
    if change.change.low == change.change.low:
        said += f" ({change.change.low:+.4f} to {change.change.high:+.4f})"
    kept = "; ".join(f"{each.constraint.metric} constraint: {each.answer}" for each in found.kept)
    return f"{said}; {kept}" if kept else said


def _refusal(engine: LiveEngine, goal: Goal) -> str:
    """Why a shop cannot be tuned for such shoppers, or "" when it can."""
    stated: Mapping[str, str] = {n: value for n, value in goal.segment.values if n in CONTEXT_DIMENSIONS}
    try:
        engine.check(Scenario.of(**stated))
    except ContextError as error:
        return str(error)
    n_users = int(goal.segment.mask(engine.panel.shoppers).sum())
    if n_users < FEWEST_SHOPPERS:
        return f"only {n_users} {engine.panel.role} shoppers are of that kind; at least {FEWEST_SHOPPERS} are needed"
    return ""


class _Part:
    """Progress of one of several searches, told as progress of all."""

    def __init__(self, progress: Progress, place: int, n: int) -> None:
        self._progress, self._place, self._n = progress, place, n

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        part = done / total if total and stage.startswith("trying") else 0.0
        self._progress("tuning presets", int(100 * (self._place + part)), 100 * self._n)
