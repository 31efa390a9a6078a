"""What people type is cleaned of what hides, and otherwise kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import PresetError
from recsys.store import labels


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Summer sale ", "Summer sale"),
        ("two\r\nlines\tand\u2028more", "two lines and more"),
        ("a\x00b\x1bc\x7fd\x9fe", "abcde"),
        ("\u202egnp.exe\u202c \u2067x\u2069 \u200ey\u200f \u061cz", "gnp.exe x y z"),
        ("half \ud800 of it", "half  of it"),
        ("👩‍🍳 <b>شتاء</b> '; DROP", "👩‍🍳 <b>شتاء</b> '; DROP"),
    ],
)
def test_a_label_is_one_line_that_reads_in_its_own_direction(typed: str, kept: str) -> None:
    assert labels.clean_label(typed) == kept


def test_prose_keeps_everything_a_database_can_hold() -> None:
    assert labels.clean_prose(" a\n\tb\u202e\x07 \x00\udfff") == " a\n\tb\u202e\x07 "


@pytest.mark.parametrize("empty", ["", "   ", "\n\t", "\u200b\u200d", "\u202e", "\x00", "\ufe0f"])
def test_a_name_that_cannot_be_seen_is_no_name(empty: str) -> None:
    with pytest.raises(PresetError, match="name is empty; give 1 to 80 characters that can be seen"):
        labels.label(empty, "name", 80, required=True)


def test_lengths_are_counted_after_cleaning() -> None:
    assert labels.label(" " + "é" * 80 + "\u202e", "name", 80) == "é" * 80
    with pytest.raises(PresetError, match=r"name has 81 characters \('é{60}…'\); give at most 80"):
        labels.label("é" * 81, "name", 80)


def test_tags_are_small_and_each_is_kept_once() -> None:
    given_tags = ["  Summer  SALE", "summer sale", "", "\u200b", "Zelt", "a"]
    assert labels.tags(given_tags, 10, 30) == ("summer sale", "zelt", "a")
    assert len(labels.tags([str(n) for n in range(10)], 10, 30)) == 10
    with pytest.raises(PresetError, match=r"tags: 11 are too many \('0, 1, 2.*'\); give at most 10"):
        labels.tags([str(n) for n in range(11)], 10, 30)
    with pytest.raises(PresetError, match=r"a tag has 31 characters \('x{31}'\); give at most 30"):
        labels.tags(["x" * 31], 10, 30)


@given(st.text(max_size=40))
def test_cleaning_twice_is_cleaning_once(typed: str) -> None:
    once = labels.clean_label(typed)
    assert labels.clean_label(once) == once
    assert once.isprintable() or not set(once) & set("\n\r\t\x00\u202e")
    once.encode()


@given(st.text(max_size=40))
def test_a_name_is_found_by_itself_whatever_its_capitals(name: str) -> None:
    assert labels.name_key(labels.clean_label(name)) == labels.name_key(name)
    labels.name_key(name).encode()


@given(st.text(alphabet="ab (copy)12", min_size=1, max_size=12), st.sets(st.text(alphabet="ab (copy)12", max_size=12)))
def test_a_free_name_is_free_and_fits(wanted: str, taken: set[str]) -> None:
    name = labels.free_name(wanted, taken.__contains__, mark="copy", longest=12)
    assert name not in taken
    assert len(name) <= 12
    assert wanted in taken or name == wanted
