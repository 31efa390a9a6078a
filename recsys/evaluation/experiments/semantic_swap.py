"""The live evaluation of one role with another semantic component, all else as it was prepared."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut
from recsys.errors import SettingsError
from recsys.evaluation.asking import SplitName, batches
from recsys.evaluation.live.engine import LiveEngine
from recsys.fusion import Standardised
from recsys.scorers.semantic import SemanticScorer
from recsys.training.left_out import SEMANTIC


def require_whole(engines: Iterable[LiveEngine]) -> None:
    """Raise SettingsError where a shop is held by candidates only."""
    if not all(engine.panel.scores.is_whole for engine in engines):
        raise SettingsError(
            "the scores of all products for all test shoppers do not fit in memory, and another semantic component "
            "changes which products are candidates; raise --min-interactions"
        )


def with_semantic(
    engine: LiveEngine, semantic: SemanticScorer, data: Dataset, train: Dataset, held_out: HeldOut, split: SplitName
) -> LiveEngine:
    """The shoppers of an engine, scored anew by a fitted semantic component.

    Parameters
    ----------
    data, train, held_out : everything, what may be known, and what is asked about, as when the engine was prepared
    """
    panel = engine.panel
    static = np.array(panel.scores.static)
    for start, requests in batches(data, train, held_out, held_out.users(), split):
        for place, raw in enumerate(semantic.score(requests)):
            static[start + place, SEMANTIC] = Standardised.of(raw[None]).values[0]
    return LiveEngine(replace(panel, scores=replace(panel.scores, static=static)))
