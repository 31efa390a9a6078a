"""Splits of a data set into what is learned from and what is held out, and the same shop smaller or larger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.data.dataset import Dataset
from recsys.errors import DataError, SettingsError

MIN_POSITIVES = 3
"""Fewest positives of a shopper tested by `last_split`: one to test, one to validate, one to learn from."""

MOST_WINDOWS, LEAST_BEFORE = 3, 0.5
"""Most windows that `temporal_split` validates on, and the least share of positives before them all.

Over three windows each of six shops, settings of the context component that were chosen on all windows before had a
higher nDCG on the next one than those chosen on the last window 10 times, the same 5 times, and a lower one 3 times, by
at most .0005. More windows cost more fits (rolling origin; Tashman 2000, Int. Journal of Forecasting 16(4)).
"""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out pairs, with the row numbers of the datasets of the same split.

    `user_rows`, `item_rows`: int32 of shape (n_pairs,).
    `moments_s`: int64 of shape (n_pairs,), the moment of the request for this pair, in seconds since 1970.
    `shape`: (n_users, n_items).
    """

    user_rows: NDArray[np.int32]
    item_rows: NDArray[np.int32]
    moments_s: NDArray[np.int64]
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.user_rows)

    def users(self) -> NDArray[np.int32]:
        """List shoppers with anything held out, int32, ascending, each once."""
        return np.unique(self.user_rows)

    def only(self, which: NDArray[np.bool_]) -> "HeldOut":
        """Select pairs by a mask, bool of shape (n_pairs,)."""
        return HeldOut(self.user_rows[which], self.item_rows[which], self.moments_s[which], self.shape)

    def relevant(self) -> csr_array:
        """Make a bool matrix of shape (n_users, n_items) of the pairs."""
        return csr_array((np.ones(len(self), dtype=bool), (self.user_rows, self.item_rows)), shape=self.shape)


Role = Literal["validation", "test"]


@dataclass(frozen=True, eq=False)
class Round:
    """What one set of models may learn from, and the pairs that are held out.

    `new_rows`: products without interactions, ascending, which alone are ranked; None where all are ranked.
    """

    train: Dataset
    held_out: HeldOut
    new_rows: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Split:
    """Held-out pairs for validation, on which settings are chosen, and for the test, with what may be learned for each.

    Parameters
    ----------
    fit_validation, fit_test : data to learn from before `validation`, and before `test`
    protocol : what was done, in plain words, with counts
    n_skipped : shoppers with positives who could not be tested
    earlier : rounds of validation before `validation`, oldest first; a shopper may be in several
    """

    fit_validation: Dataset
    validation: HeldOut
    fit_test: Dataset
    test: HeldOut
    protocol: str
    n_skipped: int
    earlier: tuple[Round, ...] = ()

    def held_out(self, role: Role) -> HeldOut:
        """Held-out pairs of the last round."""
        return self.validation if role == "validation" else self.test

    def whole(self, role: Role) -> Dataset:
        """All that may be learned from in the last round."""
        return self.fit_validation if role == "validation" else self.fit_test

    def n_asked(self, role: Role) -> int:
        """How many shoppers are asked in all rounds, each once a round."""
        earlier = [each.held_out for each in self.earlier] if role == "validation" else []
        return sum(len(pairs.users()) for pairs in (*earlier, self.held_out(role)))

    def rounds(self, role: Role) -> Iterator[Round]:
        """List all rounds; for the test there is one."""
        if role == "validation":
            yield from self.earlier
        yield Round(self.whole(role), self.held_out(role))


def hidden(known: Dataset, data: Dataset, *held_out: HeldOut) -> Dataset:
    """Leave held-out pairs and copies of their reviews out of `known`; `data` is everything, with its copies."""
    for pairs in held_out:
        known = known.without_pairs(pairs.user_rows, pairs.item_rows)
    return known.without_copies(np.concatenate([data.reviews_of(each.user_rows, each.item_rows) for each in held_out]))


