"""The presets that come with the app: each a goal, tuned for every shop on its own validation shoppers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.errors import ContextError, DataError, SettingsError
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
    replay : name of `recsys.evaluation.replays.REPLAYS` whose shoppers it is tuned and measured on, "" for those of
        the shop's own way of holding out; for goals about shoppers of whom it would have too few
    asked : how the shoppers of the replay are asked, in words
    """

    name: str
    description: str
    goal: str
    tags: tuple[str, ...] = ()
    replay: str = ""
    asked: str = ""


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
        "newcomers",
        "asked when two products of theirs were known",
    ),
    Intention(
        "Evening mobile",
        "For the sofa: lists asked for in the evening on a phone.",
        "best nDCG in the evening on mobile",
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
class ShippedPreset:
    """A preset tuned for this shop.

    Parameters
    ----------
    protocol : how its shoppers were held out, in words
    is_replayed : whether they were put back to the moment that the intention is about
    """

    intention: Intention
    found: Found
    protocol: str
    is_replayed: bool = False

    @property
    def goal(self) -> Goal:
        """What it was tuned for."""
        return self.found.goal

    def as_json(self) -> dict[str, Any]:
        """Everything that was measured, without the chart."""
        said = self.found.as_json()
        del said["front"], said["front_metrics"]
        return {
            "name": self.intention.name,
            "available": True,
            "keeps_goal": self.found.beats_equal,
            "protocol": self.protocol,
            **said,
        }


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
    replayed: Replayed | None = None,
    settings: SearchSettings | None = None,
    intentions: Sequence[Intention] = INTENTIONS,
) -> list[ShippedPreset | NotAvailable]:
    """Tune every preset on validation shoppers and measure it on test shoppers.

    Parameters
    ----------
    validation, test : the shop's own way of holding out
    replayed : gives the shoppers of a replay; None tunes every preset on the shop's own way of holding out

    Raises
    ------
    Cancelled : the reporter asked to stop
    """
    settings = settings or SearchSettings(N_TRIALS)
    answer: list[ShippedPreset | NotAvailable] = []
    for place, intention in enumerate(intentions):
        report = _Part(progress, place, len(intentions))
        report("")
        try:
            answer.append(_tuned(intention, (validation, test), replayed, settings, report))
        except (SettingsError, ContextError, DataError) as error:
            answer.append(NotAvailable(intention, str(error)))
    progress("tuning presets", 100 * len(intentions), 100 * len(intentions))
    return answer


def to_store(presets: Sequence[ShippedPreset | NotAvailable]) -> list[StoredPreset]:
    """What `PresetStore.ship` takes; the measurement is that on test shoppers. None becomes the default by itself.

    A protocol that is too long to be kept is shortened.
    """
    return [_stored(each) for each in presets if isinstance(each, ShippedPreset)]


def _tuned(
    intention: Intention, own: Engines, replayed: Replayed | None, settings: SearchSettings, report: Progress
) -> ShippedPreset:
    """Raises SettingsError, ContextError or DataError where this shop cannot have it."""
    goal = parse_goal(intention.goal)
    stated: Mapping[str, str] = {n: value for n, value in goal.segment.values if n in CONTEXT_DIMENSIONS}
    own[0].check(Scenario.of(**stated))
    shoppers = replayed(intention.replay, report) if replayed and intention.replay else own
    validation, test = shoppers
    for engine in (validation, test):
        n_users = int(goal.segment.mask(engine.panel.shoppers).sum())
        if n_users < FEWEST_SHOPPERS:
            raise SettingsError(
                f"only {n_users} {engine.panel.role} shoppers are of that kind; at least {FEWEST_SHOPPERS} are needed"
            )
    found = find_weights(validation, test, goal, settings, progress=report)
    return ShippedPreset(intention, found, test.panel.protocol, is_replayed=shoppers is not own)


def _stored(preset: ShippedPreset) -> StoredPreset:
    found, intention, protocol = preset.found, preset.intention, preset.protocol
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
            _note(preset),
        ),
    )


def _note(preset: ShippedPreset) -> str:
    found = preset.found
    change = found.against_equal[found.goal.metric]
    said = f"{found.goal.metric} {change.change.mean:+.4f} against equal weights on test shoppers"
    if change.change.low == change.change.low:
        said += f" ({change.change.low:+.4f} to {change.change.high:+.4f})"
    if preset.is_replayed:
        said += f", {preset.intention.asked}"
    kept = "; ".join(f"{each.constraint.metric} constraint: {each.answer}" for each in found.kept)
    return f"{said}; {kept}" if kept else said


class _Part:
    """Progress of one of several searches, told as progress of all."""

    def __init__(self, progress: Progress, place: int, n: int) -> None:
        self._progress, self._place, self._n = progress, place, n

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        part = done / total if total and stage.startswith("trying") else 0.0
        self._progress("tuning presets", int(100 * (self._place + part)), 100 * self._n)
