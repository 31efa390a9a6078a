"""From a data folder to a model: the same twice, quicker the second time, and never half."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from recsys.artifacts.folder import Artifact, open_artifact
from recsys.data.dataset import Dataset
from recsys.data.splitting import Round, last_split
from recsys.errors import ArtifactError, Cancelled, DataError, SettingsError
from recsys.evaluation.statistics.significance import Interval
from recsys.progress import Progress, silent
from recsys.scorers.semantic import SemanticScorer
from recsys.serving.recommender import Recommender
from recsys.settings import FusionSettings
from recsys.text import packaged
from recsys.text.phrasebook import Phrasebook, build_phrasebook
from recsys.training import fit
from recsys.training.fit import TrainingSettings, train
from recsys.training.learned_fusion import LEARNED, MAP, Fusion, FusionChoice
from tests._data import write_folder
from tests._encoder import WordEncoder

STAGES = (
    "reading files",
    "checking data",
    "reading texts",
    "fitting LightFM",
    "fitting EASE",
    "fitting the content model",
    "weighing phrases",
    "fitting the context model",
    "saving the model",
)


@pytest.fixture
def folder(tmp_path: Path, tiny: dict[str, pd.DataFrame]) -> Path:
    """The small shop as a data folder."""
    write_folder(tmp_path / "shop", **tiny)
    return tmp_path / "shop"


@pytest.fixture
def word_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train with the quick encoder for tests."""

    def make(data: Dataset, progress: Progress = silent, encoder: object = None) -> Phrasebook:
        return build_phrasebook(data, WordEncoder(), progress)

    monkeypatch.setattr(fit, "make_phrasebook", make)


def checksums(artifact: Artifact) -> dict[str, str]:
    """Of the content of every file."""
    return {name: entry["sha256"] for name, entry in artifact.manifest["files"].items()}


def test_the_second_training_is_the_same_and_encodes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_CACHE_DIR", str(tmp_path / "cache"))
    first = train(folder, tmp_path / "first")

    def load(*_: object) -> None:
        raise AssertionError("the encoder was loaded, though every phrase is in the cache")

    monkeypatch.setattr(packaged, "_load", load)
    second = train(folder, tmp_path / "second")
    assert checksums(second) == checksums(first)
    assert first.manifest["data"]["n_phrases"] > 20
    differing = {name for name in first.manifest if first.manifest[name] != second.manifest[name]}
    assert differing <= {"trained_at"}
    monkeypatch.setenv("RECSYS_CACHE_DIR", str(tmp_path / "empty"))
    with pytest.raises(AssertionError, match="the encoder was loaded"):
        train(folder, tmp_path / "third")


@pytest.mark.usefixtures("word_encoder")
def test_another_seed_learns_other_tastes_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    first, second = (
        checksums(train(folder, tmp_path / f"model-{seed}", TrainingSettings(seed=seed))) for seed in (0, 1)
    )
    assert {name for name in first if first[name] != second[name]} == {"collaborative"}


@pytest.mark.usefixtures("word_encoder")
def test_the_manifest_says_what_was_learnt_from(folder: Path, tmp_path: Path) -> None:
    facts = train(folder, tmp_path / "model").manifest
    data = Dataset.read(folder)
    assert facts["protocol"] == "trained on everything"
    assert facts["settings"]["split"] == "none"
    counts = {name: facts["data"][name] for name in ("n_items", "n_users", "n_reviews", "n_events", "n_interactions")}
    assert counts == {"n_items": 8, "n_users": 6, "n_reviews": 13, "n_events": 14, "n_interactions": 12}
    assert facts["data"]["fingerprint"] == data.fingerprint
    assert facts["data"]["known_until_s"] == pd.Timestamp("2024-04-28T20:30", tz="UTC").timestamp()


@pytest.mark.usefixtures("word_encoder")
def test_held_out_pairs_are_nowhere_in_the_model(folder: Path, tmp_path: Path) -> None:
    artifact = train(folder, tmp_path / "model", TrainingSettings(split="last"))
    data = Dataset.read(folder)
    held_out = last_split(data).test
    assert len(held_out) == 3
    assert "last positive of each shopper held out as test" in artifact.manifest["protocol"]
    history, reviews = artifact.arrays("history"), artifact.table("reviews").to_pandas()
    for user, item in zip(held_out.user_rows, held_out.item_rows, strict=True):
        own = slice(history["starts"][user], history["starts"][user + 1])
        assert item not in history["item_row"][own]
        assert not ((reviews["user_row"] == user) & (reviews["item_row"] == item)).any()


@pytest.mark.usefixtures("word_encoder")
def test_the_temporal_split_ends_before_the_end(folder: Path, tmp_path: Path) -> None:
    data = Dataset.read(folder)
    artifact = train(folder, tmp_path / "model", TrainingSettings(split="temporal"))
    assert artifact.arrays("history")["time_s"].max() == artifact.manifest["data"]["known_until_s"]
    assert artifact.manifest["data"]["known_until_s"] < data.known_until_s
    assert "split by time" in artifact.manifest["protocol"]


