"""Milliseconds of one shopper's list, at 10,000 and at 1,000,000 products, end to end through a model on disk.

The model's arrays are random, in the shapes that training gives them: 16 dimensions of LightFM, 500 links to each of
the 12,000 products that EASE holds, 20 words and attributes a product, 66 semantic dimensions, three phrases a product,
none of them to be quoted, 21 context values, and 50 acts a shopper.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recsys.artifacts.folder import save_artifact
from recsys.scorers.collaborative import CollaborativeSettings
from recsys.serving.quote_candidates import QuoteCandidates
from recsys.serving.recommender import Recommender
from recsys.settings import DAYPARTS, SEASONS, WEEKDAYS, Context, FusionSettings, RankingSettings
from recsys.studies.benchmarks import Times, memory_mb, percentiles, times_ms
from recsys.training.components import ComponentChoice

N_USERS = 1_000
N_DIMS = 384
N_DIRECTIONS, N_CATEGORIES = 48, 18
N_PHRASES = 20_000
N_TERMS = 20_000
SMALL: Mapping[str, Any] = {"sizes": (300,), "n_requests": 3}
CONTEXT = Context(daypart="evening", weekday="Friday", season="winter", device="mobile", region="north")


def run(sizes: tuple[int, ...] = (10_000, 1_000_000), n_requests: int = 60) -> dict[str, Any]:
    """Milliseconds (p50 and p95) and memory in MiB, by catalogue size.

    `memory_mb` is that of a model, its requests included; `compiler_mb` comes on top once a process, whatever the size:
    the compiler of the diversity kernels, which the first list with diversity loads.
    """
    compiler_mb = _measure(SMALL["sizes"][0], 1)["memory_mb"]
    return {f"{n_items}": {**_measure(n_items, n_requests), "compiler_mb": compiler_mb} for n_items in sizes}


def _measure(n_items: int, n_requests: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        _save_random_model(Path(folder), n_items)
        before, start = memory_mb(), time.perf_counter()
        model = Recommender.load(Path(folder))
        load_s = round(time.perf_counter() - start, 2)
        found = percentiles(_times(model, n_requests))
        return {"load_s": load_s, **found, "memory_mb": max(0, round(memory_mb() - before))}


def _times(model: Recommender, n_requests: int) -> Times:
    settings = RankingSettings(fusion=FusionSettings(0.4, 0.2, 0.3, 0.1), n=10)
    diverse = RankingSettings(fusion=settings.fusion, n=10, diversity=0.3)
    users = np.random.default_rng(1).integers(0, N_USERS, n_requests + 3)
    scored = model.scores("u0000", "", CONTEXT)

    def score_and_rank(turn: int) -> None:
        nonlocal scored
        scored = model.scores(f"u{users[turn]:04d}", "", CONTEXT)
        model.rank(scored, settings)

    calls = {
        "list": score_and_rank,
        "rank_only": lambda _: model.rank(scored, settings),
        "rank_diverse": lambda _: model.rank(scored, diverse),
    }
    return times_ms(calls, n_requests, n_warm=3)


def _save_random_model(folder: Path, n_items: int) -> None:
    rng = np.random.default_rng(0)
    n_dims, n_phrases = N_DIRECTIONS + N_CATEGORIES, 3 * n_items

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    def rows(below: int, n: int) -> np.ndarray:
        return rng.integers(0, below, n, dtype=np.int32)

    def starts(n_rows: int, n_each: int) -> np.ndarray:
        return np.arange(n_rows + 1, dtype=np.int64) * n_each

    def csr(name: str, n_rows: int, n_columns: int, n_each: int, n_filled: int | None = None) -> dict[str, np.ndarray]:
        indptr = np.minimum(starts(n_rows, n_each), (n_rows if n_filled is None else n_filled) * n_each)
        n = int(indptr[-1])
        parts = {"data": rng.random(n, np.float32), "indices": rows(n_columns, n), "indptr": indptr}
        return {f"{name}.{part}": values for part, values in parts.items()}

    ease = CollaborativeSettings().ease
    linked = np.arange(min(n_items, ease.max_items), dtype=np.int32)
    vectors, n_acts = normal(n_items, N_DIMS), 50 * N_USERS
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    values = {"daypart": list(DAYPARTS), "weekday": list(WEEKDAYS), "season": list(SEASONS)}
    values |= {"device": ["desktop", "mobile", "tablet"], "region": ["east", "north", "south"]}
    arrays: dict[str, dict[str, np.ndarray]] = {
        "collaborative": {
            **{"lightfm.feature_vectors": normal(n_items, 17), "lightfm.item_factors": normal(n_items, 17)},
            **{"lightfm.user_factors": normal(N_USERS, 17), "lightfm.region_factors": normal(0, 17)},
            **{"lightfm.homes": np.full(N_USERS, -1, np.int32), "lightfm.like_starts": starts(N_USERS, 30)},
            **{"lightfm.like_rows": rows(n_items, 30 * N_USERS), **csr("lightfm.item_features", n_items, n_items, 1)},
            **{"ease.items": linked, **csr("ease.likes", N_USERS, n_items, 30)},
            **csr("ease.links", n_items, n_items, ease.n_links, len(linked)),
        },
        "content": {
            **{"idf": rng.random(N_TERMS, np.float32), **csr("item_vectors", n_items, N_TERMS, 20)},
            **csr("user_vectors", N_USERS, N_TERMS, 200),
            **csr("likes", N_USERS, n_items, 30),
        },
        "semantic": {
            **{"phrase_vectors": normal(N_PHRASES, N_DIRECTIONS), "space.mean": normal(N_DIMS)},
            **{"space.directions": normal(N_DIMS, N_DIRECTIONS), "space.categories": rows(N_CATEGORIES, n_items)},
            **{"space.offsets": normal(N_CATEGORIES, N_DIRECTIONS), "space.basis": normal(N_DIMS, N_CATEGORIES)},
            **{"space.category_vectors": normal(N_CATEGORIES, N_CATEGORIES)},
            **{"space.category_weight": np.ones(1, np.float32), "item_profiles": normal(n_items, n_dims)},
            **{"metric": np.eye(n_dims, dtype=np.float32), "own_profiles": normal(N_USERS, n_dims)},
            **{"item_lengths": np.ones(n_items, np.float32), "item_starts": starts(n_items, 3)},
            **{"kinds": np.tile(np.array([0, 1, 2], np.int8), n_items)},
            **{"documents": np.repeat(np.arange(n_items, dtype=np.int32), 3), "starts": np.zeros(n_phrases, np.int32)},
            **{"ends": np.full(n_phrases, 5, np.int32), "phrases": rows(N_PHRASES, n_phrases)},
            **{"weights": rng.random(n_phrases, np.float32), "own_starts": starts(N_USERS, 20)},
            **{"own_places": rows(n_phrases, 20 * N_USERS), "own_weights": rng.random(20 * N_USERS, np.float32)},
            **csr("likes", N_USERS, n_items, 30),
        },
        "context": {
            **{"times_s": np.sort(rng.integers(0, 10**7, 500_000)), "rows": rows(n_items, 500_000)},
            **{f"lift.{name}": normal(len(each), n_items) for name, each in values.items()},
        },
        "polarity": {"coefficients": np.zeros(N_DIMS, np.float32), "values": np.zeros(N_PHRASES, np.float32)},
        "history": {
            **{"starts": starts(N_USERS, 50), "item_row": rows(n_items, n_acts), "kind": np.zeros(n_acts, np.int16)},
            **{"time_s": rng.integers(0, 10**7, n_acts), "rating": np.full(n_acts, np.nan, np.float32)},
            **{"review_row": np.full(n_acts, -1, np.int32), "owned": rng.random(n_acts) < 0.5},
        },
        "reference": {"vectors": vectors},
        "quotes": QuoteCandidates.none().arrays(),
    }
    words, ones = ["some words"] * n_items, np.ones(n_items, np.int64)
    items = {
        **{"item_id": [f"i{row:07d}" for row in range(n_items)], "title": words, "description": words},
        **{"category": ["tents"] * n_items, "brand": [""] * n_items, "price": rng.random(n_items)},
        **{"tags": [["a"]] * n_items, "image_url": [""] * n_items, "available": np.ones(n_items, bool)},
        **{"n_interactions": ones, "n_ratings": ones, "mean_rating": np.ones(n_items)},
    }
    users = {
        **{"user_id": [f"u{row:04d}" for row in range(N_USERS)], "n_interactions": np.full(N_USERS, 50, np.int64)},
        **{"n_reviews": np.zeros(N_USERS, np.int64), "last_active": np.zeros(N_USERS, "datetime64[s]")},
        **dict.fromkeys(("region", "device", "top_category", "activity"), [""] * N_USERS),
    }
    reviews = {"review_id": pa.array([], pa.int32()), "text": pa.array([], pa.string())}
    counted = ("items", "users", "reviews", "events", "impressions", "interactions", "phrases")
    data = {"name": "random", "fingerprint": "", "known_until_s": 10**7, "encoder_id": "", "repairs": []}
    summary: dict[str, Any] = {"rating_counts": {}, "activity": [], "categories": []}
    learned = {"n_dims": 16, "n_epochs": 0, "learning_rate": 0.0, "metadata_share": 0.0}
    sizes = {"n_items": n_items, "n_users": N_USERS}
    named = {"shape": [N_USERS, n_items]}
    facts = {
        **{"version": "0", "trained_at": "2026-01-01T00:00:00+00:00", "protocol": "", "polarity": {}},
        "settings": {"split": "none", "seed": 0, "default_weights": FusionSettings().as_dict()},
        "data": {**data, **{f"n_{each}": 0 for each in counted}},
        "chosen": ComponentChoice().as_json() | {"weights": FusionSettings().as_dict()},
        "event_kinds": ["review"],
        "summary": {**summary, **dict.fromkeys(("items_with_text", "items_with_description", "users_who_wrote"), 0)},
        "scorers": {
            "collaborative": {
                "settings": asdict(CollaborativeSettings()),
                "lightfm": {"settings": learned, "features": [], "regions": []},
                "ease": {"settings": asdict(ease), **named},
            },
            "content": {"settings": {}, "terms": [f"t{n}" for n in range(N_TERMS)], "attributes": [], **sizes},
            "semantic": {"settings": {}},
            "context": {
                **{"settings": {}, "values": values, "unavailable": {}, "known_until_s": 10**7, "n_items": n_items},
            },
        },
    }
    tables = {"items": pa.table(items), "users": pa.table(users), "reviews": pa.table(reviews)}
    save_artifact(folder, arrays=arrays, tables=tables, facts=facts)
