"""Every shopper's top 10 and all metrics of it under new weights: ours beside torch and numpy, and beside mere reading.

The three that compute mix four components, leave out what a shopper has, take the best ten, and give all metrics of
every shopper's list (by one function); their results are compared before anything is timed. `read_ms` is how long all
cores take to add up the scores once. Medians of calls by turns; random scores with a part that all share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.evaluation.metrics.click_rate import LONGEST, ClickProbabilities
from recsys.evaluation.metrics.lists import measure_lists
from recsys.evaluation.metrics.registry import SHOPPER_METRICS
from recsys.evaluation.statistics.paired import differences
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import N_BASELINE, Panel, Ragged, Scores
from recsys.parallel import cores_for
from recsys.scorers.base import FloatArray, IntArray
from recsys.scorers.context import ContextScorer
from recsys.settings import WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.studies.benchmarks import medians, times_ms
from recsys.tuning.weight_map import weight_map

SIZE = (2_000, 5_000)
K, N_SEEN, N_DIMS = 10, 5, 384
SMALL: Mapping[str, Any] = {"size": (60, 300), "n_repeats": 2}
SCALES = {"quarter": 0.5, "one": 1.0, "four": 2.0}
"""A quarter, one and four times the scores: both sides by this factor."""


def run(size: tuple[int, int] = SIZE, n_repeats: int = 15) -> dict[str, Any]:
    """Milliseconds for so many shoppers and products, ratios, and how the time grows with the number of scores."""
    sizes = {name: _at(round(size[0] * by), round(size[1] * by), n_repeats) for name, by in SCALES.items()}
    main, quarter = sizes["one"], sizes["quarter"]
    return {
        "n_users": size[0],
        "n_items": size[1],
        "n_components": 4,
        **main,
        "torch_over_ours": round(main["torch_ms"] / main["ours_ms"], 2),
        "numpy_over_ours": round(main["numpy_ms"] / main["ours_ms"], 2),
        "ours_over_read": round(main["ours_ms"] / main["read_ms"], 2),
        **_besides(DrawnShop(*size), n_repeats),
        "sizes": {
            name: {**each, "over_quarter": round(each["ours_ms"] / quarter["ours_ms"], 2)}
            for name, each in sizes.items()
        },
    }


def _at(n_users: int, n_items: int, n_repeats: int) -> dict[str, float]:
    shop = DrawnShop(n_users, n_items)
    mixes = np.random.default_rng(1).dirichlet(np.ones(4), n_repeats + 1).astype(np.float32)
    _require_equal(shop, mixes[0])
    calls = {
        "ours_ms": lambda turn: shop.ours(mixes[turn]),
        "torch_ms": lambda turn: shop.torch(mixes[turn]),
        "numpy_ms": lambda turn: shop.numpy(mixes[turn]),
        "read_ms": lambda _: _read(shop.values.reshape(n_users, -1)),
    }
    return medians(times_ms(calls, n_repeats))


def _besides(shop: "DrawnShop", n_repeats: int) -> dict[str, float]:
    """What else a slider move may ask for: re-ranking for variety, intervals, and the whole weight map."""
    engine = LiveEngine(shop.panel)
    mixes = np.random.default_rng(2).dirichlet(np.ones(4), n_repeats + 1)
    lists = [engine.measure(RankingSettings(FusionSettings(*mix), WHOLE_CATALOGUE, K)).lists for mix in mixes]
    before = engine.measure(RankingSettings(filters=WHOLE_CATALOGUE, n=K)).lists
    calls = {
        "with_variety_ms": lambda turn: engine.measure(
            RankingSettings(FusionSettings(*mixes[turn]), WHOLE_CATALOGUE, K, 0.3)
        ),
        "intervals_ms": lambda turn: differences(lists[turn], before, shop.panel.facts),
    }
    weight_map(engine, 1, WHOLE_CATALOGUE)  # compiled before it is timed
    seconds = times_ms({"map": lambda _: weight_map(engine, K, WHOLE_CATALOGUE)}, 1, n_warm=0)["map"][0] / 1e3
    return {**medians(times_ms(calls, n_repeats)), "weight_map_s": round(float(seconds), 2)}


@dataclass
class DrawnShop:
    """Scores, histories and held-out products drawn at random."""

    n_users: int
    n_items: int

    @cached_property
    def _common(self) -> FloatArray:
        """What all components and shoppers agree on, float32 of shape (n_items,)."""
        return np.random.default_rng(4).gamma(0.5, size=self.n_items).astype(np.float32)

    @cached_property
    def values(self) -> FloatArray:
        """Standardised scores, float32 of shape (n_users, 4, n_items)."""
        drawn = np.random.default_rng(0).standard_normal((self.n_users, 4, self.n_items), np.float32)
        drawn += self._common
        drawn -= drawn.mean(axis=2, keepdims=True)
        drawn /= drawn.std(axis=2, keepdims=True)
        return drawn

    @cached_property
    def panel(self) -> Panel:
        """The same as a panel; its arrays are copies, as they lie on disk."""
        rng = np.random.default_rng(3)
        values = self.values
        popularity = np.floor(np.exp(3 * self._common)).clip(0, self.n_users).astype(np.float64)
        vectors = rng.standard_normal((self.n_items, N_DIMS), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        # What a shopper goes on to choose scores well, with luck: Gumbel noise draws from the softmax of the scores.
        liking = 2.5 * values.mean(axis=1) + rng.gumbel(size=(self.n_users, self.n_items))
        drawn = np.argpartition(-liking, N_SEEN, axis=1)[:, : N_SEEN + 1]
        drawn = rng.permuted(drawn, axis=1)
        best = np.argsort(-popularity, kind="stable")[:N_BASELINE].astype(np.int32)
        scores = Scores(
            np.ascontiguousarray(values[:, :3]),
            np.ascontiguousarray(values[:, 3]),
            np.full(self.n_users, self.n_items, np.int64),
            np.empty((0, 0), np.int32),
            np.empty((0, 0), np.float32),
        )
        # A chance of a click for every shopper and product, at positions that are looked at less and less.
        attraction = np.random.default_rng(5).random((self.n_users, self.n_items), np.float32) * np.float32(0.2)
        items = pd.DataFrame({"category": "", "price": np.nan, "available": True}, index=range(self.n_items))
        return Panel(
            role="test",
            panel_id="drawn",
            settings={},
            data={},
            protocol="drawn at random",
            leak_check="",
            n_skipped=0,
            n_train_users=self.n_users,
            scores=scores,
            seen=_ragged(np.sort(drawn[:, 1:], axis=1)),
            relevant=_ragged(drawn[:, :1]),
            baselines={"popularity": np.tile(best, (self.n_users, 1))},
            popularity=popularity,
            profile_popularity=popularity[drawn[:, 1:]].mean(axis=1),
            vectors=vectors,
            items=items,
            shoppers=pd.DataFrame({"user_id": [f"u{user}" for user in range(self.n_users)]}),
            rounds=np.zeros(self.n_users, np.int32),
            context_scorers=(ContextScorer(),),
            clicks=ClickProbabilities("reviews", attraction, seen=1 / np.log2(np.arange(2, LONGEST + 2))),
        )

    @cached_property
    def _seen(self) -> NDArray[np.int64]:
        return self.panel.seen.values.reshape(self.n_users, N_SEEN).astype(np.int64)

    @cached_property
    def _engine(self) -> LiveEngine:
        return LiveEngine(self.panel)

    def ours(self, mix: FloatArray) -> dict[str, NDArray[np.float64]]:
        """The live evaluation, as the tuning page measures it."""
        settings = RankingSettings(FusionSettings.of_factors(mix.tolist()), WHOLE_CATALOGUE, K)
        return dict(self._engine.measure(settings).lists.values)

    def torch(self, mix: FloatArray) -> dict[str, NDArray[np.float64]]:
        import torch

        with torch.inference_mode():
            fused = torch.einsum("c,uci->ui", torch.from_numpy(mix), torch.from_numpy(self.values))
            fused.scatter_(1, torch.from_numpy(self._seen), -torch.inf)
            ranked = fused.topk(K, dim=1).indices
        return self._metrics(ranked.numpy().astype(np.int32))

    def numpy(self, mix: FloatArray) -> dict[str, NDArray[np.float64]]:
        fused = np.einsum("c,uci->ui", mix, self.values, optimize=True)
        np.put_along_axis(fused, self._seen, -np.inf, axis=1)
        best = np.argpartition(-fused, K, axis=1)[:, :K]
        order = np.argsort(-np.take_along_axis(fused, best, axis=1), axis=1, kind="stable")
        return self._metrics(np.take_along_axis(best, order, axis=1).astype(np.int32))

    def _metrics(self, ranked: IntArray) -> dict[str, NDArray[np.float64]]:
        return measure_lists(ranked, self.panel.list_facts(), np.arange(self.n_users))


def _require_equal(shop: DrawnShop, mix: FloatArray) -> None:
    """Stop where the three ways do not agree: a fast wrong answer is no answer."""
    ours, torch, numpy = shop.ours(mix), shop.torch(mix), shop.numpy(mix)
    for name in SHOPPER_METRICS:
        for others in (torch, numpy):
            np.testing.assert_allclose(ours[name].mean(), others[name].mean(), atol=1e-5, err_msg=name)


def _ragged(rows: NDArray[np.integer]) -> Ragged:
    n_users, n = rows.shape
    return Ragged(np.arange(0, n_users * n + 1, n, dtype=np.int64), rows.ravel().astype(np.int32))


def _read(values: FloatArray) -> None:
    with cores_for():
        _sums_of_rows(values)


@numba.njit(parallel=True, nogil=True, fastmath=True, cache=True)
def _sums_of_rows(values):  # type: ignore[no-untyped-def]
    totals = np.zeros(len(values), np.float32)
    for user in numba.prange(len(values)):
        row = values[user]
        total = np.float32(0)
        for i in range(row.shape[0]):
            total += row[i]
        totals[user] = total
    return totals
