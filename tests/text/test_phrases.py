"""Phrases are verbatim slices of the text, however strange the text is."""

import re
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recsys.text.phrasebook import MAX_CHARS, MAX_WORDS, segment
from recsys.text.sentences import AT_ONCE
from tests._data import shared_data
from tests._timing import cpu_seconds

# fmt: off
_PIECES = [
    "warm", "Light", "the zip", " ", "  ", "\t", "\n", "\r\n", "\u2028", ". ", "! ", "?", "...", "…", "。", "؟",
    ", but ", "; ", " - ", " — ", " although ", ", and the ", "• ", "- ", "e.g. ", "Dr. ", "3.5", "10/10", "😀",
    "👩\u200d👧", "❤\ufe0f", "e\u0301", "\u202e", "\u200b", "\ufeff", "مرحبا", "漢字", "न", "𝒳", "\ud800", "\x00",
    '"', "“", ")", "x" * 300,
]
# fmt: on
ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=200), st.lists(st.sampled_from(_PIECES), max_size=60).map("".join)
)


def phrases(text: str) -> list[str]:
    return [text[start:end] for start, end in segment(text)]


@settings(deadline=None)  # the first call imports the sentence splitter
@given(ANY_TEXT)
@example("x" * 5000)
@example("\u0301" * 600 + "a")
@example("a" + "\u0301" * 600)
@example("word " * 500)
def test_spans_are_ordered_trimmed_bounded_and_lose_no_letter(text):
    spans = segment(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        phrase = text[start:end]
        assert phrase == phrase.strip()
        assert any(character.isalnum() for character in phrase)
        assert len(phrase) <= MAX_CHARS
        assert len(phrase.split()) <= MAX_WORDS
        position = end
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    between = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    assert not any(character.isalnum() for gap in between for character in gap)
    assert "".join(gap + phrase for gap, phrase in zip(between, [*phrases(text), ""], strict=True)) == text
    assert segment(text) == spans


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Boils fast, but it is noisy.", ["Boils fast, but it is noisy."]),  # two words cannot stand alone
        ("It boils fast, but it is noisy.", ["It boils fast", "but it is noisy."]),
        ("Warm. Light! Dry?", ["Warm.", "Light!", "Dry?"]),
        ("Dr. Smith carried approx. 5 kg, e.g. water. Fine.", ["Dr. Smith carried approx. 5 kg, e.g. water.", "Fine."]),
        ("Costs 3.50 now. Was 4.99 before", ["Costs 3.50 now.", "Was 4.99 before"]),
        ("Pros:\n- warm\n- light\r\n\r\nCons • heavy", ["Pros", "warm", "light", "Cons", "heavy"]),
        ("很好。不错！", ["很好。", "不错！"]),
        (":) !!! ♥♥♥", []),
        ("", []),
        ("   \n ", []),
        (
            "The fabric is wonderfully soft and thick, and the pockets are large enough for both of my hands",
            ["The fabric is wonderfully soft and thick", "and the pockets are large enough for both of my hands"],
        ),
        ("Soft and thick, and the pockets are large", ["Soft and thick, and the pockets are large"]),
    ],
)
def test_text_is_cut_where_a_reader_would(text, expected):
    assert phrases(text) == expected


def test_a_long_word_is_cut_between_characters_but_not_off_its_accent():
    text = "x" * (MAX_CHARS - 1) + "e\u0301" + "y" * 20
    first, second = phrases(text)
    assert first == "x" * (MAX_CHARS - 1)
    assert second.startswith("e\u0301")


@pytest.mark.parametrize("piece", ["a!? ", ". ", "but ", " ", "- ", ") ", "\u0301", ",", '."', "x y z and it "])
def test_hostile_repetition_is_cut_in_linear_time(piece):
    segment("Warm. Up.")
    small = cpu_seconds(lambda: segment("a" + piece * 5_000 + "b"))
    large = cpu_seconds(lambda: segment("a" + piece * 40_000 + "b"))
    assert large < 25 * max(small, 0.004), "eight times the text should take about eight times as long"
    spans = segment("a" + piece * 40_000 + "b")
    assert all(0 < end - start <= MAX_CHARS for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_a_long_stretch_is_cut_where_a_short_one_is():
    sentence = "It is warm, dry and light. "
    assert len(sentence) * 1000 > 2 * AT_ONCE
    assert phrases(sentence * 1000) == phrases(sentence) * 1000


def test_a_stretch_without_stops_stays_whole_beside_one_with_stops():
    quiet, loud = "word " * (AT_ONCE // 4), "It is warm. "
    assert phrases(loud + quiet) == phrases(loud) + phrases(quiet)


def test_real_reviews_are_cut_into_readable_phrases():
    texts = pd.read_parquet(shared_data("steam_au") / "reviews.parquet", columns=["text"])["text"].fillna("").tolist()
    found = [phrase for text in texts for phrase in phrases(text)]
    assert 6 < sum(len(re.findall(r"\S+", phrase)) for phrase in found) / len(found) < 14


def test_trailing_dots_end_a_sentence_only_before_a_new_start():
    text = "Boils in a flash... It packs small… Great thing. But wait... no, it is fine"
    assert phrases(text) == ["Boils in a flash...", "It packs small…", "Great thing.", "But wait... no, it is fine"]
