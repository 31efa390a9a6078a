"""The live evaluation of one role with another semantic component, all else as it was prepared."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut
from recsys.errors import SettingsError
from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.protocols.hold_out import SplitName
from recsys.evaluation.protocols.requests import batches
from recsys.panel.engine import LiveEngine
from recsys.ranking.fusion import Standardised
from recsys.scorers.semantic import SemanticScorer
from recsys.training.pairs import SEMANTIC


def require_whole(engines: Iterable[LiveEngine]) -> None:
    """Raise SettingsError where a shop is held by candidates only."""
    if not all(engine.panel.scores.is_whole for engine in engines):
        raise SettingsError(
            "the scores of all products for all test shoppers do not fit in memory, and another semantic component "
            "changes which products are candidates; raise --min-interactions"
        )


def latest(engine: LiveEngine) -> LiveEngine:
    """Only the shoppers of the last round, where there are several: one semantic component is fitted for each change.

    Nobody's clicks are kept, and `context_scorers` is the one of that round.
    """
    panel = engine.panel
    rows = np.flatnonzero(panel.rounds == panel.rounds.max())
    if len(rows) == len(panel):
        return engine
    held = panel.scores
    scores = replace(held, static=held.static[rows], context=held.context[rows], widths=held.widths[rows])
    return LiveEngine(
        replace(
            panel,
            scores=scores,
            owned=panel.owned.of(rows),
            relevant=panel.relevant.of(rows),
            baselines={name: ranked[rows] for name, ranked in panel.baselines.items()},
            profile_popularity=panel.profile_popularity[rows],
            shoppers=panel.shoppers.iloc[rows].reset_index(drop=True),
            rounds=np.zeros(len(rows), np.int32),
            context_scorers=panel.context_scorers[-1:],
            clicks=Clicks(),
        )
    )


def windows_in_words(split: str) -> str:
    """What `latest` leaves out, as a sentence for protocols; nothing where there is one round.

    >>> windows_in_words("temporal"), windows_in_words("last")
    (' In this experiment validation is the last window before the test alone.', '')
    """
    return " In this experiment validation is the last window before the test alone." if split == "temporal" else ""


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
