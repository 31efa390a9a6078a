"""One score beside another: of another product, without a product of the history, in other circumstances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recsys.errors import InputError
from recsys.explanations.decompose import Contribution, Explanation
from recsys.explanations.explainer import Explainable
from recsys.progress import Progress, silent
from recsys.ranking.rank import ScoredRequest
from recsys.settings import COMPONENTS, RankingSettings


@dataclass(frozen=True, slots=True)
class DifferencePart:
    """What one part adds to either product; `value` is the first minus the second."""

    example: Contribution
    first: float
    second: float

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
        return tuple(part for part in self.parts if part.example.component == component)


def difference(first: Explanation, second: Explanation) -> ExplanationDifference:
    """Compare two products by explanations of one request; the baseline is the same for both and falls out.

    Parts of the same name are set against each other: a circumstance, an attribute, a word, what is learnt of either
    product itself. Phrases are set against 0 unless both products have the very same words.

    Raises InputError: the two are not of the same request, so that their parts are on different scales
    """
    requests = [(each.user_id, each.words, each.weights, each.context, set(each.ablated)) for each in (first, second)]
    if abs(first.baseline - second.baseline) > 1e-9 or requests[0] != requests[1]:
        raise InputError("the two explanations answer different requests; explain both under the same settings")
    sums: dict[tuple[str, str], list[float]] = {}
    examples: dict[tuple[str, str], Contribution] = {}
    for side, explanation in enumerate((first, second)):
        for part in explanation.contributions:
            is_phrase = part.component == "semantic"
            key = part.component, " ".join(part.label.casefold().split()) if is_phrase else part.label
            sums.setdefault(key, [0.0, 0.0])[side] += part.value
            examples.setdefault(key, part)
    parts = [DifferencePart(examples[key], *both) for key, both in sums.items()]
    parts.sort(key=lambda part: (COMPONENTS.index(part.example.component), -abs(part.value)))
    components = {name: first.components[name] - second.components[name] for name in COMPONENTS}
    return ExplanationDifference(first.score - second.score, components, tuple(parts))


MAX_PRODUCTS = 30
"""Most products of a history that are left out in turn, the latest ones."""


@dataclass(frozen=True, slots=True)
class HistoryEffect:
    """The effect of one product of the history: score with it minus score without it.

    `components`: the same beside the average product; they sum to `value`
    `rank_without`: rank by score without it, None where the explained product cannot be listed
    """

    item_id: str
    value: float
    components: Mapping[str, float]
    rank_without: int | None


def history_attribution(
    model: Explainable,
    scored: ScoredRequest,
    item_id: str,
    settings: RankingSettings,
    history: Sequence[str],
    progress: Progress = silent,
) -> tuple[HistoryEffect, ...]:
    """Leave out each product of a history in turn, with what the shopper wrote of it; largest effect first.

    In content and semantic the shopper's profile is made anew, exactly. What the shop knows of each product stays, and
    so do the products' vectors in the collaborative model, where the shopper's vector alone is learnt again
    (`recsys.scorers.fold_in`), so that share is an estimate. Effects of several products do not add up to the score.

    `history`: ids of products that the shopper had, latest first; the first MAX_PRODUCTS are left out
    """
    row, explainer = model.item_row(item_id), model.explainer
    whole = explainer.components_of(scored, row, settings.fusion)
    effects = []
    products = [had for had in dict.fromkeys(history) if had != item_id][:MAX_PRODUCTS]
    for done, had in enumerate(products):
        progress("leaving out products of the history", done, len(products))
        ablated = model.ablate(scored, (*scored.ablated, f"h:{had}"))
        after = explainer.components_of(ablated, row, settings.fusion)
        shares = {name: whole[name] - after[name] for name in COMPONENTS}
        rank = explainer.rank_position(ablated, row, settings).rank_by_score
        effects.append(HistoryEffect(had, sum(shares.values()), shares, rank))
    progress("leaving out products of the history", len(products), len(products))
    return tuple(sorted(effects, key=lambda effect: -abs(effect.value)))


@dataclass(frozen=True, slots=True)
class MovedProduct:
    """One product on either list of a shopper in two circumstances; its rank is None where it is not listed.

    `circumstances`: what each adds to the difference of the scores, beside the average product; they sum to it. The
    region of a new shopper stands for the home that the collaborative model would know, and counts both ways
    """

    item_id: str
    title: str
    rank_first: int | None
    rank_second: int | None
    score_first: float
    score_second: float
    circumstances: Mapping[str, float]

    @property
    def reason(self) -> str:
        """The circumstance that moved the score most; "" where none did."""
        name = max(self.circumstances, key=lambda each: abs(self.circumstances[each]), default="")
        return name if name and abs(self.circumstances[name]) > 1e-9 else ""


def compare_contexts(
    model: Explainable, first: ScoredRequest, second: ScoredRequest, settings: RankingSettings
) -> tuple[MovedProduct, ...]:
    """Every product on either list of one shopper and words, in the order of the second list and then of the first."""
    explainer, fusion, both = model.explainer, settings.fusion, (first, second)
    lists = [model.rank(request, settings).items for request in both]
    ranks = [{item.item_id: item.rank for item in items} for items in lists]
    titles = {item.item_id: item.title for items in reversed(lists) for item in items}
    shares = [explainer.circumstances(request, fusion) for request in both]
    moved = []
    for item_id, title in titles.items():
        row = model.item_row(item_id)
        parts = [{name: float(share[name][row]) for name in share} for share in shares]
        changes = {name: parts[1].get(name, 0.0) - parts[0].get(name, 0.0) for name in (parts[0] | parts[1])}
        before, after = (explainer.components_of(request, row, fusion) for request in both)
        # A new shopper's region is all that the other components read of the circumstances.
        if others := sum(after[name] - before[name] for name in COMPONENTS if name != "context"):
            changes["region"] = changes.get("region", 0.0) + others
        score_first, score_second = (explainer.score_of(request, row, fusion) for request in both)
        moved.append(
            MovedProduct(
                item_id, title, ranks[0].get(item_id), ranks[1].get(item_id), score_first, score_second, changes
            )
        )
    return tuple(moved)
