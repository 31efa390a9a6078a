"""What every part of the page is about: one product for one request, as it is and as it is argued about."""

from dataclasses import dataclass
from typing import Self

from pages._shared.shopper import TargetUser
from pages._shared.view import Choices
from recsys.explanations.records import Explanation, RankPosition
from recsys.ranking.results import ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import Context, RankingSettings


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationContext:
    """One product for one request, as it is and as it is argued about.

    Parameters
    ----------
    before, original : the request and its explanation as they are
    now, explanation : the same with exclusions left out and with what is added said; the same objects where nothing is
    """

    model: Recommender
    choices: Choices
    user: TargetUser
    context: Context
    settings: RankingSettings
    item_id: str
    before: ScoredRequest
    now: ScoredRequest
    explanation: Explanation
    original: Explanation

    @property
    def is_argued(self) -> bool:
        """Whether anything is left out or added."""
        return self.now is not self.before

    @property
    def supposed(self) -> str:
        """Words that were added for the sake of argument, "" for none; the shopper did not write them."""
        return self.explanation.words.removeprefix(self.original.words).strip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Score and rank of one product: what a person waits for, long before its parts are known."""

    score: float
    position: RankPosition

    @classmethod
    def of(cls, model: Recommender, request: ScoredRequest, item_id: str, settings: RankingSettings) -> Self:
        """Ask the model."""
        row, explainer = model.item_row(item_id), model.explainer
        return cls(explainer.score_of(request, row, settings.fusion), explainer.rank_position(request, row, settings))
