"""Inside a phrase: each word left out, offsets verbatim, and what is left over is said."""

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.explanations.reading import MAX_WORDS, word_effects
from recsys.serving.recommender import Recommender
from tests._encoder import N_DIMS, WordEncoder
from tests._hostile import ATTACKS

ENCODE = WordEncoder().encode
AXIS = np.random.default_rng(0).standard_normal(N_DIMS).astype(np.float32)


def along(vectors: np.ndarray) -> np.ndarray:
    return vectors @ AXIS


def test_words_and_the_residual_sum_to_the_phrase() -> None:
    text = "Before. Light to carry, and it's rain-proof. After."
    found = word_effects(text, 8, 44, along, ENCODE)
    assert [text[word.start : word.end] for word in found.words] == [
        "Light",
        "to",
        "carry",
        "and",
        "it's",
        "rain-proof",
    ]
    assert sum(word.value for word in found.words) + found.residual == pytest.approx(found.whole)
    assert found.whole == pytest.approx(float(along(ENCODE([text[8:44]]))[0]), abs=1e-6)
    without = float(along(ENCODE([" to carry, and it's rain-proof."]))[0])
    assert found.words[0].value == pytest.approx(found.whole - without, abs=1e-6)


def test_a_phrase_of_one_word_is_that_word() -> None:
    found = word_effects("Sturdy 😀!", 0, 9, along, ENCODE)
    (word,) = found.words
    assert (word.start, word.end, word.value, found.residual) == (0, 6, found.whole, 0)


def test_a_phrase_without_words_is_all_residual() -> None:
    found = word_effects("😀 😀", 0, 3, along, ENCODE)
    assert found.words == ()
    assert found.residual == found.whole


@pytest.mark.parametrize("attack", ATTACKS)
def test_offsets_of_hostile_words_are_verbatim(attack: str) -> None:
    text = f"So 👍🏽 it began: {attack} שלום wa\u200dter"
    start = 3
    found = word_effects(text, start, len(text), along, ENCODE)
    assert 1 <= len(found.words) <= MAX_WORDS
    at = start
    for word in found.words:
        assert at <= word.start < word.end <= len(text)
        assert text[word.start : word.end][0].isalnum() or text[word.start] == "_"
        at = word.end
    assert sum(word.value for word in found.words) + found.residual == pytest.approx(found.whole)
    if len(found.words) < MAX_WORDS:
        assert text[slice(*(lambda w: (w.start, w.end))(found.words[-1]))] == "ter"


def test_very_long_phrases_tell_of_their_first_words_and_leave_the_rest_over() -> None:
    text = " ".join(f"w{n}" for n in range(100))
    found = word_effects(text, 0, len(text), along, ENCODE)
    assert len(found.words) == MAX_WORDS
    assert found.residual == pytest.approx(found.whole - sum(word.value for word in found.words))


@pytest.mark.parametrize("strike", ["r1.0", "t.0:stove", "r0.0"])  # of the product, its title, of the shopper
def test_the_whole_is_what_the_explanation_gives_the_phrase(model: Recommender, strike: str) -> None:
    scored = model.scores("ann", "warm")
    found = model.explain(scored, "stove")
    told = {part.source.get("strike"): part for part in (*found.shopper_phrases, *found.of("semantic"))}
    effects = model.look_inside(scored, "stove", strike)
    # The model keeps vectors in half precision, so the phrase encoded anew differs in the fourth digit.
    assert effects.whole == pytest.approx(told[strike].value, rel=5e-3, abs=1e-4)
    source = told[strike].source
    assert source["start"] <= effects.words[0].start
    assert effects.words[-1].end <= source["end"]


@pytest.mark.parametrize("strike", ["", "r8.0", "r1", "nothing"])
def test_a_phrase_of_neither_side_is_refused(model: Recommender, strike: str) -> None:
    scored = model.scores("eli", "warm and light")
    with pytest.raises(
        InputError, match=rf"^'{strike}' is not a phrase of this product or this shopper; choose one that is shown$"
    ):
        model.look_inside(scored, "stove", strike)


def test_a_struck_phrase_cannot_be_looked_into(model: Recommender) -> None:
    with pytest.raises(InputError, match=r"'r1\.0' is not a phrase of this product or this shopper"):
        model.look_inside(model.scores("dora", ablated=["r1.0"]), "stove", "r1.0")
