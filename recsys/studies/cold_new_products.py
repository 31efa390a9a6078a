"""New products, and levels of products and shoppers: every model measured, and compared with all components together.

Shoppers are those of the rewind of new products, which are ranked alone, as a page of new arrivals shows them, and in
the whole catalogue, where they compete with those that are known.

A model that is right about the one new product that everybody buys is right for all of them. So each difference is
measured over shoppers, and with each product counting once, whose interval says whether it would hold for other
products. A model is better only where both intervals leave out 0 and the p-value corrected for all models agrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.data.splitting import Role
from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.protocols.hold_out import batches, not_had
from recsys.evaluation.protocols.rewinds import Rewind, new_product_rewind
from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel, Ragged
from recsys.panel.segments import Segment
from recsys.progress import Progress, reported, silent
from recsys.ranking.rank import factor_vector
from recsys.scorers import BASELINE_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies.models import METRIC, WITHOUT_SEMANTIC, Model, label, paired_differences
from recsys.studies.workspace import ExperimentSettings, Workspace, require_all_scores
from recsys.training.weights import (
    POINTS_A_REPORT,
    TRADITIONAL,
    Subset,
    ValidationScores,
    best_point,
    gains_of_weights,
    name_of,
    ndcg_of_weights,
    simplex_grid,
)

RANKINGS: Mapping[str, str] = {"new": "among the new products", "whole": "among the whole catalogue"}

MIXES = (TRADITIONAL, WITHOUT_SEMANTIC, COMPONENTS)
"""Sets of components whose weights are chosen on validation shoppers who are asked about new products."""

KNOWN = ", weights for known products"
"""After the name of a mix: its weights are those of shoppers who are asked about any product."""

N_STEPS = 20

LEVELS: Mapping[str, str] = {"hot": "10 or more", "warm": "1 to 9", "cold": "none"}
"""Training interactions, by name: of a product those of all shoppers, of a shopper their own."""


@dataclass(frozen=True, eq=False, slots=True)
class NewProductRole:
    """Shoppers of one role who chose a new product: their pairs by name of `RANKINGS`, and `simple` models' scores.

    Those are ranks among all scores, float32 of shape (n_users, n_items), higher is better, equal in a tie.
    """

    pairs: Mapping[str, ValidationScores]
    simple: Mapping[str, FloatArray]

    @property
    def rows(self) -> NDArray[np.int32]:
        """The product that each shopper chose."""
        return self.pairs["new"].pair_items


@dataclass(frozen=True, eq=False, slots=True)
class NewModel:
    """One model on shoppers who are asked about new products: nDCG and recall of each; `weights` None if simple."""

    values: Mapping[str, UserValues]
    weights: FusionSettings | None = None


def rewind_of(workspace: Workspace, settings: ExperimentSettings) -> Rewind:
    """New products, and who chose them; raises DataError for too little data, SettingsError for too much."""
    rewind = new_product_rewind(workspace.data.core(settings.min_interactions), settings.seed)
    require_all_scores(rewind, rewind.data.n_items, "new products are ranked in two ways")
    return rewind


def new_product_roles(
    workspace: Workspace, rewind: Rewind, settings: ExperimentSettings, progress: Progress = silent
) -> tuple[NewProductRole, NewProductRole, Panel]:
    """Validation and test shoppers of `rewind_of`, and the test panel."""
    engines = workspace.engines("new_products", settings.min_interactions, settings.seed, progress)
    panels = engines[0].panel, engines[1].panel
    validation, test = (_role(each, rewind, settings.seed, progress) for each in panels)
    return validation, test, panels[1]


def _role(panel: Panel, rewind: Rewind, seed: int, progress: Progress) -> NewProductRole:
    role: Role = "validation" if panel.role == "validation" else "test"
    users = rewind.held_out(role).users()
    new, whole = (np.zeros((len(users), panel.n_items), bool) for _ in range(2))
    simple = {name: np.zeros(new.shape, np.float32) for name in BASELINE_CLASSES} if role == "test" else {}
    done = 0
    for one in rewind.rounds(role):
        progress("asking simple models about new products", done, len(users))
        rows = np.searchsorted(users, one.held_out.users())
        whole[rows] = not_had(one.train.seen(), one.held_out.users())
        new[rows[:, None], one.new_rows] = True
        done += len(rows)
        if not simple:
            continue
        for name, scorer in fit_scorers(BASELINE_CLASSES, Fitting(one.train, seed=seed)).items():
            for start, requests in batches(rewind.data, one.train, one.held_out, one.held_out.users(), "last"):
                for row, scores in zip(rows[start : start + len(requests)], scorer.score(requests), strict=True):
                    # Ranks among all scores are whole numbers, so that only scores that are equal in truth tie.
                    simple[name][row] = np.unique(scores, return_inverse=True)[1]
    progress("asking simple models about new products", len(users), len(users))
    values = panel.scores.stacked()
    chosen, pairs = np.asarray(panel.relevant.values, np.int32), np.arange(len(users), dtype=np.int32)
    eligible = {"new": new, "whole": whole}
    return NewProductRole(
        {name: ValidationScores(values, each, pairs, chosen) for name, each in eligible.items()}, simple
    )


def chosen_for_new(pairs: ValidationScores, k: int, progress: Progress = silent) -> dict[Subset, FusionSettings]:
    """For each of `MIXES`, the best weights on these shoppers by expected nDCG@k; of equal ones the most even."""
    grid = simplex_grid(len(COMPONENTS), N_STEPS)
    quality = np.empty(len(grid))
    for start in reported(progress, "choosing weights", range(0, len(grid), POINTS_A_REPORT)):
        quality[start : start + POINTS_A_REPORT] = ndcg_of_weights(pairs, grid[start : start + POINTS_A_REPORT], k)
    chosen = {}
    for names in MIXES:
        others = [column for column, name in enumerate(COMPONENTS) if name not in names]
        best = best_point(quality, grid, (grid[:, others] == 0).all(axis=1))
        chosen[names] = FusionSettings.of_factors(grid[best].tolist())
    return chosen


def models_for_new(
    role: NewProductRole,
    ranking: str,
    own: Mapping[Subset, FusionSettings],
    known: Mapping[Subset, FusionSettings],
    k: int,
    progress: Progress = silent,
) -> dict[str, NewModel]:
    """Chance, every simple model, every component alone, and the mixes of `own` and of `known` weights, by name."""
    pairs = role.pairs[ranking]
    shape = (len(pairs.values), 1, pairs.values.shape[2])
    models = {}
    for name, scores in {"random": np.zeros(shape, np.float32), **role.simple}.items():
        alone = replace(pairs, values=scores.reshape(shape))
        models[name] = NewModel(accuracy(alone, np.ones(1, np.float32), k))
    mixes = {name: FusionSettings.only(name) for name in COMPONENTS}
    mixes |= {name_of(names): fusion for names, fusion in own.items()}
    mixes |= {name_of(names) + KNOWN: known[names] for names in (TRADITIONAL, COMPONENTS)}
    for name, fusion in reported(progress, "ranking new products", mixes.items()):
        weights = factor_vector(fusion)
        models[name] = NewModel(accuracy(pairs, weights, k), fusion)
    return models


def accuracy(scores: ValidationScores, weights: FloatArray, k: int) -> dict[str, UserValues]:
    """nDCG@k and recall@k of every shopper under one mix, by name, as expected over the orders of equal products."""
    return {name: gains_of_weights(scores, weights[None], k, name)[0] for name in ("ndcg", "recall")}


def label_of(name: str) -> str:
    """A model as people read it.

    >>> label_of("random"), label_of("full" + KNOWN)
    ('Random order', 'All components, weights for known products')
    """
    mix = name.removesuffix(KNOWN)
    if mix == "random":
        return "Random order"
    return ("All but semantic" if mix == name_of(WITHOUT_SEMANTIC) else label(mix)) + name[len(mix) :]


@dataclass(frozen=True, slots=True)
class Lead:
    """nDCG of all components less that of another model, over shoppers and over products; the verdict is by both."""

    shoppers: Difference
    products: Interval
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RankingFigures:
    """By model: weights (None if simple), means over shoppers, nDCG with each product once, and the lead of "full"."""

    weights: Mapping[str, FusionSettings | None]
    ndcg: Mapping[str, Interval]
    recall: Mapping[str, Interval]
    once: Mapping[str, Interval]
    lead: Mapping[str, Lead]


def verdict_of_both(shoppers: Verdict, products: Interval) -> Verdict:
    """Better or worse where it is for the average shopper and for the average product, else unclear."""
    return shoppers if shoppers == verdict_of(products) else "unclear"


def over_products(values: UserValues, rows: NDArray[np.int32], seed: int = 0) -> Interval:
    """Mean of shoppers' values, none of them NaN, each product counting once; `rows` is what each shopper chose."""
    _, products = np.unique(rows, return_inverse=True)
    return mean_interval(np.bincount(products, values) / np.bincount(products), seed)


