"""Every category has a picture, the same one everywhere."""

import re

import pytest

from pages._shared import illustrations
from pages._shared.illustrations import css, icon_of, tile_html


def test_every_drawing_that_words_lead_to_exists_and_the_reverse() -> None:
    files = {path.stem for path in (illustrations.ASSETS / "icons").glob("*.svg")}
    assert files == set(illustrations.WORDS)
    assert {name for name in re.findall(r"\.sw-art-([a-z-]+) \{", css())} == files


@pytest.mark.parametrize(
    ("category", "icon"),
    [
        ("Tents", "tent"),
        ("SLEEPING BAGS", "sleeping-bag"),
        ("Bags", "backpack"),
        ("Camp Stoves", "stove"),
        ("Water Bottles & Flasks", "bottle"),
        ("Candles & Scents", "candle"),
        ("Vacuum Cleaners", "broom"),
        ("Garden Tools", "plant"),
        ("Catalogue", None),
        ("Büro", None),
    ],
)
def test_a_category_finds_its_drawing(category: str, icon: str | None) -> None:
    assert icon_of(category) == icon


def test_an_unknown_category_gets_its_initial_escaped() -> None:
    assert '<span class="sw-art-initial">Ö</span>' in tile_html("ökologisch")
    assert '<span class="sw-art-initial">&lt;</span>' in tile_html("<b>")


def test_no_category_gets_a_box() -> None:
    assert "sw-art-box" in tile_html(None)
    assert "sw-art-box" in tile_html("  ")


def test_a_tile_depends_on_names_alone() -> None:
    assert tile_html("Tents", "t1") == tile_html("Tents", "t1")
    assert tile_html("Tents", "t1") != tile_html("Tents", "t2")


def test_the_stylesheet_holds_drawings_as_data_and_cannot_be_left() -> None:
    assert "</style" not in css()
    assert "<" not in css()
    assert css().count('url("data:image/svg+xml,') == len(illustrations.WORDS) + 1
