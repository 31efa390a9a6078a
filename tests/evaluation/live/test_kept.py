"""A cache bounded by bytes: the newest stays, what was not asked for goes first, threads agree."""

import threading

from recsys.evaluation.live.kept import Kept


def test_what_was_asked_for_last_stays_while_there_is_room() -> None:
    kept = Kept[str, bytes](10, len)
    for name in "ab":
        kept.put(name, bytes(4))
    assert kept.get("a") is not None
    kept.put("c", bytes(4))
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (bytes(4), None, bytes(4))


def test_an_answer_larger_than_all_the_room_is_kept_alone() -> None:
    kept = Kept[str, bytes](10, len)
    kept.put("a", bytes(4))
    kept.put("b", bytes(40))
    assert len(kept) == 1
    assert kept.get("b") == bytes(40)
    kept.put("c", bytes(4))
    assert (len(kept), kept.get("c")) == (1, bytes(4))


def test_threads_that_compute_the_same_share_one_answer() -> None:
    kept, found = Kept[int, list[int]](10_000, lambda answer: 1), []
    threads = [threading.Thread(target=lambda: found.append(kept.put(1, []))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(answer) for answer in found}) == 1
