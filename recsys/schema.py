"""The schema of the canonical data folder, for reader, validator and writer."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

UserId: TypeAlias = str
ItemId: TypeAlias = str


class Kind(StrEnum):
    """What the cells of a column hold."""

    ID = "id"
    """Text that names a shopper or a product: `00123` stays `00123`."""
    TEXT = "text"
    """Prose of any length, verbatim."""
    WORD = "word"
    """One of few repeated words, such as a device."""
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXTS = "list of texts"
    TIME = "UTC time"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one file.

    Parameters
    ----------
    required : the file is refused without it
    default : the value of cells without one in an optional column; None means NaN for numbers
    low, high : bounds of a number, both allowed unless `low_excluded`
    blank_allowed : a required column may have cells without a value
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    default: str | float | bool | tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None
    low_excluded: bool = False
    blank_allowed: bool = True

    def range_in_words(self) -> str:
        """Describe the allowed numbers: "from 1 to 5", "above 0, at most 1", "of at least 0"."""
        if self.low is not None and self.high is not None:
            between = f"above {self.low:g}, at most" if self.low_excluded else f"from {self.low:g} to"
            return f"{between} {self.high:g}"
        return f"of at least {self.low:g}" if self.low is not None else "of any size"


@dataclass(frozen=True, slots=True)
class FileSchema:
    """One file of the folder, by its short name such as "reviews".

    `keeps_others`: columns that are not declared are read as further attributes; elsewhere they are left unread.
    """

    table: str
    columns: tuple[Column, ...]
    keeps_others: bool = False

    @property
    def file(self) -> str:
        """Name in the folder."""
        return f"{self.table}.parquet"

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the declared columns."""
        return tuple(column.name for column in self.columns)


def _required(name: str, kind: Kind, meaning: str, **more: float | bool) -> Column:
    return Column(name, kind, meaning, required=True, blank_allowed=False, **more)  # type: ignore[arg-type]


_USER = _required("user_id", Kind.ID, "the shopper")
_ITEM = _required("item_id", Kind.ID, "the product, as in items.parquet")
_TIME = _required("timestamp", Kind.TIME, "when it happened")
_DEVICE = Column("device", Kind.WORD, "what the shopper used, such as mobile", default="")
_REGION = Column("region", Kind.WORD, "where the shopper was", default="")

ITEMS = FileSchema(
    "items",
    (
        _required("item_id", Kind.ID, "the product; one row each"),
        Column("title", Kind.TEXT, "name as shown", required=True, default=""),
        Column("description", Kind.TEXT, "what the shop says about it", default=""),
        Column("category", Kind.TEXT, "the one group it belongs to", default=""),
        Column("brand", Kind.TEXT, "who makes it", default=""),
        Column("price", Kind.NUMBER, "in the shop's currency", low=0),
        Column("tags", Kind.TEXTS, "short labels", default=()),
        Column("image_url", Kind.TEXT, "address of a picture", default=""),
        Column("available", Kind.BOOLEAN, "can be bought now", default=True),
    ),
    keeps_others=True,
)

REVIEWS = FileSchema(
    "reviews",
    (
        _USER,
        _ITEM,
        _required("rating", Kind.NUMBER, "stars", low=1, high=5),
        _TIME,
        Column("text", Kind.TEXT, "what was written, verbatim", required=True, default=""),
        Column("title", Kind.TEXT, "headline of the review", default=""),
        Column("helpful_yes", Kind.NUMBER, "votes that found it helpful", default=0.0, low=0),
        Column("helpful_total", Kind.NUMBER, "votes in all", default=0.0, low=0),
        Column("verified", Kind.BOOLEAN, "the purchase was verified", default=False),
        _DEVICE,
        _REGION,
    ),
)

EVENTS = FileSchema(
    "events",
    (
        _USER,
        _ITEM,
        _required("event", Kind.WORD, "what was done: purchase, recommend, wishlist, cart, click, view"),
        _TIME,
        _DEVICE,
        _REGION,
        Column("weight", Kind.NUMBER, "multiplies the strength of the event", default=1.0, low=0),
    ),
)

IMPRESSIONS = FileSchema(
    "impressions",
    (
        _TIME,
        _ITEM,
        _required("click", Kind.BOOLEAN, "the product was clicked"),
        _required(
            "propensity_score",
            Kind.NUMBER,
            "probability with which the policy showed this product here",
            low=0,
            high=1,
            low_excluded=True,
        ),
        Column("user_id", Kind.ID, "the shopper, if known", default=""),
        Column("position", Kind.NUMBER, "place on the page; -1 where unknown", default=-1.0, low=-1, high=32_767),
        _DEVICE,
        _REGION,
        Column("policy", Kind.WORD, "which policy chose", default=""),
    ),
)

FILES = (ITEMS, REVIEWS, EVENTS, IMPRESSIONS)
"""Every file of a data folder; items first, since the others refer to it."""

SCHEMAS = {schema.table: schema for schema in FILES}
