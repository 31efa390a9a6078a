"""How far explanations can be trusted: every check of the explanations of one shop."""

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.demo.oracle import planted_aspects
from recsys.errors import DataError, InputError, SettingsError
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.significance import Interval
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.serving.recommender import Recommender
from recsys.settings import FusionSettings, RankingSettings, require_seed
from recsys.studies.faithfulness_measures import (
    SIDES,
    ControlledMeasure,
    Exactness,
    SampledItem,
    SideReport,
    Stability,
    exactness,
    faithfulness,
    sample_recommendations,
    stability,
)
from recsys.studies.faithfulness_polarity import PolarityAgreement, one_way_only, polarity_agreement
from recsys.studies.format import change_text, table_of
from recsys.studies.result import Result, Table, as_json
from recsys.studies.workspace import Workspace
from recsys.text.encoder import chosen_encoder, make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.training.components import ComponentChoice, choose_for_all
from recsys.training.fit import TrainingSettings, save_model

DEFINITIONS = {
    "leading": "the leading aspect",
    "two_leading": "one of the two leading aspects",
    "fifth": "one with a fifth of the pull",
}
"""When an aspect of a demo shop's hidden truth drove a choice."""


@dataclass(frozen=True, slots=True)
class FaithfulnessSettings:
    """How many recommendations are tested, and of how many random explanations the parts are summed.

    The second model has the next seed. `sentences` is a Parquet file of human-labelled sentences that the polarity of
    phrases is held against; none of them is learnt.
    """

    n: int = 300
    n_exact: int = 2000
    seed: int = 0
    sentences: Path | None = None

    def __post_init__(self) -> None:
        if self.n < 1 or self.n_exact < 0:
            raise SettingsError(f"n={self.n} and n_exact={self.n_exact} are not usable; give at least 1 and at least 0")
        require_seed(self.seed)
        require_seed(self.seed + 1)

    def as_json(self) -> dict[str, str | int]:
        """The settings by name, but for the file of sentences."""
        return {"n": self.n, "n_exact": self.n_exact, "seed": self.seed}


@dataclass(frozen=True, slots=True)
class FaithfulnessFigures:
    """What the study measures; parts that the data do not allow are None."""

    exactness: Exactness
    faithfulness: Mapping[str, SideReport]
    stability: Stability
    planted_aspects: Mapping[str, Mapping[str, float | None]] | None
    polarity: PolarityAgreement | None


def run(workspace: Workspace, settings: FaithfulnessSettings, progress: Progress = silent) -> Result:
    """Train on a data folder and test the explanations; raises DataError or InputError for data or sentences."""
    seed = settings.seed
    labelled = None if settings.sentences is None else _read_sentences(settings.sentences)
    data = workspace.data
    texts = dict(zip(data.reviews["review_id"].tolist(), data.reviews["text"].tolist(), strict=True))
    book = make_phrasebook(data, progress)
    chosen = choose_for_all(data, book, seed, progress)
    is_read = chosen.weights["full"].normalised()["semantic"] > 0
    if not is_read:
        chosen = replace(chosen, weights={"full": FusionSettings()})
    with tempfile.TemporaryDirectory() as folder:
        first, second = (_model(Path(folder) / f"seed-{n}", data, book, n, chosen, progress) for n in (seed, seed + 1))
        sampled = sample_recommendations(first, settings.n, seed, progress=progress)
        figures = FaithfulnessFigures(
            exactness=exactness(first, texts, settings.n_exact, seed, progress),
            faithfulness={side: faithfulness(first, sampled, side, seed, progress) for side in SIDES},
            stability=stability(first, second, sampled, seed, progress),
            planted_aspects=_planted(workspace.data_folder, first, sampled, seed),
            polarity=None if labelled is None else polarity_agreement(labelled, first.polarity, chosen_encoder()),
        )
    return Result(
        protocol=f"Trained on everything; {len(sampled)} shoppers with a liked product drawn at random, and for each "
        "one product of their first ten at a random rank; phrases taken away in shares of 1, 5, 10, 20 and 50%, "
        "against as many at random; 95% bootstrap intervals over recommendations."
        + ("" if is_read else " Validation shoppers gave words no weight, so weights are those before any choice."),
        conclusion=conclusion(figures),
        tables=tables(figures),
        figures=as_json(figures),
    )


def _model(
    folder: Path, data: Dataset, book: Phrasebook, seed: int, chosen: ComponentChoice, progress: Progress
) -> Recommender:
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(data, book, seed), progress, chosen.settings())
    usual = chosen.weights["full"]
    save_model(folder, data, book, scorers, TrainingSettings(seed=seed), "", progress, chosen=chosen, usual=usual)
    return Recommender.load(folder)


