"""Phrases that say the same share one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.text.phrasebook import canonical

ANY_TEXT = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("phrase", "key"),
    [
        ("Great sound!!!", "great sound"),
        ("  great\t\nSOUND. ", "great sound"),
        ("“Great sound”", "great sound"),
        ("(great sound)", "great sound"),
        ("cafe\u0301", "café"),
        ("great\u200b sound\ufeff", "great sound"),
        ("♥ it", "♥ it"),
        ("!!!", "!!!"),
        ("\ud800 ok", "\ufffd ok"),
    ],
)
def test_spelling_does_not_change_the_key(phrase, key):
    assert canonical(phrase) == key


@pytest.mark.parametrize("phrase", ["worth it?", "-5 degrees", "$5", "c++", "10%", "+1"])
def test_signs_that_carry_meaning_stay(phrase):
    assert canonical(phrase) == phrase


@given(ANY_TEXT)
def test_the_canonical_form_is_its_own_canonical_form_and_valid_utf8(text):
    once = canonical(text)
    assert canonical(once) == once
    assert once.encode("utf-8").decode("utf-8") == once


@given(ANY_TEXT)
def test_what_says_something_has_a_key(text):
    assert canonical(text) or not any(character.isalnum() for character in text)
