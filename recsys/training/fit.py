"""From a data folder to a trained model, stage by stage."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import numpy as np

import recsys
from recsys.artifacts.folder import Artifact, require_model_folder, save_artifact
from recsys.artifacts.tables import history_arrays, item_table, review_table, summary, user_table
from recsys.data.dataset import Dataset
from recsys.data.splitting import Round, last_split, temporal_split
from recsys.errors import DataError, SettingsError
from recsys.evaluation.protocols.hold_out import SplitName as EvaluationSplit
from recsys.explanations.documents import phrase_texts
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, Scorer
from recsys.scorers.collaborative import ENGINE_CLASSES, EngineName
from recsys.scorers.phrase_weights import reference_vectors
from recsys.scorers.semantic import SemanticScorer
from recsys.serving.quote_candidates import quote_candidates
from recsys.settings import (
    COMPONENTS,
    TRAINED_ON_EVERYTHING,
    FusionSettings,
    Hemisphere,
    require_hemisphere,
    require_seed,
)
from recsys.text.encoder import chosen_encoder, make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.text.polarity import fit_polarity
from recsys.text.unread import Unread
from recsys.training.components import ComponentChoice, choose_components
from recsys.training.learned_fusion import FusionChoice, choose_fusion, learned_map

logger = logging.getLogger(__name__)

SplitName = Literal["none", "temporal", "last"]

Learn = Literal["nothing", "weights", "map"]
"""What the multi-task objective learns for a shop: nothing, its default weights, or a map of phrase vectors as well."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Settings of training.

    Parameters
    ----------
    split : "none" learns from everything; "temporal" and "last" leave out what `recsys evaluate` tests on
    learn : what is learned by the multi-task objective, and taken where validation shoppers are better served
    engine : of the collaborative component; None for the one that validation shoppers choose
    choose_weights : whether validation shoppers choose how the components are mixed unless someone says otherwise;
        where not, or where they are too few, it is `default_weights`
    default_weights : the usual mix
    hemisphere : where the shop's shoppers live, which says what season a month is
    encoder : folder of a sentence-transformers model; "" for that of RECSYS_ENCODER, else the packaged one
    """

    split: SplitName = "none"
    seed: int = 0
    learn: Learn = "nothing"
    engine: EngineName | None = None
    choose_weights: bool = True
    default_weights: FusionSettings = field(default_factory=FusionSettings)
    hemisphere: Hemisphere = "north"
    encoder: str = ""

    def __post_init__(self) -> None:
        require_seed(self.seed)
        require_hemisphere(self.hemisphere)
        if self.engine is not None and self.engine not in ENGINE_CLASSES:
            raise SettingsError(f"engine={self.engine!r} is not known; use one of {', '.join(ENGINE_CLASSES)}")
        if self.learn not in get_args(Learn):
            raise SettingsError(f"learn={self.learn!r} is not known; use one of {', '.join(get_args(Learn))}")


def train(
    data_folder: Path, out: Path, settings: TrainingSettings | None = None, progress: Progress = silent
) -> Artifact:
    """Train on a data folder and write the model; the earlier model stays usable until the last moment.

    Raises DataError: the data breaks the canonical form; ArtifactError: the folder holds something else;
    EncoderFolderError: the chosen encoder cannot be used; Cancelled.
    """
    settings = settings or TrainingSettings()
    require_model_folder(out)  # now, not after minutes of work, and so is the encoder
    encoder = chosen_encoder(settings.encoder)
    encoder.require_usable()
    data = Dataset.read(data_folder, progress, hemisphere=settings.hemisphere)
    for repair in data.repairs:
        logger.warning("%s", repair)
    known, protocol, rounds = _known(data, settings)
    book = make_phrasebook(known, progress, encoder)
    if unread := Unread.of(book).in_words():
        logger.warning("%s", unread)
    split, seed = _protocol_name(settings), settings.seed
    among = (COMPONENTS,) if settings.choose_weights else ()
    chosen = choose_components(data, rounds, book, split, seed, progress, settings.engine, among=among)
    usual = chosen.weights["full"] if settings.choose_weights else settings.default_weights
    learned = _learned(data, rounds, book, chosen, usual, settings, progress)
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(known, book, seed), progress, chosen.settings())
    if learned is not None:
        semantic = _semantic(scorers)
        head = learned_map(known, semantic, book, learned, usual, chosen.settings(), seed, progress)
        scorers["semantic"] = semantic.with_head(head)
    return save_model(out, known, book, scorers, settings, protocol, progress, learned, chosen, usual)


def save_model(
    out: Path,
    data: Dataset,
    book: Phrasebook,
    scorers: Mapping[str, Scorer],
    settings: TrainingSettings,
    protocol: str = "",
    progress: Progress = silent,
    learned: FusionChoice | None = None,
    chosen: ComponentChoice | None = None,
    usual: FusionSettings | None = None,
) -> Artifact:
    """Write fitted components, what the shop looks like and the polarity of its phrases as a model folder.

    `learned`: what came of learning; None where nothing was to be learned; `chosen`: what validation shoppers chose;
    `usual`: the default weights, unless others were learned; None for those of the settings.
    """
    polarity = fit_polarity(data, book, settings.seed, progress)
    progress("saving the model", 0, 0)
    states = {name: scorer.state() for name, scorer in scorers.items()}
    history, kinds = history_arrays(data)
    facts = {
        "version": recsys.__version__,
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": asdict(settings) | {"encoder": Path(settings.encoder).name},  # where it lay is nobody's business
        "protocol": protocol,
        "learning": learned.as_json() if learned is not None else None,
        "chosen": (chosen or ComponentChoice()).as_json() | {"weights": (usual or settings.default_weights).as_dict()},
        "data": {
            **{name: getattr(data, name) for name in ("name", "fingerprint", "known_until_s", "n_items", "n_users")},
            "n_reviews": data.n_reviews,
            "n_events": len(data.events),
            "n_impressions": len(data.impressions),
            "n_interactions": len(data.positives()),
            "n_phrases": book.n_phrases,
            "encoder_id": book.encoder_id,
            "reads": None if book.reads is None else sorted(book.reads),
            "unread": Unread.of(book).as_json(),
            "repairs": [str(repair) for repair in data.repairs],
        },
        "event_kinds": kinds,
        "summary": summary(data),
        "scorers": {name: dict(state.meta) for name, state in states.items()},
        "polarity": polarity.meta(),
    }
    arrays = {name: state.arrays for name, state in states.items()}
    arrays |= {"history": history, "reference": {"vectors": reference_vectors(book, data.n_items)}}
    tables = {"items": item_table(data), "users": user_table(data), "reviews": review_table(data)}
    semantic = _semantic(scorers)
    texts = phrase_texts(semantic, tables)
    values = polarity.polarity(texts, np.asarray(book.vectors[semantic.book_rows], np.float32))
    arrays["polarity"] = {"coefficients": polarity.coefficients, "values": values}
    arrays["quotes"] = quote_candidates(semantic, tables, values, progress).arrays()
    return save_artifact(out, arrays=arrays, tables=tables, facts=facts, progress=progress)


def _semantic(scorers: Mapping[str, Scorer]) -> SemanticScorer:
    semantic = scorers["semantic"]
    assert isinstance(semantic, SemanticScorer)
    return semantic


def _known(data: Dataset, settings: TrainingSettings) -> tuple[Dataset, str, list[Round]]:
    """What may be learned from, the protocol, and the validation rounds."""
    if settings.split == "none":
        try:
            return data, TRAINED_ON_EVERYTHING, list(last_split(data, settings.seed).rounds("validation"))
        except DataError:  # nobody has chosen enough to hide some of it
            return data, TRAINED_ON_EVERYTHING, []
    split = last_split(data, seed=settings.seed) if settings.split == "last" else temporal_split(data)
    return split.fit_test, split.protocol, list(split.rounds("validation"))


def _learned(
    data: Dataset,
    rounds: list[Round],
    book: Phrasebook,
    chosen: ComponentChoice,
    usual: FusionSettings,
    settings: TrainingSettings,
    progress: Progress,
) -> FusionChoice | None:
    """What learning gives this shop; None where it is not asked for."""
    if settings.learn == "nothing":
        return None
    asked, with_map = _protocol_name(settings), settings.learn == "map"
    own = chosen.settings()
    return choose_fusion(data, rounds, book, asked, usual, settings.seed, progress, with_map=with_map, settings=own)


def _protocol_name(settings: TrainingSettings) -> EvaluationSplit:
    return "temporal" if settings.split == "temporal" else "last"
