"""What the recommender answers with: plain frozen records, ready for a page or for JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np
import pandas as pd

from recsys.errors import InputError
from recsys.ranking.fusion import Standardised
from recsys.scorers.base import FloatArray, IntArray, Requests
from recsys.settings import COMPONENTS, Context, FusionSettings, Hemisphere


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model answers, and what it learnt from.

    Parameters
    ----------
    learned : what came of learning the default weights, if only that nothing did; "" where it was not asked for
    hemisphere : where its shoppers live, which says what season a month is
    """

    name: str
    version: str
    trained_at: datetime
    known_until: datetime
    n_items: int
    n_users: int
    n_reviews: int
    n_events: int
    n_interactions: int
    n_phrases: int
    encoder_id: str
    data_fingerprint: str
    protocol: str
    default_weights: FusionSettings
    learned: str
    hemisphere: Hemisphere
    repairs: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Self:
        """Read a model's manifest."""
        data, learning = manifest["data"], manifest.get("learning") or {}
        counts = {
            name: data[name] for name in ("n_items", "n_users", "n_reviews", "n_events", "n_interactions", "n_phrases")
        }
        return cls(
            name=data["name"],
            version=manifest["version"],
            trained_at=datetime.fromisoformat(manifest["trained_at"]),
            known_until=datetime.fromtimestamp(data["known_until_s"], UTC),
            encoder_id=data["encoder_id"],
            data_fingerprint=data["fingerprint"],
            protocol=manifest["protocol"],
            default_weights=FusionSettings(**(learning.get("weights") or manifest["settings"]["default_weights"])),
            learned=learning.get("in_words", ""),
            hemisphere=manifest["settings"].get("hemisphere", "north"),
            repairs=tuple(data["repairs"]),
            **counts,
        )


@dataclass(frozen=True, slots=True)
class ShopSummary:
    """The shop at a glance.

    Parameters
    ----------
    rating_counts : number of reviews by stars, 1 to 5, in half stars where a rating needs them
    activity : one row a month: month (first day), reviews, events
    text_coverage : share of products with at least one review in words
    description_coverage : share of products with a description
    writer_share : share of shoppers who wrote at least one review in words
    top_categories : category, n_items, n_interactions, mean_rating (NaN without ratings), most wanted first
    """

    rating_counts: Mapping[float, int]
    activity: pd.DataFrame
    text_coverage: float
    description_coverage: float
    writer_share: float
    top_categories: pd.DataFrame

    @classmethod
    def of(cls, summary: Mapping[str, Any], info: ModelInfo) -> Self:
        """Read the summary in a model's manifest."""
        activity = pd.DataFrame(summary["activity"], columns=["month", "reviews", "events"])
        activity["month"] = pd.to_datetime(activity["month"])
        columns = ["category", "n_items", "n_interactions", "mean_rating"]
        return cls(
            rating_counts={float(stars): count for stars, count in summary["rating_counts"].items()},
            activity=activity,
            text_coverage=summary["items_with_text"] / max(info.n_items, 1),
            description_coverage=summary["items_with_description"] / max(info.n_items, 1),
            writer_share=summary["users_who_wrote"] / max(info.n_users, 1),
            top_categories=pd.DataFrame(summary["categories"], columns=columns).astype({"mean_rating": np.float64}),
        )


@dataclass(frozen=True, slots=True)
class ContextOption:
    """The values of one circumstance that can be asked about, or the reason why it cannot be ("" if it can)."""

    values: tuple[str, ...]
    unavailable: str


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRequest:
    """The catalogue scored for one request, before weights and filters.

    Parameters
    ----------
    user_id : None for a new shopper
    words : what was typed, verbatim
    requests : the request as the scorers saw it, a batch of one
    standardised : component scores on one scale
    profile : float32 of shape (n_dims,), unit length, what the shopper's words and likes mean; zeros if unknown
    owned_rows : int32, rows of the products that the shopper already has
    is_cold : the shopper has no training interaction
    notes : what a person should know about this request, in words
    struck : names of what is left out
    """

    user_id: str | None
    words: str
    context: Context
    requests: Requests
    standardised: Standardised
    profile: FloatArray
    owned_rows: IntArray
    is_cold: bool
    notes: tuple[str, ...]
    struck: tuple[str, ...] = ()


def require_someone(user_id: str | None, words: str) -> None:
    """Raise InputError unless a request names a shopper or holds words."""
    if user_id is None and not words.strip():
        raise InputError("nobody was asked about; give a shopper's id, or words that a new shopper would say")


def silences(standardised: Standardised) -> list[str]:
    """Notes on components that give every product the same score."""
    notes = []
    silent = [name for name, informative in standardised.informative().items() if not informative]
    if len(silent) == len(COMPONENTS):
        notes.append("nothing tells products apart for this shopper, so they stand in an order that means nothing")
    elif silent:
        notes.append(f"{', '.join(silent)} cannot tell products apart for this shopper, so what is left decides")
    return notes


@dataclass(frozen=True, slots=True)
class RankedItem:
    """One product on a list; `components` sum to `score`."""

    rank: int
    item_id: str
    title: str
    score: float
    components: Mapping[str, float]
    rank_before_diversity: int
    is_cold: bool


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A ranked list, and what it was asked for."""

    user_id: str | None
    weights: Mapping[str, float]
    context: Mapping[str, str]
    is_cold: bool
    notes: tuple[str, ...]
    n_candidates: int
    items: tuple[RankedItem, ...]

    def as_json(self) -> dict[str, Any]:
        """The document that `recsys recommend --json` prints."""
        return {
            "user_id": self.user_id,
            "weights": dict(self.weights),
            "context": dict(self.context),
            "is_cold": self.is_cold,
            "notes": list(self.notes),
            "n_candidates": self.n_candidates,
            "items": [
                {
                    "rank": item.rank,
                    "item_id": item.item_id,
                    "title": item.title,
                    "score": item.score,
                    "components": dict(item.components),
                    "rank_before_diversity": item.rank_before_diversity,
                    "is_cold": item.is_cold,
                }
                for item in self.items
            ],
        }

    def to_json(self) -> str:
        """`as_json` as text."""
        return json.dumps(self.as_json(), ensure_ascii=False, indent=1)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words about a product, verbatim: `text` is `document[start:end]`.

    Parameters
    ----------
    kind : "review", "description", "title" or "attributes"
    user_id : who wrote the review, None for other kinds; show a pseudonym
    rating : of the review, NaN for other kinds
    moment : of the review, None for other kinds
    value : the phrase's share of the raw semantic score
    """

    text: str
    kind: str
    item_id: str
    user_id: str | None
    rating: float
    moment: datetime | None
    value: float
    document: str
    start: int
    end: int
