"""Texts and the phrases in them stay verbatim, whatever people write."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.serving.recommender import Recommender
from recsys.settings import FusionSettings, RankingSettings
from tests._hostile import ATTACKS
from tests.explanations._cases import CLOSE, Shop, check_explanation
from tests.serving.test_recommender import make_model


@pytest.fixture
def hostile(tmp_path: Path) -> Shop:
    """A shop in which every text tries something."""
    n = len(ATTACKS)
    items = pd.DataFrame(
        {
            "item_id": [f"{number}|{ATTACKS[number][:20]}" for number in range(n)],
            "title": [f"Tent {number} {text}" for number, text in enumerate(ATTACKS)],
            "description": [f"A light tent. {ATTACKS[number - 3]} And more.\n\nDry!" for number in range(n)],
            "category": [text[:30] for text in ATTACKS],
            "tags": [[ATTACKS[number - 1][:40], "light"] for number in range(n)],
        }
    )
    reviews = pd.DataFrame(
        [
            {
                "user_id": f"{ATTACKS[(number + step) % n][:30]}~{step}",
                "item_id": items["item_id"][number],
                "rating": [5, 4, 1][step],
                "timestamp": pd.Timestamp("2026-01-01T10:00Z") + pd.Timedelta(hours=number * 3 + step),
                "text": f"Dry in the rain 👍🏽. {ATTACKS[(number + 2 * step) % n]} \u200bIt is light! שלום {step}",
            }
            for number in range(n)
            for step in range(3)
        ]
    )
    data = Dataset.from_frames(items, reviews)
    return Shop(data, make_model(data, tmp_path / "hostile"))


def test_offsets_of_hostile_texts_are_verbatim(hostile: Shop) -> None:
    documents, semantic = hostile.model.documents, hostile.model.scorers["semantic"]
    sources = documents.sources(np.arange(len(semantic.weights)))
    assert len(sources) > 300
    for source in sources:
        hostile.check_phrase(source)
    assert any("👍🏽" in source["text"] for source in sources)
    assert any("שלום" in source["text"] for source in sources)


def test_hostile_texts_are_explained_exactly_and_can_be_struck(hostile: Shop) -> None:
    asked = RankingSettings(FusionSettings(1, 1, 1, 1))
    for user_id in hostile.model.users["user_id"][::5]:
        scored = hostile.model.scores(user_id, "\u202eدرست \u200b👨‍👩‍👧‍👦 light")
        for item_id in hostile.data.item_ids[::6]:
            found = hostile.model.explain(scored, item_id, asked)
            assert check_explanation(hostile, scored, found, asked) < CLOSE
            strikes = [part.source["strike"] for part in found.contributions]
            left = hostile.model.ablate(scored, strikes[:200])
            after = hostile.model.explain(left, item_id, asked)
            assert check_explanation(hostile, left, after, asked) < CLOSE


def test_documents_come_in_the_order_asked_with_the_phrases_in_the_order_of_the_text(model: Recommender) -> None:
    documents, semantic = model.documents, model.scorers["semantic"]
    places = np.random.default_rng(0).permutation(len(semantic.weights))
    held = documents.holding(places)
    firsts = [min(int(np.flatnonzero(places == place)[0]) for place in document.places) for document in held]
    assert firsts == sorted(firsts)
    assert sorted(place for document in held for place in document.places) == sorted(places.tolist())
    for document in held:
        assert list(document.spans) == sorted(document.spans)
        assert document.text[slice(*document.spans[0])] == document.sources()[0]["text"]
    assert [source["strike"] for source in documents.sources(places)] == model.explainer.exclusion_names(places)


def test_all_phrases_of_a_text_are_found_by_its_name(model: Recommender) -> None:
    documents, semantic = model.documents, model.scorers["semantic"]
    for document in documents.holding(np.arange(len(semantic.weights))):
        assert documents.places_of_text(*document.key).tolist() == sorted(document.places)
    for kind, number in ((3, 9), (3, 99), (3, -1), (0, 8), (1, 5), (2, -1)):
        assert documents.places_of_text(kind, number).tolist() == []


def test_nothing_asked_is_nothing_found(model: Recommender) -> None:
    assert model.documents.holding([]) == []
    assert model.documents.sources(np.empty(0, np.int64)) == []


def test_names_stay_right_where_reviews_were_left_out(tiny_data: Dataset, tmp_path: Path) -> None:
    train = tiny_data.without_pairs([tiny_data.user_row("ann")], [tiny_data.item_row("tent-2")])
    model = make_model(train, tmp_path / "cut")
    (stove,) = model.documents.holding(model.documents.places_of_text(3, 1))
    assert (stove.user_id, stove.text, stove.name()) == ("ann", "Boils fast, but it is noisy.", "r1")
    assert model.documents.places_of_text(3, 0).tolist() == []
    assert model.scores("ann", ablated=["r1"]).ablated == ("r1",)
