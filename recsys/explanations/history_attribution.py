"""History attribution: what each product that a shopper had does to one score, by leaving it out.

The shopper is seen as if they had never had the product nor written of it: in content and semantic the shopper's
profile is made anew without it, exactly. What the shop knows stays: what is said of each product, also by this shopper,
how wanted it is lately, and the products' vectors in the collaborative model, where the shopper's vector alone is
learnt again (`recsys.scorers.fold_in`), so that share is an estimate. Effects of several products do not add up to the
score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recsys.explanations.explainer import Explainable
from recsys.progress import Progress, silent
from recsys.ranking.results import ScoredRequest
from recsys.settings import COMPONENTS, RankingSettings

MAX_PRODUCTS = 30
"""So many products of a history are left out in turn, the latest ones."""


@dataclass(frozen=True, slots=True)
class HistoryEffect:
    """What one product of the history does.

    Parameters
    ----------
    value : score with it minus score without it
    components : the same by component, beside the average product; they sum to `value`
    rank_without : rank by score without it, None where the explained product cannot be listed
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
    """Leave out each product of a history in turn; largest effect first.

    Parameters
    ----------
    history : ids of products that the shopper had, latest first; the first MAX_PRODUCTS are left out
    """
    row, explainer = model.item_row(item_id), model.explainer
    whole = explainer.components_of(scored, row, settings.fusion)
    effects = []
    products = [had for had in dict.fromkeys(history) if had != item_id][:MAX_PRODUCTS]
    for done, had in enumerate(products):
        progress("leaving out products of the history", done, len(products))
        left = model.ablate(scored, (*scored.struck, f"h:{had}"))
        after = explainer.components_of(left, row, settings.fusion)
        shares = {name: whole[name] - after[name] for name in COMPONENTS}
        rank = explainer.rank_position(left, row, settings).rank_by_score
        effects.append(HistoryEffect(had, sum(shares.values()), shares, rank))
    progress("leaving out products of the history", len(products), len(products))
    return tuple(sorted(effects, key=lambda effect: -abs(effect.value)))
