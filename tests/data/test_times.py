"""Timestamps in every usual form come to the same second; what is ambiguous is refused."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.columns import ColumnCells, seconds
from recsys.data.reading import RepairLog
from recsys.errors import DataError
from recsys.schema import REVIEWS

MOMENT = datetime(2024, 3, 1, 9, 30, 15, tzinfo=UTC)
MOMENT_S = 1_709_285_415
NOW = datetime(2024, 5, 1, tzinfo=UTC)


def read(values: object, now: datetime | None = NOW) -> tuple[list[int], str]:
    """Seconds, and the repairs in words."""
    log = RepairLog()
    cells = ColumnCells(pd.Series(values), REVIEWS["timestamp"], REVIEWS.file, log)
    return seconds(cells, now).tolist(), "\n".join(map(str, log))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_of_any_unit_with_a_zone_need_no_repair(unit):
    stamps = pd.Series([MOMENT]).astype(f"datetime64[{unit}, UTC]")
    assert read(stamps) == ([MOMENT_S], "")


def test_other_zones_are_brought_to_utc():
    assert read([MOMENT.astimezone(timezone(timedelta(hours=-7)))]) == ([MOMENT_S], "")


def test_times_without_a_zone_are_read_as_utc():
    result, repairs = read([MOMENT.replace(tzinfo=None)])
    assert result == [MOMENT_S]
    assert "times without a zone in 1 rows" in repairs
    assert "read as UTC" in repairs


@pytest.mark.parametrize(
    ("factor", "name"), [(1, "seconds"), (10**3, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")]
)
def test_whole_numbers_tell_their_unit_by_their_size(factor, name):
    result, repairs = read([MOMENT_S * factor, (MOMENT_S - 86_400) * factor])
    assert result == [MOMENT_S, MOMENT_S - 86_400]
    assert f"numbers instead of times in 2 rows (such as '{MOMENT_S * factor}'" in repairs
    assert f"read as {name} since 1970 in UTC" in repairs


def test_numbers_of_two_units_are_refused():
    with pytest.raises(DataError, match=rf"numbers of another unit than the largest ones \(row 1: {MOMENT_S}\); write"):
        read([MOMENT_S * 1000, MOMENT_S])


def test_numbers_written_as_text_are_read():
    assert read([str(MOMENT_S)])[0] == [MOMENT_S]


@pytest.mark.parametrize("text", ["2024-03-01T09:30:15Z", "2024-03-01 09:30:15", "2024-03-01T10:30:15.250+01:00"])
def test_iso_text_is_read(text):
    result, repairs = read([text])
    assert result == [MOMENT_S]
    assert "times written as text in 1 rows" in repairs


def test_days_are_their_midnight():
    midnight = datetime(2024, 3, 1, tzinfo=UTC).timestamp()
    assert read(["2024-03-01"])[0] == read(["20240301"])[0] == read(pd.Series([date(2024, 3, 1)]))[0] == [midnight]


@pytest.mark.parametrize("text", ["", "yesterday", "01/03/2024", "2024-13-01"])
def test_other_text_is_refused(text):
    with pytest.raises(DataError, match=rf"values that cannot be read as a time \(row 1: '{text}'\); write UTC times"):
        read(["2024-03-01", text])


@pytest.mark.parametrize("values", [[MOMENT, None], [float(MOMENT_S), np.nan], ["2024-03-01", None]])
def test_cells_without_a_time_are_refused(values):
    with pytest.raises(DataError, match=r"column 'timestamp': cells without a value \(row 1: (NaT|nan|None)\)"):
        read(values)


def test_true_and_false_are_no_times():
    with pytest.raises(DataError, match=r"values of type bool instead of times"):
        read([True])


@pytest.mark.parametrize("number", [np.inf, -np.inf, 1e30])
def test_numbers_beyond_any_time_are_refused(number):
    with pytest.raises(DataError, match=r"values that cannot be read as a time \(row 1: (-?inf|1e\+30)\); write UTC"):
        read([float(MOMENT_S), number])


@pytest.mark.parametrize("stand_in", ["0001-01-01", "1899-12-31"])
def test_stand_ins_for_an_unknown_time_are_refused(stand_in):
    with pytest.raises(DataError, match=rf"times before 1900 \(row 1: '{stand_in}'\); check the unit, or leave"):
        read(["2024-03-01", stand_in])
    assert read(["1900-01-01"])[0] == [-2_208_988_800]


def test_a_day_ahead_is_tolerated_and_more_is_not():
    assert read([NOW + timedelta(hours=23)])[0]
    with pytest.raises(DataError, match=r"times in the future \(now is 2024-05-01 00:00 UTC\) \(row 0: 2024-05-02"):
        read([NOW + timedelta(hours=25)])


def test_now_is_the_clock_when_it_is_not_given():
    ahead = datetime.now(UTC) + timedelta(days=3)
    with pytest.raises(DataError, match=r"times in the future"):
        read([ahead], now=None)


@given(st.datetimes(min_value=datetime(1974, 1, 1), max_value=datetime(2024, 4, 1)))
def test_every_form_of_a_moment_gives_the_same_second(moment):
    moment = moment.replace(tzinfo=UTC, microsecond=0)
    second = int(moment.timestamp())
    forms = ([moment], [moment.replace(tzinfo=None)], [moment.isoformat()], [second], [second * 1000])
    assert {read(form)[0][0] for form in forms} == {second}
