"""What leaves the app as a file runs nothing where it is opened, and loses nothing on the way."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.serving.results import spreadsheet_safe, to_csv


@pytest.mark.parametrize(
    "text", ["=1+1", "+44", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\u200b=1", "\ufeff@x", "=HYPERLINK(1)"]
)
def test_what_a_spreadsheet_would_run_is_made_plain(text: str) -> None:
    assert spreadsheet_safe(text) == f"'{text}"


@pytest.mark.parametrize("value", ["tent", "a=b", "", "1+1", -2.5, 7, None, True])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert spreadsheet_safe(value) is value


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_cell_of_a_file_starts_a_formula_and_texts_survive(texts: list[str]) -> None:
    written = to_csv([{"title": text} for text in texts], ["title"]).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows[0] == ["title"]
    cells = [row[0] if row else "" for row in rows[1:]]
    assert [
        cell.removeprefix("'") if cell.startswith("'") and cell[1:] == text else cell
        for cell, text in zip(cells, texts, strict=True)
    ] == texts
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_a_file_starts_with_a_mark_and_leaves_missing_values_empty() -> None:
    assert (
        to_csv([{"title": 'a "b", c', "price": None}], ["title", "price"]) == '\ufefftitle,price\r\n"a ""b"", c",\r\n'
    )


def test_numbers_stay_numbers() -> None:
    assert to_csv([{"score": -1.25}], ["score"]).endswith("\r\n-1.25\r\n")
