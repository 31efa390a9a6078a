"""The faithfulness experiment: every check of the explanations of one shop, in one report."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.errors import DataError, InputError, SettingsError
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, FusionSettings, RankingSettings, require_seed
from recsys.studies.faithfulness.measures import Sampled, SideReport, faithfulness, sample_recommendations
from recsys.studies.faithfulness.polarity import PolarityAgreement, one_way_only, polarity_agreement
from recsys.studies.faithfulness.stability import Stability, stability
from recsys.text.cache import EmbeddingCache
from recsys.text.encoder import PhraseEncoder, make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.training.context_settings import ContextChoice, choose_for_all
from recsys.training.fit import TrainingSettings, save_model

PROTOCOL = (
    "trained on everything; {n} shoppers with a liked product drawn at random, and for each one product of their first "
    "ten at a random place; phrases taken away in shares of 1, 5, 10, 20 and 50%, against as many at random; "
    "95% bootstrap intervals over recommendations"
)


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """Parameters
    ----------
    n : recommendations that are tested
    n_exact : random explanations whose parts are summed
    seed : of everything; the second model has the next one
    """

    n: int = 300
    n_exact: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n < 1 or self.n_exact < 0:
            raise SettingsError(f"n={self.n} and n_exact={self.n_exact} are not usable; give at least 1 and at least 0")
        require_seed(self.seed)
        require_seed(self.seed + 1)


@dataclass(frozen=True, slots=True)
class Exactness:
    """Largest gap between the sum of the parts and the score, over random explanations, in units of the score.

    Parameters
    ----------
    residual : of baseline and components against the score
    component_residual : of the contributions against their component
    side_residual : of the shopper's phrases against the semantic component
    n_quotes, n_verbatim : phrases quoted from reviews, and how many of them are text[start:end] of that review
    """

    n: int
    residual: float
    component_residual: float
    side_residual: float
    n_quotes: int
    n_verbatim: int

    def as_json(self) -> dict[str, float]:
        """The entry of `recsys experiment faithfulness --json`."""
        return {name: getattr(self, name) for name in Exactness.__slots__}


@dataclass(frozen=True, slots=True)
class TrustReport:
    """What the experiment found; parts that the data does not allow are None."""

    protocol: str
    exactness: Exactness
    sides: Mapping[str, SideReport]
    stability: Stability
    planted: Mapping[str, Mapping[str, float | None]] | None
    polarity: PolarityAgreement | None

    def as_json(self) -> dict[str, Any]:
        """The document that `recsys experiment faithfulness --json` prints."""
        return {
            "protocol": self.protocol,
            "exactness": self.exactness.as_json(),
            "faithfulness": {side: report.as_json() for side, report in self.sides.items()},
            "stability": self.stability.as_json(),
            "planted_aspects": None if self.planted is None else dict(self.planted),
            "polarity": None if self.polarity is None else self.polarity.as_json(),
        }


def trust(
    folder: Path, settings: TrustSettings | None = None, sentences: Path | None = None, progress: Progress = silent
) -> TrustReport:
    """Train on a data folder and test the explanations.

    Parameters
    ----------
    sentences : human-labelled sentences that the polarity of phrases is held against (Parquet); none of them is learnt

    Raises
    ------
    DataError : the data breaks the canonical form
    InputError : the sentences cannot be read
    """
    settings = settings or TrustSettings()
    labelled = None if sentences is None else _read_sentences(sentences)
    data = Dataset.read(folder, progress)
    texts = dict(zip(data.reviews["review_id"].tolist(), data.reviews["text"].tolist(), strict=True))
    book, chosen = make_phrasebook(data, progress), choose_for_all(data, settings.seed, progress)
    with tempfile.TemporaryDirectory() as place:
        first, second = (
            _model(Path(place) / f"seed-{seed}", data, book, seed, chosen, progress)
            for seed in (settings.seed, settings.seed + 1)
        )
        sampled = sample_recommendations(first, settings.n, settings.seed, progress=progress)
        return TrustReport(
            protocol=PROTOCOL.format(n=len(sampled)),
            exactness=exactness(first, texts, settings.n_exact, settings.seed, progress),
            sides={
                "product": faithfulness(first, sampled, "product", settings.seed, progress),
                "shopper": faithfulness(first, sampled, "shopper", settings.seed, progress),
            },
            stability=stability(first, second, sampled, settings.seed, progress),
            planted=_planted(folder, first, sampled, settings.seed),
            polarity=None
            if labelled is None
            else polarity_agreement(labelled, first.polarity, PhraseEncoder(cache=EmbeddingCache())),
        )


def _model(
    folder: Path, data: Dataset, book: Phrasebook, seed: int, chosen: ContextChoice, progress: Progress
) -> Recommender:
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(data, book, seed), progress, chosen.settings())
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
    from recsys.demo.planted import planted_aspects

    def ends(hits: NDArray[np.float64]) -> tuple[float | None, float | None]:
        found = mean_interval(hits, seed).as_json()
        return found["low"], found["high"]

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


def exactness(
    model: Recommender, texts: Mapping[int, str], n: int, seed: int = 0, progress: Progress = silent
) -> Exactness:
    """Explain random products to random shoppers under random weights and circumstances, and sum the parts.

    Parameters
    ----------
    texts : of the data's reviews, by review_id, which quotes are held against
    """
    rng = np.random.default_rng(seed)
    users = model.users["user_id"].to_numpy(object)
    items = model.items["item_id"].to_numpy(object)
    options = {name: option.values for name, option in model.context_options().items() if option.values}
    worst = np.zeros(3)
    n_quotes = n_verbatim = 0
    for done in range(n):
        progress("summing parts of random explanations", done, n)
        asked = {name: str(rng.choice(values)) for name, values in options.items() if rng.random() < 0.5}
        weights = rng.dirichlet(np.ones(len(COMPONENTS))) * (rng.random(len(COMPONENTS)) < 0.9)
        fusion = FusionSettings(*weights.tolist()) if weights.any() else FusionSettings()
        scored = model.scores(str(rng.choice(users)), context=Context(**asked))  # type: ignore[arg-type]
        found = model.explain(scored, str(rng.choice(items)), RankingSettings(fusion))
        gaps = [abs(sum(part.value for part in found.of(name)) - found.components[name]) for name in COMPONENTS]
        said = [part.value for part in found.shopper_phrases]
        side = abs(sum(said) - found.components["semantic"]) if said else 0.0
        worst = np.maximum(worst, [abs(found.residual), max(gaps), side])
        for source in (part.source for part in found.of("semantic") if part.source["kind"] == "review"):
            written = texts[int(source["strike"].split(".")[0][1:])]
            n_quotes += 1
            n_verbatim += written[source["start"] : source["end"]] == source["text"]
    progress("summing parts of random explanations", n, n)
    residual, component, side = worst.tolist()
    return Exactness(n, residual, component, side, n_quotes, n_verbatim)
