"""What is held out of a shop for evaluation, and the request of each test shopper: who, when, on what device, where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Split, last_split, temporal_split
from recsys.errors import DataError, SettingsError
from recsys.progress import Progress, silent
from recsys.ranking.batch import standardised
from recsys.scorers.base import NO_ROW, FloatArray, IntArray, Requests, Scorer
from recsys.settings import CONTEXT_DIMENSIONS, Context, Hemisphere, require_seed, season_of

SplitName = Literal["temporal", "last"]


CHUNK_USERS = 256
"""Shoppers scored at a time."""


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


def batches(
    data: Dataset, train: Dataset, held_out: HeldOut, users: NDArray[np.int32], split: SplitName
) -> Iterator[tuple[int, Requests]]:
    """Yield requests of at most CHUNK_USERS shoppers, given by rows, each with the position of its first.

    `train`: what may be known
    """
    contexts = contexts_of(data, train, held_out, users, split)
    for start in range(0, len(users), CHUNK_USERS):
        chunk = slice(start, start + CHUNK_USERS)
        yield start, Requests(users[chunk], tuple(contexts[chunk]))


def standardised_scores(
    scorers: Sequence[Scorer],
    data: Dataset,
    train: Dataset,
    held_out: HeldOut,
    users: NDArray[np.int32],
    split: SplitName,
    stage: str,
    progress: Progress = silent,
) -> FloatArray:
    """Compute standardised scores, float32 of shape (n_users, n_scorers, n_items), by scorers fitted on `train`."""
    contexts = contexts_of(data, train, held_out, users, split)
    return scores_in(scorers, users, contexts, train.seen(), stage, progress)


def scores_in(
    scorers: Sequence[Scorer],
    users: NDArray[np.int32],
    contexts: Sequence[Context],
    seen: sparse.csr_array,
    stage: str,
    progress: Progress = silent,
) -> FloatArray:
    """Compute standardised scores, float32 of shape (n_users, n_scorers, n_items), of shoppers in contexts.

    `seen`: bool of shape (n_known_users, n_items), what every known shopper has.
    """
    values = np.empty((len(users), len(scorers), seen.shape[1]), np.float32)
    for start in range(0, len(users), CHUNK_USERS):
        progress(stage, start, len(users))
        chunk = slice(start, start + CHUNK_USERS)
        requests = Requests(users[chunk], tuple(contexts[chunk]))
        values[chunk] = standardised(scorers, requests, not_had(seen, users[chunk]))
    progress(stage, len(users), len(users))
    return values


def not_had(seen: sparse.csr_array, user_rows: IntArray) -> NDArray[np.bool_]:
    """What shoppers do not have, bool of shape (n_users, n_items); everything for NO_ROW."""
    found, known = np.ones((len(user_rows), seen.shape[1]), bool), np.flatnonzero(user_rows != NO_ROW)
    had = seen[user_rows[known]].tocoo()
    found[known[had.row], had.col] = False
    return found


def contexts_of(
    data: Dataset, train: Dataset, held_out: HeldOut, users: NDArray[np.int32], split: SplitName
) -> list[Context]:
    """Determine the circumstances in which each shopper is served.

    Leave-last-out: the moment, device and region of the held-out act, as a live shop would know them before it. The
    temporal split: the cut, of which only the season means something for the weeks that follow, and the region where
    the shopper acted most.
    """
    if split == "last":
        acts = pd.DataFrame(
            {"user_row": held_out.user_rows, "item_row": held_out.item_rows, "time_s": held_out.moments_s}
        )
        return circumstances(data, acts.drop_duplicates("user_row").set_index("user_row").loc[users].reset_index())
    moments = pd.Series(held_out.moments_s, index=held_out.user_rows).groupby(level=0).first().reindex(users)
    acts = train.interactions()
    acts = acts[(acts["region"] != "") & acts["user_row"].isin(users)]
    homes = acts.groupby("user_row")["region"].agg(lambda regions: regions.astype(str).mode().iloc[0]).reindex(users)
    return [
        Context(
            season=season_of(datetime.fromtimestamp(moment, UTC).month, data.hemisphere),
            region=region if isinstance(region, str) else None,
            moment=datetime.fromtimestamp(moment, UTC),
        )
        for moment, region in zip(moments, homes, strict=True)
    ]


def circumstances(data: Dataset, acts: pd.DataFrame) -> list[Context]:
    """Look up when, on which device and in which region each act was done.

    `acts`: user_row, item_row, time_s, of acts that are in the data.
    """
    key = ["user_row", "item_row", "time_s"]
    known = data.interactions().drop_duplicates(key)[[*key, "device", "region"]]
    found = acts[key].merge(known, on=key, how="left")
    return contexts_at(found["time_s"], found["device"], found["region"], data.hemisphere)


def contexts_at(times_s: pd.Series, devices: pd.Series, regions: pd.Series, hemisphere: Hemisphere) -> list[Context]:
    """Make the contexts of moments in seconds since 1970; a device or region that is "" or missing is unknown."""
    devices, regions = (each.astype(object).fillna("") for each in (devices, regions))
    return [
        Context.at(
            datetime.fromtimestamp(time_s, UTC), device=device or None, region=region or None, hemisphere=hemisphere
        )
        for time_s, device, region in zip(times_s, devices, regions, strict=True)
    ]


def contexts_of_panel(shoppers: pd.DataFrame) -> tuple[Context, ...]:
    """Read the contexts of the rows of `Panel.shoppers`; "" there is unknown."""
    stated = shoppers[list(CONTEXT_DIMENSIONS)].astype(object).to_dict("records")
    moments = pd.to_datetime(shoppers["moment_s"], unit="s", utc=True)
    return tuple(
        Context(**{str(name): value or None for name, value in each.items()}, moment=moment.to_pydatetime())
        for each, moment in zip(stated, moments, strict=True)
    )
