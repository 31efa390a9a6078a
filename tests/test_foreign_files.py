"""Whatever writes into a folder leaves alone what it did not write, or refuses the folder before any work."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recsys.artifacts.folder import MANIFEST, MODEL, FolderKind, save_artifact
from recsys.demo import generate_demo
from recsys.errors import ArtifactError, DataError, InputError, RecsysError
from recsys.files import is_temporary, replace_file, require_writable, temporary_beside
from recsys.jobs import Job, JobKind, Stage
from recsys.jobs.record import facts, write
from recsys.offpolicy.logged_set import LOGGED_SET, build_logged_set
from recsys.panel.build import build_panel
from recsys.panel.panel import PANEL
from recsys.progress import Progress
from recsys.studies.report import require_results_folder, write_results
from recsys.studies.result import Result, Table
from recsys.text.embedding_cache import EmbeddingCache
from recsys.text.precision import settled_precision
from recsys.training.fit import train
from tests._data import write_folder
from tests._foreign import assert_untouched, put_foreign_files, standing

TABLE = Table("lifts", "Lifts", {"a": "A"}, ())
RESULT = Result(experiment="paper", protocol="protocol", conclusion=("It is better.",), tables=(TABLE,))


def save(folder: Path, kind: FolderKind = MODEL, version: int = 1) -> set[str]:
    """Write a small artifact; returns the names of its files."""
    arrays = {"scorer": {"weights": np.full(7, version, np.float32)}}
    tables = {"items": pa.table({"version": [version]})}
    made = save_artifact(folder, arrays=arrays, tables=tables, facts={}, kind=kind)
    return {MANIFEST, *(entry["file"] for entry in made.manifest["files"].values())}


@pytest.mark.parametrize("kind", [MODEL, PANEL, LOGGED_SET], ids=lambda kind: kind.noun)
def test_an_artifact_beside_other_files_leaves_them_alone(tmp_path: Path, kind: FolderKind) -> None:
    before = put_foreign_files(tmp_path / "m", hidden_only=True)
    first = save(tmp_path / "m", kind, 1)
    assert_untouched(tmp_path / "m", before)
    (tmp_path / "m" / ".env").unlink()
    before = {name: said for name, said in put_foreign_files(tmp_path / "m").items() if name not in first}
    second = save(tmp_path / "m", kind, 2)
    assert_untouched(tmp_path / "m", before)
    assert standing(tmp_path / "m").keys() == before.keys() | second


@pytest.mark.parametrize("content", [b'{"format": "theirs"}', b"{}", b"[]", b"{half", b"", b"\0\1"])
def test_a_manifest_of_another_program_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactError, match=r"holds other files \(another manifest.json\); give a new or empty folder"):
        save(tmp_path)
    assert (tmp_path / MANIFEST).read_bytes() == content


def test_an_artifact_of_another_kind_is_not_replaced(tmp_path: Path) -> None:
    save(tmp_path / "m", PANEL)
    before = standing(tmp_path / "m")
    with pytest.raises(ArtifactError, match="give a new or empty folder for the model"):
        save(tmp_path / "m", MODEL)
    assert standing(tmp_path / "m") == before


def test_a_damaged_manifest_beside_its_parts_is_replaced(tmp_path: Path) -> None:
    save(tmp_path / "m", version=1)
    (tmp_path / "m" / MANIFEST).write_bytes(b"{half")
    save(tmp_path / "m", version=2)


def test_a_manifest_that_names_a_file_of_somebody_does_not_take_it_away(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    save(folder, version=1)
    (folder / "thesis.doc").write_text("precious")
    text = (folder / MANIFEST).read_text()
    first = next(name for name in standing(folder) if name.startswith("items-"))
    (folder / MANIFEST).write_text(text.replace(first, "thesis.doc"))
    save(folder, version=2)
    assert (folder / "thesis.doc").read_text() == "precious"


def test_what_a_failed_save_wrote_is_gone_at_once(tmp_path: Path) -> None:
    before = put_foreign_files(tmp_path / "m", hidden_only=True)
    with pytest.raises(TypeError):
        save_artifact(tmp_path / "m", arrays={"a": {"b": np.zeros(3)}}, tables={}, facts={"when": object()})
    assert standing(tmp_path / "m") == before


def never(stage: str, done: int = 0, total: int = 0) -> None:
    """Work has begun."""
    raise AssertionError(f"began with {stage!r}")


WRITERS: dict[str, Callable[[Path, Path, Progress], object]] = {
    "train": lambda data, out, progress: train(data, out, progress=progress),
    "panel": lambda data, out, progress: build_panel(data, out, progress=progress),
    "judged log": lambda data, out, progress: build_logged_set(data, out, progress=progress),
    "demo": lambda data, out, progress: generate_demo(out, n_items=60, n_shoppers=5, progress=progress),
    "results": lambda data, out, progress: require_results_folder(out, ["paper"]),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    "kind", ["file", "inside a file", "link to nowhere", "link to a file", "other files", "system"]
)
def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path, writer: str, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("mine")
    elif kind == "inside a file":
        out.write_text("mine")
        out = out / "folder"
    elif kind == "link to nowhere":
        out.symlink_to(tmp_path / "gone")
    elif kind == "link to a file":
        (tmp_path / "a").write_text("mine")
        out.symlink_to(tmp_path / "a")
    elif kind == "other files":
        out.mkdir()
        for name in ("thesis.doc", "paper.json", "report.html"):
            (out / name).write_text("mine")
    else:
        out = Path(os.sep, "proc", "shelfwise")  # root may write everywhere else
        if not out.parent.is_dir():
            pytest.skip("there is no such file system here")
    before = standing(tmp_path)
    with pytest.raises(InputError) as said:
        WRITERS[writer](tmp_path / "no data", out, never)
    assert said.value.exit_code == 2
    assert standing(tmp_path) == before


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000 + "b", "nul\0"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        require_writable(tmp_path / name, "the model")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_be_written_is_as_it_was(tmp_path: Path) -> None:
    require_writable(tmp_path / "a" / "b", "the model")
    assert list(tmp_path.iterdir()) == []


def test_results_are_kept_beside_other_files(tmp_path: Path) -> None:
    before = put_foreign_files(tmp_path / "out")
    write_results(tmp_path / "out", [RESULT])
    (tmp_path / "out" / "paper-notes.csv").write_text("mine")
    require_results_folder(tmp_path / "out", ["paper"])
    write_results(tmp_path / "out", [RESULT])
    assert_untouched(tmp_path / "out", before)
    new = {"paper.json", "paper-lifts.csv", "report.html"}
    assert standing(tmp_path / "out").keys() - before.keys() == new | {"paper-notes.csv"}
    assert (tmp_path / "out" / "paper-notes.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["paper.json", "report.html", "paper-lifts.csv"])
@pytest.mark.parametrize("content", ["mine", "{}", "<!doctype html><title>Mine</title>"])
def test_results_never_replace_a_file_of_somebody(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    for attempt in (lambda: require_results_folder(tmp_path, ["paper"]), lambda: write_results(tmp_path, [RESULT])):
        with pytest.raises(InputError, match=f"holds {name}, which no experiment wrote"):
            attempt()
    assert standing(tmp_path).keys() == {name}
    assert (tmp_path / name).read_text() == content


def test_results_do_not_replace_a_link(tmp_path: Path) -> None:
    write_results(tmp_path / "a", [RESULT])
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "paper.json").symlink_to(tmp_path / "a" / "paper.json")
    with pytest.raises(InputError, match=r"holds paper\.json"):
        require_results_folder(tmp_path / "b", ["paper"])


def test_a_data_folder_with_other_files_is_refused_before_anything_is_written(tiny, tmp_path: Path) -> None:
    write_folder(tmp_path / "shop", **tiny)
    before = put_foreign_files(tmp_path / "shop")
    with pytest.raises(DataError, match="the folder holds other files"):
        write_folder(tmp_path / "shop", **tiny)
    with pytest.raises(DataError):
        generate_demo(tmp_path / "shop", n_items=60, n_shoppers=5, progress=never)
    assert standing(tmp_path / "shop") == before


def test_a_demo_shop_does_not_replace_a_real_one(tiny, tmp_path: Path) -> None:
    write_folder(tmp_path / "shop", **tiny)
    before = standing(tmp_path / "shop")
    with pytest.raises(DataError, match="there is a shop here that is no demo shop"):
        generate_demo(tmp_path / "shop", n_items=60, n_shoppers=5, progress=never)
    assert standing(tmp_path / "shop") == before


def test_a_folder_or_a_link_named_like_a_table_is_not_replaced(tiny, tmp_path: Path) -> None:
    for made in (lambda path: path.mkdir(), lambda path: path.symlink_to(tmp_path / "elsewhere")):
        shop = tmp_path / made.__name__ / str(len(list(tmp_path.iterdir())))
        shop.mkdir(parents=True)
        made(shop / "items.parquet")
        with pytest.raises(DataError, match=r"holds other files \(items.parquet\)"):
            write_folder(shop, **tiny)
        assert os.path.lexists(shop / "items.parquet")


def test_a_file_that_comes_in_during_the_last_step_is_carried_over(tiny, tmp_path: Path) -> None:
    from recsys.data.writing import put_in_place

    write_folder(tmp_path / "shop", **tiny)
    (tmp_path / "shop" / "notes.txt").write_text("mine")
    finished = tmp_path / "new"
    finished.mkdir()
    (finished / "items.parquet").write_bytes(b"new")
    put_in_place(finished, tmp_path / "shop", ("items.parquet", "reviews.parquet", "events.parquet"))
    assert (tmp_path / "shop" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "shop" / "items.parquet").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_the_cache_leaves_other_files_alone(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "embeddings")
    for folder in (cache.folder, cache.folder / "model"):
        put_foreign_files(folder)
    for path in cache.folder.rglob("*.partial"):
        os.utime(path, (0, 0), follow_symlinks=False)
    before = standing(cache.folder)
    cache.store("model", ["warm"], np.ones((1, 4), np.float16))
    assert cache.lookup("model", ["warm", "dry"])[0].tolist() == [0]
    assert cache.prune(max_bytes=0) > 0
    settled_precision(cache.folder)
    assert_untouched(cache.folder, before)
    assert standing(cache.folder).keys() - before.keys() <= {"precision.json"}


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert settled_precision(tmp_path / "file") in ("bfloat16", "float32")
    assert (tmp_path / "file").read_text() == "mine"


def test_records_of_works_leave_other_files_alone(tmp_path: Path) -> None:
    before = put_foreign_files(tmp_path / "home")
    for _ in range(2):
        write(tmp_path / "home" / "job.work.json", facts(("a",), 0, 0, 0, 0.0, state="done"))
    Job(tmp_path / "home", "job").forget()
    assert_untouched(tmp_path / "home", before)


def test_a_file_of_another_program_is_not_taken_for_a_record(tmp_path: Path) -> None:
    (tmp_path / "job.work.json").write_text('{"name": "mine"}')
    with pytest.raises(RecsysError, match="was written by another program"):
        JobKind("recsys.jobs.shop_jobs", print, (Stage("a"),)).start(Job(tmp_path, "job"), {})
    assert standing(tmp_path).keys() == {"job.work.json"}
    assert (tmp_path / "job.work.json").read_text() == '{"name": "mine"}'


def test_a_log_of_another_program_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "count.work.log").write_text("mine\n")
    work = JobKind("recsys.training.no_such_module", print, (Stage("a"),)).start(Job(tmp_path, "count"), {})
    end = time.monotonic() + 60
    while work.path("log").stat().st_size == len("mine\n") and time.monotonic() < end:
        time.sleep(0.05)
    assert work.path("log").read_text().startswith("mine\n")
    assert len(work.path("log").read_text()) > len("mine\n")


def test_only_names_that_we_give_are_temporary(tmp_path: Path) -> None:
    ours = temporary_beside(tmp_path / "a")
    ours.touch()
    assert is_temporary(ours)
    before = put_foreign_files(tmp_path / "f")
    assert not [path for path in (tmp_path / "f").iterdir() if is_temporary(path)]
    replace_file(tmp_path / "f" / "new", b"x", private=True)
    assert (tmp_path / "f" / "new").stat().st_mode & 0o777 == 0o600
    assert_untouched(tmp_path / "f", before)
