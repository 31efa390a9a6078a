"""Weights tuned for an engine: what every study that puts another component in place gives it, so that all are fair."""

from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.progress import Progress, silent
from recsys.settings import FusionSettings
from recsys.training.pairs import SEMANTIC
from recsys.tuning.weight_map import weight_map


def tuned(engine: LiveEngine, k: int, progress: Progress = silent, *, without_semantic: bool = False) -> FusionSettings:
    """The mix of the weight map that is best by nDCG, of all or of those without the semantic component."""
    found = weight_map(engine, k, WHOLE_CATALOGUE, metrics=(), progress=progress)
    among = found.cells.steps[:, SEMANTIC] == 0 if without_semantic else None
    return found.settings(found.best("ndcg", among=among))
