"""Draws shoppers with hidden tastes, a block at a time."""

import numpy as np
from numpy.typing import NDArray

from recsys.demo.aspects import ASPECTS, ROW_OF
from recsys.demo.calendar import DAY, START
from recsys.demo.departments import DEPARTMENTS, DEVICES, REGIONS
from recsys.demo.prose.voices import VOICES
from recsys.demo.world import Shoppers

N_STRONG = 14
"""Aspects that a shopper really cares about; the others count a little."""

_INTERESTS: tuple[tuple[str, str], ...] = (
    ("tents sleeping_bags backpacks stoves headlamps boots", "packability weight waterproofing"),
    ("jackets boots base_layers backpacks headlamps", "warmth fit drying"),
    ("bedding candles lamps coffee", "softness glow scent"),
    ("cookware coffee bottles stoves", "cleaning aroma handle"),
    ("garden vacuums boots bottles", "durability sharpness value"),
    ("fitness bottles speakers base_layers headlamps", "resistance battery_life smell"),
    ("vacuums lamps speakers bedding", "noise controls looks"),
)
"""Ways of life: the departments one shops in, and aspects that come with it."""

_VOICE_SHARES = (0.16, 0.2, 0.1, 0.12, 0.14, 0.1, 0.18)
_REGION_SHARES = (0.14, 0.17, 0.22, 0.2, 0.27)
_DEVICE_SHARES = (0.56, 0.32, 0.12)


def draw_shoppers(n_shoppers: int, rng: np.random.Generator) -> Shoppers:
    """Shoppers with tastes, habits and a very uneven activity."""
    lives = rng.dirichlet(np.full(len(_INTERESTS), 0.35), n_shoppers)
    activity = rng.lognormal(0.0, 1.15, n_shoppers) * np.where(rng.random(n_shoppers) < 0.12, 0.02, 1.0)
    joined = START + (rng.beta(0.7, 1.6, n_shoppers) * 700 * DAY).astype(np.int64)
    return Shoppers(
        taste=_tastes(lives, rng),
        affinity=_affinities(lives, rng),
        thrift=rng.gamma(2.0, 0.15, n_shoppers).astype(np.float16),
        leniency=rng.normal(0.0, 0.3, n_shoppers).astype(np.float16),
        region=rng.choice(len(REGIONS), n_shoppers, p=_REGION_SHARES).astype(np.int8),
        device=rng.choice(len(DEVICES), n_shoppers, p=_DEVICE_SHARES).astype(np.int8),
        voice=rng.choice(len(VOICES), n_shoppers, p=_VOICE_SHARES).astype(np.int8),
        activity=activity.astype(np.float32),
        joined=joined,
    )


def _tastes(lives: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float16]:
    """A few strong tastes at random, more of them where the way of life suggests it."""
    suggested = np.zeros((len(_INTERESTS), len(ASPECTS)))
    for row, (_, aspects) in enumerate(_INTERESTS):
        suggested[row, [ROW_OF[name] for name in aspects.split()]] = 2.5
    urge = rng.gumbel(size=(len(lives), len(ASPECTS))) + lives @ suggested
    strong = np.argpartition(-urge, N_STRONG, axis=1)[:, :N_STRONG]
    taste = rng.uniform(0.04, 0.16, (len(lives), len(ASPECTS)))
    np.put_along_axis(taste, strong, rng.uniform(0.6, 1.4, strong.shape), axis=1)
    return taste.astype(np.float16)


def _affinities(lives: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float16]:
    columns = {department.key: column for column, department in enumerate(DEPARTMENTS)}
    drawn_to = np.zeros((len(_INTERESTS), len(DEPARTMENTS)))
    for row, (departments, _) in enumerate(_INTERESTS):
        drawn_to[row, [columns[name] for name in departments.split()]] = 2.6
    affinity = lives @ drawn_to + rng.normal(0.0, 0.5, (len(lives), len(DEPARTMENTS)))
    return np.asarray(affinity - affinity.mean(axis=1, keepdims=True), dtype=np.float16)
