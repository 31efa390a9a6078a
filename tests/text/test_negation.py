"""What is refused is told from what is wished for, and what merely sounds like a refusal is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.text.negation import refusing, wishes


def cut(text: str) -> tuple[list[str], list[str]]:
    parts = wishes(text)
    return tuple([text[start:end] for start, end, sign in parts if sign == each] for each in (1, -1))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "wished", "refused"),
    [
        ("not warm", [], ["warm"]),
        ("no leather", [], ["leather"]),
        ("without a hood", [], ["hood"]),
        ("anything but a tent", [], ["tent"]),
        ("Anything other than boots please", [], ["boots"]),
        ("a jacket without a hood", ["a jacket"], ["hood"]),
        ("boots, no leather, light", ["boots", "light"], ["leather"]),
        ("light boots but not heavy ones", ["light boots"], ["heavy ones"]),
        ("I don't want leather", [], ["leather"]),
        ("nothing heavy", [], ["heavy"]),
        ("never again wool", [], ["again wool"]),
        ("tents except domes", ["tents"], ["domes"]),
        ("no leather and no wool", [], ["leather", "wool"]),
    ],
)
def test_what_follows_a_cue_is_refused(text, wished, refused):
    assert cut(text) == (wished, refused)


@pytest.mark.parametrize(
    "text",
    [
        "a warm, quiet tent for two",
        "not only warm but light",
        "no-show socks",
        "nothing but tents",
        "no problem in the rain",
        "notebook for northern nights",
        "why not",
        "no",
        "not",
        "not bad",
        "knots and canoes",
        "non-stick pan",
    ],
)
def test_what_only_sounds_like_a_refusal_is_wished_for(text):
    assert cut(text)[1] == []


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("No Man's Sky", []),
        ("no man", []),
        ("games like No Man's Sky on sale", []),
        ("Don't Starve", []),
        ("no mansion", ["mansion"]),
        ("a valley without wind", []),
        ("a valley without wind, no horror", ["horror"]),
        ("valley without wind", ["wind"]),
        ("no tents", ["tents"]),
        ("No Man's Sky, not horror", ["horror"]),
    ],
)
def test_a_product_whose_name_sounds_like_a_refusal_is_wished_for(text, refused):
    names = refusing(["No Man's Sky", "Don't Starve Together", "A Valley Without Wind", "Not", "Nordic tent"])
    assert names == ("no man's sky", "don't starve together", "a valley without wind")
    assert [text[start:end] for start, end, sign in wishes(text, names) if sign < 0] == refused


@given(st.text(max_size=200))
def test_parts_are_in_order_and_do_not_overlap(text):
    at = 0
    for start, end, sign in wishes(text):
        assert at <= start < end <= len(text)
        assert sign in (1, -1)
        at = end
