"""Files as they come: absent, cut short, of another format, with bytes that are not UTF-8."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.data.dataset import Dataset
from recsys.errors import DataError
from tests._data import shared_data, write_folder

NOW = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def folder(tiny, tmp_path) -> Path:
    """The small shop as a data folder."""
    write_folder(tmp_path / "shop", **tiny)
    return tmp_path / "shop"


def rewrite(path: Path, name: str, values: pa.Array | pa.ChunkedArray) -> None:
    """The same file with other values in one column."""
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(name), name, values), path)


def broken(n_rows: int, bad_row: int, kind: pa.DataType) -> pa.Array:
    """Texts of which one is Windows-1252."""
    values = [b"fine"] * bad_row + ["café".encode("cp1252")] + [b"fine"] * (n_rows - bad_row - 1)
    return pa.array(values, pa.large_binary() if kind == pa.large_string() else pa.binary()).view(kind)


def test_a_folder_reads_as_the_tables_it_was_written_from(folder, tiny_data):
    data = Dataset.read(folder, now=NOW)
    assert data.name == "shop"
    assert data.fingerprint == tiny_data.fingerprint
    pd.testing.assert_frame_equal(data.interactions(), tiny_data.interactions())
    pd.testing.assert_frame_equal(data.items, tiny_data.items)


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy"])
def test_the_fingerprint_does_not_depend_on_compression(folder, tiny_data, compression):
    for path in folder.iterdir():
        pq.write_table(pq.read_table(path), path, compression=compression, row_group_size=4)
    assert Dataset.read(folder).fingerprint == tiny_data.fingerprint


def test_progress_counts_the_files(folder):
    reports = []
    Dataset.read(folder, progress=lambda *report: reports.append(report))
    assert reports == [*(("reading files", done, 4) for done in range(5)), ("checking data",)]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere: there is no such folder; give the folder that holds items.parquet"):
        Dataset.read(tmp_path / "nowhere")


def test_a_file_in_place_of_a_folder_is_refused(folder):
    with pytest.raises(DataError, match=r"items.parquet: this is a file, not a folder; give the folder that holds"):
        Dataset.read(folder / "items.parquet")


def test_missing_products_are_named_with_what_is_there(folder):
    (folder / "items.parquet").rename(folder / "products.parquet")
    with pytest.raises(DataError, match=r"items.parquet: the file is missing \(found: events.parquet, .*products"):
        Dataset.read(folder)


def test_a_column_of_another_name_is_pointed_out(folder):
    path = folder / "reviews.parquet"
    table = pq.read_table(path)
    pq.write_table(table.rename_columns({"user_id": "userId"}), path)
    with pytest.raises(
        DataError, match=r"column 'user_id': the column is missing .*'userId'.*; rename 'userId' to 'user_id' if"
    ):
        Dataset.read(folder)


def test_a_file_without_rows_may_lack_columns(folder, tiny_data):
    path = folder / "impressions.parquet"
    pq.write_table(pq.read_table(path).slice(0, 0).drop_columns("click"), path)
    data = Dataset.read(folder, now=NOW)
    assert (len(data.impressions), len(data.events)) == (0, len(tiny_data.events))


def test_a_folder_of_products_alone_is_refused(folder):
    (folder / "reviews.parquet").unlink()
    (folder / "events.parquet").unlink()
    with pytest.raises(DataError, match=r"reviews.parquet and events.parquet: there is neither a review nor an event"):
        Dataset.read(folder)


def test_a_file_cut_short_is_refused(folder):
    path = folder / "reviews.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        DataError, match=r"reviews.parquet: the file cannot be read as Parquet: .*; it may be cut short"
    ):
        Dataset.read(folder)


@pytest.mark.parametrize("content", [b"", b"user_id,item_id,event,timestamp\nann,mug,view,2024-03-01\n"])
def test_another_format_under_the_name_is_refused(folder, content):
    (folder / "events.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"events.parquet: the file cannot be read as Parquet: .*; .* another format"):
        Dataset.read(folder)


def test_a_damaged_page_is_refused(folder):
    path = folder / "events.parquet"
    content = bytearray(path.read_bytes())
    content[8:60] = bytes(52)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"events.parquet: the file cannot be read as Parquet"):
        Dataset.read(folder)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize(("table", "name", "n_rows"), [("reviews", "text", 13), ("reviews", "user_id", 13),
                                                       ("events", "device", 14), ("items", "title", 8)])  # fmt: skip
def test_text_that_is_not_utf8_is_refused_with_its_row(folder, table, name, n_rows, kind):
    rewrite(folder / f"{table}.parquet", name, broken(n_rows, 5, kind))
    with pytest.raises(
        DataError,
        match=rf"{table}.parquet, column '{name}': the text is not UTF-8 \(row 5: b'caf\\xe9'\); write the file",
    ):
        Dataset.read(folder)


def test_lists_with_text_that_is_not_utf8_are_refused(folder):
    words = broken(9, 4, pa.string())
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 1, 3, 5, 6, 7, 8, 9], pa.int32()), words)
    rewrite(folder / "items.parquet", "tags", lists)
    with pytest.raises(DataError, match=r"column 'tags': the text is not UTF-8 \(row 3: \[b'fine', b'caf\\xe9'\]\)"):
        Dataset.read(folder)


def test_bytes_that_are_utf8_are_read_as_text(folder):
    rewrite(folder / "reviews.parquet", "text", pa.array(["Größe 😀".encode()] * 13, pa.binary()))
    data = Dataset.read(folder)
    assert data.reviews["text"].tolist() == ["Größe 😀"] * 13
    assert "column 'text': bytes instead of text in 13 rows; read as UTF-8" in "\n".join(map(str, data.repairs))


def test_bytes_that_are_not_utf8_are_refused(folder):
    rewrite(folder / "reviews.parquet", "text", pa.array([b"\xff"] * 13, pa.binary()))
    with pytest.raises(DataError, match=r"the text is not UTF-8 \(row 0: b'\\xff', .* and 8 more\)"):
        Dataset.read(folder)


def test_decimals_and_dates_are_numbers_and_times(folder):
    table = pq.read_table(folder / "reviews.parquet")
    rewrite(folder / "reviews.parquet", "rating", table["rating"].cast(pa.decimal128(20, 2)))
    rewrite(
        folder / "reviews.parquet",
        "timestamp",
        table["timestamp"].cast(pa.timestamp("us")).cast(pa.date32(), safe=False),
    )
    data = Dataset.read(folder)
    assert data.reviews["rating"].tolist()[:3] == [5, 4, 2]
    assert (data.reviews["time_s"] % 86_400 == 0).all()


@pytest.mark.parametrize("kind", [pa.string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())])
def test_ids_in_any_text_type_read_alike(folder, tiny_data, kind):
    table = pq.read_table(folder / "reviews.parquet")
    rewrite(folder / "reviews.parquet", "user_id", table["user_id"].cast(kind))
    assert Dataset.read(folder).fingerprint == tiny_data.fingerprint


def test_columns_that_nobody_knows_are_left_unread_in_logs(folder, tiny_data):
    table = pq.read_table(folder / "events.parquet")
    pq.write_table(table.append_column("session", pa.array(np.arange(14))), folder / "events.parquet")
    assert Dataset.read(folder).fingerprint == tiny_data.fingerprint


def test_a_column_that_stands_twice_is_refused(folder):
    table = pq.read_table(folder / "items.parquet")
    pq.write_table(table.append_column("title", table["title"]), folder / "items.parquet")
    with pytest.raises(
        DataError, match=r"items.parquet, column 'title': two columns are called 'title'; remove or rename"
    ):
        Dataset.read(folder)


def test_a_real_shop_is_read_and_what_was_repaired_is_told():
    data = Dataset.read(shared_data("steam_au"))
    told = "\n".join(map(str, data.repairs))
    assert "reviews.parquet, column 'item_id': products that items.parquet does not have in 368 rows" in told
    assert "events.parquet, column 'item_id': products that items.parquet does not have in 437 rows" in told
    assert "reviews.parquet, column 'text': no words in 35 rows; kept as ratings without text" in told
    assert data.items.loc[data.item_row("761140"), "title"] == "Lost Summoner Kitty"
