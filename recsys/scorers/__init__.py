"""Components and baselines under one contract (`recsys.scorers.base`)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from recsys.progress import Progress, silent
from recsys.scorers.base import Fitting, Scorer
from recsys.scorers.baselines import PopularityScorer, RecentPopularityScorer
from recsys.scorers.collaborative import CollaborativeScorer
from recsys.scorers.content import ContentScorer
from recsys.scorers.context import ContextScorer
from recsys.scorers.item_links import EASEScorer, ItemKNNScorer
from recsys.scorers.semantic import SemanticScorer

COMPONENT_CLASSES: dict[str, type[Scorer]] = {
    scorer.name: scorer for scorer in (CollaborativeScorer, ContentScorer, SemanticScorer, ContextScorer)
}
"""The four components, in the order of `settings.COMPONENTS`."""

BASELINE_CLASSES: dict[str, type[Scorer]] = {
    scorer.name: scorer for scorer in (PopularityScorer, RecentPopularityScorer, ItemKNNScorer, EASEScorer)
}
"""Simple models that anything better has to beat."""

AS_THEY_ARE: Mapping[str, Any] = MappingProxyType({})
"""Settings of no scorer: each has its defaults."""


def fit_scorers(
    classes: Mapping[str, Callable[..., Scorer]],
    fitting: Fitting,
    progress: Progress = silent,
    settings: Mapping[str, Any] = AS_THEY_ARE,
) -> dict[str, Scorer]:
    """Fit scorers on the same data; by name.

    `settings`: of some of the scorers, by name, as validation chose them; others have their defaults.
    """
    return {name: new_scorer(kind, name, settings).fit(fitting, progress) for name, kind in classes.items()}


def new_scorer(kind: Callable[..., Scorer], name: str, settings: Mapping[str, Any]) -> Scorer:
    """One scorer, not yet fitted, with its settings or else its defaults."""
    return kind(settings[name]) if name in settings else kind()
