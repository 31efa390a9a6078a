"""A model folder holds what was put in, refuses what was tampered with, and is never half of anything."""

import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recsys.artifacts.folder import MANIFEST, Artifact, open_artifact, save_artifact
from recsys.errors import ArtifactError, Cancelled
from recsys.files import temporary_beside

DTYPES = ["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]
TABLE = pa.table({"id": ["a", "ü", ""], "price": [1.5, float("nan"), -2.0], "tags": [["x"], [], ["y", "z"]]})


def save(folder: Path, version: int = 1, **options: Any) -> Artifact:
    """A small model, all of whose content tells its version."""
    arrays = {"scorer": {"weights": np.full(7, version, np.float32)}, "history": {"rows": np.arange(version)}}
    tables = {"items": pa.table({"version": [version]})}
    return save_artifact(folder, arrays=arrays, tables=tables, facts={"version": version}, **options)


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest as somebody else's program would."""
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize("shape", [(5,), (2, 3), (0,), (0, 4), ()])
def test_arrays_come_back_with_type_shape_and_values(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    arrays = {dtype: rng.integers(0, 2, shape).astype(dtype) for dtype in DTYPES}
    loaded = save_artifact(tmp_path / "m", arrays={"part": arrays}, tables={}, facts={}).arrays("part")
    assert set(loaded) == set(DTYPES)
    for dtype, array in arrays.items():
        assert loaded[dtype].dtype == array.dtype
        assert loaded[dtype].shape == shape
        np.testing.assert_array_equal(loaded[dtype], array)


def test_arrays_are_memory_maps_that_cannot_be_written(tmp_path: Path) -> None:
    loaded = save(tmp_path / "m").arrays("scorer")["weights"]
    assert isinstance(loaded, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        loaded[0] = 2


def test_transposed_and_strided_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    plain = np.arange(24, dtype=np.float32).reshape(4, 6)
    arrays = {"turned": plain.T, "sparse": plain[::2, ::3], "fortran": np.asfortranarray(plain)}
    loaded = save_artifact(tmp_path / "m", arrays={"part": arrays}, tables={}, facts={}).arrays("part")
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array, err_msg=name)


def test_tables_and_facts_come_back(tmp_path: Path) -> None:
    facts = {"settings": {"seed": 3}, "words": "ü"}
    artifact = save_artifact(tmp_path / "m", arrays={"none": {}}, tables={"items": TABLE}, facts=facts)
    assert open_artifact(tmp_path / "m").table("items").to_pandas().equals(TABLE.to_pandas())
    assert artifact.arrays("none") == {}
    assert {name: artifact.manifest[name] for name in facts} == facts


def test_equal_content_has_an_equal_id_and_other_content_another(tmp_path: Path) -> None:
    first, same, other = (save(tmp_path / name, version) for name, version in (("a", 1), ("b", 1), ("c", 2)))
    assert first.model_id == same.model_id != other.model_id


def test_saving_again_removes_what_the_new_model_does_not_name(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    save(folder, 1)
    temporary_beside(folder / "scorer").write_bytes(b"left by a killed process")
    artifact = save(folder, 2)
    named = {entry["file"] for entry in artifact.manifest["files"].values()}
    assert {path.name for path in folder.iterdir()} == named | {MANIFEST}


def test_an_opened_model_outlives_its_replacement(tmp_path: Path) -> None:
    weights = save(tmp_path / "m", 1).arrays("scorer")["weights"]
    save(tmp_path / "m", 2)
    np.testing.assert_array_equal(weights, 1)


def test_nothing_in_a_model_can_run_code(tmp_path: Path) -> None:
    artifact = save(tmp_path / "m")
    assert {path.suffix for path in artifact.folder.iterdir()} == {".safetensors", ".arrow", ".json"}
    code = Path(__file__).resolve().parents[2] / "recsys"
    forbidden = re.compile(
        r"^\s*(import|from) (pickle|joblib|dill|cloudpickle)|allow_pickle=True|[^.\w](eval|exec)\(", re.M
    )
    assert [path for path in code.rglob("*.py") if forbidden.search(path.read_text())] == []


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(ArtifactError, match=r"holds other files \(thesis.doc\); give a new or empty folder"):
        save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]
    with pytest.raises(ArtifactError, match=r"thesis.doc is a file; give a folder for the model"):
        save(tmp_path / "thesis.doc")


@pytest.mark.parametrize("fails_after", [0, 1, 2])
def test_a_save_that_fails_leaves_the_earlier_model(tmp_path: Path, fails_after: int) -> None:
    before = save(tmp_path / "m", 1)

    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        if done == fails_after:
            raise Cancelled(stage)

    with pytest.raises(Cancelled, match="stopped while saving the model; what was there before is unchanged"):
        save(tmp_path / "m", 2, progress=stop)
    after = open_artifact(tmp_path / "m")
    assert after.model_id == before.model_id
    np.testing.assert_array_equal(after.arrays("scorer")["weights"], 1)
    assert not [path for path in after.folder.iterdir() if path.name.startswith(".")]


def test_facts_that_json_cannot_hold_leave_the_earlier_model(tmp_path: Path) -> None:
    save(tmp_path / "m", 1)
    with pytest.raises(TypeError):
        save_artifact(tmp_path / "m", arrays={}, tables={}, facts={"when": object()})
    assert open_artifact(tmp_path / "m").manifest["version"] == 1


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("part", ["scorer", "history", "items"])
@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_flip, "part '{part}' is damaged (its checksum differs); train the model again"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "part '{part}' is damaged"),
        (lambda file: file.write_bytes(b""), "part '{part}' is damaged"),
        (_replace_by_folder, "part '{part}' is damaged"),
        (lambda file: file.unlink(), "{file} is missing from the model; train it again"),
    ],
    ids=["flip", "truncate", "empty", "folder", "delete"],
)
def test_a_damaged_part_is_named(tmp_path: Path, part: str, harm: Callable[[Path], object], message: str) -> None:
    artifact = save(tmp_path / "m")
    file = artifact.manifest["files"][part]["file"]
    harm(artifact.folder / file)
    with pytest.raises(ArtifactError, match=re.escape(message.format(part=part, file=file))):
        open_artifact(artifact.folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the manifest is damaged (it is not JSON); train the model again"),
        (b"\xff\xfe\x00", "the manifest is damaged (it is not JSON)"),
        (b"[" * 100_000, "the manifest is damaged (it is not JSON)"),
        (b"[]", "this is not a Shelfwise model; give the folder that `recsys train --out` wrote"),
        (b'{"format": "other"}', "this is not a Shelfwise model"),
        (b'{"format": "shelfwise-model"}', "the model has format None, this version reads format 7; train the model"),
        (b'{"format": "shelfwise-model", "format_version": 1}', "the model has format 1, this version reads format 7"),
        (b'{"format": "shelfwise-model", "format_version": 7}', "it does not say which files belong to the model"),
    ],
)
def test_a_foreign_or_damaged_manifest_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactError, match=re.escape(message)):
        open_artifact(tmp_path)


