"""What every question is asked about: one product for one request, as it is and as it is argued about."""

from dataclasses import dataclass

from pages._shared.shopper import TargetUser
from pages._shared.view import Choices
from recsys.explanations.records import Explanation
from recsys.ranking.results import ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import Context, RankingSettings


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationContext:
    """One product for one request, as it is and as it is argued about.

    Parameters
    ----------
    before, original : the request and its explanation as they are
    now, explanation : the same with what is struck left out and what is added said; the same objects where nothing is
    """

    model: Recommender
    model_id: str
    choices: Choices
    asker: TargetUser
    context: Context
    settings: RankingSettings
    item_id: str
    before: ScoredRequest
    now: ScoredRequest
    explanation: Explanation
    original: Explanation

    @property
    def is_argued(self) -> bool:
        """Whether anything is struck or added."""
        return self.now is not self.before

    @property
    def supposed(self) -> str:
        """Words that were added for the sake of argument, "" for none; the shopper did not write them."""
        return self.explanation.words.removeprefix(self.original.words).strip()
