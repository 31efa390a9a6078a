"""The faithfulness study: every check of the explanations of one shop."""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.demo.planted import planted_aspects
from recsys.errors import DataError, InputError, SettingsError
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.serving.recommender import Recommender
from recsys.settings import RankingSettings, require_seed
from recsys.studies.faithfulness import report
from recsys.studies.faithfulness.checks import exactness, stability
from recsys.studies.faithfulness.measures import Sampled, faithfulness, sample_recommendations
from recsys.studies.faithfulness.polarity import one_way_only, polarity_agreement
from recsys.studies.result import Result, as_json
from recsys.studies.workspace import Workspace
from recsys.text.cache import EmbeddingCache
from recsys.text.encoder import PhraseEncoder, make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.training.context_settings import ContextChoice, choose_for_all
from recsys.training.fit import TrainingSettings, save_model


@dataclass(frozen=True, slots=True)
class FaithfulnessSettings:
    """Settings of the faithfulness study.

    Parameters
    ----------
    n : recommendations that are tested
    n_exact : random explanations whose parts are summed
    seed : of everything; the second model has the next one
    sentences : human-labelled sentences that the polarity of phrases is held against (Parquet); none of them is learnt
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


def run(workspace: Workspace, settings: FaithfulnessSettings, progress: Progress = silent) -> Result:
    """Train on a data folder and test the explanations.

    Raises
    ------
    DataError : the data breaks the canonical form
    InputError : the sentences cannot be read
    """
    begun, seed = time.monotonic(), settings.seed
    labelled = None if settings.sentences is None else _read_sentences(settings.sentences)
    data = workspace.data
    texts = dict(zip(data.reviews["review_id"].tolist(), data.reviews["text"].tolist(), strict=True))
    book, context = make_phrasebook(data, progress), choose_for_all(data, seed, progress)
    with tempfile.TemporaryDirectory() as folder:
        first, second = (_model(Path(folder) / f"seed-{n}", data, book, n, context, progress) for n in (seed, seed + 1))
        sampled = sample_recommendations(first, settings.n, seed, progress=progress)
        figures = report.FaithfulnessFigures(
            exactness=exactness(first, texts, settings.n_exact, seed, progress),
            faithfulness={
                "product": faithfulness(first, sampled, "product", seed, progress),
                "shopper": faithfulness(first, sampled, "shopper", seed, progress),
            },
            stability=stability(first, second, sampled, seed, progress),
            planted_aspects=_planted(workspace.data_folder, first, sampled, seed),
            polarity=None
            if labelled is None
            else polarity_agreement(labelled, first.polarity, PhraseEncoder(cache=EmbeddingCache())),
        )
    return Result(
        experiment="faithfulness",
        protocol=f"Trained on everything; {len(sampled)} shoppers with a liked product drawn at random, and for each "
        "one product of their first ten at a random rank; phrases taken away in shares of 1, 5, 10, 20 and 50%, "
        "against as many at random; 95% bootstrap intervals over recommendations.",
        data=workspace.facts(),
        settings={"n": settings.n, "n_exact": settings.n_exact, "seed": seed},
        conclusion=report.conclusion(figures),
        tables=report.tables(figures),
        figures=as_json(figures),
        seconds=time.monotonic() - begun,
    )


def _model(
    folder: Path, data: Dataset, book: Phrasebook, seed: int, context: ContextChoice, progress: Progress
) -> Recommender:
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(data, book, seed), progress, context.settings())
    save_model(folder, data, book, scorers, TrainingSettings(seed=seed), progress=progress)
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
    folder: Path, model: Recommender, sampled: list[Sampled], seed: int
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
