"""The same shopper in two circumstances: what moved between the lists, and which circumstance moved it."""

from collections.abc import Mapping
from dataclasses import dataclass

from recsys.explanations.explainer import Explainable
from recsys.ranking.results import ScoredRequest
from recsys.settings import COMPONENTS, RankingSettings


@dataclass(frozen=True, slots=True)
class MovedProduct:
    """One product on either list.

    Parameters
    ----------
    rank_first, rank_second : on the lists, None where it is not listed
    score_first, score_second : under either circumstances
    circumstances : what each circumstance does to the difference of the scores, beside the average product; they sum
        to it. The region of a new shopper stands for the home that the collaborative model would know, and counts both
        ways
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


def compare_moments(
    model: Explainable, first: ScoredRequest, second: ScoredRequest, settings: RankingSettings
) -> tuple[MovedProduct, ...]:
    """Every product on either list, in the order of the second list and then of the first.

    Parameters
    ----------
    first, second : the same shopper and words, scored in two circumstances
    """
    lists = [model.rank(request, settings).items for request in (first, second)]
    ranks = [{item.item_id: item.rank for item in items} for items in lists]
    titles = {item.item_id: item.title for items in lists for item in items}
    shares = [model.explainer.circumstances(request, settings.fusion) for request in (first, second)]
    names = list(dict.fromkeys(name for share in shares for name in share))
    moved = []
    for item_id in dict.fromkeys(item.item_id for items in reversed(lists) for item in items):
        row = model.item_row(item_id)
        parts = [{name: float(share[name][row]) if name in share else 0.0 for name in names} for share in shares]
        differences = {name: parts[1][name] - parts[0][name] for name in names}
        others = _outside_context(model, first, second, row, settings)
        if others:
            differences["region"] = differences.get("region", 0.0) + others
        moved.append(
            MovedProduct(
                item_id,
                titles[item_id],
                ranks[0].get(item_id),
                ranks[1].get(item_id),
                model.explainer.score_of(first, row, settings.fusion),
                model.explainer.score_of(second, row, settings.fusion),
                differences,
            )
        )
    return tuple(moved)


def _outside_context(
    model: Explainable, first: ScoredRequest, second: ScoredRequest, row: int, settings: RankingSettings
) -> float:
    """What the circumstances do through the other components: a new shopper's region is all that those read."""
    before, after = (model.explainer.components_of(request, row, settings.fusion) for request in (first, second))
    return sum(after[name] - before[name] for name in COMPONENTS if name != "context")
