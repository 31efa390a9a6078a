"""Copied texts are found however they were changed, what is said by chance alike is not, and copies are held out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.data.copies import find_copies, words_of
from recsys.data.dataset import Dataset
from recsys.data.splitting import Split, last_split, temporal_split
from recsys.errors import LeakError
from recsys.evaluation.protocols.leaks import check_leaks
from recsys.evaluation.protocols.rewinds import newcomer_rewind
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.text.phrasebook import build_phrasebook
from tests._data import shared_data
from tests._encoder import WordEncoder

SAID = (
    "We took it up to the hut in a storm & it didn't leak; the zip froze once, café staff lent us a kettle, "
    "and after three winters the seams still hold."
)
OTHER = (
    "Bought for my brother's balcony, arrived two days late with a dent in the lid, yet every pancake since has come "
    "out golden and nothing ever sticks to it."
)


def table(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Reviews of (author, product, time, text) or with a title as fifth."""
    whole = [(*row, "")[:5] for row in rows]
    frame = pd.DataFrame(whole, columns=["user_row", "item_row", "time_s", "text", "title"])
    return frame.assign(review_id=np.arange(len(frame), dtype=np.int32))


CHANGED = {
    "as it is": SAID,
    "case": SAID.upper(),
    "punctuation": SAID.replace(",", " -").replace(";", "...").replace(".", "!!!"),
    "whitespace": "  " + SAID.replace(" ", " \n\t "),
    "entities": SAID.replace("&", "&amp;").replace("'", "&#39;").replace("é", "&eacute;"),
    "markup": "<p>" + SAID.replace("; ", ";<br />") + "</p>",
    "curly": SAID.replace("'", "\u2019"),
    "accents": SAID.replace("é", "e\u0301"),
    "invisible": SAID.replace("storm", "sto\u200brm"),
    "before": "UPDATE after a year, because people asked me about it: " + SAID,
    "behind": SAID + " Hope this helps somebody who is still deciding!",
    "cut short": SAID[: len(SAID) * 2 // 3],
    "a word in ten": SAID.replace("hut", "cabin").replace("froze", "jammed").replace("winters", "seasons"),
}


@pytest.mark.parametrize("author", [0, 1], ids=["the same author", "another"])
@pytest.mark.parametrize("how", CHANGED)
def test_a_copy_is_found_however_it_was_changed(how: str, author: int) -> None:
    found = find_copies(table([(0, 0, 1000, SAID), (author, 1, 5000, CHANGED[how]), (2, 1, 7000, OTHER)]))
    assert found.of(np.array([0])).tolist() == [1]
    assert found.of(np.array([1])).tolist() == [0]
    assert found.of(np.array([0]), by_the_author=True).tolist() == ([1] if author == 0 else [])
    assert found.of(np.array([2])).tolist() == []
    assert found.n_reviews == 2


def test_title_and_text_may_have_changed_places() -> None:
    found = find_copies(table([(0, 0, 1000, SAID, "Dry"), (1, 1, 5000, "Dry", SAID)]))
    assert found.of(np.array([0])).tolist() == [1]


@pytest.mark.parametrize(
    "text", ["great!", "nice game", "Does what it should", "good good good good good good good good"]
)
def test_what_many_say_is_no_copy(text: str) -> None:
    rows = [(author, item, 1000 + 10 * author + item, text) for author in range(4) for item in range(2)]
    assert find_copies(table(rows)).n_reviews == 0


def test_one_day_is_no_one_second() -> None:
    assert find_copies(table([(0, item, 86_400 * 9, "nice game") for item in range(3)])).n_reviews == 0
    assert find_copies(table([(0, item, 86_400 * 9 + 77, "nice game") for item in range(3)])).n_reviews == 3


def test_two_reviews_of_one_product_by_one_author_are_no_copies() -> None:
    assert find_copies(table([(0, 0, 1000, SAID), (0, 0, 2000, SAID)])).n_reviews == 0


def test_a_sentence_in_common_makes_no_copy() -> None:
    free = " I received this product for free in exchange for my honest and unbiased opinion."
    assert find_copies(table([(0, 0, 1000, SAID + free), (0, 1, 2000, OTHER + free)])).n_reviews == 0


def test_being_a_copy_is_not_passed_on() -> None:
    both = SAID + " " + OTHER
    found = find_copies(table([(0, 0, 1000, SAID), (1, 1, 2000, both), (2, 2, 3000, OTHER)]))
    assert found.of(np.array([0])).tolist() == [1]
    assert found.of(np.array([1])).tolist() == [0, 2]


def test_nothing_written_is_no_copy() -> None:
    assert find_copies(table([])).n_reviews == 0
    assert find_copies(table([(0, 0, 1000, ""), (0, 1, 1000, ""), (0, 2, 1000, "?!")])).n_reviews == 0


def test_words_of_a_text_without_spaces_are_its_characters() -> None:
    assert words_of("很好的帐篷, Zelt") == ("很", "好", "的", "帐", "篷", "zelt")


def shop_with(tiny: dict[str, pd.DataFrame], *more: tuple[str, str, str, str]) -> Dataset:
    """The small shop with more reviews: shopper, product, time, text."""
    columns = ["user_id", "item_id", "timestamp", "text"]
    added = pd.DataFrame(more, columns=columns).assign(rating=5.0, device="mobile", region="north")
    added["timestamp"] = pd.to_datetime(added["timestamp"], utc=True)
    return Dataset.from_frames(**{**tiny, "reviews": pd.concat([tiny["reviews"], added], ignore_index=True)})


def has(data: Dataset, user_id: str, item_id: str) -> tuple[bool, str]:
    """Whether a review is in the data, and its text."""
    at = (data.reviews["user_row"] == data.user_row(user_id)) & (data.reviews["item_row"] == data.item_row(item_id))
    return bool(at.any()), "".join(data.reviews["text"][at])


def held(split: Split, data: Dataset, role: str) -> set[tuple[str, str]]:
    """What is held out, by id."""
    pairs = split.test if role == "test" else split.validation
    return set(zip(data.user_ids[pairs.user_rows], data.item_ids[pairs.item_rows], strict=True))


def test_the_authors_copy_is_held_out_with_the_original(tiny: dict[str, pd.DataFrame]) -> None:
    data = shop_with(tiny, ("ann", "mug", "2024-04-27T09:00", SAID), ("ann", "00123", "2024-03-02T09:00", SAID))
    split = last_split(data)
    assert ("ann", "mug") in held(split, data, "test")
    for known in (split.fit_test, split.fit_validation):
        assert has(known, "ann", "mug") == has(known, "ann", "00123") == (False, "")
        assert not known.seen()[data.user_row("ann"), data.item_row("00123")]
    assert has(split.fit_test, "ann", "tent-2")[0]


def test_of_a_copy_by_somebody_else_only_the_text_goes(tiny: dict[str, pd.DataFrame]) -> None:
    data = shop_with(tiny, ("ann", "mug", "2024-04-27T09:00", SAID), ("dora", "candle", "2024-03-02T09:00", SAID))
    split = last_split(data)
    assert has(split.fit_test, "dora", "candle") == (True, "")
    assert split.fit_test.seen()[data.user_row("dora"), data.item_row("candle")]
    fitted = fit_scorers(COMPONENT_CLASSES, Fitting(split.fit_test, build_phrasebook(data, WordEncoder())))
    report = check_leaks(data, split.fit_test, split.test, "last", fitted)
    assert report.n_copies == 1
    assert "1 copies" in report.in_words()


def test_a_copy_between_validation_and_test_is_in_neither_training(tiny: dict[str, pd.DataFrame]) -> None:
    data = shop_with(tiny, ("ann", "mug", "2024-04-27T09:00", SAID), ("ann", "00123", "2024-04-26T09:00", SAID))
    split = last_split(data)
    assert ("ann", "mug") in held(split, data, "test")
    assert ("ann", "00123") in held(split, data, "validation")
    assert not has(split.fit_test, "ann", "00123")[0]
    assert not has(split.fit_validation, "ann", "00123")[0]


def test_a_split_by_time_holds_copies_out_too(tiny: dict[str, pd.DataFrame]) -> None:
    copies = (("ann", "mug", "2024-04-27T09:00", SAID), ("dora", "candle", "2024-03-02T09:00", SAID))
    data = shop_with(tiny, *copies, ("ann", "00123", "2024-03-02T09:00", SAID))
    split = temporal_split(data)
    assert ("ann", "mug") in held(split, data, "test")
    assert has(split.fit_test, "dora", "candle") == (True, "")
    assert not has(split.fit_test, "ann", "00123")[0]
    assert check_leaks(data, split.fit_test, split.test, "temporal", {}).n_copies == 2


def test_replays_hold_copies_out_too(tiny: dict[str, pd.DataFrame]) -> None:
    held_out = newcomer_rewind(Dataset.from_frames(**tiny)).test
    original = Dataset.from_frames(**tiny)
    user, item = original.user_ids[held_out.user_rows[0]], original.item_ids[held_out.item_rows[0]]
    tiny["reviews"].loc[(tiny["reviews"]["user_id"] == user) & (tiny["reviews"]["item_id"] == item), "text"] = SAID
    data = shop_with(tiny, (user, item, "2024-02-01T09:00", SAID), ("0042", "candle", "2024-03-02T09:00", SAID))
    replay = newcomer_rewind(data)
    for one in replay.rounds("test"):
        check_leaks(data, one.train, one.held_out, "last", {}, rewound=True)


def test_a_copy_that_was_left_in_is_found(tiny: dict[str, pd.DataFrame]) -> None:
    data = shop_with(tiny, ("ann", "mug", "2024-04-27T09:00", SAID), ("dora", "candle", "2024-03-02T09:00", SAID))
    split = last_split(data)
    forgetful = data.without_pairs(split.test.user_rows, split.test.item_rows)
    with pytest.raises(LeakError, match="1 copies of held-out reviews are in the training data"):
        check_leaks(data, forgetful, split.test, "last", {})


@pytest.mark.slow
def test_of_real_reviews_of_games_one_in_a_thousand_is_a_copy() -> None:
    data = Dataset.read(shared_data("steam_au")).knowing_copies()
    assert data.copies is not None
    assert 30 <= data.copies.n_reviews <= 45  # all read: pancakes, "you either die a noob", one text on several games
