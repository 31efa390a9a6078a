"""One score taken apart exactly: baseline, components, and every share of each of them.

    final = baseline + sum over k of  weight_k / std_k * s_k,   baseline = - sum over k of  weight_k / std_k * mean_k

The scorers split s_k into parts; each part times weight_k / std_k is its contribution.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.explanations.documents import Documents
from recsys.explanations.reading import Polarity
from recsys.explanations.records import Contribution, PhrasePair, largest_first
from recsys.ranking.fusion import Standardised
from recsys.scorers.base import NO_ROW, Requests, ScorePart, Scorer
from recsys.scorers.phrase_sum import PhraseSum
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
    semantic: Callable[[], list[Contribution]],
    item_ids: NDArray[np.object_],
) -> Decomposition:
    """Split the score of one product for a batch of one request.

    Parameters
    ----------
    scorers : the components, by name
    standardised : of the same request, as it was ranked
    semantic : makes the contributions of the product's phrases
    item_ids : of the catalogue, in its order
    """
    worth = scales(standardised, settings)
    averages = {name: worth[name] * mean for name, mean in zip(COMPONENTS, standardised.mean.tolist(), strict=True)}
    components: dict[str, float] = {}
    contributions: list[Contribution] = []
    for name in COMPONENTS:
        named: list[Contribution] = []
        if worth[name] and name == "semantic":
            named = semantic()
        elif worth[name]:
            parts = scorers[name].contributions(requests, 0, item_row)
            named = [_readable(name, part, worth[name], item_ids) for part in parts]
        components[name] = math.fsum(part.value for part in named)
        contributions += largest_first(named)
    return Decomposition(-sum(averages.values()), components, averages, tuple(contributions))


def phrases_named(
    values: NDArray[np.float64],
    losses: NDArray[np.float64],
    places: NDArray[np.int64],
    documents: Documents,
    polarity: Polarity,
) -> list[Contribution]:
    """Phrases with what they add, in the order given.

    The source also holds "loss", what the score loses without the phrase alone, and "polarity", from -1 to 1.
    """
    sources = documents.sources(places)
    for source, loss, praise in zip(sources, losses.tolist(), polarity(places).tolist(), strict=True):
        source["loss"], source["polarity"] = loss, praise
    return [
        Contribution("semantic", source["text"], value, source)
        for source, value in zip(sources, values.tolist(), strict=True)
    ]


def _readable(component: str, part: ScorePart, worth: float, item_ids: NDArray[np.object_]) -> Contribution:
    """A part of a score as a share of the final one, with the name to strike it by."""
    source = part.source
    if source["kind"] == "circumstance":
        strike = f"c:{source['dimension']}"
    elif source["kind"] == "term":
        strike = f"f:term:{source['term']}"
    else:
        feature = str(source["feature"])
        strike = f"i:{item_ids[int(feature[8:])]}" if feature.startswith("product:") else f"f:{feature}"
    return Contribution(component, part.label, worth * part.value, {**source, "strike": strike})


def shopper_named(
    values: NDArray[np.float64],
    losses: NDArray[np.float64],
    shopper: PhraseSum,
    typed: tuple[str, NDArray[np.int32]] | None,
    documents: Documents,
    polarity: Polarity,
) -> tuple[Contribution, ...]:
    """The semantic component split over the shopper's phrases, largest first.

    Parameters
    ----------
    values, losses : of the phrases of `shopper`, in units of the final score
    typed : the words said now and the spans of their phrases, for the places that no text of the shop holds
    """
    known = shopper.places != NO_ROW
    named = phrases_named(values[known], losses[known], shopper.places[known], documents, polarity)
    if typed is not None:
        words, spans = typed
        for value, loss, span in zip(values[~known].tolist(), losses[~known].tolist(), spans.tolist(), strict=True):
            source = {**typed_source(words, span), "loss": loss, "polarity": 0.0}
            named.append(Contribution("semantic", source["text"], value, source))
    return largest_first(named)


def typed_source(words: str, span: Sequence[int]) -> dict[str, Any]:
    """Where a phrase comes from that is typed now."""
    start, end = span
    empty = dict.fromkeys(("user_id", "item_id", "rating", "timestamp"))
    return {"kind": "words", **empty, "start": start, "end": end, "text": words[start:end]}


def places_by_size(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place of each value in the order of `largest_first`."""
    places = np.empty(len(values), np.int64)
    places[np.argsort(-np.abs(values), kind="stable")] = np.arange(len(values))
    return places


def strongest_pairs(
    shopper: PhraseSum,
    product: PhraseSum,
    worth: float,
    shopper_values: NDArray[np.float64],
    product_values: NDArray[np.float64],
) -> tuple[PhrasePair, ...]:
    """The pairs that matter most among those of the phrases that matter most on either side, largest size first.

    Parameters
    ----------
    shopper_values, product_values : what the phrases of either side add; pairs point into the lists sorted by them
    """
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
    mine, others = places_by_size(shopper_values), places_by_size(product_values)
    ordered = sorted(found.items(), key=lambda entry: -abs(entry[1]))[:N_PAIRS]
    return tuple(PhrasePair(int(mine[one]), int(others[other]), value) for (one, other), value in ordered)
