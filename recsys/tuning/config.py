"""One setting of a comparison: its name, how lists are ranked, and in which circumstances."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, with_config

from recsys.documents import DOCUMENT, Number, Whole, from_json, to_json
from recsys.errors import SettingsError
from recsys.panel.segments import AS_IT_WAS, Scenario
from recsys.settings import COMPONENTS, DiversityMethod, Filters, FusionSettings, RankingSettings

_NO_WEIGHTS = dict.fromkeys(COMPONENTS, 0.0)
_DEFAULTS = RankingSettings()


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class _Document:
    name: str
    weights: Annotated[
        FusionSettings, BeforeValidator(lambda given: _NO_WEIGHTS | given if isinstance(given, dict) else given)
    ]
    n: Whole = _DEFAULTS.n
    diversity: Number = _DEFAULTS.diversity
    method: DiversityMethod = _DEFAULTS.method
    scenario: Mapping[str, str] = field(default_factory=dict)
    filters: Filters = _DEFAULTS.filters


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """Settings of one live evaluation; hashable, so that answers can be cached by it.

    `name` is text that a person typed, so never markup; `scenario` is what every shopper is imagined in.
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
        """Everything that decides its lists: all but the name."""
        return self.settings, self.scenario

    def as_json(self) -> dict[str, Any]:
        """A JSON document, from which `from_json` makes the same again."""
        ranking, scenario = self.settings, self.scenario.as_dict()
        how = (ranking.fusion, ranking.n, ranking.diversity, ranking.method, scenario, ranking.filters)
        document: dict[str, Any] = to_json(_Document(self.name, *how))
        return document

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read what `as_json` wrote; a key that is left out has its default, but for the name and the weights.

        Raises SettingsError, ContextError: the document has another form, or a value makes no sense.
        """
        form = from_json(_Document, document)
        settings = RankingSettings(form.weights, form.filters, form.n, form.diversity, form.method)
        return cls(form.name, settings, Scenario.of(**form.scenario))
