"""What is held out of a shop for evaluation."""

from dataclasses import dataclass
from typing import Literal

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split, last_split, temporal_split
from recsys.errors import DataError, SettingsError
from recsys.settings import require_seed

SplitName = Literal["temporal", "last"]


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """What is held out, and how it is measured.

    Parameters
    ----------
    split : "last" holds out each shopper's last product, "temporal" everything after a moment
    min_interactions : shoppers and products with fewer positives are dropped, repeatedly
    k : metric cut-off
    seed : of ties in time, of the models and of the resampling
    """

    split: SplitName = "temporal"
    min_interactions: int = 1
    k: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.min_interactions < 1 or self.k < 1:
            raise SettingsError(f"min_interactions={self.min_interactions} and k={self.k} must both be at least 1")
        require_seed(self.seed)


def split_of(data: Dataset, settings: EvaluationSettings) -> Split:
    """Split the data; raises DataError where too little of it is left to test on."""
    try:
        split = last_split(data, seed=settings.seed) if settings.split == "last" else temporal_split(data)
    except DataError as error:
        if (n := settings.min_interactions) == 1:
            raise
        lower = f"lower --min-interactions, which left out shoppers and products with fewer than {n} positives"
        raise DataError(error.problem, file=error.file, remedy=f"{lower}, or {error.remedy}") from None
    if not len(split.test.user_rows):
        raise DataError(
            "no shopper has enough interactions to hold one out",
            file="the data folder",
            remedy="lower --min-interactions, use the other --split, or bring more data",
        )
    return split


def copies_in_words(data: Dataset) -> str:
    """Describe copied texts, as a sentence."""
    known = data.knowing_copies().copies
    assert known is not None
    return known.in_words(data.n_reviews)


def catalogue_in_words(settings: EvaluationSettings) -> str:
    """Name what is ranked, as the start of a sentence, after what was dropped.

    >>> catalogue_in_words(EvaluationSettings(min_interactions=5))
    'Shoppers and products with fewer than 5 positives were dropped first. The whole remaining catalogue'
    """
    n = settings.min_interactions
    if n == 1:
        return "The whole catalogue"
    return f"Shoppers and products with fewer than {n} positives were dropped first. The whole remaining catalogue"
