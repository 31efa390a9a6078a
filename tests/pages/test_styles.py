"""Style sheets of the app stand side by side on every page, so that one must not undo another's rules."""

import re
from collections import defaultdict

from tests._demo import ROOT

APART = {"sheet.css", "report.css", "reader.css"}
"""Sheets of documents of their own, and of the reader, which lives in a frame."""


def test_no_two_sheets_style_the_same_class() -> None:
    where = defaultdict[str, set[str]](set)
    for sheet in (ROOT / "assets").glob("*.css"):
        if sheet.name in APART:
            continue
        for line in sheet.read_text(encoding="utf-8").splitlines():
            rule = re.match(r"\s*([^{@]+)\{", line)
            for selector in rule.group(1).split(",") if rule else ():
                if re.fullmatch(r"\.[\w-]+", selector.strip()):
                    where[selector.strip()].add(sheet.name)
    assert len(where) > 100
    assert not {selector: sheets for selector, sheets in where.items() if len(sheets) > 1}
