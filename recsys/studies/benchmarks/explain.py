"""Milliseconds of one explanation with 5,000 phrases on either side, and from a phrase left out to the new list.

The first shopper of a made-up shop liked 50 products with 100 phrases each, and its first product is reviewed with
5,000 phrases; vectors are random.
"""

import gc
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.serving.recommender import Recommender
from recsys.settings import RankingSettings
from recsys.studies.benchmarks import percentiles, times_ms
from recsys.text.phrasebook import build_phrasebook
from recsys.training.fit import TrainingSettings, save_model

N_ITEMS, N_LIKED, N_PHRASES = 2_000, 50, 5_000
SMALL: Mapping[str, Any] = {"n_items": 60, "n_liked": 5, "n_phrases": 100, "n_repeats": 2}
SENTENCES_A_REVIEW = 10


class _RandomEncoder:
    """Vectors in the shape of the real encoder's, drawn once for each phrase."""

    encoder_id = "random"
    reads = None

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        vectors = np.random.default_rng(0).standard_normal((len(texts), 384), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def run(
    n_items: int = N_ITEMS, n_liked: int = N_LIKED, n_phrases: int = N_PHRASES, n_repeats: int = 30
) -> dict[str, Any]:
    """Milliseconds (p50 and p95) of each question."""
    with tempfile.TemporaryDirectory() as folder:
        model = _model(Path(folder), n_items, n_liked, n_phrases)
        settings = RankingSettings()
        # As the app does: what lives as long as the server is left out of garbage collection, which would otherwise
        # look through the whole model whenever an explanation has made its thousands of small records.
        gc.collect()
        gc.freeze()
        scored = model.scores("u0")
        item_id = "i0"
        whole = model.explain(scored, item_id, settings)
        phrases = [part.source["strike"] for part in whole.of("semantic")]

        def strike(at: int) -> None:
            model.rank(model.ablate(scored, phrases[at : at + 1]), settings)

        calls = {
            "explain": lambda _: model.explain(scored, item_id, settings),
            "read": lambda _: model.read(scored, item_id, settings),
            "strike_to_list": strike,
        }
        return {
            "n_shopper_phrases": len(whole.shopper_phrases),
            "n_product_phrases": len(phrases),
            "n_items": n_items,
            **percentiles(times_ms(calls, n_repeats, n_warm=3)),
        }


def _model(folder: Path, n_items: int, n_liked: int, n_phrases: int) -> Recommender:
    rng = np.random.default_rng(0)
    products = {
        "item_id": [f"i{row}" for row in range(n_items)],
        "title": [f"Thing {row}" for row in range(n_items)],
        "category": [f"Things {row % 20}" for row in range(n_items)],
        "tags": [[f"tag {row % 7}", f"tag {row % 11}"] for row in range(n_items)],
    }
    counter = iter(range(10**9))

    def reviews_of(item: int, n_said: int) -> list[dict[str, Any]]:
        return [
            {
                "user_id": f"w{rng.integers(2_000)}",
                "item_id": f"i{item}",
                "rating": float(rng.integers(1, 6)),
                "timestamp": pd.Timestamp("2026-01-01T10:00Z") + pd.Timedelta(minutes=next(counter)),
                "text": " ".join(f"This is sentence number {next(counter)}." for _ in range(SENTENCES_A_REVIEW)),
            }
            for _ in range(n_said // SENTENCES_A_REVIEW)
        ]

    rows = reviews_of(0, n_phrases)
    for item in range(1, n_liked + 1):
        rows += reviews_of(item, n_phrases // n_liked)
        rows.append({**rows[-1], "user_id": "u0", "item_id": f"i{item}", "rating": 5.0, "text": ""})
    data = Dataset.from_frames(pd.DataFrame(products), pd.DataFrame(rows), name="bench")
    book = build_phrasebook(data, _RandomEncoder())
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(data, book))
    save_model(folder, data, book, scorers, TrainingSettings())
    return Recommender.load(folder)
