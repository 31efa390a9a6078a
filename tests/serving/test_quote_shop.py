"""What a shop's own texts say of words: whose they are, and which brand or product they name."""

import pytest

from recsys.serving.category_words import CategoryWords
from recsys.serving.quote_shop import ShopWords, shop_words
from recsys.text.quotable_sentence import Sentence, tokens_of, words_of

STOVES, LAMPS = "Stoves", "Lamps"


def shop() -> ShopWords:
    """Two stoves and two lamps; many reviews of each first one."""
    items = {
        "title": ["Skarv Stove", "Rill Stove", "Dune Lamp", "Velora"],
        "brand": ["Nordhus", "Emberline", "Nordhus", ""],
        "category": [STOVES, STOVES, LAMPS, LAMPS],
        "description": ["A burner that boils water fast.", "", "A shade that warms the bedroom.", ""],
    }
    stove = ["The burner boils water fast and the flame is even."] * 120
    lamp = [f"The bedroom {verb} warm and the dimmer is smooth." for verb in ("feels", "looks", "seems")] * 40
    return shop_words(items, [*((0, text) for text in stove), *((2, text) for text in lamp)])


@pytest.mark.parametrize(
    ("item", "text", "allowed"),
    [
        (0, "The flame is even and the burner is quiet.", True),
        (0, "Suits the bedroom, and the shape is lovely.", False),
        (2, "The dimmer is smooth, and the bedroom is cosy.", True),
        (2, "The burner is sturdy and quick.", False),
        (0, "Quick and sturdy, unlike what Emberline makes.", False),
        (0, "Quick and sturdy, as Nordhus makes it.", True),
        (0, "Quick and sturdy, and Velora is its match.", False),
        (3, "Quick and sturdy, as Nordhus makes it.", True),
    ],
)
def test_a_sentence_speaks_of_its_own_kind_of_product_and_brand(item: int, text: str, allowed: bool) -> None:
    about = words_of(("Skarv Stove Nordhus", "Rill Stove Emberline", "Dune Lamp Nordhus", "Velora")[item])
    assert shop().allows(item, Sentence(text, about)) == allowed


def test_a_description_speaks_of_what_reviewers_of_its_kind_speak_of() -> None:
    it = Sentence("Ten-year guarantee, cartridges in stock.")
    assert shop().allows(0, it)
    assert not shop().allows(0, it, is_description=True)
    assert shop().allows(0, Sentence("A burner with an even flame."), is_description=True)


@pytest.mark.parametrize(
    ("text", "is_last", "whole"),
    [
        ("The burner boils water", True, True),
        ("The burner boils wat", True, False),
        ("The burner boils wat", False, False),
        ("The burner boils brxq", True, False),
        ("The burner boils brxq", False, True),
        ("A stove by Nordhus", True, True),
    ],
)
def test_a_text_that_was_cut_ends_within_a_word(text: str, is_last: bool, whole: bool) -> None:
    assert shop().ends_whole(Sentence(text, words_of("Nordhus stove")), is_last) == whole


def test_a_word_in_one_set_turn_is_borrowed_from_the_category_that_says_much_with_it() -> None:
    words = CategoryWords()
    for at in range(40):
        said = f"w{at} room v{at}"
        words.add(LAMPS, words_of(said), tokens_of(said))
    for at in range(40):
        said = "suits the room perfectly" if at < 10 else "boils fast"
        words.add(STOVES, words_of(said), tokens_of(said))
    assert "room" in words.borrowed()[STOVES]
    assert "room" not in words.borrowed()[LAMPS]
    assert "room" not in words.rarer(0.1, 4.5)[STOVES]


def test_a_word_that_another_category_uses_far_more_is_rarer() -> None:
    words = CategoryWords()
    for at in range(40):
        words.add(LAMPS, frozenset({"glow", "and"}))
        words.add(STOVES, frozenset({"and", "flame"} | ({"glow"} if at == 0 else set())))
    assert words.rarer(0.1, 4.5) == {LAMPS: frozenset({"flame"}), STOVES: frozenset({"glow"})}


def test_texts_without_a_category_count_for_none() -> None:
    words = CategoryWords()
    words.add("", frozenset({"glow"}), ["glow"])
    assert words.rarer(0.1, 4.5) == words.borrowed() == words.usual(1) == {}
