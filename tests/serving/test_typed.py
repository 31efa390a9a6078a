"""Words that are not understood have no influence and are named; names, slips and single words are understood."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.serving.recommender import Recommender
from recsys.serving.typed import NOTHING_UNDERSTOOD, Heard, Lexicon, hear
from recsys.text.encoder import PhraseEncoder
from tests._data import shared_data
from tests.serving.test_recommender import TypedWords, small_model

ITEMS = pd.DataFrame(
    {
        "title": ["Ridge tent for two", "Gas stove", "Assetto Corsa"],
        "description": ["Light tent.", "", ""],
        "category": ["Tents", "Kitchen", "Games"],
        "brand": ["Northpeak", "", "Dota"],
        "tags": [("usb-c",), (), ("mmorpg",)],
    }
)
REVIEWS = ["gr8 tent m8", "gr8 stove", "so gr8", "asdf"]


@cache
def encoder() -> PhraseEncoder:
    return PhraseEncoder("float32")


def heard(text: str) -> Heard:
    return hear(text, encoder(), Lexicon.of(ITEMS, REVIEWS))


# fmt: off
UNDERSTOOD = [
    "tent", "warm", "Northpeak", "dota", "Assetto Corsa", "mmorpg", "usb-c", "gr8", "headphones", "hoodie", "earbuds",
    "tshirt", "waterproof", "jakcet", "bckpack", "slepping bag", "roguelike", "rpg", "bluetooth", "jalapeño",
    "a warm, quiet tent for two", "something 4 my dad who luvs camping", "cosy jumper for winter nites", "moka pot",
    "piano sonata", "sauté pan", "🏕️ tent 👍", "cheap", "under $50", "gift for her", "is it good", "GORE-TEX", "merino",
    "espresso machine", "asdfghjkl tent",
]
# fmt: on


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_english_names_slips_and_single_words_are_understood(text):
    found = heard(text)
    assert found.words is not None
    assert found.notes == ()
    assert (found.words.signs == 1).all()


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "Ich suche ein leichtes Zelt",
            "'Ich suche ein leichtes Zelt' looks German, which this model does not read, so it has no influence",
        ),
        ("szukam dobrej gry o zombie", "looks Polish"),
        ("une veste légère pour la pluie", "looks French"),
        ("jogo de zumbi com amigos", "looks Portuguese"),
        ("una tienda de campaña ligera", "looks Spanish"),
        ("лёгкая палатка", "looks Russian"),
        ("テント", "looks Japanese"),
        ("asdfghjkl qwerty", "no word of 'asdfghjkl qwerty' is known here, so it has no influence"),
        ("asdf", "no word of 'asdf' is known here"),
        ("xxxxxxxx", "no word of 'xxxxxxxx' is known here"),
        ("12345", "no word of '12345' is known here"),
        ("👍", "'👍' holds no word, so it has no influence"),
        ("???", "holds no word"),
    ],
)
def test_what_is_not_understood_is_named_and_left_out(text, note):
    found = heard(text)
    assert found.words is None
    assert note in found.notes[0]


def test_what_is_understood_counts_without_the_rest():
    found = heard("a light tent\nzxcvb zxcvb")
    assert found.words is not None
    assert found.words.said(1) == "a light tent"
    assert found.notes == ("no word of 'zxcvb zxcvb' is known here, so it has no influence",)
    np.testing.assert_array_equal(found.words.vectors, encoder().encode_now(["a light tent"]))


def test_refusals_count_negative_and_are_told():
    found = heard("a light tent, no leather")
    assert found.words is not None
    assert (found.words.said(1), found.words.said(-1)) == ("a light tent", "leather")
    assert found.notes == ("'leather' is taken as something to avoid",)


class Reader(TypedWords):
    """Reads English alone, and knows the words of the small shop."""

    reads = frozenset({"en"})

    def pieces(self, words: Sequence[str]) -> list[int]:
        return [1 if word in {"warm", "soft", "heavy", "light", "tent", "noisy"} else len(word) for word in words]


@pytest.fixture
def model(tiny_data: Dataset, tmp_path: Path) -> Recommender:
    model = small_model(tiny_data, tmp_path / "model")
    model.__dict__["_encoder"] = Reader()
    return model


def values(model: Recommender, user: str | None, words: str) -> np.ndarray:
    return np.asarray(model.scores(user, words).standardised.values)


@pytest.mark.parametrize("words", ["Ich suche ein leichtes Zelt", "asdfghjkl qwerty", "👍"])
def test_words_without_influence_change_no_component(model, words):
    np.testing.assert_array_equal(values(model, "ann", words), values(model, "ann", ""))
    ranked = model.recommend("ann", words)
    assert any("no influence" in note for note in ranked.notes)
    assert NOTHING_UNDERSTOOD not in ranked.notes


def test_a_list_that_rests_on_nothing_typed_says_so(model):
    first, second = (model.recommend(words=words) for words in ("asdfghjkl qwerty", "Ich suche ein leichtes Zelt"))
    assert [item.item_id for item in first.items] == [item.item_id for item in second.items]
    for ranked in (first, second):
        assert NOTHING_UNDERSTOOD in ranked.notes
        assert any(note.endswith("rests on what shoppers in general choose and circumstances") for note in ranked.notes)
        assert not any("these words" in note for note in ranked.notes)
    assert NOTHING_UNDERSTOOD not in model.recommend(words="a light tent").notes


def test_a_refusal_is_the_opposite_of_the_wish(model):
    wish, refusal = (model.scores(words=words).requests for words in ("tent", "no tent"))
    for name in ("semantic", "content"):
        liked, refused = (model.scorers[name].score(requests)[0] for requests in (wish, refusal))
        np.testing.assert_allclose(liked, -refused, atol=1e-6)
    ids = [item.item_id for item in model.recommend(words="anything but a tent").items]
    assert not {"tent-2", "tent-4"} & set(ids[:3])
    assert "'tent' is taken as something to avoid" in model.recommend(words="anything but a tent").notes


@pytest.mark.parametrize("words", ["a light tent, no noisy stove", "not warm", "asdfgh\nsoft and warm", "no asdfgh"])
@pytest.mark.parametrize("user", [None, "ann"])
def test_parts_still_sum_to_the_score(model, user, words):
    scored = model.scores(user, words)
    for item_id in model.items["item_id"]:
        explanation = model.explain(scored, item_id)
        total = explanation.baseline + sum(explanation.components.values())
        assert total == pytest.approx(explanation.score, abs=1e-5)
        for name, value in explanation.components.items():
            parts = sum(part.value for part in explanation.of(name))
            assert parts == pytest.approx(value, abs=1e-4)
        model.read(scored, item_id)


def test_notes_on_words_stay_when_something_is_left_out(model):
    scored = model.scores("ann", "tent, no asdfgh, not heavy")
    told = [note for note in scored.notes if "influence" in note or "avoid" in note]
    assert len(told) == 2
    left = model.ablate(scored, ["h:stove"])
    assert [note for note in left.notes if "influence" in note or "avoid" in note] == told


def test_words_on_steam_that_are_not_understood():
    """The words of the case, on a shop whose reviews hold many languages and much slang."""
    folder = shared_data("steam_au")
    items = pd.read_parquet(folder / "items.parquet")
    texts = {name: items[name].fillna("") if name in items else [""] * len(items) for name in ITEMS.columns[:-1]}
    tags = [[] if each is None else list(each) for each in items["tags"]] if "tags" in items else [()] * len(items)
    reviews = pd.read_parquet(folder / "reviews.parquet")["text"].fillna("")
    lexicon = Lexicon.of(pd.DataFrame({**texts, "tags": tags}), reviews)
    for text in ("Ich suche ein leichtes Zelt", "asdfghjkl qwerty", "szukam dobrej gry o zombie"):
        assert hear(text, encoder(), lexicon).words is None, text
    for text in ("Dota", "csgo", "goty", "noob friendly", "mmorpg", "zombie survival", "Assetto Corsa"):
        assert hear(text, encoder(), lexicon).words is not None, text