def compare_models(models: Mapping[str, NewModel], rows: NDArray[np.int32], seed: int = 0) -> RankingFigures:
    full = models["full"].values[METRIC]
    pairs = {name: (full, each.values[METRIC]) for name, each in models.items() if name != "full"}
    lead = {}
    for name, found in paired_differences(pairs, seed).items():
        products = over_products(changes(*pairs[name]), rows, seed)
        lead[name] = Lead(found, products, verdict_of_both(found.verdict, products))
    return RankingFigures(
        weights={name: each.weights for name, each in models.items()},
        ndcg={name: mean_interval(each.values[METRIC], seed) for name, each in models.items()},
        recall={name: mean_interval(each.values["recall"], seed) for name, each in models.items()},
        once={name: over_products(each.values[METRIC], rows, seed) for name, each in models.items()},
        lead=lead,
    )


@dataclass(frozen=True, slots=True)
class LevelScores:
    """All models on n test shoppers of one level of "products" or "shoppers"; `lead` is as `Lead` over shoppers."""

    of: str
    level: str
    n: int
    ndcg: Mapping[str, Interval]
    lead: Mapping[str, Interval]


def product_levels(panel: Panel) -> dict[str, NDArray[np.bool_]]:
    """Which products are hot, warm and cold in the training data, bool of shape (n_items,) each."""
    n = panel.popularity
    return {"hot": n >= 10, "warm": (n >= 1) & (n < 10), "cold": n < 1}


