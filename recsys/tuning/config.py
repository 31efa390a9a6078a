"""One side of a comparison: settings, the circumstances they are measured in, and what people call them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from recsys.errors import SettingsError
from recsys.panel.segments import AS_IT_WAS, Scenario
from recsys.settings import COMPONENTS, Filters, FusionSettings, RankingSettings

_KEYS = ("name", "weights", "n", "diversity", "method", "scenario", "filters")


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """What a live evaluation is asked to measure. Hashable, so that answers can be kept by it.

    Parameters
    ----------
    name : what it is called on screen and in sentences; text that a person typed, so never markup
    settings : weights, filters, list length and diversity
    scenario : circumstances that every shopper is imagined in
    """

    name: str
    settings: RankingSettings = field(default_factory=RankingSettings)
    scenario: Scenario = AS_IT_WAS

    def __post_init__(self) -> None:
        name = " ".join(self.name.split())
        if not name:
            raise SettingsError("a setting that is compared needs a name; call it A, for instance")
        object.__setattr__(self, "name", name)

    @property
    def ranks_like(self) -> tuple[RankingSettings, Scenario]:
        """What decides its lists; two that are equal in this differ in name alone."""
        return self.settings, self.scenario

    def as_json(self) -> dict[str, Any]:
        """Everything as a JSON document, from which `from_json` makes the same again."""
        settings = self.settings
        filters = asdict(settings.filters) | {"categories": sorted(settings.filters.categories)}
        return {
            "name": self.name,
            "weights": settings.fusion.as_dict(),
            "n": settings.n,
            "diversity": settings.diversity,
            "method": settings.method,
            "scenario": self.scenario.as_dict(),
            "filters": filters,
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read what `as_json` wrote; a key that is left out has its default, but for the name and the weights.

        Raises
        ------
        SettingsError, ContextError : the document has another form, or a value makes no sense
        """
        read = _Reader(document, "the setting", _KEYS)
        weights = _Reader(read.given.get("weights"), "weights", COMPONENTS)
        filters = _Reader(read.given.get("filters", {}), "filters", tuple(asdict(Filters())))
        scenario = _Reader(read.given.get("scenario", {}), "scenario")
        usual = RankingSettings()
        settings = RankingSettings(
            fusion=FusionSettings(**{name: weights.number(name, 0.0) for name in COMPONENTS}),
            filters=Filters(
                filters.flag("include_seen", usual.filters.include_seen),
                filters.flag("only_available", usual.filters.only_available),
                frozenset(filters.texts("categories")),
                filters.number_or_none("price_low"),
                filters.number_or_none("price_high"),
            ),
            n=read.whole("n", usual.n),
            diversity=read.number("diversity", usual.diversity),
            method=read.text("method", usual.method),  # type: ignore[arg-type]  # RankingSettings checks it
        )
        return cls(read.text("name"), settings, Scenario.of(**{name: scenario.text(name) for name in scenario.given}))


class _Reader:
    """Takes values of the right kind out of a JSON object, and says which one is not."""

    def __init__(self, document: object, what: str, known: tuple[str, ...] = ()) -> None:
        if not isinstance(document, Mapping):
            raise SettingsError(f"{what}: {document!r:.60} is not a JSON object; copy the whole of what was saved")
        unknown = [name for name in document if not isinstance(name, str) or (known and name not in known)]
        if unknown:
            raise SettingsError(f"{what}: {unknown[0]!r:.60} is not known; use {', '.join(known)}")
        self.given, self.what = document, what

    def text(self, name: str, default: str | None = None) -> str:
        value = self.given.get(name, default)
        if not isinstance(value, str):
            raise self._unusable(name, "text")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.given.get(name, default)
        if not isinstance(value, bool):
            raise self._unusable(name, "true or false")
        return value

    def number(self, name: str, default: float) -> float:
        value = self.given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise self._unusable(name, "a number")
        return float(value)

    def number_or_none(self, name: str) -> float | None:
        return None if self.given.get(name) is None else self.number(name, 0.0)

    def whole(self, name: str, default: int) -> int:
        value = self.number(name, default)
        if value != int(value):
            raise self._unusable(name, "a whole number")
        return int(value)

    def texts(self, name: str) -> list[str]:
        value = self.given.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._unusable(name, "a list of texts")
        return value

    def _unusable(self, name: str, wanted: str) -> SettingsError:
        return SettingsError(f"{self.what}: {name}={self.given.get(name)!r:.60} is not usable; give {wanted}")
