"""The leak check of every evaluation: is anything held out in the training data or inside the fitted models?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import NEVER, Dataset
from recsys.data.splitting import HeldOut
from recsys.errors import LeakError
from recsys.evaluation.protocols.hold_out import SplitName
from recsys.scorers.base import Scorer
from recsys.scorers.collaborative import CollaborativeScorer
from recsys.scorers.content import ContentScorer
from recsys.scorers.context import ContextScorer
from recsys.scorers.item_links import ItemLinksScorer
from recsys.scorers.lightfm import LightFMScorer
from recsys.scorers.semantic import SemanticScorer
from recsys.text.phrasebook import REVIEW


@dataclass(frozen=True, slots=True)
class LeakReport:
    """How much was checked without finding a leak.

    Parameters
    ----------
    n_pairs : held-out pairs of shopper and product
    n_reviews : reviews that must not be in any profile: those of these pairs, with a split by time all at or after the
        cut, and of rewound shoppers all that they wrote after their moment
    n_phrases : phrases of reviews in product profiles, all of which were checked
    n_later : acts of rewound shoppers after their moment; none may be known
    n_new : acts with products that are taken for new; none may be known
    n_copies : reviews that say what a held-out one says; none may be read
    """

    n_pairs: int
    n_reviews: int
    n_phrases: int
    n_later: int = 0
    n_new: int = 0
    n_copies: int = 0

    def in_words(self) -> str:
        """One sentence for the protocol."""
        later = f", none of the {self.n_later:,} things that these shoppers did later" if self.n_later else ""
        later += f", none of the {self.n_new:,} things that anybody did with the new products" if self.n_new else ""
        copies = f" and none of {self.n_copies:,} copies of them" if self.n_copies else ""
        return (
            f"Leak check: none of {self.n_pairs:,} held-out pairs{later} and none of {self.n_reviews:,} reviews about "
            f"them{copies} is in the training data, in a shopper's history or among the {self.n_phrases:,} review "
            "phrases of the profiles."
        )

    @classmethod
    def together(cls, reports: "Sequence[LeakReport]") -> "LeakReport":
        """Add up the reports of several sets of models, each for a part of the shoppers."""
        names = tuple(each.name for each in fields(cls))
        return cls(*(sum(getattr(each, name) for each in reports) for name in names))


def check_leaks(
    data: Dataset,
    train: Dataset,
    held_out: HeldOut,
    split: SplitName,
    scorers: Mapping[str, Scorer],
    rewound: bool = False,
    new_rows: NDArray[np.int64] | None = None,
) -> LeakReport:
    """Search training data and fitted scorers for what is held out; raises LeakError at the first finding.

    Parameters
    ----------
    data : everything
    train : what the scorers were fitted on
    rewound : whether nothing may be known of what these shoppers did after their held-out act either
    new_rows : products of which no interaction and no review may be known, whosever; None where there are none
    """
    reviews, pairs = data.reviews, data.pair_keys(held_out.user_rows, held_out.item_rows)
    cut = int(held_out.moments_s.min()) if split == "temporal" and len(held_out) else None
    # With a cut, a look or a click before it is no secret.
    tables = {"reviews": train.reviews} if split == "temporal" else {"reviews": train.reviews, "events": train.events}
    for name, table in tables.items():
        are_held_out = np.isin(data.pair_keys(table["user_row"], table["item_row"]), pairs)
        _require_none(are_held_out, "held-out pairs have {} " + name + " in the training data")
    if cut is not None and train.known_until_s >= cut:
        raise LeakError("the training data reaches past the moment that it is asked about")
    hidden = np.isin(data.pair_keys(reviews["user_row"], reviews["item_row"]), pairs)
    if cut is not None:
        hidden |= reviews["time_s"].to_numpy() >= cut
    n_later = n_new = 0
    if rewound:
        moments = np.full(data.n_users, NEVER)
        moments[held_out.user_rows] = held_out.moments_s
        for name, table in tables.items():
            later = "{} " + name + " of shoppers who were put back to an earlier moment are later than that"
            _require_none(_later(table, moments), later)
        n_later = int(_later(reviews, moments).sum() + _later(data.events, moments).sum())
        hidden |= _later(reviews, moments)
    if new_rows is not None:
        for name in ("reviews", "events", "impressions"):
            is_new = np.isin(getattr(train, name)["item_row"], new_rows)
            _require_none(is_new, "{} " + name + " of products that are taken for new are in the training data")
        new_reviews = np.isin(reviews["item_row"], new_rows)
        n_new = int(new_reviews.sum() + np.isin(data.events["item_row"], new_rows).sum())
        hidden |= new_reviews
    ids = reviews["review_id"].to_numpy()[hidden]
    copies, n_phrases = _copies(data.knowing_copies(), train, held_out), 0
    for name, scorer in scorers.items():
        if isinstance(scorer, SemanticScorer):
            sources = scorer.documents[scorer.kinds == REVIEW]
            n_phrases = len(sources)
            for what, those in (("held-out reviews", ids), ("copies of held-out reviews", copies)):
                _require_none(np.isin(sources, those), f"{{}} phrases of {what} are in the product profiles of {name}")
        users, items = _likes(scorer)
        is_known = np.isin(pairs, data.pair_keys(users, items))
        _require_none(is_known, f"{{}} held-out pairs are in the shoppers' histories of {name}")
        if new_rows is not None:
            chosen = scorer.rows if isinstance(scorer, ContextScorer) else items
            known = f"{{}} products that are taken for new are among those that {name} knows choices of"
            _require_none(np.isin(new_rows, chosen), known)
        if cut is not None and isinstance(scorer, ContextScorer) and scorer.times_s.max(initial=0) >= cut:
            raise LeakError("the trend counts what happened at or after the moment asked about")
    return LeakReport(len(held_out), len(ids), n_phrases, n_later, n_new, len(copies))


def _require_none(found: NDArray[np.bool_], complaint: str) -> None:
    if n := int(np.count_nonzero(found)):
        raise LeakError(complaint.format(f"{n:,}"))


def _copies(data: Dataset, train: Dataset, held_out: HeldOut) -> NDArray[np.int64]:
    """Ids of the copies of held-out reviews; raises LeakError where training data holds one."""
    assert data.copies is not None
    originals = data.reviews_of(held_out.user_rows, held_out.item_rows)
    again, copies = data.copies.of(originals, by_the_author=True), data.copies.of(originals)
    known, is_read = train.reviews["review_id"], (train.reviews["text"] != "").to_numpy()
    leaked = np.isin(known, again) | (np.isin(known, copies) & is_read)
    _require_none(leaked, "{} copies of held-out reviews are in the training data")
    return copies


def _likes(scorer: Scorer) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Shopper and product rows of the choices that a scorer's histories hold; empty where it keeps none."""
    if isinstance(scorer, CollaborativeScorer):
        users, items = zip(*(_likes(engine) for engine in scorer.engines.values()), strict=True)
        return np.concatenate(users), np.concatenate(items)
    if isinstance(scorer, LightFMScorer):
        return np.repeat(np.arange(len(scorer.like_starts) - 1), np.diff(scorer.like_starts)), scorer.like_rows
    if isinstance(scorer, ContentScorer | SemanticScorer | ItemLinksScorer):
        likes = scorer.likes.tocoo()
        return likes.row, likes.col
    return np.empty(0, np.int32), np.empty(0, np.int32)


def _later(table: pd.DataFrame, moments_s: NDArray[np.int64]) -> NDArray[np.bool_]:
    later: NDArray[np.bool_] = table["time_s"].to_numpy() > moments_s[table["user_row"].to_numpy()]
    return later
