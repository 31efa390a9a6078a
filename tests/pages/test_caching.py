"""Caches of the app: bounded by bytes however large the shop is, shared by sessions, and none that is not."""

import ast
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pages._shared import resources
from pages._shared.resources import bounded
from recsys.errors import InputError
from recsys.ranking.rank import ScoredRequest, Standardised
from recsys.scorers.base import Requests
from recsys.settings import COMPONENTS, Context

ROOT = Path(__file__).resolve().parents[2]

OPENED_ONCE = {
    "_opened": "models",
    "_engines": "test shoppers",
    "_sliders": "a judged log",
    "_problem_of_log": "one sentence a log",
    "_database": "a connection",
    "saved": "presets as last seen",
    "weight_map": "work beside the page, whose map is as large in every shop",
    "faithfulness_of_model": "work beside the page, whose report is as large in every shop",
    "warm_encoder": "a thread",
    "answers_of": "what `bounded` keeps, by function",
}
"""What may be kept by number, and what that is: nothing that grows with the shop and with what is asked."""


def test_every_cache_of_the_pages_is_bounded_by_bytes_but_for_what_is_opened_once() -> None:
    found = {}
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                for each in node.decorator_list:
                    if ast.unparse(each).startswith(("st.cache_", "cache_", "streamlit.cache_")):
                        found[node.name] = path.relative_to(ROOT / "pages").as_posix()
    assert found.keys() == OPENED_ONCE.keys()
    assert set(found.values()) == {"_shared/resources.py", "tuning/context.py"}


def scored_of(n_items: int, seed: int) -> ScoredRequest:
    """Scores of one request as a shop of so many products has them."""
    raw = (np.arange(len(COMPONENTS) * n_items, dtype=np.float32) + seed).reshape(len(COMPONENTS), n_items)
    requests = Requests.one(seed, Context(), None)
    profile, owned = np.zeros(384, np.float32), np.zeros(3, np.int32)
    return ScoredRequest(
        f"u{seed}", "", Context(), requests, Standardised.of(raw), profile, owned, is_cold=False, notes=()
    )


@dataclass
class LargeShop:
    """A shop whose requests are scored as `Recommender.scores` does."""

    n_items: int
    n_scored: int = 0

    @property
    def model_id(self) -> str:
        """One for every size."""
        return f"test-{self.n_items}"

    def scores(self, user_id: str, words: str, context: Context) -> ScoredRequest:
        """One request."""
        self.n_scored += 1
        return scored_of(self.n_items, int(user_id))


def test_scores_of_a_shop_of_200_000_products_take_no_more_than_their_room() -> None:
    shop = LargeShop(200_000)
    size = 4 * 4 * shop.n_items
    n_asked = resources.SCORES_BYTES // size + 12
    for user in range(n_asked):
        resources.scored(shop, str(user), "", Context())  # type: ignore[arg-type]
    kept = resources.answers_of("pages._shared.resources.scored", resources.SCORES_BYTES)
    assert kept.n_bytes <= resources.SCORES_BYTES
    assert len(kept) <= resources.SCORES_BYTES // size < n_asked
    assert len(kept) >= 0.98 * (resources.SCORES_BYTES // size)
    resources.scored(shop, str(n_asked - 1), "", Context())  # type: ignore[arg-type]
    assert shop.n_scored == n_asked  # the latest is kept
    resources.scored(shop, "0", "", Context())  # type: ignore[arg-type]
    assert shop.n_scored == n_asked + 1  # the first had to go
    kept_of_small = LargeShop(1000)
    for user in range(300):  # small requests do not stay behind large ones
        resources.scored(kept_of_small, str(user), "", Context())  # type: ignore[arg-type]
    for user in range(300):
        resources.scored(kept_of_small, str(user), "", Context())  # type: ignore[arg-type]
    assert kept_of_small.n_scored == 300
    resources.answers_of.clear("pages._shared.resources.scored", resources.SCORES_BYTES)


def test_the_key_is_every_argument_but_those_that_are_lent() -> None:
    made = []

    @bounded(1000)
    def asked(_model: object, user: str, n: int = 3, *, deep: bool = False) -> tuple[object, ...]:
        made.append(_model)
        return (user, n, deep)

    assert asked("m1", "a") == asked("m2", "a", 3) == asked("m3", user="a", n=3, deep=False) == ("a", 3, False)
    assert asked("m4", "a", deep=True) == ("a", 3, True)
    assert made == ["m1", "m4"]


def test_an_error_is_not_kept() -> None:
    made = []

    @bounded(1000)
    def refused(n: int) -> int:
        made.append(n)
        raise InputError("no")

    for _ in range(2):
        with pytest.raises(InputError):
            refused(1)
    assert made == [1, 1]


def test_sessions_that_ask_the_same_at_once_share_one_answer_and_others_do_not_wait() -> None:
    begun, let_go, made = threading.Event(), threading.Event(), []

    @bounded(10_000)
    def asked(n: int) -> list[int]:
        made.append(n)
        if n == 1:
            begun.set()
            assert let_go.wait(60)
        return [n]

    with ThreadPoolExecutor(6) as pool:
        same = [pool.submit(asked, 1) for _ in range(4)]
        assert begun.wait(60)
        assert pool.submit(asked, 2).result(60) == [2]
        let_go.set()
        found = [each.result(60) for each in same]
    assert all(each is found[0] for each in found)
    assert sorted(made) == [1, 2]
