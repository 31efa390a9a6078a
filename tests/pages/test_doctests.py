"""The examples in the pages' own modules hold; pages themselves run as scripts, so pytest does not collect them."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(
        path for room in ("_shared", "explanations", "home", "tuning") for path in (ROOT / "pages" / room).rglob("*.py")
    )
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0


def test_words_and_pictures_are_among_them() -> None:
    assert {"pages._shared.words", "pages._shared.illustrations", "pages.explanations.product"} <= set(WITH_EXAMPLES)
