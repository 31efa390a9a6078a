"""Counterfactuals: the smallest set of phrases without which a product is no longer among the first n.

Every answer is checked by ranking again without those phrases. For a product's own phrases the score that is left
follows from the lengths of sums, so the best one and the best two are known without ranking: if they do not do it, no
one and no two do, and an answer of three is the smallest there is among the phrases that speak for the product. That
holds for lists by score alone, without diversity, and where none of the phrases is the shopper's own. Larger sets are
built greedily, cut to the shortest beginning that does it, pruned, and called the smallest found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.explanations.decompose import Contribution
from recsys.explanations.explainer import Explainable
from recsys.ranking.rank import ScoredRequest
from recsys.scorers.base import FloatArray
from recsys.scorers.phrase_weights import LEAST_LENGTH, PhraseSum
from recsys.settings import RankingSettings

MAX_SIZE = 40
MAX_PAIRED = 1000
"""Most phrases among which pairs are compared."""

SideName = Literal["product", "shopper"]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The fewest phrases found whose removal takes a product off the list, largest contribution first, or why none.

    `is_smallest`: no smaller set of phrases that speak for the product does it; False where that is not known
    """

    phrases: tuple[Contribution, ...]
    is_smallest: bool
    reason: str


def smallest_removal(
    model: Explainable, scored: ScoredRequest, item_id: str, settings: RankingSettings, side: SideName = "product"
) -> Counterfactual:
    """Find the fewest phrases of one side whose removal takes a product off the list.

    `side`: "product" for what is said of the product, "shopper" for what the shopper wrote and liked
    """
    explanation = model.explain(scored, item_id, settings)
    if explanation.position.rank is None:
        return Counterfactual((), True, "it is not on the list as it is")
    parts = explanation.of("semantic") if side == "product" else explanation.shopper_phrases
    # Typed words have no name: they can be deleted instead.
    speaking = [part for part in parts if part.value > 0 and part.source.get("strike")]
    if not speaking:
        return Counterfactual((), False, "no phrase speaks for it")
    candidates = sorted(speaking, key=lambda part: -part.value)
    search = _Search(model, scored, item_id, settings)
    found, is_smallest = search.of_product(candidates) if side == "product" else search.of_shopper(candidates)
    if found:
        return Counterfactual(found, is_smallest, "")
    reason = (
        f"without the {min(len(candidates), MAX_SIZE)} phrases that speak most for it, it is still listed: "
        "it does not hang on a few phrases"
    )
    return Counterfactual((), False, reason)