def restricted_to(engine: LiveEngine, products: NDArray[np.bool_]) -> LiveEngine:
    """The same shoppers, to whom only some products are relevant, bool of shape (n_items,)."""
    relevant = engine.panel.relevant
    inside = products[relevant.values]
    starts = np.concatenate([[0], np.cumsum(inside)])[relevant.starts].astype(np.int64)
    return LiveEngine(replace(engine.panel, relevant=Ragged(starts, relevant.values[inside])))


def by_level(engine: LiveEngine, models: Mapping[str, Model], seed: int = 0) -> list[LevelScores]:
    """Every model on each level of products, then of shoppers; levels that nobody belongs to are left out."""
    found = []
    for name, inside in product_levels(engine.panel).items():
        restricted = restricted_to(engine, inside)
        lists = {model: restricted.measured(np.array(each.lists.ranked)) for model, each in models.items()}
        found.append(_level("products", name, {model: each.values[METRIC] for model, each in lists.items()}, seed))
    for name in LEVELS:
        inside = Segment.of(activity=name).mask(engine.panel.shoppers)
        values = {model: np.where(inside, each.lists.values[METRIC], np.nan) for model, each in models.items()}
        found.append(_level("shoppers", name, values, seed))
    return [each for each in found if each.n]


def _level(of: str, name: str, values: Mapping[str, UserValues], seed: int) -> LevelScores:
    full = values["full"]
    ndcg = {model: mean_interval(each, seed) for model, each in values.items()}
    lead = {model: mean_interval(changes(full, each), seed) for model, each in values.items() if model != "full"}
    return LevelScores(of, name, int((~np.isnan(full)).sum()), ndcg, lead)
