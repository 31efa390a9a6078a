"""What words are worth by how much is known of the product that is to be found: cold, warm and hot ones.

Every shopper is asked to find only those held-out products of theirs that are of one kind; shoppers without any are
left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.evaluation.statistics.randomisation import holm, sign_flip_p
from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel, Ragged
from recsys.settings import FusionSettings
from recsys.studies.result import Cell, Plot, Series, Table, interval_cells, interval_columns
from recsys.studies.sparsity.figures import ndcg
from recsys.studies.sparsity.models import Measured, Shop

MANY = 10

CLASSES: Mapping[str, tuple[int, int | None]] = {
    "no": (0, 0),
    "1 or 2": (1, 2),
    f"3 to {MANY - 1}": (3, MANY - 1),
    f"{MANY} or more": (MANY, None),
}
"""How many there are of a product, least and most."""

INTERACTIONS, TEXTS = "training interactions", "reviews with text"

SIMPLE = ("content", "collaborative")
"""Components that are shown beside the semantic one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Products of which there is so much, on the test shoppers who are to find one.

    Parameters
    ----------
    known_by : INTERACTIONS or TEXTS
    how_many : key of `CLASSES`
    n : shoppers
    alone, silent, simple : nDCG of the semantic component with all texts and without any, and of `SIMPLE` by name
    words : alone - silent, what texts of reviews add to it
    plain, mix : nDCG of the mix without the semantic component, and with it
    gain : mix - plain
    p_words, p_gain : by sign flips, corrected by Holm for all kinds
    """

    known_by: str
    how_many: str
    n: int
    alone: Interval
    silent: float
    simple: Mapping[str, float]
    words: Interval
    plain: float
    mix: float
    gain: Interval
    p_words: float
    p_gain: float

    @property
    def words_pay(self) -> bool:
        """Beyond doubt."""
        return verdict_of(self.words, p=self.p_words) == "better"

    @property
    def words_harm(self) -> bool:
        """Beyond doubt."""
        return verdict_of(self.words, p=self.p_words) == "worse"

    @property
    def semantic_pays(self) -> bool:
        """Beyond doubt, in the mix."""
        return verdict_of(self.gain, p=self.p_gain) == "better"


def counts(shop: Shop) -> dict[str, NDArray[np.int64]]:
    """How much training knows of every product, int64 of shape (n_items,), by its kind."""
    positives = shop.split.fit_test.positives()
    return {INTERACTIONS: np.bincount(positives["item_row"], minlength=shop.data.n_items), TEXTS: shop.texts_of}


def restricted(panel: Panel, wanted: NDArray[np.bool_]) -> Panel:
    """The same shoppers, asked to find some products only, bool of shape (n_items,)."""
    kept = wanted[panel.relevant.values]
    starts = np.concatenate([[0], np.cumsum(kept)])[panel.relevant.starts].astype(np.int64)
    return replace(panel, relevant=Ragged(starts, panel.relevant.values[kept]))


def kinds(shop: Shop, clean: Measured, silent: Measured, plain: MeasuredLists) -> list[Kind]:
    """Every kind of product that any test shopper is to find."""
    simple = {name: shop.lists(shop.test, FusionSettings.only(name)) for name in SIMPLE}
    found, p_words, p_gain = [], [], []
    for known_by, how_many_of in counts(shop).items():
        for how_many, (least, most) in CLASSES.items():
            wanted = (how_many_of >= least) & (how_many_of <= (np.inf if most is None else most))
            engine = LiveEngine(restricted(shop.test.panel, wanted))

            def values(lists: MeasuredLists, engine: LiveEngine = engine) -> NDArray[np.float64]:
                return ndcg(engine.measured(np.array(lists.ranked)))

            alone, unsaid, mix, base = map(values, (clean.alone, silent.alone, clean.mix, plain))
            n = int((~np.isnan(alone)).sum())
            if not n:
                continue
            words, gain = changes(alone, unsaid), changes(mix, base)
            told = ratio_intervals(np.stack([alone, words, gain], axis=1), seed=shop.asked.seed)
            p_words.append(sign_flip_p(words, shop.asked.seed))
            p_gain.append(sign_flip_p(gain, shop.asked.seed))
            of = {name: float(np.nanmean(values(lists))) for name, lists in simple.items()}
            means = [float(np.nanmean(each)) for each in (unsaid, base, mix)]
            found.append(
                Kind(known_by, how_many, n, told[0], means[0], of, told[1], means[1], means[2], told[2], 1.0, 1.0)
            )
    corrected = zip(found, holm(np.array(p_words)), holm(np.array(p_gain)), strict=True)
    return [replace(each, p_words=float(words), p_gain=float(gain)) for each, words, gain in corrected]


def table(found: Sequence[Kind], k: int) -> Table:
    """One row a kind."""
    columns = {"known_by": "Known by", "how_many": "How many", "n": "Shoppers"}
    columns |= interval_columns("alone", f"nDCG@{k}, semantic alone")
    columns |= {"silent": "without texts of reviews"}
    columns |= interval_columns("words", "Added by texts") | {"words_p": "p, corrected"}
    columns |= {name: f"{name.capitalize()} alone" for name in SIMPLE}
    columns |= {"plain": "Mix without semantic", "mix": "Mix"}
    columns |= interval_columns("gain", "Added by semantic") | {"gain_p": "p, corrected"}
    rows = []
    for each in found:
        row: dict[str, Cell] = {"known_by": each.known_by, "how_many": each.how_many, "n": each.n}
        row |= interval_cells("alone", each.alone) | {"silent": each.silent, **each.simple}
        row |= interval_cells("words", each.words) | {"words_p": each.p_words, "plain": each.plain, "mix": each.mix}
        rows.append(row | interval_cells("gain", each.gain) | {"gain_p": each.p_gain})
    return Table(
        "products",
        "By how much is known of the product to be found: cold, warm and hot",
        columns,
        tuple(rows),
        "With all texts, clean. Shoppers who have no such product to find are left out. Weights are those tuned for "
        "everybody.",
    )


def plot(found: Sequence[Kind], k: int) -> Plot:
    """What texts add to the semantic component, and it to the mix."""
    names = tuple(f"{each.how_many} {each.known_by}" for each in found)

    return Plot(
        "products",
        "What words are worth, by how much is known of the product to be found",
        "Of the product there are",
        f"Change of nDCG@{k}, 95% interval",
        (
            Series.of("texts of reviews, to the semantic component alone", names, [each.words for each in found]),
            Series.of("the semantic component, to the mix", names, [each.gain for each in found]),
        ),
        zero=True,
    )


def as_json(found: Sequence[Kind]) -> list[dict[str, Any]]:
    """Every kind."""
    return [
        {
            "known_by": each.known_by,
            "how_many": each.how_many,
            "n": each.n,
            "alone": each.alone.as_json(),
            "words": each.words.as_json(),
            "words_p": each.p_words,
            "gain": each.gain.as_json(),
            "gain_p": each.p_gain,
        }
        for each in found
    ]
