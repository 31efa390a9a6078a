"""One score taken apart exactly: baseline, components, and every share of each of them.

    final = baseline + sum over k of  weight_k / std_k * s_k,   baseline = - sum over k of  weight_k / std_k * mean_k

The scorers split s_k into parts; each part times weight_k / std_k is its contribution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.documents import Documents
from recsys.explanations.records import Contribution, PhrasePair, largest_first
from recsys.fusion import Standardised
from recsys.scorers.base import Part, Requests, Scorer
from recsys.scorers.sides import Side
from recsys.settings import COMPONENTS, FusionSettings

N_PAIRED = 60
"""Of each side, so many of the phrases that matter most are paired with all of the other side."""

N_PAIRS = 400
"""So many pairs are named at most."""


def scales(standardised: Standardised, settings: FusionSettings) -> dict[str, float]:
    """What one unit of each raw score is worth in the final one; 0 for a component that tells nothing apart."""
    weights = settings.normalised()
    return {
        name: weights[name] / std if std > 0 else 0.0
        for name, std in zip(COMPONENTS, standardised.std.tolist(), strict=True)
    }


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Baseline, components and contributions of one score; `averages` sum to minus the baseline."""

    baseline: float
    components: Mapping[str, float]
    averages: Mapping[str, float]
    contributions: tuple[Contribution, ...]


def decompose(
    scorers: Mapping[str, Scorer],
    requests: Requests,
    standardised: Standardised,
    settings: FusionSettings,
    item_row: int,
    documents: Documents,
    item_ids: NDArray[np.object_],
) -> Decomposition:
    """Split the score of one product for a batch of one request.

    Parameters
    ----------
    scorers : the components, by name
    standardised : of the same request, as it was ranked
    item_ids : of the catalogue, in its order
    """
    worth = scales(standardised, settings)
    averages = {name: worth[name] * mean for name, mean in zip(COMPONENTS, standardised.mean.tolist(), strict=True)}
    components: dict[str, float] = {}
    contributions: list[Contribution] = []
    for name in COMPONENTS:
        parts = scorers[name].contributions(requests, 0, item_row) if worth[name] else ()
        named = _named(name, parts, worth[name], documents, item_ids)
        components[name] = float(np.sum([part.value for part in named], dtype=np.float64))
        contributions += largest_first(named)
    return Decomposition(-sum(averages.values()), components, averages, tuple(contributions))


def _named(
    component: str, parts: Any, worth: float, documents: Documents, item_ids: NDArray[np.object_]
) -> list[Contribution]:
    if component == "semantic":
        sources = documents.sources([part.source["place"] for part in parts])
        return [
            Contribution(component, source["text"], worth * part.value, source)
            for part, source in zip(parts, sources, strict=True)
        ]
    return [
        Contribution(component, label, worth * part.value, {**part.source, "strike": strike})
        for part in parts
        for label, strike in (_readable(part, item_ids),)
    ]


def _readable(part: Part, item_ids: NDArray[np.object_]) -> tuple[str, str]:
    """What a person reads, and the name to strike it by."""
    source = part.source
    if source["kind"] == "circumstance":
        return part.label, f"c:{source['dimension']}"
    if source["kind"] == "term":
        return part.label, f"f:term:{source['term']}"
    feature = str(source["feature"])
    if feature.startswith("product:"):
        return part.label, f"i:{item_ids[int(feature[8:])]}"
    return part.label, f"f:{feature}"


def both_sides(
    shopper: Side, product: Side, worth: float, words: str, spans: NDArray[np.int32] | None, documents: Documents
) -> tuple[tuple[Contribution, ...], tuple[PhrasePair, ...]]:
    """The semantic component split over the shopper's phrases, largest first, and the strongest pairs.

    Parameters
    ----------
    worth : what one unit of the raw score is worth in the final one
    words, spans : what is typed now and its phrases, for the places that no text of the shop holds
    """
    if not worth:
        return (), ()
    values = worth * shopper.values(product).astype(np.float64)
    known = shopper.places >= 0
    sources = iter(documents.sources(shopper.places[known]))
    typed = iter([] if spans is None else spans.tolist())
    named = []
    for value, is_known in zip(values.tolist(), known.tolist(), strict=True):
        source = next(sources) if is_known else typed_source(words, next(typed))
        named.append(Contribution("semantic", source["text"], value, source))
    return largest_first(named), _strongest_pairs(shopper, product, worth, values, worth * product.values(shopper))


def typed_source(words: str, span: Sequence[int]) -> dict[str, Any]:
    """Where a phrase comes from that is typed now."""
    start, end = span
    empty = dict.fromkeys(("user_id", "item_id", "rating", "timestamp"))
    return {"kind": "words", **empty, "start": start, "end": end, "text": words[start:end]}


def _places_by_size(values: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Place of each value in the order of `largest_first`."""
    places = np.empty(len(values), np.int64)
    places[np.argsort(-np.abs(values), kind="stable")] = np.arange(len(values))
    return places


def _strongest_pairs(
    shopper: Side,
    product: Side,
    worth: float,
    shopper_values: NDArray[np.floating[Any]],
    product_values: NDArray[np.floating[Any]],
) -> tuple[PhrasePair, ...]:
    """The pairs that matter most among those of the phrases that matter most on either side, largest size first."""
    if not len(shopper) or not len(product):
        return ()
    found: dict[tuple[int, int], float] = {}
    for here, there, sizes, is_product in (
        (product, shopper, product_values, True),
        (shopper, product, shopper_values, False),
    ):
        leading = np.argsort(-np.abs(sizes), kind="stable")[:N_PAIRED].astype(np.int32)
        values = worth * here.pairs(there, leading)
        n_best = min(N_PAIRS, values.size)
        best = np.argpartition(-np.abs(values).ravel(), n_best - 1)[:n_best]
        for at in best.tolist():
            row, column = divmod(at, values.shape[1])
            pair = (column, int(leading[row])) if is_product else (int(leading[row]), column)
            found[pair] = float(values[row, column])
    mine, others = _places_by_size(shopper_values), _places_by_size(product_values)
    ordered = sorted(found.items(), key=lambda entry: -abs(entry[1]))[:N_PAIRS]
    return tuple(PhrasePair(int(mine[one]), int(others[other]), value) for (one, other), value in ordered)