def test_a_folder_without_a_model_says_how_to_make_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            ArtifactError, match=r"no trained model here \(manifest.json is missing\); run `recsys train`"
        ):
            open_artifact(folder)


@pytest.mark.parametrize("files", [None, [], "x", {"scorer": None}, {"scorer": {}}, {"scorer": {"file": 3}}])
def test_a_manifest_that_does_not_list_its_files_is_refused(tmp_path: Path, files: object) -> None:
    save(tmp_path / "m")
    edit(tmp_path / "m", lambda manifest: manifest.update(files=files))
    with pytest.raises(ArtifactError, match="it does not say which files belong to the model"):
        open_artifact(tmp_path / "m")


@pytest.mark.parametrize("key", ["file", "sha256", "n_bytes"])
def test_an_entry_that_misses_a_key_is_refused(tmp_path: Path, key: str) -> None:
    save(tmp_path / "m")
    edit(tmp_path / "m", lambda manifest: manifest["files"]["scorer"].pop(key))
    with pytest.raises(ArtifactError, match="it does not say which files belong to the model"):
        open_artifact(tmp_path / "m")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "a\0b", "\n"])
def test_a_manifest_cannot_point_outside_its_folder(tmp_path: Path, name: str) -> None:
    save(tmp_path / "m")
    edit(tmp_path / "m", lambda manifest: manifest["files"]["scorer"].update(file=name))
    with pytest.raises(ArtifactError, match=r"the manifest points outside its folder .*; do not use this model"):
        open_artifact(tmp_path / "m")


def _tensors(header: object, content: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content


def _entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> bytes:
    return _tensors({"weights": {"dtype": dtype, "shape": shape, "data_offsets": offsets}})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01",
        b"\xff" * 8 + b"{}",
        _tensors(b"no json"),
        _tensors(b"[" * 100_000),
        _tensors([]),
        _tensors({"weights": 3}),
        _tensors({"weights": {}}),
        _entry(dtype="O"),
        _entry(dtype=["F32"]),
        _entry(shape=(3,)),
        _entry(shape="x"),
        _entry(offsets=(0, 80)),
        _entry(offsets=(-8, 0)),
        _entry(offsets=(8, 0)),
        _entry(offsets=(0.5, 8)),
        _entry(offsets=(0, 7)),
        _entry(offsets=(0,)),
    ],
)
def test_a_crafted_part_with_a_right_checksum_is_refused(tmp_path: Path, content: bytes) -> None:
    artifact = _with_part(tmp_path, "scorer", content)
    with pytest.raises(ArtifactError, match=r"part 'scorer' cannot be read; train the model again"):
        artifact.arrays("scorer")


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"ARROW1\0\0" + b"\xff" * 60 + b"ARROW1"])
def test_a_crafted_table_is_refused(tmp_path: Path, content: bytes) -> None:
    artifact = _with_part(tmp_path, "items", content)
    with pytest.raises(ArtifactError, match="part 'items' cannot be read"):
        artifact.table("items")


def _with_part(folder: Path, name: str, content: bytes) -> Artifact:
    """A model with one part replaced by somebody who knows how checksums are made."""
    entry = {"file": "crafted", "sha256": sha256(content).hexdigest(), "n_bytes": len(content)}
    save(folder / "m")
    (folder / "m" / "crafted").write_bytes(content)
    edit(folder / "m", lambda manifest: manifest["files"].update({name: entry}))
    return open_artifact(folder / "m")


def test_a_part_that_the_model_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="the model has no part 'ease'; train it again"):
        save(tmp_path / "m").arrays("ease")


def test_a_part_that_was_replaced_since_is_refused(tmp_path: Path) -> None:
    opened = save(tmp_path / "m", 1)
    save(tmp_path / "m", 2)
    with pytest.raises(ArtifactError, match="part 'items' cannot be read"):
        opened.table("items")
