"""What the recommender answers with: frozen records for a page or for JSON, and lists as CSV for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np
import pandas as pd

from recsys.scorers.base import NO_ROW, Requests
from recsys.settings import FusionSettings, Hemisphere
from recsys.text.unread import Unread, in_words

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model answers, and what it learnt from.

    `engine`, `engine_in_brief`, `engine_in_words`: of the collaborative component, its name, and why it is that.
    `learned`: what came of learning the default weights, if only that nothing did; "" where it was not asked for.
    `reads`: the languages that the encoder reads, in words; "" for a model of an earlier version.
    `unread`: how much is in languages that the encoder does not read, with the remedy; "" for next to nothing.
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
    engine: str
    engine_in_brief: str
    engine_in_words: str
    learned: str
    hemisphere: Hemisphere
    repairs: tuple[str, ...]
    reads: str
    unread: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Self:
        """Read a model's manifest."""
        data, learning, chosen = manifest["data"], manifest.get("learning") or {}, manifest["chosen"]
        same = ("name", "n_items", "n_users", "n_reviews", "n_events", "n_interactions", "n_phrases", "encoder_id")
        return cls(
            version=manifest["version"],
            trained_at=datetime.fromisoformat(manifest["trained_at"]),
            known_until=datetime.fromtimestamp(data["known_until_s"], UTC),
            data_fingerprint=data["fingerprint"],
            protocol=manifest["protocol"],
            default_weights=FusionSettings(**(learning.get("weights") or chosen["weights"])),
            engine=chosen["engine"]["label"],
            engine_in_brief=chosen["engine"].get("in_brief", ""),
            engine_in_words=chosen["engine"]["in_words"],
            learned=learning.get("in_words", ""),
            hemisphere=manifest["settings"].get("hemisphere", "north"),
            repairs=tuple(data["repairs"]),
            reads=in_words(data["reads"]) if "reads" in data else "",
            unread=Unread.from_json(data.get("unread", {})).in_words(),
            **{name: data[name] for name in same},
        )


def cold_note(requests: Requests, has_products: bool, has_written: bool) -> str:
    """What the list of a shopper rests on who is known to like no product, as a note; `requests` is a batch of one."""
    words, who = requests.words[0], "new" if requests.user_rows[0] == NO_ROW else "cold"
    lacks = "no product they are known to like" if has_products else "no purchases or reviews to learn from"
    rests = ["what they wrote"] if has_written else []
    if words is not None and len(words.vectors):
        rests.insert(0, "these words")
    rests.append("what shoppers in general choose")
    return f"{who} shopper: {lacks}, so the list rests on {', '.join(rests)} and circumstances"


@dataclass(frozen=True, slots=True)
class ShopSummary:
    """The shop at a glance.

    Parameters
    ----------
    rating_counts : number of reviews by stars, 1 to 5, in half stars where a rating needs them
    activity : one row a month: month (first day), reviews, events
    text_coverage, description_coverage : shares of products with at least one review in words, with a description
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


def spreadsheet_safe(value: object) -> object:
    """The value, with text that a spreadsheet would run as a formula made plain by a leading apostrophe.

    Numbers stay numbers. Text is looked at past leading blanks and invisible marks, because some programs skip them.

    >>> spreadsheet_safe("=1+1"), spreadsheet_safe(-2.5), spreadsheet_safe("tent")
    ("'=1+1", -2.5, 'tent')
    """
    if not isinstance(value, str):
        return value
    seen = value.lstrip(" \n\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
    return f"'{value}" if seen.startswith(_FORMULA_STARTS) else value


def to_csv(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    """CSV text (RFC 4180: CRLF, quotes doubled) of the named columns; missing values are empty cells.

    Starts with a byte order mark, without which common spreadsheets misread accents.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([spreadsheet_safe(name) for name in columns])
    for row in rows:
        writer.writerow(["" if row.get(name) is None else spreadsheet_safe(row[name]) for name in columns])
    return "\ufeff" + out.getvalue()
