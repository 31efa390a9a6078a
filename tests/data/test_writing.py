"""A data folder appears whole or not at all, and never in the place of something else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from recsys.data import writing
from recsys.data.dataset import Dataset
from recsys.data.writing import FolderWriter
from recsys.errors import DataError, InputError
from tests._data import write_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_written_files_are_canonical(tiny, tmp_path):
    tiny["items"]["litres"] = range(8)
    write_folder(tmp_path / "a" / "shop", **tiny)
    assert names(tmp_path / "a") == ["shop"]
    assert names(tmp_path / "a" / "shop") == [
        "events.parquet",
        "impressions.parquet",
        "items.parquet",
        "reviews.parquet",
    ]
    schema = pq.read_schema(tmp_path / "a" / "shop" / "reviews.parquet")
    assert str(schema.field("timestamp").type) == "timestamp[us, tz=UTC]"
    assert str(schema.field("rating").type) == "double"
    assert pq.read_table(tmp_path / "a" / "shop" / "items.parquet")["litres"].to_pylist() == list(range(8))


def test_naive_times_and_seconds_are_written_as_utc(tiny, tmp_path, tiny_data):
    tiny["reviews"]["timestamp"] = tiny["reviews"]["timestamp"].dt.tz_localize(None)
    tiny["events"]["timestamp"] = tiny["events"]["timestamp"].astype("datetime64[s, UTC]").astype("int64")
    write_folder(tmp_path / "shop", **tiny)
    assert Dataset.read(tmp_path / "shop").fingerprint == tiny_data.fingerprint


def test_pieces_make_the_same_folder_as_the_whole(tiny, tmp_path, tiny_data):
    with FolderWriter(tmp_path / "shop") as folder:
        folder.write("items", tiny["items"])
        for table in ("reviews", "events", "impressions"):
            for start in range(0, len(tiny[table]), 4):
                folder.write(table, tiny[table].iloc[start : start + 4])
    assert Dataset.read(tmp_path / "shop").fingerprint == tiny_data.fingerprint
    assert pq.ParquetFile(tmp_path / "shop" / "events.parquet").num_row_groups == 4


def test_further_files_join_the_folder(tiny, tmp_path):
    write_folder(tmp_path / "shop", items=tiny["items"], reviews=tiny["reviews"], extra={"truth.json": b"{}"})
    assert names(tmp_path / "shop") == ["items.parquet", "reviews.parquet", "truth.json"]


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "items.parquet"])
def test_further_files_have_plain_names_of_their_own(tiny, tmp_path, name):
    with pytest.raises(DataError, match=r"this cannot be the name of a further file; use another plain name"):
        write_folder(tmp_path / "shop", **tiny, extra={name: b""})
    assert names(tmp_path) == []


def test_a_folder_without_products_is_not_written(tiny, tmp_path):
    write_folder(tmp_path / "shop", **tiny)
    with pytest.raises(DataError, match=r"items.parquet: no products were written; write at least one"):  # noqa: SIM117
        with FolderWriter(tmp_path / "shop") as folder:
            folder.write("events", tiny["events"])
    assert len(names(tmp_path / "shop")) == 4


def test_an_earlier_folder_is_replaced_as_a_whole(tiny, tmp_path):
    write_folder(tmp_path / "shop", **tiny, extra={"truth.json": b"old"})
    write_folder(tmp_path / "shop", items=tiny["items"], events=tiny["events"], extra={"truth.json": b"new"})
    assert names(tmp_path / "shop") == ["events.parquet", "items.parquet", "truth.json"]
    assert (tmp_path / "shop" / "truth.json").read_bytes() == b"new"
    assert names(tmp_path) == ["shop"]


def test_an_earlier_folder_is_replaced_where_names_cannot_be_exchanged(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_exchange", lambda one, other: False)
    write_folder(tmp_path / "shop", **tiny)
    write_folder(tmp_path / "shop", items=tiny["items"], events=tiny["events"])
    assert names(tmp_path / "shop") == ["events.parquet", "items.parquet"]
    assert names(tmp_path) == ["shop"]


def write_and_fail(tables: dict[str, pd.DataFrame], out: Path) -> None:
    with FolderWriter(out) as folder:
        folder.write("items", tables["items"].iloc[:2])
        raise RuntimeError("no more")


def test_an_error_on_the_way_leaves_what_was_there(tiny, tmp_path, tiny_data):
    write_folder(tmp_path / "shop", **tiny)
    with pytest.raises(RuntimeError, match="no more"):
        write_and_fail(tiny, tmp_path / "shop")
    assert names(tmp_path) == ["shop"]
    assert Dataset.read(tmp_path / "shop").fingerprint == tiny_data.fingerprint


def test_a_folder_of_other_files_is_never_replaced(tiny, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear Ann")
    with pytest.raises(
        DataError, match=r"letters: the folder holds other files \(dear.txt\), which would be lost; choose"
    ):
        write_folder(tmp_path / "letters", **tiny)
    write_folder(tmp_path / "shop", **tiny)
    (tmp_path / "shop" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"shop: the folder holds other files \(notes.txt\)"):
        write_folder(tmp_path / "shop", **tiny)
    assert (tmp_path / "letters" / "dear.txt").read_text() == "Dear Ann"
    assert (tmp_path / "shop" / "notes.txt").read_text() == "mine"
    assert names(tmp_path) == ["letters", "shop"]


def test_a_file_of_the_same_name_is_refused(tiny, tmp_path):
    (tmp_path / "shop").write_text("")
    with pytest.raises(InputError, match=r"shop is a file; give a folder for the data"):
        write_folder(tmp_path / "shop", **tiny)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda frame: frame.drop(columns="event"),
            r"events.parquet, column 'event': the column is missing \(the file has",
        ),
        (
            lambda frame: frame.assign(weight="much"),
            "column 'weight': the values are not of the declared type: .*; give do",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused_before_anything_appears(tiny, tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        write_folder(tmp_path / "shop", items=tiny["items"], events=change(tiny["events"]))
    assert names(tmp_path) == []


def test_pieces_with_other_columns_are_refused(tiny, tmp_path):
    with FolderWriter(tmp_path / "shop") as folder:
        folder.write("items", tiny["items"])
        folder.write("events", tiny["events"])
        with pytest.raises(DataError, match=r"column 'region': this column is not in every piece; give all pieces"):
            folder.write("events", tiny["events"].drop(columns="region"))


KILLED = """
import sys, pandas as pd
from tests._data import write_folder
n = 0
while True:
    n += 1
    items = pd.DataFrame({"item_id": ["a", "b"], "title": [str(n)] * 2})
    events = pd.DataFrame({"user_id": "u", "item_id": ["a"] * 50, "event": "view",
                           "timestamp": pd.Timestamp("2024-01-01", tz="UTC"), "weight": float(n)})
    write_folder(sys.argv[1], items=items, events=events)
    print(n, flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="names are exchanged in one step on Linux only")
def test_a_killed_writer_always_leaves_one_whole_folder(tmp_path):
    root = Path(__file__).resolve().parents[2]
    for kill in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path / "shop")],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline().strip()
        time.sleep(0.0037 * kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        items = pd.read_parquet(tmp_path / "shop" / "items.parquet")
        events = pd.read_parquet(tmp_path / "shop" / "events.parquet")
        assert set(items["title"].astype(float)) == set(events["weight"])
