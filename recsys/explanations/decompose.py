"""Exact shares of one score: parts of the components, phrases of both sides, and their strongest pairs.

    final = baseline + sum over k of  weight_k / std_k * s_k,   baseline = - sum over k of  weight_k / std_k * mean_k

The scorers split s_k into parts; each part times weight_k / std_k is its contribution.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.explanations.documents import Document, Documents
from recsys.ranking.rank import Standardised
from recsys.scorers.base import ScorePart
from recsys.scorers.phrase_weights import PhraseSum
from recsys.settings import COMPONENTS, FusionSettings

N_PAIRED = 60
"""Phrases of each side, those that matter most, that are paired with all of the other side."""

N_PAIRS = 400
"""Most pairs that are named."""

Polarity = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""How much phrases praise (1) or complain (-1), float32, for places of the semantic scorer; 0 for NO_ROW."""


class Contribution(NamedTuple):
    """One share of the final score, signed.

    `source`: a dict of where it comes from, JSON-like; "strike" is the name under which it can be left out
    """

    component: str
    label: str
    value: float
    source: Mapping[str, Any]


class PhrasePair(NamedTuple):
    """What a shopper's phrase and a product's phrase add to the final score together.

    `shopper`, `product`: positions in `Explanation.shopper_phrases` and in the semantic part of its contributions
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


def scales(standardised: Standardised, settings: FusionSettings) -> dict[str, float]:
    """What one unit of each raw score is worth in the final one; 0 for a component that tells nothing apart."""
    factors = settings.factors()
    return {
        name: factors[name] / lead if lead > 0 else 0.0
        for name, lead in zip(COMPONENTS, standardised.lead.tolist(), strict=True)
    }


@dataclass(frozen=True, slots=True, eq=False)
class WeightedSide:
    """The phrases of one side with what they add to the final score together with the other side.

    Parameters
    ----------
    values : float64 of shape (n_phrases,), what each phrase adds; they sum to the semantic component
    losses : float64 of shape (n_phrases,), what the score loses without each phrase alone
    """

    side: PhraseSum
    values: NDArray[np.float64]
    losses: NDArray[np.float64]

    @classmethod
    def both(cls, shopper: PhraseSum, product: PhraseSum, worth: float) -> "tuple[WeightedSide, WeightedSide]":
        """Shopper and product; `worth` is what one unit of the score between them is in the final score."""
        here, there = (
            cls(one, *(worth * each.astype(np.float64) for each in (one.values(other), one.losses(other))))
            for one, other in ((shopper, product), (product, shopper))
        )
        return here, there

    def contributions(
        self, documents: Documents, polarity: Polarity, typed: Document | None = None
    ) -> tuple[Contribution, ...]:
        """The semantic component split over these phrases, largest first.

        The source also holds "loss", and "polarity" from -1 to 1; `typed` are the words of the places of no text.
        """
        places = self.side.places
        sources = documents.sources(places, typed)
        for source, loss, praise in zip(sources, self.losses.tolist(), polarity(places).tolist(), strict=True):
            source["loss"], source["polarity"] = loss, praise
        return largest_first(
            [
                Contribution("semantic", source["text"], value, source)
                for source, value in zip(sources, self.values.tolist(), strict=True)
            ]
        )


def readable(
    component: str, part: ScorePart, worth: float, item_ids: NDArray[np.object_], titles: NDArray[np.object_]
) -> Contribution:
    """A part of a score as a share of the final one, with the name to leave it out by.

    `item_ids`, `titles`: of the catalogue, for parts that name a product by row.
    """
    source, label = dict(part.source), part.label
    row = int(source["feature"][8:]) if str(source.get("feature", "")).startswith("product:") else -1
    if source["kind"] == "circumstance":
        name = f"c:{source['dimension']}"
    elif source["kind"] == "term":
        name = f"f:term:{source['term']}"
    elif source["kind"] == "history":
        name, label = f"h:{item_ids[row]}", str(titles[row])
        source = {"kind": "history", "item_id": str(item_ids[row])}
    else:
        name = f"i:{item_ids[row]}" if row >= 0 else f"f:{source['feature']}"
    return Contribution(component, label, worth * part.value, {**source, "strike": name})


def strongest_pairs(shopper: WeightedSide, product: WeightedSide, worth: float) -> tuple[PhrasePair, ...]:
    """The pairs that matter most among those of the phrases that matter most on either side, largest size first.

    They point into the contributions of either side, which are sorted by size.
    """
    if not len(shopper.side) or not len(product.side):
        return ()
    found: dict[tuple[int, int], float] = {}
    for here, there, step in ((product, shopper, -1), (shopper, product, 1)):
        leading = np.argsort(-np.abs(here.values), kind="stable")[:N_PAIRED].astype(np.int32)
        values = worth * here.side.pairs(there.side, leading)
        n_best = min(N_PAIRS, values.size)
        for at in np.argpartition(-np.abs(values).ravel(), n_best - 1)[:n_best].tolist():
            row, column = divmod(at, values.shape[1])
            one, other = (int(leading[row]), column)[::step]
            found[one, other] = float(values[row, column])
    mine, others = (np.argsort(np.argsort(-np.abs(side.values), kind="stable")) for side in (shopper, product))
    ordered = sorted(found.items(), key=lambda entry: -abs(entry[1]))[:N_PAIRS]
    return tuple(PhrasePair(int(mine[one]), int(others[other]), value) for (one, other), value in ordered)
