"""The vector cache survives kills, damage and company."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from recsys.files import temporary_beside
from recsys.text.embedding_cache import EmbeddingCache, default_folder

ENCODER = "model.float32"


def vectors_of(texts: list[str], n_dims: int = 4) -> np.ndarray:
    """A different vector for every text, the same on every call."""
    return np.array([[len(text), *text.encode().ljust(8)[: n_dims - 1]] for text in texts], np.float16)


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(tmp_path / "vectors")


def shards(cache: EmbeddingCache) -> list[Path]:
    return sorted(cache.folder.glob("*/*.npz"))


def test_what_was_stored_is_found_at_its_position(cache):
    cache.store(ENCODER, ["warm", "light"], vectors_of(["warm", "light"]))
    cache.store(ENCODER, ["dry"], vectors_of(["dry"]))
    asked = ["dry", "unknown", "light", "warm"]
    positions, vectors = cache.lookup(ENCODER, asked)
    assert positions.tolist() == [0, 2, 3]
    np.testing.assert_array_equal(vectors, vectors_of(["dry", "light", "warm"]))


def test_an_empty_cache_finds_nothing_and_makes_no_folder(cache):
    positions, vectors = cache.lookup(ENCODER, ["warm"])
    assert len(positions) == len(vectors) == 0
    assert not cache.folder.exists()


def test_encoders_do_not_see_each_other(cache):
    cache.store(ENCODER, ["warm"], vectors_of(["warm"]))
    assert len(cache.lookup("model.bfloat16", ["warm"])[0]) == 0


def test_the_same_phrase_in_two_shards_is_found_once(cache):
    for _ in range(2):
        cache.store(ENCODER, ["warm"], vectors_of(["warm"]))
    assert cache.lookup(ENCODER, ["warm"])[0].tolist() == [0]


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _flip_a_vector_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    at = content.find(vectors_of(["warm"]).tobytes())
    content[at] ^= 0xFF
    path.write_bytes(bytes(content))


def _pickled(path: Path) -> None:
    np.savez(path, keys=np.array([{"not": "numbers"}], dtype=object), vectors=np.zeros((1, 4)))


def _wrong_shape(path: Path) -> None:
    keys = np.load(path)["keys"]
    np.savez(path, keys=keys, vectors=np.zeros((7, 4), np.float16))


@pytest.mark.parametrize(
    "damage", [_cut_short, _flip_a_vector_bit, _pickled, _wrong_shape, lambda path: path.write_bytes(b"")]
)
def test_a_damaged_shard_is_dropped_with_a_warning_and_the_rest_still_serves(cache, caplog, damage):
    cache.store(ENCODER, ["warm"], vectors_of(["warm"]))
    [damaged] = shards(cache)
    cache.store(ENCODER, ["dry"], vectors_of(["dry"]))
    damage(damaged)
    with caplog.at_level(logging.WARNING):
        positions, vectors = cache.lookup(ENCODER, ["warm", "dry"])
    assert positions.tolist() == [1]
    np.testing.assert_array_equal(vectors, vectors_of(["dry"]))
    assert f"dropping the damaged cache file {damaged}" in caplog.text
    assert not damaged.exists()


def test_a_disk_that_cannot_be_written_costs_a_warning_only(tmp_path, caplog):
    (tmp_path / "file").write_text("not a folder")
    EmbeddingCache(tmp_path / "file").store(ENCODER, ["warm"], vectors_of(["warm"]))
    assert "phrase vectors cannot be kept in" in caplog.text


def test_pruning_drops_what_went_unused_longest(cache):
    for age, text in ((30, "oldest"), (20, "older"), (10, "new")):
        before = set(shards(cache))
        cache.store(ENCODER, [text], vectors_of([text]))
        [path] = set(shards(cache)) - before
        os.utime(path, (time.time() - age, time.time() - age))
    cache.lookup(ENCODER, ["oldest"])  # now it is the one used last
    size = shards(cache)[0].stat().st_size
    assert cache.prune(max_bytes=2 * size) == size
    assert cache.lookup(ENCODER, ["oldest", "older", "new"])[0].tolist() == [0, 2]
    assert cache.prune(max_bytes=0) == 2 * size
    assert shards(cache) == []


def test_pruning_clears_what_a_killed_process_left_but_not_what_is_being_written(cache):
    cache.store(ENCODER, ["warm"], vectors_of(["warm"]))
    left, fresh = (temporary_beside(cache.folder / ENCODER / "shard.npz") for _ in range(2))
    for path in (left, fresh):
        path.write_bytes(b"half")
    os.utime(left, (0, 0))
    cache.prune()
    assert not left.exists()
    assert fresh.exists()
    assert cache.lookup(ENCODER, ["warm"])[0].tolist() == [0]


_WRITER = """
import sys
import numpy as np
from recsys.text.embedding_cache import EmbeddingCache
cache, name = EmbeddingCache(sys.argv[1]), sys.argv[2]
for shard in range(int(sys.argv[3])):
    texts = [f"{name} {shard} {row}" for row in range(200)]
    cache.store("model.float32", texts, np.full((200, 384), shard % 100, np.float16))
    print(shard, flush=True)
"""


def _writer(folder: Path, name: str, n_shards: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITER, str(folder), name, str(n_shards)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def test_two_processes_write_at_once_and_nothing_is_lost(cache):
    writers = [_writer(cache.folder, name, 20) for name in ("a", "b")]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    asked = [f"{name} {shard} {row}" for name in "ab" for shard in range(20) for row in range(200)]
    positions, vectors = cache.lookup(ENCODER, asked)
    assert positions.tolist() == list(range(len(asked)))
    assert vectors[:, 0].tolist() == [shard for _ in "ab" for shard in range(20) for _ in range(200)]


def test_a_writer_killed_at_any_moment_leaves_only_whole_shards(cache, caplog):
    writer = _writer(cache.folder, "a", 1_000_000)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) >= 15:
            writer.kill()
            break
    writer.stdout.close()
    writer.wait()
    asked = [f"a {shard} {row}" for shard in range(16) for row in range(200)]
    assert len(cache.lookup(ENCODER, asked)[0]) == len(asked)
    assert "damaged" not in caplog.text


def test_a_hundred_thousand_phrases_are_all_found(cache):
    texts = [f"phrase number {row}" for row in range(100_000)]
    for first in range(0, len(texts), 4096):
        chunk = texts[first : first + 4096]
        cache.store(ENCODER, chunk, np.zeros((len(chunk), 384), np.float16))
    assert len(cache.lookup(ENCODER, texts)[0]) == len(texts)


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"RECSYS_CACHE_DIR": "/chosen"}, "/chosen/embeddings"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/shelfwise/embeddings"),
        ("linux", {"HOME": "/home/ann"}, "/home/ann/.cache/shelfwise/embeddings"),
        ("darwin", {"HOME": "/Users/ann"}, "/Users/ann/Library/Caches/shelfwise/embeddings"),
    ],
)
def test_the_default_folder_is_where_the_platform_keeps_caches(monkeypatch, platform, environment, expected):
    for name in ("RECSYS_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert default_folder() == Path(expected)
