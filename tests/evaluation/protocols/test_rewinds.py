"""Shoppers put back to an earlier moment: worked by hand, and nothing later of theirs is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Role, Round
from recsys.errors import DataError
from recsys.evaluation.protocols.rewinds import N_FOLDS, Rewind, newcomer_rewind, occasion_rewind
from recsys.settings import Context

ROLES: tuple[Role, Role] = ("validation", "test")


def named(data: Dataset, held_out: HeldOut) -> set[tuple[str, str]]:
    return set(zip(data.user_ids[held_out.user_rows], data.item_ids[held_out.item_rows], strict=True))


def asked(rounds: list[Round]) -> list[int]:
    return sorted(int(user) for one in rounds for user in one.held_out.users())


def acts(data: Dataset, user: int) -> set[tuple[int, int]]:
    """What is known of a shopper, as products and times."""
    tables = (data.reviews, data.events)
    mine = pd.concat([table.loc[table["user_row"] == user, ["item_row", "time_s"]] for table in tables])
    return set(zip(mine["item_row"], mine["time_s"], strict=True))


def test_newcomers_are_asked_for_their_third_product_and_their_second(tiny_data: Dataset) -> None:
    replay = newcomer_rewind(tiny_data)
    assert named(tiny_data, replay.test) == {("ann", "blanket"), ("ben", "lamp"), ("cleo", "00123")}
    assert named(tiny_data, replay.validation) == {("ann", "stove"), ("ben", "mug"), ("cleo", "blanket")}
    assert replay.n_skipped == 2
    assert "3 shoppers tested, 3 for validation, 2 had no such moment" in replay.protocol


@pytest.mark.parametrize("role", ROLES)
def test_everybody_is_asked_once_by_models_that_know_nothing_later_of_them(tiny_data: Dataset, role: Role) -> None:
    replay = newcomer_rewind(tiny_data)
    rounds = list(replay.rounds(role))
    assert asked(rounds) == sorted(replay.held_out(role).users().tolist())
    assert replay.n_asked(role) == len(asked(rounds))
    n_known = 2 if role == "test" else 1
    for one in rounds:
        counts = one.train.positives().groupby("user_row").size()
        for user, item, moment in zip(
            one.held_out.user_rows, one.held_out.item_rows, one.held_out.moments_s, strict=True
        ):
            assert counts[user] == n_known
            assert all(time <= moment and row != item for row, time in acts(one.train, int(user)))


def test_everybody_else_is_known_whole_but_for_the_test_while_validating(tiny_data: Dataset) -> None:
    replay = newcomer_rewind(tiny_data)
    hidden = set(zip(replay.test.user_rows, replay.test.item_rows, strict=True))
    for role in ROLES:
        for one in replay.rounds(role):
            for user in set(range(tiny_data.n_users)) - set(one.held_out.user_rows.tolist()):
                missing = acts(tiny_data, user) - acts(one.train, user)
                if role == "test":
                    assert not missing
                else:
                    assert {(user, item) for item, _ in missing} <= hidden


def test_what_was_disliked_or_only_looked_at_before_is_still_known(tiny_data: Dataset) -> None:
    """Ann disliked the lamp in March; she is asked about April."""
    replay, ann = newcomer_rewind(tiny_data), tiny_data.user_row("ann")
    one = next(each for each in replay.rounds("test") if ann in each.held_out.user_rows)
    known = {tiny_data.item_ids[item] for item, _ in acts(one.train, ann)}
    assert known == {"tent-2", "stove", "lamp", "candle"}


def test_an_occasion_is_the_last_of_its_kind(tiny_data: Dataset) -> None:
    """Ann chose the blanket at 19:00 on a phone, and the stove, at 20:15, before; nobody else did so twice."""
    replay = occasion_rewind(tiny_data, {"daypart": "evening", "device": "mobile"})
    assert ("ann", "blanket") in named(tiny_data, replay.test)
    assert named(tiny_data, replay.validation) == {("ann", "stove")}
    for user, item, moment in zip(replay.test.user_rows, replay.test.item_rows, replay.test.moments_s, strict=True):
        rows = tiny_data.interactions().query(f"user_row == {user} and item_row == {item} and time_s == {moment}")
        context = Context.at(pd.Timestamp(int(moment), unit="s", tz="UTC").to_pydatetime())
        assert (context.daypart, rows["device"].iloc[0]) == ("evening", "mobile")
    (one,) = replay.rounds("validation")
    assert {tiny_data.item_ids[item] for item, _ in acts(one.train, tiny_data.user_row("ann"))} == {"tent-2"}


def test_what_nobody_did_twice_is_refused_in_words(tiny_data: Dataset) -> None:
    with pytest.raises(DataError, match="no shopper chose anything in the night on tablet twice"):
        occasion_rewind(tiny_data, {"daypart": "night", "device": "tablet"})


def test_whole_days_know_no_evening(tiny: dict[str, pd.DataFrame]) -> None:
    days = {
        name: frame.assign(timestamp=pd.to_datetime(frame["timestamp"]).dt.normalize())
        for name, frame in tiny.items()
        if name in ("reviews", "events")
    }
    with pytest.raises(DataError, match="all times are whole days"):
        occasion_rewind(Dataset.from_frames(tiny["items"], **days), {"daypart": "evening"})


def test_too_little_to_put_anybody_back_to_is_refused(tiny: dict[str, pd.DataFrame]) -> None:
    data = Dataset.from_frames(tiny["items"], tiny["reviews"].iloc[:2])
    with pytest.raises(DataError, match="no shopper has 3 positives"):
        newcomer_rewind(data)


def drawn(seed: int, n_days: int) -> Dataset:
    """Reviews on few days, so that many stand at the same moment."""
    rng = np.random.default_rng(seed)
    n = 150
    reviews = pd.DataFrame(
        {
            "user_id": rng.integers(0, 15, n).astype(str),
            "item_id": rng.integers(0, 20, n).astype(str),
            "rating": rng.integers(3, 6, n),
            "timestamp": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, n_days, n), unit="D"),
            "text": "",
        }
    )
    items = pd.DataFrame({"item_id": np.arange(20).astype(str), "title": "thing"})
    return Dataset.from_frames(items, reviews)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n_days=st.integers(1, 40))
def test_equal_times_leave_exactly_the_known_products(seed: int, n_days: int) -> None:
    data = drawn(seed, n_days)
    replay = newcomer_rewind(data, seed)
    again: Rewind = newcomer_rewind(data, seed)
    np.testing.assert_array_equal(replay.test.item_rows, again.test.item_rows)
    for role, n_known in (("validation", 1), ("test", 2)):
        rounds = list(replay.rounds(role))  # type: ignore[arg-type]
        assert len(rounds) <= N_FOLDS
        for one in rounds:
            liked = one.train.positives()
            for user in one.held_out.users():
                first = replay.history.query(f"user_row == {user} and position < {n_known}")["item_row"]
                assert set(liked.loc[liked["user_row"] == user, "item_row"]) == set(first)
