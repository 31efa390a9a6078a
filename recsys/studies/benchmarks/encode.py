"""Phrases a second, against plain `SentenceTransformer.encode` in float32 on the same phrases, by turns."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from recsys.progress import Progress, silent
from recsys.studies.benchmarks import times_ms
from recsys.text.encoder import VARIABLE, PhraseEncoder
from recsys.text.model_folder import FolderModel
from recsys.text.packaged import packaged_model
from recsys.text.phrasebook import canonical, segment

SMALL: Mapping[str, Any] = {"n_phrases": 64, "rounds": 1}

_WORDS = (
    "the a this it tent jacket lamp stove zip battery sound is was feels looks lasts broke arrived very quite not too "
    "warm light noisy sturdy cheap after before with without for my on in rain winter two years and but"
)


def run(
    n_phrases: int = 4000, rounds: int = 3, seed: int = 0, data: Path | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Rates of the best round, their ratio (median over rounds), and cosines of our vectors to the baseline's.

    Nothing is read from or written to a cache. `data`: whose reviews give the phrases; None for made-up sentences.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    phrases, source = sample_phrases(n_phrases, seed, data)
    chosen = os.environ.get(VARIABLE, "").strip()
    ours = PhraseEncoder(model=FolderModel(Path(chosen), VARIABLE) if chosen else None)
    baseline = SentenceTransformer(chosen or str(packaged_model()), device="cpu", local_files_only=True)
    vectors: dict[str, NDArray[np.float32]] = {}

    def encode(turn: int) -> None:
        progress("measuring", turn, rounds)
        vectors["ours"] = ours.encode(phrases)

    def encode_plainly(_: int) -> None:
        found = baseline.encode(phrases, batch_size=32, show_progress_bar=False, normalize_embeddings=True)
        vectors["baseline"] = np.asarray(found, np.float32)

    ours.encode(phrases[:64])
    baseline.encode(phrases[:64], show_progress_bar=False)
    times = times_ms({"ours": encode, "baseline": encode_plainly}, rounds, n_warm=0)
    cosines = np.sum(vectors["ours"] * vectors["baseline"], axis=1)
    return {
        "n_phrases": len(phrases),
        "ours_per_s": 1e3 * len(phrases) / float(times["ours"].min()),
        "baseline_per_s": 1e3 * len(phrases) / float(times["baseline"].min()),
        "ratio": float(np.median(times["baseline"] / times["ours"])),
        "precision": ours.precision,
        "min_cosine": float(cosines.min()),
        "mean_cosine": float(cosines.mean()),
        "threads": torch.get_num_threads(),
        "source": source,
    }


def sample_phrases(n_phrases: int, seed: int, data: Path | None = None) -> tuple[list[str], str]:
    """Different canonical phrases in random order, and where they come from: the folder's name, or made up.

    Made-up ones have 3 to 25 words, most of them few, as in reviews.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, None] = {}
    if data is None:
        words = np.array(_WORDS.split())
        while len(found) < n_phrases:
            length = min(25, 3 + int(rng.exponential(8)))
            found[" ".join(rng.choice(words, length))] = None
        return list(found), "made-up sentences"
    texts = pd.read_parquet(data / "reviews.parquet", columns=["text"])["text"].fillna("").to_numpy(dtype=object)
    for text in rng.permutation(texts):
        found.update(dict.fromkeys(canonical(text[start:end]) for start, end in segment(text)))
        if len(found) >= n_phrases:
            break
    return list(found)[:n_phrases], data.name
