"""The data of one shop in memory; only here ids meet row numbers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from recsys.data import assembly
from recsys.data.assembly import fingerprint
from recsys.data.copies import Copies, find_copies
from recsys.data.reading import Repair, RepairLog, read_frames
from recsys.data.validation import validate
from recsys.errors import SettingsError, UnknownItemError, UnknownUserError
from recsys.progress import Progress, silent
from recsys.schema import ItemId, UserId
from recsys.settings import Hemisphere

NEVER = np.iinfo(np.int64).max
"""A moment that is never reached, in seconds since 1970."""

_SECONDS_A_DAY = 86_400

Table = TypeVar("Table")


def _once(make: Callable[["Dataset"], Table]) -> Callable[["Dataset"], Table]:
    """Cache what a method without arguments returns with its data set."""
    name = f"_{make.__name__}"

    @wraps(make)
    def cached(self: "Dataset") -> Table:
        if name not in self.__dict__:
            self.__dict__[name] = make(self)
        answer: Table = self.__dict__[name]
        return answer

    return cached


@dataclass(frozen=True, eq=False)
class Dataset:
    """Products, shoppers and what happened between them, by row number. Treat every table as read-only.

    Row r of `items` is the product `item_ids[r]`, in an order drawn by the ids (`validation.in_drawn_order`); a
    shopper's row is the position of the id in `user_ids`. Subsets have the same row numbers unless they say otherwise.
    Text columns are pandas `str`; event, device, region and policy are categories (unused ones removed, "" where
    unknown), which compare like text.

    Parameters
    ----------
    items : one row a product: item_id, title, description, category, brand (text, "" where unknown), price (float64,
        NaN where unknown), tags (tuple of texts), image_url, available (bool), and any further attribute of the file
    reviews : review_id int32 (kept by every subset), user_row and item_row int32, rating float32, time_s int64
        (seconds since 1970 in UTC), text, title, helpful_yes and helpful_total float32, verified bool, device, region
    events : user_row, item_row int32, event, time_s int64, weight float32 (the file's weight times the strength of
        the event), device, region
    impressions : time_s int64, item_row, user_row int32 (-1 where unknown), click bool, propensity float64, position
        int16 (-1 where unknown), device, region, policy
    repairs : what was repaired while reading
    hemisphere : where its shoppers live, which sets the season of a month
    copies : reviews that repeat another one, by review_id; None before `knowing_copies`

    >>> items = pd.DataFrame({"item_id": ["tent", "stove"], "title": ["Ridge tent", "Gas stove"]})
    >>> acts = {"user_id": ["ann"], "item_id": ["tent"], "event": ["purchase"]}
    >>> events = pd.DataFrame({**acts, "timestamp": [pd.Timestamp("2024-03-01", tz="UTC")]})
    >>> data = Dataset.from_frames(items, events=events)
    >>> data.n_users, data.n_items, len(data.positives())
    (1, 2, 1)
    """

    name: str
    items: pd.DataFrame
    item_ids: pd.Index
    user_ids: pd.Index
    reviews: pd.DataFrame
    events: pd.DataFrame
    impressions: pd.DataFrame
    repairs: tuple[Repair, ...] = ()
    hemisphere: Hemisphere = "north"
    copies: Copies | None = None

    @classmethod
    def read(
        cls,
        folder: Path | str,
        progress: Progress = silent,
        now: datetime | None = None,
        hemisphere: Hemisphere = "north",
    ) -> "Dataset":
        """Read and check a canonical data folder.

        `now`: times more than a day after this are refused; None means the clock.
        `hemisphere`: where the shoppers live, which the files do not say.
        Raises DataError: the folder breaks the canonical form; the message says where and what to do.
        """
        folder, log = Path(folder), RepairLog()
        frames = read_frames(folder, log, progress)
        progress("checking data")
        return replace(cls._assemble(frames, log, now, name=folder.resolve().name), hemisphere=hemisphere)

    @classmethod
    def from_frames(
        cls,
        items: pd.DataFrame,
        reviews: pd.DataFrame | None = None,
        events: pd.DataFrame | None = None,
        impressions: pd.DataFrame | None = None,
        *,
        now: datetime | None = None,
        name: str = "data",
    ) -> "Dataset":
        """Check tables in memory, with the columns of the files; errors as for `read`."""
        frames = {"items": items, "reviews": reviews, "events": events, "impressions": impressions}
        given = {table: frame for table, frame in frames.items() if frame is not None}
        return cls._assemble(given, RepairLog(), now, name=name)

    @classmethod
    def _assemble(cls, frames: dict[str, pd.DataFrame], log: RepairLog, now: datetime | None, name: str) -> "Dataset":
        checked = validate(frames, log, now)
        item_ids, user_ids, tables = assembly.number_rows(checked, log)
        return cls(name, checked["items"], item_ids, user_ids, **tables, repairs=tuple(log))

    @property
    def n_items(self) -> int:
        """Products in the catalogue."""
        return len(self.item_ids)

    @property
    def n_users(self) -> int:
        """Shoppers seen in any file."""
        return len(self.user_ids)

    @property
    def n_reviews(self) -> int:
        """Reviews, with or without text."""
        return len(self.reviews)

    @cached_property
    def known_until_s(self) -> int:
        """Time of the last review or event, in seconds since 1970; 0 if there is none."""
        ends = [int(table["time_s"].max()) for table in (self.reviews, self.events) if len(table)]
        return max(ends, default=0)

    @cached_property
    def has_time_of_day(self) -> bool:
        """False when every review and event is of midnight, so that only days are known."""
        return any(bool((table["time_s"] % _SECONDS_A_DAY != 0).any()) for table in (self.reviews, self.events))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hex, over every value; equal for equal content however the files were compressed."""
        users = pd.DataFrame({"user_id": self.user_ids})
        return fingerprint({"items": self.items, "users": users, **self._logs()})

    def user_row(self, user_id: UserId) -> int:
        """Row of one shopper; raises UnknownUserError."""
        return int(self.user_rows([user_id])[0])

    def item_row(self, item_id: ItemId) -> int:
        """Row of one product; raises UnknownItemError."""
        return int(self.item_rows([item_id])[0])

    def user_rows(self, ids: Iterable[UserId]) -> NDArray[np.int32]:
        """Rows of many shoppers, int32, in order of `ids`; the first unknown one raises UnknownUserError."""
        return rows_of(ids, self.user_ids, UnknownUserError)

    def item_rows(self, ids: Iterable[ItemId]) -> NDArray[np.int32]:
        """Rows of many products, int32, in order of `ids`; the first unknown one raises UnknownItemError."""
        return rows_of(ids, self.item_ids, UnknownItemError)

    @_once
    def interactions(self) -> pd.DataFrame:
        """Join every review and event in one table, sorted by time_s, then user_row and item_row.

        Columns: user_row, item_row int32, time_s int64, strength float32 (of a review (rating - 3) / 2, so from -1 to
        1; of an event its weight), positive bool (a rating of at least POSITIVE_RATING, or an event of strength 1 or
        more), kind ("review" or the name of the event), rating float32 (NaN for events), device, region.
        """
        return assembly.interactions(self.reviews, self.events)

    @_once
    def positives(self) -> pd.DataFrame:
        """Find pairs of a shopper and a product liked or bought: user_row, item_row, time_s, sorted by time.

        One row a pair, at its first positive moment, whatever came later.
        """
        both = self.interactions()
        liked = both.loc[both["positive"], ["user_row", "item_row", "time_s"]]
        return liked.drop_duplicates(["user_row", "item_row"], keep="first").reset_index(drop=True)

    @_once
    def seen(self) -> csr_array:
        """Find pairs with a review of any rating or an event of strength 1 or more, or -1 or less.

        bool of shape (n_users, n_items): what the shopper has had, so never recommended unless filters include it.
        """
        both = self.interactions()
        had = both["rating"].notna() | (both["strength"].abs() >= 1)
        known = both.loc[had, ["user_row", "item_row"]].drop_duplicates()
        pairs = (known["user_row"].to_numpy(), known["item_row"].to_numpy())
        return csr_array((np.ones(len(known), dtype=bool), pairs), shape=(self.n_users, self.n_items))

    def until(self, moment_s: int) -> "Dataset":
        """Select what happened strictly before a moment (seconds since 1970)."""
        return self._keeping(lambda table: (table["time_s"] < moment_s).to_numpy())

    def without_pairs(self, user_rows: ArrayLike, item_rows: ArrayLike) -> "Dataset":
        """Leave out any review, event or impression of (shopper, product) pairs, integers of shape (n_pairs,) each."""
        hidden = self.pair_keys(user_rows, item_rows)
        return self._keeping(lambda table: ~np.isin(self.pair_keys(table["user_row"], table["item_row"]), hidden))

    def knowing_copies(self) -> "Dataset":
        """Find `copies` among all reviews, once; every subset keeps them."""
        return self if self.copies is not None else replace(self, copies=find_copies(self.reviews))

    def without_copies(self, review_ids: ArrayLike) -> "Dataset":
        """Leave out copies of some reviews, which themselves need not be in the data; none before `knowing_copies`.

        What their own authors entered several times is left out with all that they did with those products. Of copies
        by others only the text goes: that those liked a product is no copy.
        """
        if self.copies is None:
            return self
        ids, originals = self.reviews["review_id"], np.asarray(review_ids)
        own = self.reviews[np.isin(ids, self.copies.of(originals, by_the_author=True))]
        rest = self.without_pairs(own["user_row"], own["item_row"]) if len(own) else self
        repeats = np.isin(rest.reviews["review_id"], self.copies.of(originals))
        if not repeats.any():
            return rest
        texts = {name: rest.reviews[name].where(~repeats, "") for name in ("text", "title")}
        return replace(rest, reviews=rest.reviews.assign(**texts))

    def reviews_of(self, user_rows: ArrayLike, item_rows: ArrayLike) -> NDArray[np.int32]:
        """Find the ids of reviews of (shopper, product) pairs; arguments as for `without_pairs`."""
        wanted = self.pair_keys(user_rows, item_rows)
        mine = np.isin(self.pair_keys(self.reviews["user_row"], self.reviews["item_row"]), wanted)
        return np.asarray(self.reviews["review_id"])[mine]

    def without_items(self, item_rows: ArrayLike) -> "Dataset":
        """Leave out whatever was done with some products or written of them; they stay in the catalogue."""
        return self._keeping(lambda table: ~np.isin(table["item_row"], np.asarray(item_rows)))

    def rewound(self, moments_s: ArrayLike, user_rows: ArrayLike, item_rows: ArrayLike) -> "Dataset":
        """Leave out what each shopper did at or after a moment of their own.

        `moments_s`: integers of shape (n_users,), in seconds since 1970; NEVER keeps everything.
        `user_rows`, `item_rows`: integers of shape (n_pairs,); pairs that stay although they are of that very moment.
        """
        moments, kept = np.asarray(moments_s, dtype=np.int64), self.pair_keys(user_rows, item_rows)

        def known(table: pd.DataFrame) -> NDArray[np.bool_]:
            users, times = table["user_row"].to_numpy(), table["time_s"].to_numpy()
            ends = np.where(users < 0, NEVER, moments[users])
            at_once = (times == ends) & np.isin(self.pair_keys(users, table["item_row"]), kept)
            return np.asarray((times < ends) | at_once)

        return self._keeping(known)

    def core(self, min_interactions: int) -> "Dataset":
        """Select the k-core: shoppers and products with fewer positives are dropped until nothing changes.

        Whatever is between the remaining ones stays, liked or not, under new row numbers but the same review ids;
        impressions of remaining products stay, without the shopper if that one is gone. A minimum of 1 or less keeps
        the whole catalogue and every shopper, also those without a positive.

        Raises SettingsError: nothing remains.
        """
        if min_interactions <= 1:
            return self
        liked = self.positives()
        user_rows, item_rows = (liked[name].to_numpy() for name in ("user_row", "item_row"))
        users, items = assembly.dense_rows(user_rows, item_rows, (self.n_users, self.n_items), min_interactions)
        if not users.any():
            raise SettingsError(
                f"no shopper and product have {min_interactions} interactions or more; lower --min-interactions"
            )
        return replace(self.renumbered(users, items), user_ids=self.user_ids[users])

    def renumbered(self, users: NDArray[np.bool_], items: NDArray[np.bool_]) -> "Dataset":
        """Select what is between some shoppers and products and renumber the products; `user_ids` stay as they are."""
        tables = assembly.renumber(self._logs(), users, items)
        catalogue = self.items[items].reset_index(drop=True)
        return replace(self, items=catalogue, item_ids=self.item_ids[items], **tables)

    def _logs(self) -> dict[str, pd.DataFrame]:
        return {"reviews": self.reviews, "events": self.events, "impressions": self.impressions}

    def pair_keys(self, user_rows: ArrayLike, item_rows: ArrayLike) -> NDArray[np.int64]:
        """Compute one number for each pair of shopper and product: int64 of the shape of the rows."""
        return np.asarray(user_rows, dtype=np.int64) * self.n_items + np.asarray(item_rows, dtype=np.int64)

    def _keeping(self, which: Any) -> "Dataset":
        return replace(self, **{name: assembly.subset(table, which(table)) for name, table in self._logs().items()})


def rows_of(ids: Iterable[str], index: pd.Index, error: type[UnknownUserError | UnknownItemError]) -> NDArray[np.int32]:
    """Look up positions of ids in an index; the first unknown one raises `error`."""
    names = list(ids)
    rows = index.get_indexer(pd.Index(names, dtype=object))
    if (rows < 0).any():
        raise error(names[int(np.argmax(rows < 0))], len(index))
    return np.asarray(rows, dtype=np.int32)