class _Search:
    """Ranks again without some phrases."""

    def __init__(self, model: Explainable, scored: ScoredRequest, item_id: str, settings: RankingSettings) -> None:
        self._model, self._scored, self._item_id, self._settings = model, scored, item_id, settings

    def _sides(self, item_id: str) -> tuple[PhraseSum, PhraseSum]:
        return self._model.explainer.sides(self._scored, self._model.item_row(item_id))

    def drops(self, phrases: Sequence[Contribution]) -> bool:
        """Whether the product is off the list without these phrases."""
        names = [str(phrase.source["strike"]) for phrase in phrases]
        ablated = self._model.ablate(self._scored, (*self._scored.ablated, *names))
        return all(item.item_id != self._item_id for item in self._model.rank(ablated, self._settings).items)

    def of_product(self, candidates: list[Contribution]) -> tuple[tuple[Contribution, ...], bool]:
        """The set among a product's own phrases, and whether there can be no smaller one."""
        shopper, product = self._sides(self._item_id)
        part_of = {part.source["strike"]: part for part in candidates}
        names = self._model.explainer.exclusion_names(product.places)
        speaking = np.array([row for row, name in enumerate(names) if name in part_of], np.int64)
        parts = [part_of[names[row]] for row in speaking.tolist()]
        remainder = _Remainder(product, shopper.against, speaking)
        foreseen = self._settings.diversity == 0 and not np.isin(product.places, shopper.places).any()
        for chosen in (remainder.greedy(1), remainder.best_two()):
            if chosen and self.drops(found := [parts[row] for row in chosen]):
                return tuple(found), len(found) == 1 or bool(foreseen)
        n_certain = 3 if foreseen and len(speaking) <= MAX_PAIRED else 1
        return self._shortest([parts[row] for row in remainder.greedy(MAX_SIZE)], n_certain)

    def of_shopper(self, candidates: list[Contribution]) -> tuple[tuple[Contribution, ...], bool]:
        """The set among the shopper's phrases, by how much more they speak for the product than for the next one."""
        longer = replace(self._settings, n=self._settings.n + 1)
        listed = [item.item_id for item in self._model.rank(self._scored, longer).items]
        shopper, here = self._sides(self._item_id)
        _, there = self._sides(listed[-1] if listed[-1] != self._item_id else listed[0])
        names = self._model.explainer.exclusion_names(shopper.places)
        margins = dict(zip(names, (shopper.values(here) - shopper.values(there)).tolist(), strict=True))
        return self._shortest(sorted(candidates, key=lambda part: -margins[part.source["strike"]]), 1)

    def _shortest(self, ordered: list[Contribution], n_certain: int) -> tuple[tuple[Contribution, ...], bool]:
        """The shortest beginning that does it, pruned; sets of up to `n_certain` are known to be the smallest."""
        pruned = self._pruned(self._first_prefix(ordered))
        return tuple(pruned), 0 < len(pruned) <= n_certain

    def _first_prefix(self, candidates: list[Contribution]) -> list[Contribution]:
        """The shortest beginning that drops the product: doubled until it does, then halved; empty if none does."""
        limit = min(len(candidates), MAX_SIZE)
        low, high = 0, min(2, limit)
        while not self.drops(candidates[:high]):
            if high == limit:
                return []
            low, high = high, min(2 * high, limit)
        while high - low > 1:
            middle = (low + high) // 2
            if self.drops(candidates[:middle]):
                high = middle
            else:
                low = middle
        return candidates[:high]

    def _pruned(self, phrases: list[Contribution]) -> list[Contribution]:
        """The set without every phrase that is not needed, tried from the smallest on until all are."""
        kept, before = list(phrases), 0
        while len(kept) != before:
            before = len(kept)
            for phrase in reversed(kept):
                fewer = [other for other in kept if other is not phrase]
                if fewer and self.drops(fewer):
                    kept = fewer
        return kept


class _Remainder:
    """A product's score without some of its phrases.

    Without the phrases S the profile is Q - sum of c_q e_q over S, and the score is M P . that / its length; `against`
    is M P, and `rows` are the phrases that may go.
    """

    def __init__(self, product: PhraseSum, against: FloatArray, rows: NDArray[np.int64]) -> None:
        self._terms = (product.coefficients[rows, None] * product.vectors[rows]).astype(np.float64)
        self._whole, self._against = product.profile.astype(np.float64), against.astype(np.float64)
        self._values = self._terms @ self._against
        self._squares = np.einsum("ij,ij->i", self._terms, self._terms)

    def best_two(self) -> list[int]:
        """The two phrases whose removal together leaves least; none where there are too many to compare."""
        n = len(self._values)
        if not 2 <= n <= MAX_PAIRED:
            return []
        shared = self._terms @ self._whole
        squared = 1 - 2 * (shared[:, None] + shared) + self._squares[:, None] + self._squares
        squared += 2 * self._terms @ self._terms.T
        left = _scaled(self._whole @ self._against - self._values[:, None] - self._values, squared)
        np.fill_diagonal(left, np.inf)
        return [int(row) for row in divmod(int(np.argmin(left)), n)]

    def greedy(self, n_most: int) -> list[int]:
        """Phrases in the order in which each next one leaves least."""
        rest, chosen = self._whole.copy(), list[int]()
        for _ in range(min(n_most, len(self._values))):
            squared = rest @ rest - 2 * (self._terms @ rest) + self._squares
            left = _scaled(rest @ self._against - self._values, squared)
            left[chosen] = np.inf
            chosen.append(int(np.argmin(left)))
            rest -= self._terms[chosen[-1]]
        return chosen


def _scaled(products: NDArray[np.float64], squared: NDArray[np.float64]) -> NDArray[np.float64]:
    """Products over lengths; 0 where nothing is left."""
    lengths = np.sqrt(np.maximum(squared, 0))
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > LEAST_LENGTH)
