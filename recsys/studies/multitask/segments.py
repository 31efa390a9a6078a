"""Does it pay to learn weights for hot, warm and cold shoppers apart, against one set learned in the same way?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from recsys.artifacts.tables import ACTIVITIES
from recsys.evaluation.statistics.paired import Difference, differences
from recsys.evaluation.statistics.significance import Verdict
from recsys.panel.segments import KNOWLEDGE, Segment
from recsys.studies.format import mix_in_words, told
from recsys.studies.multitask.models import WEIGHTS_ALONE, Model, Shop, moved
from recsys.studies.result import Cell, Table, interval_cells, interval_columns
from recsys.training.multitask import MultitaskSettings
from recsys.training.pairs import Pairs

PULLS = (0.0003, 0.003, 0.03)
"""Strengths with which segments are held to what they have in common; the best on validation is told."""

WITH_MAP = "map and weights per segment"
EVERYONE = "everyone"
_EFFECT: Mapping[Verdict, str] = {"better": "pay", "worse": "cost", "unclear": "are not shown to pay"}


def asked_about(shops: Sequence[Shop]) -> list[str]:
    """The segments that any shopper of these roles belongs to."""
    found = {name for shop in shops for name in shop.engine.panel.shoppers["activity"]}
    return [name for name in ACTIVITIES if name in found]


def variants_by_segment(base: MultitaskSettings) -> dict[str, MultitaskSettings]:
    """Weights alone under every pull, and weights with a map, by name."""
    apart = replace(base, segments=True)
    return {
        **{_name(pull): replace(apart, head=False, segment_pull=pull) for pull in PULLS},
        WITH_MAP: apart,
    }


def _name(pull: float) -> str:
    return f"weights per segment, pull {pull:g}"


@dataclass(frozen=True, eq=False, slots=True)
class Apart:
    """A model with weights per segment, against the one with one set of weights, on test shoppers.

    Parameters
    ----------
    n_pairs : pairs that the weights on validation were learned from, by segment and for `EVERYONE`
    n_users : test shoppers, by the same names; segments that nobody asked about belongs to are left out
    changes : of nDCG, by the same names as `n_users`
    """

    model: Model
    n_pairs: Mapping[str, int]
    n_users: Mapping[str, int]
    changes: Mapping[str, Difference]

    @classmethod
    def of(cls, model: Model, one: Model, pairs: Pairs, test: Shop) -> Self:
        """Compare two models on everybody and within each segment."""
        panel = test.engine.panel
        groups = {name: Segment.of(activity=name).mask(panel.shoppers) for name in ACTIVITIES}
        groups = {name: inside for name, inside in groups.items() if inside.any()}
        groups[EVERYONE] = np.ones(len(panel), bool)
        counts = dict(zip(ACTIVITIES, np.bincount(pairs.segments(), minlength=len(ACTIVITIES)).tolist(), strict=True))
        changes = {
            name: differences(model.test.of(each), one.test.of(each), panel.facts.of(each), test.asked.seed)["ndcg"]
            for name, each in groups.items()
        }
        n_users = {name: int(inside.sum()) for name, inside in groups.items()}
        return cls(model, {**counts, EVERYONE: len(pairs)}, n_users, changes)


def compared(models: Mapping[str, Model], validation: Shop, test: Shop) -> list[Apart]:
    """Weights alone, under the pull that is best on validation, and weights with a map."""
    tried = [models[_name(pull)] for pull in PULLS]
    best = max(moved(tried) or tried, key=lambda each: each.validation.values["ndcg"].mean())
    pairs = ((best, models[WEIGHTS_ALONE]), (models[WITH_MAP], models["lambda 0"]))
    return [Apart.of(own, one, validation.pairs, test) for own, one in pairs]


def segments_table(found: Sequence[Apart], k: int) -> Table:
    """Weights and worth of each segment."""
    rows = []
    for each in found:
        for name, n_users in each.n_users.items():
            change = each.changes[name]
            weights = each.model.fusion if name == EVERYONE else each.model.by_segment[name]
            row: dict[str, Cell] = {"model": each.model.name, "shoppers": name, "n": n_users}
            row |= {"n_pairs": each.n_pairs[name], "weights": mix_in_words(weights)}
            rows.append({**row, "one": change.old, "own": change.new, **interval_cells("change", change.change)})
    return Table(
        "segments",
        "Weights of their own for hot, warm and cold shoppers, against one set learned in the same way",
        {
            "model": "Model",
            "shoppers": "Shoppers",
            "n": "How many, test",
            "n_pairs": "Pairs learned from, validation",
            "weights": "Weights, validation",
            "one": f"nDCG@{k}, one set of weights",
            "own": f"nDCG@{k}, weights per segment",
            **interval_columns("change", "Change"),
        },
        tuple(rows),
        f"The weights of {EVERYONE} are what the segments have in common. Intervals are not corrected for how many "
        "there are: one of several may leave out 0 by luck. "
        + "; ".join(f"{name}: {KNOWLEDGE[name]}" for name in ACTIVITIES),
    )


def said_of_segments(found: Sequence[Apart], asked: Sequence[str]) -> tuple[str, ...]:
    """Whether weights per segment pay, and where, as far as the intervals carry it."""
    if not found:
        return (f"All shoppers asked about are {asked[0]}, so there are no segments to learn weights for.",)
    said = []
    for each, what in zip(found, ("Weights", "With a map learned too, weights"), strict=True):
        whose = f"{what} of their own for {_listed(asked)} shoppers ({each.model.name})"
        if not each.model.epochs:
            said.append(f"{whose} stay as today's: the objective itself found nothing better.")
            continue
        everyone = each.changes[EVERYONE]
        within = "; ".join(f"{name} {told(change.change)}" for name, change in each.changes.items() if name != EVERYONE)
        said.append(
            f"{whose} change nDCG on test by {told(everyone.change)} against one set learned in the same way: they "
            f"{_EFFECT[everyone.verdict]}. By segment: {within}."
        )
    if unseen := [name for name in asked if not found[0].n_pairs[name]]:
        said.append(f"No pair to learn from has a {_listed(unseen)} shopper; these have the weights in common.")
    return tuple(said)


def segments_figures(found: Sequence[Apart]) -> list[dict[str, Any]]:
    """As JSON holds them."""
    return [
        {
            "model": each.model.name,
            "weights": {name: fusion.normalised() for name, fusion in each.model.by_segment.items()},
            "changes": {name: change.change.as_json() for name, change in each.changes.items()},
        }
        for each in found
    ]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
