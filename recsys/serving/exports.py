"""Lists as files that a spreadsheet opens without running anything."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet_safe(value: object) -> object:
    """The value, with text that a spreadsheet would run as a formula made plain by a leading apostrophe.

    Numbers stay numbers. Text is looked at past leading blanks and invisible marks, because some programs skip them.

    >>> spreadsheet_safe("=1+1"), spreadsheet_safe(-2.5), spreadsheet_safe("tent")
    ("'=1+1", -2.5, 'tent')
    """
    if not isinstance(value, str):
        return value
    seen = value.lstrip(" \n\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
    return f"'{value}" if seen.startswith(_FORMULA_STARTS) else value


def to_csv(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    """CSV text (RFC 4180: CRLF, quotes doubled) of the named columns; missing values are empty cells.

    Starts with a byte order mark, without which common spreadsheets misread accents.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([spreadsheet_safe(name) for name in columns])
    for row in rows:
        writer.writerow(["" if row.get(name) is None else spreadsheet_safe(row[name]) for name in columns])
    return "\ufeff" + out.getvalue()
