"""Whether explanations sum to the score and quote verbatim, and whether they stay the same with another seed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.significance import Interval
from recsys.explanations.records import Explanation
from recsys.progress import Progress, silent
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, FusionSettings, RankingSettings
from recsys.studies.faithfulness.measures import SampledItem

N_TOP = 10


@dataclass(frozen=True, slots=True)
class Exactness:
    """Largest gap between the sum of the parts and the score, over random explanations, in units of the score.

    Parameters
    ----------
    residual : of baseline and components against the score
    component_residual : of the contributions against their component
    side_residual : of the shopper's phrases against the semantic component
    n_quotes, n_verbatim : phrases quoted from reviews, and how many of them are text[start:end] of that review
    """

    n: int
    residual: float
    component_residual: float
    side_residual: float
    n_quotes: int
    n_verbatim: int


@dataclass(frozen=True, slots=True)
class Stability:
    """Agreement of two models that differ in the seed, over the same shoppers and products.

    Parameters
    ----------
    tau : Kendall's tau-b of all contributions; `tau_collaborative` of the only component in which chance enters
    same_top : share of the N_TOP largest contributions that both models name; `chance_top` what chance would give
    still_listed : share of the explained products that the other model lists, too
    """

    tau: Interval
    tau_collaborative: Interval
    same_top: Interval
    chance_top: Interval
    still_listed: Interval


def stability(
    first: Recommender,
    second: Recommender,
    sampled: list[SampledItem],
    seed: int = 0,
    progress: Progress = silent,
) -> Stability:
    """Explain recommendations of `first` with `second`, too, which was trained with another seed, and compare."""
    settings = RankingSettings(first.info.default_weights)
    rows = []
    for done, one in enumerate(sampled):
        progress("explaining with another seed", done, len(sampled))
        again = second.scores(one.scored.user_id)
        here = first.explain(one.scored, one.item_id, settings)
        there = second.explain(again, one.item_id, settings)
        rows.append([*_agreement(here, there), float(there.position.rank is not None)])
    progress("explaining with another seed", len(sampled), len(sampled))
    columns = np.array(rows, np.float64).reshape(-1, 5).T
    return Stability(*(mean_interval(column, seed) for column in columns))


def _agreement(here: Explanation, there: Explanation) -> tuple[float, float, float, float]:
    from scipy.stats import kendalltau

    values = [_by_name(explanation) for explanation in (here, there)]
    names = sorted(set(values[0]) | set(values[1]))
    table = np.array([[value.get(name, 0.0) for name in names] for value in values])
    collaborative = [column for column, (component, _, _) in enumerate(names) if component == COMPONENTS[0]]
    taus = [
        float(kendalltau(table[0, chosen], table[1, chosen]).statistic) if len(chosen) > 1 else float("nan")
        for chosen in (list(range(len(names))), collaborative)
    ]
    n_top = min(N_TOP, len(names))
    tops = [set(np.argsort(-np.abs(row), kind="stable")[:n_top].tolist()) for row in table]
    return taus[0], taus[1], len(tops[0] & tops[1]) / n_top, n_top / len(names)


def _by_name(explanation: Explanation) -> Mapping[tuple[str, str, str], float]:
    return {
        (part.component, str(part.source.get("strike", "")), str(part.source.get("with", ""))): part.value
        for part in explanation.contributions
    }


def exactness(
    model: Recommender, texts: Mapping[int, str], n: int, seed: int = 0, progress: Progress = silent
) -> Exactness:
    """Explain random products to random shoppers under random weights and circumstances, and sum the parts.

    Quotes are compared with `texts`, those of the data's reviews by review_id.
    """
    rng = np.random.default_rng(seed)
    users = model.users["user_id"].to_numpy(object)
    items = model.items["item_id"].to_numpy(object)
    options = {name: option.values for name, option in model.context_options().items() if option.values}
    worst = np.zeros(3)
    n_quotes = n_verbatim = 0
    for done in range(n):
        progress("summing parts of random explanations", done, n)
        circumstances = {name: str(rng.choice(values)) for name, values in options.items() if rng.random() < 0.5}
        weights = rng.dirichlet(np.ones(len(COMPONENTS))) * (rng.random(len(COMPONENTS)) < 0.9)
        fusion = FusionSettings(*weights.tolist()) if weights.any() else FusionSettings()
        scored = model.scores(str(rng.choice(users)), context=Context(**circumstances))  # type: ignore[arg-type]
        found = model.explain(scored, str(rng.choice(items)), RankingSettings(fusion))
        gaps = [abs(sum(part.value for part in found.of(name)) - found.components[name]) for name in COMPONENTS]
        phrases = [part.value for part in found.shopper_phrases]
        side = abs(sum(phrases) - found.components["semantic"]) if phrases else 0.0
        worst = np.maximum(worst, [abs(found.residual), max(gaps), side])
        for source in (part.source for part in found.of("semantic") if part.source["kind"] == "review"):
            written = texts[int(source["strike"].split(".")[0][1:])]
            n_quotes += 1
            n_verbatim += written[source["start"] : source["end"]] == source["text"]
    progress("summing parts of random explanations", n, n)
    residual, component, side = worst.tolist()
    return Exactness(n, residual, component, side, n_quotes, n_verbatim)