def last_split(data: Dataset, seed: int = 0) -> Split:
    """Hold out each shopper's last positive as test and the one before it as validation (leave one out).

    Positives of the same moment are put in a random order by the seed. Shoppers with fewer than MIN_POSITIVES
    positives are not tested, but learned from. Reviews, events and impressions of a held-out pair are not learned from,
    and neither are copies of its reviews.

    Raises DataError: no shopper has enough positives.

    >>> items = pd.DataFrame({"item_id": ["tent", "stove", "lamp"], "title": ["Ridge tent", "Gas stove", "Head lamp"]})
    >>> days = pd.date_range("2024-03-01", periods=3, tz="UTC")
    >>> bought = pd.DataFrame({"user_id": "ann", "item_id": items["item_id"], "event": "purchase", "timestamp": days})
    >>> split = last_split(Dataset.from_frames(items, events=bought))
    >>> split.fit_test.item_ids[split.test.item_rows].tolist(), len(split.fit_test.positives())
    (['lamp'], 2)
    """
    data = data.knowing_copies()
    positives = data.positives()
    users, times = positives["user_row"].to_numpy(), positives["time_s"].to_numpy()
    lots = np.random.default_rng(seed).random(len(positives))
    order = np.lexsort((lots, times, users))
    counts = np.bincount(users, minlength=data.n_users)
    ends = np.cumsum(counts)
    tested = counts >= MIN_POSITIVES
    n_skipped = int(((counts > 0) & ~tested).sum())
    if not tested.any():
        remedy = "split by time (--split temporal), or bring more data"
        if isinstance(_by_time(data, 0.1, 0.1), str):
            remedy = "bring more data, since these cannot be split by time either"
        raise DataError(
            f"no shopper has {MIN_POSITIVES} positives, so none can be held out", file=data.name, remedy=remedy
        )
    test = held_out_of(data, positives.iloc[order[ends[tested] - 1]])
    validation = held_out_of(data, positives.iloc[order[ends[tested] - 2]])
    fit_test = hidden(data, data, test)
    protocol = (
        f"last positive of each shopper held out as test, the one before it as validation (equal times in random "
        f"order, seed {seed}): {len(test):,} shoppers tested, {n_skipped:,} with fewer than {MIN_POSITIVES} positives "
        f"learned from only; {data.n_items:,} products, {len(positives):,} positives"
    )
    fit_validation = hidden(fit_test, data, validation)
    return Split(fit_validation, validation, fit_test, test, protocol, n_skipped)


def temporal_split(data: Dataset, test_share: float = 0.1, validation_share: float = 0.1) -> Split:
    """Cut everybody's history at a moment: learn from what came before, and hold out what came after.

    For validation the same is done at earlier cuts (rolling origin): windows with `validation_share` of all positives
    each end where the next begins, the last one where the test begins, and models for each know only what came before
    it. There are as many as leave `LEAST_BEFORE` of the positives before the first, at least one and at most
    `MOST_WINDOWS`; an earlier window without a new pair is left out.

    The cuts fall where the given shares of all positives are at or after them, moved to the start of their second (or
    day), so that nothing of one moment is on both sides. Held out are the positives of a window whose pair was not seen
    before it, also of shoppers without any history; copies of their reviews are not learned from. The moment of the
    requests is the cut itself.

    `test_share`, `validation_share`: shares of the positives, above 0, together below 1.
    Raises SettingsError: the shares make no sense; DataError: the times are too alike to be cut.
    """
    if not (test_share > 0 and validation_share > 0 and test_share + validation_share < 1):
        raise SettingsError(
            f"test_share={test_share} and validation_share={validation_share} are not usable; "
            "give shares above 0 that together stay below 1"
        )
    data = data.knowing_copies()
    cut = _by_time(data, test_share, validation_share)
    if isinstance(cut, str):
        remedy = f"bring more data, since no shopper has {MIN_POSITIVES} positives, of which one could be held out"
        if (data.positives()["user_row"].value_counts() >= MIN_POSITIVES).any():
            remedy = "hold out the last product of each shopper (--split last), or bring more data"
        raise DataError(cut, file=data.name, remedy=remedy)
    fit_validation, validation, fit_test, test = cut
    positives, first, second = data.positives(), int(validation.moments_s[0]), int(test.moments_s[0])
    times = positives["time_s"].to_numpy()
    earlier = _earlier(data, times, first, test_share, validation_share)
    fit_validation, fit_test = hidden(fit_validation, data, validation), hidden(fit_test, data, test)
    n_skipped = data.positives()["user_row"].nunique() - len(test.users())
    cold = np.isin(test.users(), fit_test.positives()["user_row"], invert=True).sum()
    protocol = (
        f"split by time: learned from before {_day(second)} UTC, asked about what is at or after it "
        f"({_validated([*(each.held_out for each in earlier), validation])}): {len(test.users()):,} shoppers tested on "
        f"{len(test):,} positives, {cold:,} of them without a positive before; {n_skipped:,} shoppers without a new "
        f"positive in the window not tested; {data.n_items:,} products, {len(positives):,} positives"
    )
    return Split(fit_validation, validation, fit_test, test, protocol, n_skipped, earlier)