@pytest.mark.usefixtures("word_encoder")
@pytest.mark.parametrize("stage", STAGES)
def test_stopped_at_any_stage_the_earlier_model_is_untouched(folder: Path, tmp_path: Path, stage: str) -> None:
    out = tmp_path / "model"
    before = train(folder, out, TrainingSettings(seed=1))
    files = {path.name: path.read_bytes() for path in out.iterdir()}

    def stop(told: str, done: int = 0, total: int = 0) -> None:
        if told == stage:
            raise Cancelled(told)

    with pytest.raises(Cancelled, match=f"stopped while {stage}; what was there before is unchanged"):
        train(folder, out, TrainingSettings(seed=2), stop)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == files
    assert open_artifact(out).model_id == before.model_id


@pytest.mark.usefixtures("word_encoder")
def test_every_stage_is_reported(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    train(folder, tmp_path / "model", progress=lambda stage, done=0, total=0: told.append(stage))
    order = list(dict.fromkeys(told))
    assert [stage for stage in order if stage in STAGES] == list(STAGES)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda out: out.write_text("precious"), "is a file; give a folder for the model"),
        (lambda out: (out.mkdir(), (out / "thesis").write_text("precious")), "holds other files"),
    ],
)
def test_an_unusable_target_is_refused_before_any_work(
    folder: Path, tmp_path: Path, prepare: Callable[[Path], object], message: str
) -> None:
    prepare(tmp_path / "out")
    told: list[str] = []
    with pytest.raises(ArtifactError, match=message):
        train(folder, tmp_path / "out", progress=lambda stage, done=0, total=0: told.append(stage))
    assert told == []


def test_a_place_that_cannot_be_written_is_refused_before_any_work(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "note").write_text("precious")
    with pytest.raises(ArtifactError, match=r"note is a file; give a folder for the model"):
        train(folder, tmp_path / "note" / "out", progress=lambda stage, done=0, total=0: told.append(stage))
    with pytest.raises(ArtifactError, match=r"cannot be written \(File name too long\); give another folder for the m"):
        train(folder, tmp_path / ("n" * 300), progress=lambda stage, done=0, total=0: told.append(stage))
    assert told == []


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_cannot_be_used_is_refused(seed: int) -> None:
    with pytest.raises(SettingsError, match=rf"seed={seed} is not usable; give a whole number from 0 to 4294967295"):
        TrainingSettings(seed=seed)


def test_missing_data_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere|items\.parquet"):
        train(tmp_path / "nowhere", tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_what_is_learned_becomes_the_models_own(
    folder: Path, tmp_path: Path, word_encoder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, weights = list[Round](), FusionSettings(0.1, 0.2, 0.3, 0.4)

    def choosing(data: Dataset, rounds: list[Round], *_: object, with_map: bool, **__: object) -> FusionChoice:
        asked.extend(rounds)
        epochs, gain = {MAP: 2} if with_map else {LEARNED: 2}, Interval(0.02, 0.01, 0.03, 300)
        name = MAP if with_map else LEARNED
        return FusionChoice(name, Fusion(weights, with_map), (), 12, 300, epochs, gain)

    monkeypatch.setattr(fit, "choose_fusion", choosing)
    usual = Recommender.load(_trained(folder, tmp_path / "usual", "nothing"))
    assert not asked
    assert usual.info.learned == ""
    assert usual.info.default_weights == FusionSettings()
    for learn in ("weights", "map"):
        model = Recommender.load(_trained(folder, tmp_path / learn, learn))
        assert model.info.default_weights == weights
        assert open_artifact(tmp_path / learn).manifest["settings"]["default_weights"] == FusionSettings().as_dict()
        assert "learned from 12 choices and ratings" in model.info.learned
        semantic = model.scorers["semantic"]
        assert isinstance(semantic, SemanticScorer)
        assert (semantic.space.head is not None) == (learn == "map")
        scored = model.scores("ann")
        for item in model.rank(scored).items:
            explained = model.explain(scored, item.item_id)
            assert explained.score == pytest.approx(item.score, abs=1e-6)
            assert abs(explained.residual) < 1e-5
    test = last_split(Dataset.read(folder)).test  # what the tuning room judges weights by, the default ones among them
    for one in asked:
        for table in (one.held_out.user_rows * 100 + one.held_out.item_rows, _pairs(one.train)):
            assert not np.isin(table, test.user_rows * 100 + test.item_rows).any()


def _pairs(data: Dataset) -> NDArray[np.int64]:
    likes = data.positives()
    return np.asarray(likes["user_row"] * 100 + likes["item_row"], np.int64)


def _trained(folder: Path, out: Path, learn: str) -> Path:
    train(folder, out, TrainingSettings(learn=learn))  # type: ignore[arg-type]
    return out


def test_with_too_few_shoppers_nothing_is_learned_and_the_manifest_says_so(
    folder: Path, tmp_path: Path, word_encoder: None
) -> None:
    artifact = train(folder, tmp_path / "model", TrainingSettings(learn="map"))
    assert artifact.manifest["learning"]["in_words"].startswith("Nothing could be learned: fewer than 400 shoppers")
    assert artifact.manifest["learning"]["weights"] == FusionSettings().as_dict()
    with pytest.raises(SettingsError, match="learn='all' is not known; use one of nothing, weights, map"):
        TrainingSettings(learn="all")  # type: ignore[arg-type]
