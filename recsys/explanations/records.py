"""Frozen records of an explanation, ready for a page or for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from recsys.settings import COMPONENTS


class Contribution(NamedTuple):
    """One share of a score.

    Parameters
    ----------
    component : which component it belongs to
    label : what a person reads
    value : signed share of the final score
    source : a dict of where it comes from, JSON-like; "strike" is the name under which it can be left out
    """

    component: str
    label: str
    value: float
    source: Mapping[str, Any]


class PhrasePair(NamedTuple):
    """What a shopper's phrase and a product's phrase add together.

    Parameters
    ----------
    shopper, product : positions in `Explanation.shopper_phrases` and in the semantic part of its contributions
    value : signed share of the final score
    """

    shopper: int
    product: int
    value: float


@dataclass(frozen=True, slots=True)
class RankPosition:
    """Rank of a product on the list that the settings give.

    Parameters
    ----------
    rank : on the list, from 1; None when it is not listed
    rank_by_score : among all eligible products, before diversity; None when it is not eligible
    n, n_candidates : length of the list, and how many products were eligible
    not_eligible : why it cannot be listed at all, "" if it can
    """

    rank: int | None
    rank_by_score: int | None
    n: int
    n_candidates: int
    not_eligible: str = ""

    @property
    def places_diversified(self) -> int:
        """Places that diversity moved it, positive is up; 0 for a product that is not listed."""
        return 0 if self.rank is None or self.rank_by_score is None else self.rank_by_score - self.rank


@dataclass(frozen=True, slots=True)
class Explanation:
    """The exact arithmetic of one score.

    baseline + sum of `components` = score, and the contributions of a component sum to it, to rounding (`residual`).

    Parameters
    ----------
    user_id : None for a new shopper
    score : as the list shows it; 0 is the average product
    baseline : minus what the average product gathers in all components
    components : what this product gathers in each
    averages : what the average product gathers in each; components minus averages is what cards show
    contributions : every share, in the order of COMPONENTS, largest size first
    shopper_phrases : the semantic component split over the phrases of the other side, largest size first
    pairs : the strongest pairs of both sides, largest size first
    position : the rank on the list
    ablated : names of what was left out
    notes : what a person should know about the request, in words
    """

    user_id: str | None
    words: str
    item_id: str
    title: str
    weights: Mapping[str, float]
    context: Mapping[str, str]
    score: float
    baseline: float
    components: Mapping[str, float]
    averages: Mapping[str, float]
    contributions: tuple[Contribution, ...]
    shopper_phrases: tuple[Contribution, ...]
    pairs: tuple[PhrasePair, ...]
    position: RankPosition
    ablated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def residual(self) -> float:
        """What rounding leaves between the sum of the parts and the score."""
        return self.baseline + sum(self.components.values()) - self.score

    @property
    def against_average(self) -> dict[str, float]:
        """Each component beside the average product, as on the cards; they sum to the score."""
        return {name: self.components[name] - self.averages[name] for name in COMPONENTS}

    def of(self, component: str) -> tuple[Contribution, ...]:
        """The contributions of one component."""
        return tuple(part for part in self.contributions if part.component == component)

    def as_json(self) -> dict[str, Any]:
        """The document that `recsys explain --json` prints."""
        names: tuple[str, ...] = ("user_id", "item_id", "title", "words", "score", "baseline", "weights", "context")
        names += ("components", "averages", "notes", "residual", "against_average")
        return {
            **{name: getattr(self, name) for name in names},
            "struck": self.ablated,
            "standing": asdict(self.position),
            "contributions": [part._asdict() for part in self.contributions],
            "shopper_phrases": [part._asdict() for part in self.shopper_phrases],
            "pairs": [pair._asdict() for pair in self.pairs],
        }


def largest_first(parts: Sequence[Contribution]) -> tuple[Contribution, ...]:
    """Parts by size whatever their sign, equal ones in the order given."""
    return tuple(sorted(parts, key=lambda part: -abs(part.value)))