def resized(data: Dataset, times: float, seed: int = 0) -> Dataset:
    """Make a shop of so many times the products, without impressions; interactions and texts grow with them.

    It is for measuring what size costs, never how good a list is.

    `times`: a share below 1, for products drawn at random with all their interactions; or a whole number of copies of
    all products and shoppers; else SettingsError. `seed`: of which products stay.
    """
    if not times > 0 or (times > 1 and times != int(times)):
        raise SettingsError(f"a shop cannot be made {times:g} times as large; give a share below 1, or a whole number")
    data = replace(data, impressions=data.impressions.iloc[:0])
    if times < 1:
        drawn = np.random.default_rng(seed).permutation(data.n_items)[: max(1, round(times * data.n_items))]
        return data.renumbered(np.ones(data.n_users, bool), np.isin(np.arange(data.n_items), drawn))
    if times == 1:
        return data
    n = int(times)
    n_reviews = int(data.reviews["review_id"].max()) + 1 if len(data.reviews) else 0
    sizes = {"user_row": data.n_users, "item_row": data.n_items, "review_id": n_reviews}

    def repeated(table: pd.DataFrame) -> pd.DataFrame:
        rows = [name for name in sizes if name in table]
        moved = ({name: table[name] + np.int32(copy * sizes[name]) for name in rows} for copy in range(n))
        return pd.concat([table.assign(**each) for each in moved], ignore_index=True)

    item_ids, user_ids = (
        pd.Index([f"{each}#{copy + 1}" if copy else str(each) for copy in range(n) for each in ids], dtype=object)
        for ids in (data.item_ids, data.user_ids)
    )
    items = pd.concat([data.items] * n, ignore_index=True).assign(item_id=item_ids)
    tables = {"items": items, "events": repeated(data.events), "reviews": repeated(data.reviews)}
    return replace(data, item_ids=item_ids, user_ids=user_ids, **tables)


def _by_time(
    data: Dataset, test_share: float, validation_share: float
) -> tuple[Dataset, HeldOut, Dataset, HeldOut] | str:
    """Cut in three by time: what is learned from and held out, for validation and for the test; or why it cannot be."""
    times = data.positives()["time_s"].to_numpy()
    positions = [int(len(times) * share) for share in (1 - test_share - validation_share, 1 - test_share)]
    first, second = (int(times[position]) for position in positions) if len(times) else (0, 0)
    if first == second or not (times < first).any():
        n_moments = len(np.unique(times))
        return (
            f"{len(times):,} {'positive' if len(times) == 1 else 'positives'} at {n_moments:,} different "
            f"{'moment' if n_moments == 1 else 'moments'} cannot be cut in three by time"
        )
    fit_validation, fit_test = data.until(first), data.until(second)
    validation, test = _window(data, fit_validation, first, second), _window(data, fit_test, second, None)
    for held_out, name in ((validation, "validation"), (test, "test")):
        if not len(held_out):
            return f"cut by time, nobody chooses anything new in the {name} window"
    return fit_validation, validation, fit_test, test


def _earlier(
    data: Dataset, times: NDArray[np.int64], end_s: int, test_share: float, validation_share: float
) -> tuple[Round, ...]:
    """List rounds of validation before the last one, which begins at `end_s`; oldest first."""
    rounds: list[Round] = []
    for n_after in range(2, MOST_WINDOWS + 1):
        before = 1 - test_share - n_after * validation_share
        if before < LEAST_BEFORE - 1e-9:
            break
        start_s = int(times[int(len(times) * round(before, 9))])
        if start_s < end_s and (times < start_s).any():
            known = data.until(start_s)
            held_out = _window(data, known, start_s, end_s)
            if len(held_out):
                rounds.insert(0, Round(hidden(known, data, held_out), held_out))
            end_s = start_s
    return tuple(rounds)


def _validated(windows: Sequence[HeldOut]) -> str:
    """Describe validation by the held-out pairs of each window, oldest first."""
    days = [_day(int(each.moments_s[0])) for each in windows]
    if len(windows) == 1:
        return f"validation from {days[0]}"
    rows = [each.users() for each in windows]
    n_shoppers = len(np.unique(np.concatenate(rows)))
    return (
        f"validation in {len(windows)} windows before that, from {', '.join(days)}, each asked about by models that "
        f"know only what came before it: {n_shoppers:,} shoppers, {sum(map(len, rows)):,} times, once for every window "
        "in which they chose something new"
    )


def _window(data: Dataset, before: Dataset, start_s: int, end_s: int | None) -> HeldOut:
    """Find positives from `start_s` until before `end_s` of pairs not seen before, all to be asked for at `start_s`."""
    positives = data.positives()
    inside = positives["time_s"] >= start_s
    if end_s is not None:
        inside &= positives["time_s"] < end_s
    pairs = positives[inside]
    seen = np.asarray(before.seen()[pairs["user_row"].to_numpy(), pairs["item_row"].to_numpy()]).ravel()
    return held_out_of(data, pairs[~seen].assign(time_s=np.int64(start_s)))


def held_out_of(data: Dataset, pairs: pd.DataFrame) -> HeldOut:
    """Hold out positives (user_row, item_row, time_s)."""
    users, items, moments = (pairs[name].to_numpy(copy=True) for name in ("user_row", "item_row", "time_s"))
    return HeldOut(users, items, moments, shape=(data.n_users, data.n_items))


def _day(moment_s: int) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d %H:%M}"
