"""A cache bounded by bytes: the newest stays, what was not asked for goes first, threads agree."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from recsys.cache import ByteCache, n_bytes


def test_what_was_asked_for_last_stays_while_there_is_room() -> None:
    kept = ByteCache[str, bytes](10, len)
    for name in ("a", "b", "a", "c"):
        kept.of(name, lambda: bytes(4))
    assert ("a" in kept, "b" in kept, "c" in kept) == (True, False, True)


def test_an_answer_larger_than_all_the_room_is_kept_alone() -> None:
    kept = ByteCache[str, bytes](10, len)
    kept.of("a", lambda: bytes(4))
    kept.of("b", lambda: bytes(40))
    assert len(kept) == 1
    assert "b" in kept
    kept.of("c", lambda: bytes(4))
    assert (len(kept), "c" in kept) == (1, True)


def test_many_that_ask_at_once_wait_for_one_and_others_do_not_wait() -> None:
    kept, begun, let_go, made = (
        ByteCache[str, list[int]](10_000, lambda answer: 1),
        threading.Event(),
        threading.Event(),
        [],
    )

    def slow() -> list[int]:
        made.append(1)
        begun.set()
        assert let_go.wait(60)
        return [7]

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(kept.of, "slow", slow) for _ in range(5)]
        assert begun.wait(60)
        assert pool.submit(kept.of, "other", lambda: [8]).result(60) == [8]
        let_go.set()
        found = [each.result(60) for each in asked]
    assert all(each is found[0] for each in found)
    assert len(made) == 1


def test_what_fails_is_not_kept_and_the_next_one_tries_again() -> None:
    kept = ByteCache[str, int](10, lambda answer: 1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            kept.of("a", lambda: 1 // 0)
    assert kept.of("a", lambda: 3) == 3


def test_no_answer_is_an_answer() -> None:
    kept, made = ByteCache[str, int | None](10, lambda answer: 1), []
    for _ in range(3):
        assert kept.of("a", lambda: made.append(1)) is None
    assert len(made) == 1


def test_an_answer_that_grows_is_forgotten_by_the_size_it_was_kept_with() -> None:
    kept = ByteCache[int, list[int]](10, len)
    grown = kept.of(0, lambda: [0] * 4)
    grown.extend(range(100))
    for key in range(1, 6):
        kept.of(key, lambda: [0] * 4)
    assert (len(kept), kept.n_bytes) == (2, 8)


@dataclass(frozen=True, slots=True)
class Record:
    """An answer with parts."""

    values: np.ndarray
    others: tuple[object, ...] = ()


class Opened:
    """What an answer may point at: it is not the answer's."""

    def __init__(self) -> None:
        self.values = np.zeros(10**6)


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        (np.zeros(1000), 8000, 8200),
        (np.zeros(1000)[:1], 8000, 8200),
        (np.zeros((2, 500)).T[1:], 8000, 8200),
        (Record(np.zeros(1000)), 8000, 8400),
        ([Record(np.zeros(10**6), (1,))] * 5, 8_000_000, 8_001_000),
        (list(np.zeros((4, 1000))), 32_000, 34_000),
        ({f"p{at}": np.zeros(100) for at in range(1000)}, 800_000, 1_100_000),
        (tuple(f"shopper-{at:06d}" for at in range(100_000)), 6_000_000, 8_500_000),
        (np.array(["a" * 1000] * 3 + ["b" * 1000], object), 2000, 2500),
        (pd.DataFrame({"text": ["a" * 1000] * 100}), 100_000, 110_000),
        (Record(np.zeros(10), (Opened(), None, 3, "x")), 80, 900),
        (frozenset(range(10_000)), 280_000, 900_000),
        (None, 0, 100),
    ],
)
def test_what_an_answer_takes_is_known(answer: object, least: int, most: int) -> None:
    assert least <= n_bytes(answer) <= most
