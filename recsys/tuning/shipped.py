"""The presets that come with the app: each a goal, tuned for every shop on its own validation shoppers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.errors import ContextError, DataError, SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import Scenario
from recsys.progress import Progress, silent
from recsys.settings import CONTEXT_DIMENSIONS, FusionSettings
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import Draft, Measurement
from recsys.store.records import ShippedPreset as StoredPreset
from recsys.tuning.goal_evaluation import FEWEST_SHOPPERS
from recsys.tuning.goal_words import NAMES, say_constraint
from recsys.tuning.goals import Goal, parse_goal
from recsys.tuning.search import SearchSettings, find_weights
from recsys.tuning.search_result import Answer, SearchResult

N_TRIALS = 60
"""Trials with variety for each of them, beside the 1,771 points of the map."""


@dataclass(frozen=True, slots=True)
class Intention:
    """What a preset is for.

    Parameters
    ----------
    name, description : as people see them
    goal : in words, as `parse_goal` reads them
    replay : name of `protocols.rewinds.REPLAYS` whose shoppers it is tuned and measured on, "" for those of
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
    default : the weights of the model in use, which `found.against_default` is about; None where nobody named them
    """

    intention: Intention
    found: SearchResult
    protocol: str
    is_replayed: bool = False
    default: FusionSettings | None = None

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
    default: FusionSettings | None = None,
    settings: SearchSettings | None = None,
    intentions: Sequence[Intention] = INTENTIONS,
) -> list[ShippedPreset | NotAvailable]:
    """Tune every preset on validation shoppers and measure it on test shoppers.

    Parameters
    ----------
    validation, test : the shop's own way of holding out
    replayed : gives the shoppers of a replay; None tunes every preset on the shop's own way of holding out
    default : the weights of the model in use; what is found is held against them beside equal weights

    Raises
    ------
    Cancelled : the reporter asked to stop
    """
    settings = settings or SearchSettings(N_TRIALS)
    answer: list[ShippedPreset | NotAvailable] = []
    for place, intention in enumerate(intentions):
        report = _Part(progress, settings.n_trials, place, len(intentions))
        report("")
        try:
            answer.append(_tuned(intention, (validation, test), replayed, default, settings, report))
        except (SettingsError, ContextError, DataError) as error:
            answer.append(NotAvailable(intention, str(error)))
    progress("tuning presets", settings.n_trials * len(intentions), settings.n_trials * len(intentions))
    return answer


def to_store(presets: Sequence[ShippedPreset | NotAvailable]) -> list[StoredPreset]:
    """What `PresetStore.ship` takes; the measurement is that on test shoppers. None becomes the default by itself.

    A protocol or a note that is too long to be kept is shortened.
    """
    return [_stored(each) for each in presets if isinstance(each, ShippedPreset)]


def _tuned(
    intention: Intention,
    own: Engines,
    replayed: Replayed | None,
    default: FusionSettings | None,
    settings: SearchSettings,
    report: Progress,
) -> ShippedPreset:
    """Raises SettingsError, ContextError or DataError where this shop cannot have it."""
    goal = parse_goal(intention.goal)
    stated: Mapping[str, str] = {n: value for n, value in goal.segment.values if n in CONTEXT_DIMENSIONS}
    own[0].check(Scenario.of(**stated))
    shoppers = replayed(intention.replay, report) if replayed and intention.replay else own
    validation, test = shoppers
    for engine in (validation, test):
        n_users = engine.panel.n_shoppers(goal.segment.mask(engine.panel.shoppers))
        if n_users < FEWEST_SHOPPERS:
            raise SettingsError(
                f"only {n_users} {engine.panel.role} shoppers are of that kind; at least {FEWEST_SHOPPERS} are needed"
            )
    found = find_weights(validation, test, goal, settings, default=default, progress=report)
    return ShippedPreset(intention, found, test.panel.protocol, is_replayed=shoppers is not own, default=default)


def _stored(preset: ShippedPreset) -> StoredPreset:
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
            _shortened(preset.protocol),
            found.panel_ids["test"],
            _shortened(_note(preset)),
        ),
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 500 else text[:497] + "..."


def _note(preset: ShippedPreset) -> str:
    """What it came to on test shoppers, as people read it on its card."""
    found = preset.found
    metric = found.goal.metric
    references = {"equal weights": found.against_equal}
    if preset.default is not None:
        references["the model's weights"] = found.against_default
    changes = (f"{_change(metric, each[metric].change)} against {name}" for name, each in references.items())
    said = f"{NAMES[metric][0]}@{found.goal.k} {' and '.join(changes)}, on test shoppers"
    if preset.is_replayed:
        said += f" {preset.intention.asked}"
    return "; ".join([said, *(f"{say_constraint(each.constraint)}: {_ANSWERS[each.answer]}" for each in found.kept)])


_ANSWERS: Mapping[Answer, str] = {"met": "kept", "missed": "not kept", "cannot tell": "cannot be told"}


def _change(metric: str, change: Interval) -> str:
    """A change in the metric's own unit, with its interval where there is one.

    >>> _change("novelty", Interval(-0.367, -0.4, -0.3, 20, 0)), _change("ndcg", Interval(0.0115, 0.0, 0.02, 20, 0))
    ('−0.37 bits (−0.40 to −0.30)', '+0.0115 (0.0000 to +0.0200)')
    >>> _change("coverage", Interval(0.1, float("nan"), float("nan"), 1, 0))
    '+10.0 pp'
    """
    unit = " pp" if METRICS[metric].in_percent else " bits" if metric == "novelty" else ""
    mean, low, high = (_signed(metric, value) for value in (change.mean, change.low, change.high))
    return f"{mean}{unit} ({low} to {high})" if change.low == change.low else f"{mean}{unit}"


def _signed(metric: str, value: float) -> str:
    digits = 1 if METRICS[metric].in_percent else 2 if metric == "novelty" else 4
    said = f"{100 * value if METRICS[metric].in_percent else value:+.{digits}f}".replace("-", "−")
    return said if said.strip("+−0.") else said[1:]


class _Part:
    """Progress of one of several searches, told as trials of all."""

    def __init__(self, progress: Progress, n_trials: int, place: int, n: int) -> None:
        self._progress, self._before, self._total = progress, n_trials * place, n_trials * n

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        tried = done if stage.startswith("trying") else 0
        self._progress("tuning presets", self._before + tried, self._total)
