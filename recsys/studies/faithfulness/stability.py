"""Whether an explanation says the same when the model is trained again with another seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.significance import Interval
from recsys.explanations.records import Explanation
from recsys.progress import Progress, silent
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, RankingSettings
from recsys.studies.faithfulness.measures import Sampled

N_TOP = 10


@dataclass(frozen=True, slots=True)
class Stability:
    """Agreement of two models that differ in the seed, over the same shoppers and products.

    Parameters
    ----------
    tau : Kendall's tau-b of all contributions, and of those of the collaborative component alone, the only one in which
        chance enters
    same_top : share of the N_TOP largest contributions that both models name; `chance_top` what chance would give
    still_listed : share of the explained products that the other model lists, too
    """

    tau: Interval
    tau_collaborative: Interval
    same_top: Interval
    chance_top: Interval
    still_listed: Interval

    def as_json(self) -> dict[str, Any]:
        """The entry of `recsys experiment faithfulness --json`."""
        return {name: getattr(self, name).as_json() for name in Stability.__slots__}


def stability(
    first: Recommender, second: Recommender, sampled: list[Sampled], seed: int = 0, progress: Progress = silent
) -> Stability:
    """Explain the same recommendations with two models and compare what they say.

    Parameters
    ----------
    first : the model that the sample was drawn with
    second : trained on the same data with another seed
    """
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
    collaborative = [place for place, (component, _, _) in enumerate(names) if component == COMPONENTS[0]]
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
