"""Many different settings to compare."""

import numpy as np

from recsys.panel.segments import AS_IT_WAS, EvaluationConfig, Scenario
from recsys.settings import DAYPARTS, SEASONS, Filters, FusionSettings, RankingSettings

ALL = Filters(only_available=False)


def setting(
    name: str = "A", *weights: float, diversity: float = 0.0, n: int = 10, filters: Filters = ALL
) -> EvaluationConfig:
    """A setting of the whole catalogue."""
    return EvaluationConfig(name, RankingSettings(FusionSettings(*weights), filters, n, diversity))


def two_settings(seed: int, categories: tuple[str, ...]) -> tuple[EvaluationConfig, EvaluationConfig]:
    """Two settings at one list length; each other choice is made at random."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 15))
    return _one("A", rng, n, categories), _one("B", rng, n, categories)


def _one(name: str, rng: np.random.Generator, n: int, categories: tuple[str, ...]) -> EvaluationConfig:
    weights = rng.dirichlet([0.6] * 4).round(2) + 0.01
    filters = Filters(
        only_available=bool(rng.random() < 0.3),
        categories=frozenset(rng.choice(categories, 5, replace=False).tolist()) if rng.random() < 0.2 else frozenset(),
    )
    diversity = float(rng.random().__round__(2)) if rng.random() < 0.5 else 0.0
    scenario = AS_IT_WAS
    if rng.random() < 0.4:
        scenario = Scenario.of(season=str(rng.choice(SEASONS)), daypart=str(rng.choice(DAYPARTS)))
    settings = RankingSettings(
        FusionSettings(*weights.tolist()), filters, n, diversity, rng.choice(["mmr", "dpp", "msd"])
    )
    return EvaluationConfig(name, settings, scenario)
