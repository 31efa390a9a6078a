"""Draws the catalogue: what the shop shows of each product, and what the product is really like."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.demo.aspects import APPLIES, ASPECTS, OF_DEPARTMENT
from recsys.demo.calendar import DAY, END, START
from recsys.demo.departments import DEPARTMENTS, N_ASPECTS
from recsys.demo.names import COLOURS, ROASTS, Brand, brands_of, new_name
from recsys.demo.prose.describe import describe
from recsys.demo.prose.pieces import Mention
from recsys.demo.prose.words import Draws, Wording
from recsys.demo.world import Items
from recsys.progress import Progress, silent

_LATER_SHARE, _COLD_SHARE, _GONE_SHARE, _BURST_SHARE = 0.3, 0.04, 0.05, 0.15
_NEVER = END + 100 * 365 * DAY


@dataclass(slots=True)
class Catalogue:
    """Products as the shop shows them (`frame`, in canonical form), as they are (`hidden`), and as people call them."""

    frame: pd.DataFrame
    hidden: Items
    models: list[str]
    mentions: list[tuple[Mention, ...]]


def draw_catalogue(n_items: int, rng: np.random.Generator, progress: Progress = silent) -> Catalogue:
    """Products spread over all departments, in random order."""
    department = rng.permutation(np.arange(n_items) % len(DEPARTMENTS)).astype(np.int16)
    draws = Draws(rng)
    brands = [brands_of(one.key) for one in DEPARTMENTS]
    made_by = [draws.pick(brands[row]) for row in department]
    tier = np.array([brand.tier for brand in made_by])
    quality = _qualities(department, tier, rng)
    dearness = rng.normal(0.55 * (tier - 1), 0.8)
    prices = np.array([one.price for one in DEPARTMENTS])[department] * np.exp(0.42 * dearness)
    launch, ends = _lifetimes(n_items, rng)
    hidden = Items(
        department=department,
        quality=quality,
        base=(rng.normal(0.0, 0.7, n_items) + 0.25 * quality.mean(axis=1)).astype(np.float32),
        dearness=dearness.astype(np.float32),
        launch=launch,
        ends=ends,
        burst_at=rng.integers(START, END, n_items),
        burst_height=np.where(rng.random(n_items) < _BURST_SHARE, rng.uniform(1.0, 2.2, n_items), 0).astype(np.float32),
    )
    shown = _shown(hidden, made_by, draws, progress)
    width = max(5, len(str(n_items)))
    shown.frame.insert(0, "item_id", [f"P{row + 1:0{width}d}" for row in range(n_items)])
    shown.frame["price"] = np.maximum(np.round(prices) - 0.05, 2.95).round(2)
    shown.frame["available"] = ends > END
    return shown


def _qualities(department: np.ndarray, tier: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Middling on most aspects, superb on two, bad at one or two; dear brands a little better throughout."""
    n_items = len(department)
    quality = rng.normal(0.12, 0.5, (n_items, N_ASPECTS)) + 0.2 * (tier[:, None] - 1)
    applies = APPLIES[department]
    order = np.argsort(np.where(applies, rng.random((n_items, N_ASPECTS)), 2.0), axis=1)
    rows = np.arange(n_items)
    for place in (0, 1):
        quality[rows, order[:, place]] = rng.uniform(1.1, 2.0, n_items)
    quality[rows, order[:, 2]] = rng.uniform(-2.0, -1.0, n_items)
    also_bad = rng.random(n_items) < 0.65 - 0.2 * (tier - 1)
    quality[rows[also_bad], order[also_bad, 3]] = rng.uniform(-1.6, -0.6, int(also_bad.sum()))
    return np.where(applies, quality, 0).astype(np.float32)


def _lifetimes(n_items: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """When products come and go: most were always there, some come later, a few only in the last three weeks."""
    drawn = rng.random(n_items)
    launch = np.full(n_items, START)
    later = drawn < _LATER_SHARE
    launch[later] += (rng.random(int(later.sum())) * 690 * DAY).astype(np.int64)
    cold = drawn > 1 - _COLD_SHARE
    launch[cold] = END - (rng.random(int(cold.sum())) ** 2 * 20 * DAY).astype(np.int64)
    gone = ~cold & (rng.random(n_items) < _GONE_SHARE)
    ends = np.full(n_items, _NEVER)
    ends[gone] = np.maximum(launch[gone] + 20 * DAY, END - (rng.random(int(gone.sum())) * 300 * DAY).astype(np.int64))
    ends[gone] = np.minimum(ends[gone], END - DAY)
    return launch, ends


def _shown(hidden: Items, made_by: list[Brand], draws: Draws, progress: Progress) -> Catalogue:
    used: set[str] = set()
    written: set[str] = set()
    columns: dict[str, list[object]] = {
        name: [] for name in ("title", "description", "category", "brand", "tags", "variant", "material")
    }
    models, mentions = [], []
    for row, brand in enumerate(made_by):
        if row % 500 == 0:
            progress("stocking the shelves", row, len(made_by))
        department = DEPARTMENTS[hidden.department[row]]
        kind, tags = draws.pick(department.kinds).split(":")
        model, title = new_name(brand, kind, draws, used)
        variant = draws.pick(ROASTS if department.key == "coffee" else COLOURS)
        material = draws.pick(department.materials)
        slots = {
            "brand": (brand.name,),
            "model": (f"{model}",),
            "kind": (_lowered(kind),),
            "use": department.uses,
            "colour": (variant,),
            "material": (material,),
        }
        strengths = _strengths(hidden, row)[: 1 + draws.chance(0.35)]
        text, named = describe(strengths, department.key, Wording(draws, slots), draws, written)
        facts = (title, text, department.label, brand.name, tags.split(","), variant, material)
        for name, fact in zip(columns, facts, strict=True):
            columns[name].append(fact)
        models.append(model)
        mentions.append(named)
    return Catalogue(pd.DataFrame(columns), hidden, models, mentions)


def _strengths(hidden: Items, row: int) -> list[str]:
    places = np.argsort(-hidden.quality[row], kind="stable")
    aspects = OF_DEPARTMENT[hidden.department[row]]
    return [ASPECTS[aspects[place]] for place in places if hidden.quality[row, place] > 0.8 and aspects[place] >= 0]


def _lowered(kind: str) -> str:
    """A kind of product inside a sentence; units keep their capital."""
    return " ".join(word if len(word) == 1 else word.lower() for word in kind.split())