def _read_sentences(path: Path) -> pd.DataFrame:
    try:
        found = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: the labelled sentences cannot be read ({error}); give a Parquet file") from error
    try:
        one_way_only(found)  # now, not after minutes of work
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return found


def _planted(
    folder: Path, model: Recommender, sampled: list[SampledItem], seed: int
) -> Mapping[str, Mapping[str, float | None]] | None:
    def ends(hits: NDArray[np.float64]) -> tuple[float | None, float | None]:
        interval = mean_interval(hits, seed).as_json()
        return interval["low"], interval["high"]

    settings = RankingSettings(model.info.default_weights)
    explained = (
        (
            one.scored.user_id or "",
            one.item_id,
            [(part.value, part.source) for part in model.explain(one.scored, one.item_id, settings).of("semantic")],
        )
        for one in sampled
    )
    try:
        return planted_aspects(folder, explained, ends)
    except DataError:  # not a demo shop
        return None


def conclusion(figures: FaithfulnessFigures) -> tuple[str, ...]:
    exact, stable = figures.exactness, figures.stability
    costs = {side: each.measures["comprehensiveness"].difference for side, each in figures.faithfulness.items()}
    changes = "; ".join(f"of the {side} {change_text(each)}" for side, each in costs.items())
    return (
        f"{exact.n:,} random explanations: parts and score differ by {exact.residual:.1e} at most, a component and its "
        f"contributions by {exact.component_residual:.1e}, both sides of the words by {exact.side_residual:.1e}; "
        f"{exact.n_verbatim:,} of {exact.n_quotes:,} quotes stand word for word in the review they name.",
        "Taking the named phrases away costs this much more of the score than taking as many at random: phrases "
        f"{changes}.",
        f"Trained again with another seed, a model names {stable.same_top.mean:.0%} of the largest contributions "
        f"again, {stable.chance_top.mean:.0%} by chance.",
    )


def tables(figures: FaithfulnessFigures) -> tuple[Table, ...]:
    measured = [
        {"side": side, "n": each.n, "measure": name, **_intervals_of(one)}
        for side, each in figures.faithfulness.items()
        for name, one in each.measures.items()
    ]
    columns = {"side": "Phrases of the", "n": "Recommendations", "measure": "Measure"}
    columns |= {"value": "Named", "control": "By chance", "difference": "Difference"}
    skipped = ", ".join(f"{each.n_skipped:,} of the {side}" for side, each in figures.faithfulness.items())
    note = f"Skipped, with too few phrases: {skipped}."
    found = [
        table_of("faithfulness", "Phrases taken away, against as many by chance", measured, columns, note),
        _intervals("stability", "Trained again with another seed", _intervals_of(figures.stability)),
    ]
    if figures.planted_aspects is not None:
        rows = [
            {**each, "definition": DEFINITIONS[name], "hit_rate": _hit_rate(each)}
            for name, each in figures.planted_aspects.items()
        ]
        columns = {"definition": "Do the top phrases name", "hit_rate": "Hits"}
        columns |= {"chance": "By chance", "n": "Recommendations"}
        found.append(table_of("planted_aspects", "The demo shop's hidden truth", rows, columns))
    if (agreement := figures.polarity) is not None:
        of = {"AUC, sentences as a whole": agreement.auc, "AUC, mean of their phrases": agreement.auc_of_phrases}
        note = (
            f"{agreement.n_sentences:,} sentences that judge one way, {agreement.n_positive:,} of them praise; always "
            f"praise would have {agreement.share_of_majority:.3f} of the signs right."
        )
        title = "Praise and complaint against human labels"
        found.append(_intervals("polarity", title, of | {"right sign": agreement.accuracy}, note))
    return tuple(found)


def _intervals_of(record: ControlledMeasure | Stability) -> dict[str, Interval]:
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _hit_rate(found: Mapping[str, float | None]) -> Interval:
    mean, low, high = (math.nan if (end := found[name]) is None else end for name in ("hit_rate", "low", "high"))
    return Interval(mean, low, high, int(found["n"] or 0))


def _intervals(name: str, title: str, intervals: Mapping[str, Interval], note: str = "") -> Table:
    rows = [{"measure": measure, "value": value} for measure, value in intervals.items()]
    return table_of(name, title, rows, {"measure": "Measure", "value": "Value"}, note)
