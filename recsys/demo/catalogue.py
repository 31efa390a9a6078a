"""Draw the catalogue: what the shop shows of each product, and what the product is really like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.demo.prose.compose import Mention, capitalised
from recsys.demo.prose.wording import Draws, Wording, load_banks, word_list
from recsys.demo.shop import APPLIES, ASPECTS, DAY, DEPARTMENTS, END, N_ASPECTS, OF_DEPARTMENT, SHOP, START
from recsys.demo.truth import Items, numbered
from recsys.progress import Progress, silent

_ATTEMPTS = 5


def describe(
    strengths: Sequence[str], department: str, wording: Wording, draws: Draws, written: set[str]
) -> tuple[str, tuple[Mention, ...]]:
    """Write a description that names every one of `strengths`, and return where it does.

    `written`: pitches so far, so that they repeat as little as possible; grows.
    """
    parts: list[tuple[str, str]] = [(wording.say("intro"), "")]
    parts += [(_pitch(aspect, department, wording, draws, written), aspect) for aspect in strengths]
    if draws.chance(0.25):
        parts.append((wording.say("closer"), ""))
    if len(parts) > 2 and draws.chance(0.15):
        parts[0], parts[1] = parts[1], parts[0]
    text, mentions = "", []
    for words, aspect in parts:
        text += " " if text else ""
        start = len(text)
        text += capitalised(words)
        if aspect:
            mentions.append(Mention(aspect, 1, start, len(text)))
        text += "."
    return text, tuple(mentions)


def _pitch(aspect: str, department: str, wording: Wording, draws: Draws, written: set[str]) -> str:
    bank = load_banks().aspects[aspect]
    words = ""
    for _ in range(_ATTEMPTS):
        words = wording.fill(draws.pick(bank.of("*", department)))
        if draws.chance(0.5):
            words = wording.say("pitch_lead", aspect=draws.pick(bank.names)) + " " + words
        if draws.chance(0.35):
            words += " " + wording.say("pitch_tail")
        if words not in written:
            break
    words = words.replace(" ,", ",")
    written.add(words)
    return words


@dataclass(frozen=True, slots=True)
class Brand:
    """An invented brand: tier 0 is cheap and careless, 1 middling, 2 dear and careful."""

    name: str
    tier: int


_MODELS, _SUFFIXES = word_list("model"), word_list("suffix")
COLOURS, ROASTS = word_list("colour"), word_list("roast")


def brands_of(department: str) -> list[Brand]:
    """List the brands that make products of a department."""
    names = [name for of, brands in SHOP["brands"].items() if department in of.split() for name in brands]
    return [Brand(*(name.rsplit(" ", 1)[0], int(name[-1]))) for name in names]


def new_name(brand: Brand, kind: str, draws: Draws, used: set[str]) -> tuple[str, str]:
    """Draw a model name whose title is not among those used; grows `used`."""
    attempt = 0
    while True:
        model = draws.pick(_MODELS)
        if draws.chance(0.75):
            model += f" {draws.pick(_SUFFIXES)}"
        if attempt > 20:
            model = f"{model} {attempt + int(draws.uniform() * 10 ** (attempt // 20 + 1))}"
        title = f"{brand.name} {model} {kind}"
        if title not in used:
            used.add(title)
            return model, title
        attempt += 1


_LATER_SHARE, _COLD_SHARE, _GONE_SHARE, _BURST_SHARE = 0.3, 0.04, 0.05, 0.15
_NEVER = END + 100 * 365 * DAY


@dataclass(slots=True)
class Catalogue:
    """Products as shown (`frame`, in canonical form), as they are (`hidden`), their models and described aspects."""

    frame: pd.DataFrame
    hidden: Items
    models: list[str]
    mentions: list[tuple[Mention, ...]]


def draw_catalogue(n_items: int, rng: np.random.Generator, progress: Progress = silent) -> Catalogue:
    """Draw products spread over all departments, in random order."""
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
    shown.frame.insert(0, "item_id", numbered("P", np.arange(n_items), n_items))
    shown.frame["price"] = np.maximum(np.round(prices) - 0.05, 2.95).round(2)
    shown.frame["available"] = ends > END
    return shown


def _qualities(department: np.ndarray, tier: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw qualities: middling on most aspects, superb on two, bad at one or two; dear brands a little better."""
    n_items = len(department)
    quality = rng.normal(0.12, 0.5, (n_items, N_ASPECTS)) + 0.2 * (tier[:, None] - 1)
    applies = APPLIES[department]
    order = np.argsort(np.where(applies, rng.random((n_items, N_ASPECTS)), 2.0), axis=1)
    rows = np.arange(n_items)
    for column in (0, 1):
        quality[rows, order[:, column]] = rng.uniform(1.1, 2.0, n_items)
    quality[rows, order[:, 2]] = rng.uniform(-2.0, -1.0, n_items)
    also_bad = rng.random(n_items) < 0.65 - 0.2 * (tier - 1)
    quality[rows[also_bad], order[also_bad, 3]] = rng.uniform(-1.6, -0.6, int(also_bad.sum()))
    return np.where(applies, quality, 0).astype(np.float32)


def _lifetimes(n_items: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw when products come and go: most always there, some later, a few only in the last three weeks."""
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
    names = ("title", "description", "category", "brand", "tags", "variant", "material")
    rows, models, mentions = [], [], []
    for row, brand in enumerate(made_by):
        if row % 500 == 0:
            progress("stocking the shelves", row, len(made_by))
        department = DEPARTMENTS[hidden.department[row]]
        kind, tags = draws.pick(department.kinds).split(":")
        model, title = new_name(brand, kind, draws, used)
        variant = draws.pick(ROASTS if department.key == "coffee" else COLOURS)
        material = draws.pick(department.materials)
        words = {"brand": brand.name, "model": model, "kind": _lowered(kind), "colour": variant, "material": material}
        slots: dict[str, Sequence[str]] = {name: (word,) for name, word in words.items()}
        slots["use"] = department.uses
        strengths = _strengths(hidden, row)[: 1 + draws.chance(0.35)]
        text, named = describe(strengths, department.key, Wording(draws, slots), draws, written)
        rows.append((title, text, department.label, brand.name, tags.split(","), variant, material))
        models.append(model)
        mentions.append(named)
    return Catalogue(pd.DataFrame(rows, columns=names), hidden, models, mentions)


def _strengths(hidden: Items, row: int) -> list[str]:
    quality, aspects = hidden.quality[row], OF_DEPARTMENT[hidden.department[row]]
    order = np.argsort(-quality, kind="stable")
    return [ASPECTS[aspects[column]] for column in order if quality[column] > 0.8 and aspects[column] >= 0]


def _lowered(kind: str) -> str:
    """A kind of product inside a sentence; units keep their capital."""
    return " ".join(word if len(word) == 1 else word.lower() for word in kind.split())
