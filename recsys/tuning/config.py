"""One side of a comparison: settings, the circumstances they are measured in, and what people call them."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from pydantic import Field

from recsys.documents import Form, from_json
from recsys.errors import SettingsError
from recsys.panel.segments import AS_IT_WAS, Scenario
from recsys.settings import DiversityMethod, Filters, FusionSettings, RankingSettings


class _Weights(Form):
    collaborative: float = 0.0
    content: float = 0.0
    semantic: float = 0.0
    context: float = 0.0


class _Filters(Form):
    include_seen: bool = False
    only_available: bool = True
    categories: list[str] = Field(default_factory=list)
    price_low: float | None = None
    price_high: float | None = None


class _Document(Form):
    name: str
    weights: _Weights
    n: int = RankingSettings().n
    diversity: float = 0.0
    method: DiversityMethod = "mmr"
    scenario: dict[str, str] = Field(default_factory=dict)
    filters: _Filters = _Filters()


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
        form = from_json(_Document, document)
        filters = form.filters.model_dump() | {"categories": frozenset(form.filters.categories)}
        settings = RankingSettings(
            FusionSettings(**form.weights.model_dump()), Filters(**filters), form.n, form.diversity, form.method
        )
        return cls(form.name, settings, Scenario.of(**form.scenario))
