"""What is held out of the small shop, worked by hand, and that nothing of it leaks into what is learned from."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, last_split, temporal_split
from recsys.errors import DataError, SettingsError


def named(data: Dataset, held_out: HeldOut) -> set[tuple[str, str]]:
    return set(zip(data.user_ids[held_out.user_rows], data.item_ids[held_out.item_rows], strict=True))


def all_pairs(data: Dataset) -> set[tuple[int, int]]:
    """Pairs in every table, impressions included."""
    tables = (data.reviews, data.events, data.impressions, data.interactions(), data.positives())
    return {pair for table in tables for pair in zip(table["user_row"], table["item_row"], strict=True)}


def owned(data: Dataset) -> set[tuple[int, int]]:
    return set(zip(*data.seen().nonzero(), strict=True))


def pairs_of(held_out: HeldOut) -> set[tuple[int, int]]:
    return set(zip(held_out.user_rows, held_out.item_rows, strict=True))


def test_the_last_positive_is_test_and_the_one_before_it_validation(tiny_data):
    split = last_split(tiny_data)
    assert named(tiny_data, split.test) == {("ann", "blanket"), ("ben", "lamp"), ("cleo", "00123")}
    assert named(tiny_data, split.validation) == {("ann", "stove"), ("ben", "mug"), ("cleo", "blanket")}
    assert split.n_skipped == 2
    assert "3 shoppers tested, 2 with fewer than 3 positives learned from only" in split.protocol


def test_the_moment_asked_about_is_that_of_the_held_out_positive(tiny_data):
    test = last_split(tiny_data).test
    ann = test.user_rows.tolist().index(tiny_data.user_row("ann"))
    assert test.moments_s[ann] == datetime(2024, 4, 20, 19, tzinfo=UTC).timestamp()
    assert (test.user_rows.dtype, test.moments_s.dtype) == (np.int32, np.int64)


def test_held_out_reviews_are_in_no_training_table(tiny_data):
    split = last_split(tiny_data)
    assert pairs_of(split.test).isdisjoint(all_pairs(split.fit_test))
    assert (pairs_of(split.test) | pairs_of(split.validation)).isdisjoint(all_pairs(split.fit_validation))
    words = " ".join(split.fit_validation.reviews["text"])
    assert "So warm and soft" not in words
    assert "Boils fast" not in words
    assert "The battery was dead" in words


def test_relevant_marks_exactly_the_held_out_pairs(tiny_data):
    test = last_split(tiny_data).test
    assert test.relevant().toarray().sum() == 3
    assert test.relevant().shape == (6, 8)
    assert test.relevant()[tiny_data.user_row("cleo"), tiny_data.item_row("00123")]
    assert tiny_data.user_ids[test.users()].tolist() == ["ann", "ben", "cleo"]


def test_equal_times_are_drawn_by_the_seed(tiny):
    tiny["reviews"]["timestamp"] = tiny["events"]["timestamp"] = pd.Timestamp("2024-03-01", tz="UTC")
    data = Dataset.from_frames(**tiny)
    drawn = [named(data, last_split(data, seed).test) for seed in range(8)]
    assert drawn[3] == named(data, last_split(data, 3).test)
    assert len(set(map(frozenset, drawn))) > 1


def test_a_shop_where_nobody_has_three_positives_has_no_last_split(tiny):
    data = Dataset.from_frames(tiny["items"], tiny["reviews"].iloc[[0, 4]])
    with pytest.raises(DataError, match=r"no shopper has 3 positives, so none can be held out; bring more data, since"):
        last_split(data)


def test_the_temporal_split_cuts_everybody_at_the_same_moments(tiny_data):
    split = temporal_split(tiny_data, test_share=0.25, validation_share=0.25)
    assert named(tiny_data, split.validation) == {("cleo", "blanket"), ("dora", "stove"), ("eli", "lamp")}
    assert named(tiny_data, split.test) == {("ben", "lamp"), ("ann", "blanket"), ("cleo", "00123")}
    cuts = [datetime(2024, 3, 25, 20, tzinfo=UTC).timestamp(), datetime(2024, 4, 12, 20, 45, tzinfo=UTC).timestamp()]
    assert set(split.validation.moments_s) == {cuts[0]}
    assert set(split.test.moments_s) == {cuts[1]}
    assert split.n_skipped == 2
    assert "3 shoppers tested on 3 positives, 0 of them without a positive before" in split.protocol


def test_validation_is_asked_in_windows_that_end_where_the_next_begins(tiny_data):
    split = temporal_split(tiny_data)
    rounds = list(split.rounds("validation"))
    asked = [named(tiny_data, one.held_out) for one in rounds]
    assert asked == [{("dora", "stove")}, {("eli", "lamp")}, {("ben", "lamp")}]
    assert named(tiny_data, split.test) == {("ann", "blanket"), ("cleo", "00123")}
    days = [datetime.fromtimestamp(one.held_out.moments_s[0], UTC).date().isoformat() for one in rounds]
    assert days == ["2024-03-30", "2024-04-08", "2024-04-12"]
    assert [len(one.train.positives()) for one in rounds] == [7, 8, 9]
    assert rounds[-1].train is split.fit_validation
    assert rounds[-1].held_out is split.validation
    assert [one.held_out for one in split.rounds("test")] == [split.test]
    assert split.n_asked("validation") == sum(len(one.held_out.users()) for one in rounds)
    assert split.n_asked("test") == len(split.test.users())
    assert (
        "validation in 3 windows before that, from 2024-03-30 18:00, 2024-04-08 22:00, 2024-04-12 20:45, each asked "
        "about by models that know only what came before it: 3 shoppers, 3 times, once for every window"
    ) in split.protocol


@pytest.mark.parametrize(("test_share", "n_windows"), [(0.1, 3), (0.3, 2), (0.4, 1), (0.6, 1)])
def test_half_of_the_positives_come_before_all_windows(tiny_data, test_share, n_windows):
    split = temporal_split(tiny_data, test_share, 0.1)
    assert len(list(split.rounds("validation"))) == n_windows


def test_a_shopper_may_be_asked_in_several_windows(tiny):
    more = (
        tiny["events"].iloc[[0]].assign(user_id="ben", item_id="candle", timestamp=pd.Timestamp("2024-04-09", tz="UTC"))
    )
    tiny["events"] = pd.concat([tiny["events"], more], ignore_index=True)
    data = Dataset.from_frames(**tiny)
    split = temporal_split(data)
    asked = [named(data, one.held_out) for one in split.rounds("validation")]
    assert asked == [{("dora", "stove"), ("eli", "lamp")}, {("ben", "candle")}, {("ben", "lamp")}]
    assert "3 shoppers, 4 times" in split.protocol


def test_nothing_at_or_after_a_cut_is_learned_from(tiny_data):
    split = temporal_split(tiny_data, test_share=0.25, validation_share=0.25)
    for fit, held_out in ((split.fit_validation, split.validation), (split.fit_test, split.test)):
        cut = held_out.moments_s[0]
        for table in (fit.reviews, fit.events, fit.impressions, fit.interactions()):
            assert not (table["time_s"] >= cut).any()
    assert len(split.fit_validation.reviews) == 7


def test_what_was_owned_before_the_cut_is_not_held_out(tiny):
    tiny["reviews"].loc[12, "timestamp"] = pd.Timestamp("2024-03-02", tz="UTC")
    again = tiny["events"].iloc[[0]].assign(user_id="eli", timestamp=pd.Timestamp("2024-04-26", tz="UTC"))
    tiny["events"] = pd.concat([tiny["events"], again], ignore_index=True)
    data = Dataset.from_frames(**tiny)
    split = temporal_split(data, test_share=0.25, validation_share=0.25)
    assert ("eli", "tent-2") not in named(data, split.test)


def test_shoppers_without_history_before_the_cut_are_tested_as_cold(tiny):
    first = tiny["events"].iloc[[0]].assign(user_id="zoe", timestamp=pd.Timestamp("2024-04-26", tz="UTC"))
    tiny["events"] = pd.concat([tiny["events"], first], ignore_index=True)
    data = Dataset.from_frames(**tiny)
    split = temporal_split(data, test_share=0.25, validation_share=0.25)
    assert ("zoe", "tent-2") in named(data, split.test)
    assert "1 of them without a positive before" in split.protocol


def test_data_of_one_moment_cannot_be_split_by_time(tiny):
    tiny["reviews"]["timestamp"] = tiny["events"]["timestamp"] = pd.Timestamp("2024-03-01", tz="UTC")
    data = Dataset.from_frames(**tiny)
    n = len(data.positives())
    with pytest.raises(DataError, match=rf"{n} positives at 1 different moment cannot be cut in three by"):
        temporal_split(data)


@pytest.mark.parametrize(
    ("who", "days", "last", "time"),
    [
        ("abc", (1, 2, 3), False, False),
        ("aabbccddee", range(10), False, True),
        ("aaabbb", (1, 1, 1, 1, 1, 1), True, False),
        ("aaa", (1, 2, 2), True, False),
        ("a", (1,), False, False),
        ("", (), False, False),
        ("aaaaabbbbb", range(10), True, True),
    ],
)
def test_a_remedy_is_one_that_helps(who, days, last, time):
    reviews = pd.DataFrame(
        {
            "user_id": list(who) or ["nobody"],
            "item_id": [f"i{n}" for n in range(len(who))] or ["i0"],
            "timestamp": pd.to_datetime([1_700_000_000 + 86_400 * day for day in days] or [0], unit="s", utc=True),
            "rating": 5 if who else 1,
            "text": "",
        }
    )
    items = pd.DataFrame({"item_id": [f"i{n}" for n in range(10)], "title": "x"})
    data = Dataset.from_frames(items, reviews)
    for split, works, other, other_works in (
        (last_split, last, "--split temporal", time),
        (temporal_split, time, "--split last", last),
    ):
        if works:
            assert len(split(data).test)
            continue
        with pytest.raises(DataError) as said:
            split(data)
        assert (other in said.value.remedy) == other_works
        assert "bring more data" in said.value.remedy


@pytest.mark.parametrize("shares", [(0, 0.1), (0.1, 0), (0.5, 0.5), (-0.1, 0.2)])
def test_shares_that_leave_nothing_are_refused(tiny_data, shares):
    with pytest.raises(SettingsError, match=r"are not usable; give shares above 0 that together stay below 1"):
        temporal_split(tiny_data, *shares)


LOG = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 20), st.integers(1, 5)), min_size=15)


@settings(max_examples=25, deadline=None)
@given(LOG, st.integers(0, 5))
def test_no_split_ever_leaks(log, seed):
    reviews = pd.DataFrame(
        {
            "user_id": [f"u{user}" for user, *_ in log],
            "item_id": [f"i{item}" for _, item, *_ in log],
            "timestamp": pd.to_datetime([1_700_000_000 + 86_400 * day for *_, day, _ in log], unit="s", utc=True),
            "rating": [rating for *_, rating in log],
            "text": "",
        }
    )
    items = pd.DataFrame({"item_id": [f"i{n}" for n in range(7)], "title": "x"})
    data = Dataset.from_frames(items, reviews)
    try:
        last = last_split(data, seed)
    except DataError:
        pass
    else:
        assert pairs_of(last.test).isdisjoint(all_pairs(last.fit_test) | pairs_of(last.validation))
        assert pairs_of(last.validation).isdisjoint(all_pairs(last.fit_validation))
        assert len(last.test.users()) == len(last.test) == len(last.validation)
    try:
        by_time = temporal_split(data)
    except DataError:
        return
    assert pairs_of(by_time.test).isdisjoint(owned(by_time.fit_test))
    assert by_time.fit_test.known_until_s < by_time.test.moments_s.min()
    rounds = [*by_time.rounds("validation"), *by_time.rounds("test")]
    for one, end_s in zip(rounds, [*(later.held_out.moments_s.min() for later in rounds[1:]), np.inf], strict=True):
        assert one.train.known_until_s < one.held_out.moments_s.min() < end_s
        pairs = pairs_of(one.held_out)
        assert pairs.isdisjoint(owned(one.train))
        times = data.positives().set_index(["user_row", "item_row"])["time_s"]
        assert all(times[pair] < end_s for pair in pairs)
