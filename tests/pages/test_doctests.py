"""The examples in the pages' own modules hold; pages themselves run as scripts, so pytest does not collect them."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["words", "illustrations"])
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"pages._shared.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
