"""A judge of explanations that knows the hidden truth: do the leading phrases name what drove the choice?

Whoever explains hands over phrases and hears how often they hit; nothing of the truth itself comes back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.demo.truth import Truth, load_truth

N_TOP = 3
QUOTED = ("review", "description")
"""Only words that somebody wrote about the product can name an aspect; titles and categories name the product."""

Phrases = Sequence[tuple[float, Mapping[str, Any]]]
"""Contributions with their sources, as `recsys explain --json` gives them."""

Ends = tuple[float | None, float | None]


def _no_ends(hits: NDArray[np.float64]) -> Ends:
    return None, None


def planted_aspects(
    folder: Path,
    explained: Iterable[tuple[str, str, Phrases]],
    ends: Callable[[NDArray[np.float64]], Ends] = _no_ends,
) -> dict[str, dict[str, float | None]]:
    """How often one of the N_TOP quoted phrases that speak most for a product names a driving aspect of the choice.

    An aspect drives a choice by the shopper's taste for it times the product's quality in it. Three definitions, from
    strict to mild: the leading aspect, one of the two leading ones, one that makes up a fifth of the pull or more.

    Parameters
    ----------
    explained : shopper, product, and the contributions of the product's phrases
    ends : of the 95% interval of a mean of hits, float64 of shape (n_explained,), None where there is none

    Returns
    -------
    by definition: hit_rate, low and high (by `ends`), chance (of as many phrases drawn at random from those quoted
    of the same product), ratio, n and n_skipped

    Raises
    ------
    DataError : the folder is not a demo shop
    """
    truth = load_truth(folder)
    rows: dict[str, list[tuple[bool, float]]] = {"leading": [], "two_leading": [], "fifth": []}
    n_skipped = 0
    for user_id, item_id, phrases in explained:
        driving = truth.driving_aspects(user_id, item_id)
        quoted = sorted((phrase for phrase in phrases if phrase[1]["kind"] in QUOTED), key=lambda phrase: -phrase[0])
        if not driving or len(quoted) < 2 * N_TOP:
            n_skipped += 1
            continue
        named = [_named(truth, source) for _, source in quoted]
        for definition, aspects in _definitions(driving).items():
            if aspects:
                hits = [bool(each & aspects) for each in named]
                rows[definition].append((any(hits[:N_TOP]), _chance(len(hits), sum(hits))))
    return {name: _summed(np.array(found, np.float64).reshape(-1, 2), n_skipped, ends) for name, found in rows.items()}


def _definitions(driving: Sequence[tuple[str, float]]) -> dict[str, frozenset[str]]:
    return {
        "leading": frozenset([driving[0][0]]),
        "two_leading": frozenset(aspect for aspect, _ in driving[:2]),
        "fifth": frozenset(aspect for aspect, share in driving if share >= 0.2),
    }


def _named(truth: Truth, source: Mapping[str, Any]) -> frozenset[str]:
    """Aspects that a quoted phrase names, by the spans that the writer of the demo shop remembers."""
    mentions = (
        truth.mentions_of(source["user_id"], source["item_id"])
        if source["kind"] == "review"
        else truth.described_as(source["item_id"])
    )
    return frozenset(one.aspect for one in mentions if one.start < source["end"] and one.end > source["start"])


def _chance(n: int, n_hits: int) -> float:
    """That one of N_TOP phrases drawn at random is among the hits."""
    return 1 - comb(n - n_hits, N_TOP) / comb(n, N_TOP)


def _summed(
    found: NDArray[np.float64], n_skipped: int, ends: Callable[[NDArray[np.float64]], Ends]
) -> dict[str, float | None]:
    if not len(found):
        return {"n": 0, "n_skipped": n_skipped}
    low, high = ends(found[:, 0])
    hit_rate, chance = found.mean(axis=0)
    return {
        "hit_rate": float(hit_rate),
        "low": low,
        "high": high,
        "chance": float(chance),
        "ratio": float(hit_rate / chance) if chance else float("nan"),
        "n": len(found),
        "n_skipped": n_skipped,
    }
