"""Whether the phrases that explanations name are those that the score rests on; and whether explanations are exact.

Phrases of one side are taken away and the score is worked out again from what is left, lengths too. Figures are means
over `SHARES` q of the phrases, at least one each (AOPC), in the unit of the final score:

    comprehensiveness = score - score without the q phrases that speak most for the product   (higher is better)
    sufficiency       = score - score with nothing but these phrases                          (lower is better)
    tau               = Kendall's tau-b of contributions and leave-one-out effects            (higher is better)

The control takes as many phrases at random, or ranks them at random. After DeYoung et al. (2020), ERASER, ACL, and on
AOPC Samek et al. (2017), IEEE TNNLS 28(11).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.errors import InputError
from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.significance import Interval
from recsys.explanations.counterfactual import SideName
from recsys.explanations.decompose import Explanation, scales
from recsys.progress import Progress, reported, silent
from recsys.ranking.rank import ScoredRequest
from recsys.scorers.phrase_weights import PhraseSum
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, FusionSettings, RankingSettings

SHARES = (0.01, 0.05, 0.10, 0.20, 0.50)
MIN_PHRASES = 10
"""Products or shoppers with fewer phrases are skipped: half of three phrases is no finding."""

N_RANDOM = 10
N_TOP = 10
MEASURES = ("comprehensiveness", "sufficiency", "tau")

Floats = NDArray[np.float64]
SIDES: tuple[SideName, ...] = ("product", "shopper")


@dataclass(frozen=True, slots=True)
class SampledItem:
    scored: ScoredRequest
    item_id: str


@dataclass(frozen=True, slots=True)
class ControlledMeasure:
    """One measure over the sample, its control on the same recommendations, and value less control, paired."""

    value: Interval
    control: Interval
    difference: Interval


@dataclass(frozen=True, slots=True)
class SideReport:
    n: int
    n_skipped: int
    measures: Mapping[str, ControlledMeasure]


def sample_recommendations(model: Recommender, n: int, seed: int = 0, progress: Progress = silent) -> list[SampledItem]:
    """One product each, at a random rank of a list of 10, of shoppers drawn from those who liked something.

    Raises InputError where nobody in the model liked anything.
    """
    rng = np.random.default_rng(seed)
    known = model.users.loc[model.users["n_interactions"] > 0, "user_id"].to_numpy(object)
    if not len(known):
        raise InputError("no shopper of this model liked anything, so there is no recommendation to test")
    chosen = rng.permutation(known)[:n].tolist()
    sampled = []
    for user_id in reported(progress, "scoring a sample of shoppers", chosen):
        scored = model.scores(user_id)
        listed = model.rank(scored, RankingSettings(model.info.default_weights, n=10)).items
        if listed:
            sampled.append(SampledItem(scored, listed[int(rng.integers(len(listed)))].item_id))
    return sampled


def faithfulness(
    model: Recommender, sampled: list[SampledItem], side: SideName, seed: int = 0, progress: Progress = silent
) -> SideReport:
    """Measure the phrases of one side over a sample of recommendations."""
    rng = np.random.default_rng(seed)
    rows: list[list[float]] = []
    for one in reported(progress, f"taking away phrases of the {side}", sampled):
        measured = faithfulness_of(model, one.scored, one.item_id, model.info.default_weights, side, rng)
        if measured is not None:
            rows.append([*measured[0].values(), *measured[1].values()])
    columns = np.array(rows, np.float64).reshape(-1, 2 * len(MEASURES)).T
    measures = {}
    for name, value, control in zip(MEASURES, columns[: len(MEASURES)], columns[len(MEASURES) :], strict=True):
        intervals = (mean_interval(each, seed) for each in (value, control, changes(value, control)))
        measures[name] = ControlledMeasure(*intervals)
    return SideReport(len(rows), len(sampled) - len(rows), measures)


def faithfulness_of(
    model: Recommender,
    scored: ScoredRequest,
    item_id: str,
    fusion: FusionSettings,
    side: SideName,
    rng: np.random.Generator,
) -> tuple[dict[str, float], dict[str, float]] | None:
    """The measures of one recommendation and those of the control; None with fewer than MIN_PHRASES phrases."""
    shopper, product = model.explainer.sides(scored, model.item_row(item_id))
    mine, other = (product, shopper) if side == "product" else (shopper, product)
    worth = scales(scored.standardised, fusion)["semantic"]
    if len(mine) < MIN_PHRASES or not worth or not other.profile.any():
        return None
    ablated = AblatedScore(mine, other.against, worth)
    effects = ablated.whole - ablated.without_each()
    ordered = np.argsort(-ablated.values, kind="stable")
    found = ablated.measures(ordered, ablated.values, effects)
    random = [rng.permutation(len(mine)) for _ in range(N_RANDOM)]
    by_chance = [ablated.measures(order, ablated.values[order], effects) for order in random]
    return found, {name: float(np.mean([each[name] for each in by_chance])) for name in MEASURES}


class AblatedScore:
    """A score from which phrases are taken away: sums and lengths follow from what is left."""

    def __init__(self, side: PhraseSum, against: NDArray[np.float32], worth: float) -> None:
        self._terms = (side.coefficients[:, None] * side.vectors).astype(np.float64)
        self._against, self._worth = against.astype(np.float64), worth
        self._total = self._terms.sum(axis=0)
        self.values = worth * (self._terms @ self._against)
        self.whole = self._score(self._total[None])[0]

    def _score(self, sums: Floats) -> Floats:
        lengths = np.linalg.norm(sums, axis=1)
        scores = np.divide(sums @ self._against, lengths, out=np.zeros(len(sums)), where=lengths > 1e-9)
        return np.asarray(self._worth * scores)

    def without_each(self) -> Floats:
        return self._score(self._total - self._terms)

    def _leading(self, order: NDArray[np.int64]) -> Floats:
        """Sums of the first phrases of an order, one row for each of SHARES."""
        sizes = [max(1, round(share * len(order))) for share in SHARES]
        return np.stack([self._terms[order[:size]].sum(axis=0) for size in sizes])

    def comprehensiveness(self, order: NDArray[np.int64]) -> float:
        return float(np.mean(self.whole - self._score(self._total - self._leading(order))))

    def sufficiency(self, order: NDArray[np.int64]) -> float:
        return float(np.mean(self.whole - self._score(self._leading(order))))

    def measures(self, order: NDArray[np.int64], ranking: Floats, effects: Floats) -> dict[str, float]:
        """All of `MEASURES` for one order of the phrases; tau is that of a ranking with the effects of each phrase."""
        from scipy.stats import kendalltau

        tau = float(kendalltau(ranking, effects).statistic)
        values = self.comprehensiveness(order), self.sufficiency(order), tau
        return dict(zip(MEASURES, values, strict=True))


@dataclass(frozen=True, slots=True)
class Exactness:
    """Largest gap between the sum of the parts and the whole, over random explanations, in units of the score.

    Parts are baseline and components, the contributions of a component, and the shopper's phrases of the semantic one.
    Of the phrases quoted from reviews, `n_verbatim` are text[start:end] of that review.
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

    `tau` is Kendall's tau-b of all contributions, `tau_collaborative` of the only component in which chance enters;
    `same_top` the share of the N_TOP largest contributions that both models name, `chance_top` what chance would give;
    `still_listed` the share of the explained products that the other model lists, too.
    """

    tau: Interval
    tau_collaborative: Interval
    same_top: Interval
    chance_top: Interval
    still_listed: Interval


def stability(
    first: Recommender, second: Recommender, sampled: list[SampledItem], seed: int = 0, progress: Progress = silent
) -> Stability:
    """Explain recommendations of `first` with `second`, too, which was trained with another seed, and compare."""
    settings = RankingSettings(first.info.default_weights)
    rows = []
    for one in reported(progress, "explaining with another seed", sampled):
        again = second.scores(one.scored.user_id)
        here = first.explain(one.scored, one.item_id, settings)
        there = second.explain(again, one.item_id, settings)
        rows.append([*_agreement(here, there), float(there.position.rank is not None)])
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

    `texts` of reviews, by review_id, are what quotes are compared with.
    """
    rng = np.random.default_rng(seed)
    users = model.users["user_id"].to_numpy(object)
    items = model.items["item_id"].to_numpy(object)
    options = {name: option.values for name, option in model.context_options().items() if option.values}
    worst = np.zeros(3)
    n_quotes = n_verbatim = 0
    for _ in reported(progress, "summing parts of random explanations", range(n)):
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
    residual, component, side = worst.tolist()
    return Exactness(n, residual, component, side, n_quotes, n_verbatim)
