"""Which of the new products for whom: every model on products that nobody has bought, rated or reviewed yet.

Shoppers and models are those of the replay of new products. Two rankings are looked at: of the new products alone, as a
shelf of new arrivals shows them, and of the whole catalogue, where new products stand against those that are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.data.splitting import Role
from recsys.errors import SettingsError
from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.protocols.requests import batches
from recsys.evaluation.protocols.rewinds import Rewind, new_product_rewind
from recsys.panel.panel import Panel
from recsys.progress import Progress, silent
from recsys.scorers import BASELINE_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies.ablation import label, name_of
from recsys.studies.registry import ExperimentSettings
from recsys.studies.workspace import Workspace
from recsys.training.weight_choice import TRADITIONAL
from recsys.training.weights import (
    POINTS_A_REPORT,
    ValidationScores,
    best_point,
    gains_of_weights,
    ndcg_of_weights,
    simplex_grid,
)

RANKINGS: Mapping[str, str] = {"new": "among the new products", "whole": "among the whole catalogue"}

WITHOUT_WORDS = tuple(name for name in COMPONENTS if name != "semantic")
MIXES = (TRADITIONAL, WITHOUT_WORDS, COMPONENTS)
"""Sets of components whose weights are chosen on validation shoppers who are asked about new products."""

KNOWN = ", weights for known products"
"""After the name of a mix: its weights are those of shoppers who are asked about any product."""

N_STEPS = 20


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """Shoppers of one role, by name of `RANKINGS`; and what simple models make of every product, by name.

    Parameters
    ----------
    simple : float32 of shape (n_users, n_items), higher is better, equal where the model tells nothing apart
    """

    wanted: Mapping[str, ValidationScores]
    simple: Mapping[str, FloatArray]

    @property
    def rows(self) -> NDArray[np.int32]:
        """The product that each shopper wants."""
        return self.wanted["new"].pair_items


@dataclass(frozen=True, eq=False, slots=True)
class NewModel:
    """One model on shoppers who are asked about new products.

    Parameters
    ----------
    kind : "simple", "component" or "mix"
    values : of every shopper, nDCG and recall by name
    weights : of the components, None for a simple model
    """

    name: str
    kind: str
    values: Mapping[str, UserValues]
    weights: FusionSettings | None = None


def ask(
    workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent
) -> tuple[Asked, Asked, tuple[Panel, Panel]]:
    """Validation and test shoppers, prepared or found again, and their panels.

    Raises
    ------
    DataError : too little data
    SettingsError : the scores of all products for all shoppers do not fit in memory
    """
    engines = workspace.engines("new_products", settings.min_interactions, settings.seed, progress)
    panels = engines[0].panel, engines[1].panel
    if not all(each.scores.is_whole for each in panels):
        raise SettingsError(
            "the scores of all products for all shoppers do not fit in memory; take a shop with fewer products, or "
            "raise --min-interactions"
        )
    replay = new_product_rewind(workspace.data.core(settings.min_interactions), settings.seed)
    validation, test = (_asked(each, replay, settings.seed, progress) for each in panels)
    return validation, test, panels


def _asked(panel: Panel, replay: Rewind, seed: int, progress: Progress) -> Asked:
    role: Role = "validation" if panel.role == "validation" else "test"
    users = replay.held_out(role).users()
    new, whole = (np.zeros((len(users), panel.n_items), bool) for _ in range(2))
    simple = {name: np.zeros(new.shape, np.float32) for name in BASELINE_CLASSES} if role == "test" else {}
    done = 0
    for one in replay.rounds(role):
        progress("asking simple models about new products", done, len(users))
        places = np.searchsorted(users, one.held_out.users())
        whole[places] = ~one.train.owned()[one.held_out.users()].toarray().astype(bool)
        new[places[:, None], one.new_rows] = True
        done += len(places)
        if not simple:
            continue
        for name, scorer in fit_scorers(BASELINE_CLASSES, Fitting(one.train, seed=seed)).items():
            for start, requests in batches(replay.data, one.train, one.held_out, one.held_out.users(), "last"):
                for place, row in zip(places[start : start + len(requests)], scorer.score(requests), strict=True):
                    # Places among all scores are whole numbers, so that only scores that are equal in truth tie.
                    simple[name][place] = np.unique(row, return_inverse=True)[1]
    progress("asking simple models about new products", len(users), len(users))
    values = panel.scores.stacked()
    rows, pairs = np.asarray(panel.relevant.values, np.int32), np.arange(len(users), dtype=np.int32)
    eligible = {"new": new, "whole": whole}
    return Asked({name: ValidationScores(values, each, pairs, rows) for name, each in eligible.items()}, simple)


def chosen_for_new(
    asked: ValidationScores, k: int, progress: Progress = silent
) -> dict[tuple[str, ...], FusionSettings]:
    """For each of `MIXES`, the best weights on these shoppers by expected nDCG@k; of equal ones the most even."""
    grid = simplex_grid(len(COMPONENTS), N_STEPS)
    quality = np.empty(len(grid))
    for start in range(0, len(grid), POINTS_A_REPORT):
        progress("choosing weights", start, len(grid))
        quality[start : start + POINTS_A_REPORT] = ndcg_of_weights(asked, grid[start : start + POINTS_A_REPORT], k)
    progress("choosing weights", len(grid), len(grid))
    answer = {}
    for names in MIXES:
        others = [place for place, name in enumerate(COMPONENTS) if name not in names]
        inside = (grid[:, others] == 0).all(axis=1)
        best = best_point(quality, grid, inside)
        shares = (np.rint(grid[best] * N_STEPS) / N_STEPS).tolist()
        answer[names] = FusionSettings(**dict(zip(COMPONENTS, shares, strict=True)))
    return answer


def models_for_new(
    asked: Asked,
    ranking: str,
    own: Mapping[tuple[str, ...], FusionSettings],
    known: Mapping[tuple[str, ...], FusionSettings],
    k: int,
    progress: Progress = silent,
) -> dict[str, NewModel]:
    """Chance, every simple model, every component alone, and the mixes, by name.

    Parameters
    ----------
    own : weights chosen for new products
    known : weights chosen on shoppers who are asked about any product
    """
    wanted = asked.wanted[ranking]
    one = np.ones(1, np.float32)
    shape = (len(wanted.values), 1, wanted.values.shape[2])
    simple = {"random": np.zeros(shape, np.float32)}
    simple |= {name: scores.reshape(shape) for name, scores in asked.simple.items()}
    models = {}
    for name, scores in simple.items():
        models[name] = NewModel(name, "simple", accuracy(replace(wanted, values=scores), one, k))
    mixes = {name: ("component", FusionSettings.only(name)) for name in COMPONENTS}
    mixes |= {name_of(names): ("mix", fusion) for names, fusion in own.items()}
    mixes |= {name_of(names) + KNOWN: ("mix", known[names]) for names in (TRADITIONAL, COMPONENTS)}
    for place, (name, (kind, fusion)) in enumerate(mixes.items()):
        progress("ranking new products", place, len(mixes))
        weights = np.array(list(fusion.normalised().values()), np.float32)
        models[name] = NewModel(name, kind, accuracy(wanted, weights, k), fusion)
    progress("ranking new products", len(mixes), len(mixes))
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
    said = "All but semantic" if mix == name_of(WITHOUT_WORDS) else label(mix)
    return said + name[len(mix) :]
