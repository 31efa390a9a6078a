"""Product against product: why one stands above another, as the difference of two explanations, part by part."""

from collections.abc import Mapping
from dataclasses import dataclass

from recsys.errors import InputError
from recsys.explanations.records import Contribution, Explanation
from recsys.settings import COMPONENTS


@dataclass(frozen=True, slots=True)
class DifferencePart:
    """What one part adds to either product; `value` is the first minus the second."""

    component: str
    label: str
    first: float
    second: float
    example: Contribution

    @property
    def value(self) -> float:
        """How much further up the part puts the first product."""
        return self.first - self.second


@dataclass(frozen=True, slots=True)
class ExplanationDifference:
    """Score of the first product minus score of the second, which the components sum to and the parts as well."""

    score: float
    components: Mapping[str, float]
    parts: tuple[DifferencePart, ...]

    def of(self, component: str) -> tuple[DifferencePart, ...]:
        """The parts of one component, largest difference first."""
        return tuple(part for part in self.parts if part.component == component)


def difference(first: Explanation, second: Explanation) -> ExplanationDifference:
    """Compare two explanations of one request; the baseline is the same for both and falls out.

    Parts of the same name are set against each other: a circumstance, an attribute, a word, what is learnt of either
    product itself. The phrases said of a product are its own, so they stand against 0 unless both have the very same
    words.

    Raises
    ------
    InputError : the two are not of the same request, so that their parts are on different scales
    """
    requests = [(each.user_id, each.words, each.weights, each.context, set(each.ablated)) for each in (first, second)]
    if abs(first.baseline - second.baseline) > 1e-9 or requests[0] != requests[1]:
        raise InputError("the two explanations answer different requests; explain both under the same settings")
    sums: dict[tuple[str, str], list[float]] = {}
    examples: dict[tuple[str, str], Contribution] = {}
    for place, explanation in enumerate((first, second)):
        for part in explanation.contributions:
            key = part.component, _comparable(part)
            sums.setdefault(key, [0.0, 0.0])[place] += part.value
            examples.setdefault(key, part)
    parts = [
        DifferencePart(component, examples[component, label].label, both[0], both[1], examples[component, label])
        for (component, label), both in sums.items()
    ]
    parts.sort(key=lambda part: (COMPONENTS.index(part.component), -abs(part.value)))
    components = {name: first.components[name] - second.components[name] for name in COMPONENTS}
    return ExplanationDifference(first.score - second.score, components, tuple(parts))


def _comparable(part: Contribution) -> str:
    """What makes parts of two products the same: their label, and for phrases the words, not where they stand."""
    return " ".join(part.label.casefold().split()) if part.component == "semantic" else part.label
