"""Any sentence-transformers folder can be the encoder; what is none is refused before work starts."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from recsys.artifacts.folder import open_artifact
from recsys.errors import EncoderError, EncoderFolderError
from recsys.serving.recommender import Recommender
from recsys.studies.benchmarks.encode import sample_phrases
from recsys.text.embedding_cache import EmbeddingCache
from recsys.text.encoder import VARIABLE, PhraseEncoder, chosen_encoder, encoder_of, is_chosen
from recsys.text.model_folder import FolderModel, same_encoder
from recsys.text.packaged import packaged_model
from recsys.training.fit import TrainingSettings, train
from tests._model_folder import N_DIMS, make_model_folder


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model_folder(tmp_path_factory.mktemp("models") / "tiny", languages=["en", "de"])


@pytest.fixture
def shop(tiny: dict, tmp_path: Path) -> Path:
    from tests._data import write_folder

    write_folder(tmp_path / "shop", **tiny)
    return tmp_path / "shop"


def test_vectors_are_of_the_models_own_length(tiny_folder, tmp_path):
    encoder = PhraseEncoder(cache=EmbeddingCache(tmp_path), model=FolderModel(tiny_folder))
    vectors = encoder.encode(["Warm tent!", "noisy stove", "warm  tent", "", "x" * 3000])
    assert vectors.shape == (5, N_DIMS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    np.testing.assert_allclose(encoder.encode_now(["noisy stove"]), vectors[1:2], atol=2e-3)
    assert encoder.encode([]).shape == (0, N_DIMS)
    assert encoder.pieces(["tent", "zx"]) == [1, 2]


def test_a_second_run_needs_no_model(tiny_folder, tmp_path, monkeypatch):
    first = PhraseEncoder(cache=EmbeddingCache(tmp_path), model=FolderModel(tiny_folder)).encode(["warm", "noisy"])
    monkeypatch.setattr(FolderModel, "load", lambda self: pytest.fail("the model was loaded"))
    again = PhraseEncoder(cache=EmbeddingCache(tmp_path), model=FolderModel(tiny_folder)).encode(["noisy", "warm"])
    np.testing.assert_array_equal(again[::-1], first)


def test_the_hash_is_of_the_weights_and_settings_and_of_nothing_else(tiny_folder, tmp_path):
    before = FolderModel(tiny_folder)
    moved = shutil.copytree(tiny_folder, tmp_path / "moved here")
    (moved / "README.md").write_text("another card")
    (moved / "onnx").mkdir()
    (moved / "onnx" / "config.json").write_text("{}")
    there = FolderModel(moved)
    assert there.sha256 == before.sha256
    assert there.identity == f"moved-here.{before.sha256[:16]}"
    assert same_encoder(f"{there.identity}.canonical1", f"{before.identity}.canonical1")
    settings = moved / "1_Pooling" / "config.json"
    settings.write_text(settings.read_text().replace("mean", "max"))
    assert FolderModel(moved).sha256 != before.sha256
    other = make_model_folder(tmp_path / "tiny", seed=1)
    assert FolderModel(other).sha256 != before.sha256


@pytest.mark.parametrize(
    ("front", "reads"),
    [
        ("language: en", {"en"}),
        ("language: [en, de, zh-TW, pt-br]", {"en", "de", "zh", "pt"}),
        ("language:\n- multilingual\n- no\n- nb\n- xx", {"no"}),
        ("language: multilingual", None),
        ("tags: [a]", None),
        ("language: [", None),
        ("- a", None),
    ],
)
def test_the_model_card_says_which_languages_it_reads(tiny_folder, tmp_path, front, reads):
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    (folder / "README.md").write_text(f"---\n{front}\n---\n# Model\nlanguage: fr\n")
    assert FolderModel(folder).reads == (None if reads is None else frozenset(reads))


def test_without_a_card_every_language_is_read(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    (folder / "README.md").unlink()
    assert FolderModel(folder).reads is None


def without_modules(folder: Path) -> None:
    (folder / "modules.json").unlink()


def with_damaged_modules(folder: Path) -> None:
    (folder / "modules.json").write_text("[{")


def with_own_code(folder: Path) -> None:
    (folder / "modules.json").write_text(json.dumps([{"type": "custom.Model", "path": ""}]))


def with_pickled_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (shutil.rmtree, "is not a folder"),
        (without_modules, "holds no modules.json"),
        (with_damaged_modules, "has a modules.json that cannot be read"),
        (with_own_code, r"needs code of its own \(custom.Model\)"),
        (with_pickled_weights, "holds no weights as .safetensors"),
    ],
)
def test_a_folder_that_is_no_model_is_refused_at_once(tiny_folder, tmp_path, damage, why):
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    damage(folder)
    with pytest.raises(EncoderFolderError, match=rf"{why}.*; give the folder of a sentence-transformers model") as told:
        FolderModel(folder, VARIABLE)
    assert str(told.value).startswith(f"{VARIABLE}: {folder} ")
    assert isinstance(told.value, EncoderError)
    assert told.value.exit_code == 2


def test_a_model_that_cannot_be_loaded_is_refused_before_the_shop_is_read(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    (folder / "config.json").write_text('{"model_type": "bert", "hidden_size": 7}')
    with pytest.raises(EncoderFolderError, match=r"--encoder: .* cannot be loaded \(\w+"):
        train(tmp_path / "no shop", tmp_path / "out", TrainingSettings(encoder=str(folder)))


def test_the_option_wins_over_the_environment(tiny_folder, monkeypatch):
    assert chosen_encoder().reads == frozenset({"en"})
    monkeypatch.setenv(VARIABLE, str(tiny_folder))
    assert chosen_encoder().reads == frozenset({"en", "de"})
    assert chosen_encoder(str(packaged_model())).encoder_id.startswith("model.")


def test_the_packaged_model_loaded_as_a_folder_gives_our_vectors():
    phrases, _ = sample_phrases(60, seed=5)
    theirs = PhraseEncoder(model=FolderModel(packaged_model()))
    cosines = np.sum(theirs.encode(phrases) * PhraseEncoder("float32").encode(phrases), axis=1)
    assert cosines.min() > 0.999
    assert theirs.reads == frozenset({"en"})


def test_a_model_is_opened_with_the_encoder_that_it_was_trained_with(shop, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE_DIR", str(tmp_path / "cache"))
    train(shop, tmp_path / "model", TrainingSettings(encoder=str(tiny_folder)))
    facts = open_artifact(tmp_path / "model").manifest
    identity = FolderModel(tiny_folder).identity
    assert facts["data"]["encoder_id"] == f"{identity}.canonical1"
    assert str(tiny_folder.parent) not in json.dumps(facts)
    model = Recommender.load(tmp_path / "model")
    assert model.recommend("ann").items  # needs no encoder
    model.warm_up()
    with pytest.raises(
        EncoderFolderError, match=r"set RECSYS_ENCODER to the folder of tiny whose hash begins \w+"
    ) as no:
        model.recommend(words="a warm tent")
    assert identity in str(no.value)
    assert is_chosen("all-MiniLM-L6-v2.1110a243.float32.canonical1")
    assert not is_chosen(facts["data"]["encoder_id"])
    monkeypatch.setenv(VARIABLE, str(tiny_folder))
    assert is_chosen(facts["data"]["encoder_id"])
    assert Recommender.load(tmp_path / "model").recommend(words="a warm tent").items
    with pytest.raises(EncoderFolderError, match=r"start without RECSYS_ENCODER, since this is the packaged encoder"):
        encoder_of("all-MiniLM-L6-v2.1110a243.float32.canonical1")


def test_a_missing_folder_stops_no_list_that_needs_no_words(shop, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv(VARIABLE, str(tiny_folder))
    train(shop, tmp_path / "model")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    model = Recommender.load(tmp_path / "model")
    assert model.recommend("ann").items
    with pytest.raises(EncoderFolderError, match=r"RECSYS_ENCODER: .*gone is not a folder"):
        model.recommend("ann", "a warm tent")


def test_nothing_is_ever_fetched(tiny_folder, monkeypatch):
    import socket

    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was asked"))
    assert PhraseEncoder(model=FolderModel(tiny_folder)).encode(["warm"]).shape == (1, N_DIMS)
    assert os.environ["HF_HUB_OFFLINE"]
