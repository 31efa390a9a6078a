"""What the questions in this package need of a model; `recsys.serving.recommender.Recommender` is the real one."""

from collections.abc import Sequence
from typing import Protocol

from recsys.explanations.explainer import Explainer
from recsys.explanations.records import Explanation
from recsys.ranking.results import Recommendation, ScoredRequest
from recsys.settings import RankingSettings


class Explainable(Protocol):
    """A model that ranks, explains, and scores again with something left out."""

    explainer: Explainer

    def strike(self, scored: ScoredRequest, struck: Sequence[str]) -> ScoredRequest: ...

    def rank(self, scored: ScoredRequest, settings: RankingSettings | None = None) -> Recommendation: ...

    def explain(self, scored: ScoredRequest, item_id: str, settings: RankingSettings | None = None) -> Explanation: ...

    def item_row(self, item_id: str) -> int: ...
