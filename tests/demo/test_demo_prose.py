"""What the demo's shoppers write: variety, and spans that say what the truth says they say."""

from collections import Counter

import numpy as np
import pytest
from nltk.tokenize.punkt import PunktSentenceTokenizer

from recsys.demo.prose.wording import load_banks
from recsys.demo.shop import ASPECTS, DEPARTMENTS


@pytest.fixture(scope="module")
def sentences(shop) -> list[str]:
    punkt = PunktSentenceTokenizer()
    return [sentence for text in shop.reviews["text"] for sentence in punkt.tokenize(text.lower())]


def test_fewer_than_one_sentence_in_twenty_repeats(sentences):
    counts = Counter(sentences)
    assert sum(n for n in counts.values() if n > 1) / len(sentences) < 0.05
    assert 1.8 < len(sentences) / 8000 < 2.8


def test_reviews_vary_in_length_from_a_few_words_to_many(shop):
    words = shop.reviews["text"].str.split().str.len()
    assert 15 < words.median() < 30
    assert words.quantile(0.05) <= 5
    assert words.quantile(0.99) > 70
    assert shop.reviews["text"].is_unique or shop.reviews["text"].duplicated().mean() < 0.01


def test_beginnings_of_sentences_vary(sentences):
    beginnings = Counter(" ".join(sentence.split()[:3]) for sentence in sentences)
    assert beginnings.most_common(1)[0][1] / len(sentences) < 0.02
    assert len(beginnings) > 4000


def test_at_least_sixty_aspects_are_praised_and_criticised_in_many_wordings(shop):
    mentions = shop.truth.mentions
    assert len(ASPECTS) >= 60
    texts = shop.reviews.set_index(["user_id", "item_id"])["text"].to_dict()
    wordings: dict[tuple[int, int], set[str]] = {}
    columns = (mentions[name].tolist() for name in ("user", "item", "aspect", "polarity", "start", "end"))
    for user, item, aspect, polarity, start, end in zip(*columns, strict=True):
        said = texts[shop.truth.user_ids[user], shop.truth.item_ids[item]][start:end]
        assert said
        assert said == said.strip()
        wordings.setdefault((aspect, polarity), set()).add(said.lower())
    praise = np.array([len(wordings.get((aspect, 1), ())) for aspect in range(len(ASPECTS))])
    complaint = np.array([len(wordings.get((aspect, -1), ())) for aspect in range(len(ASPECTS))])
    assert praise.min() >= 15
    assert complaint.min() >= 2
    assert ((praise >= 20) & (complaint >= 6)).sum() >= 60


def test_mentions_carry_the_true_polarity(shop):
    mentions, items = shop.truth.mentions, shop.truth.items
    table = np.array([[*map(ASPECTS.index, one.aspects)] + [-1] * (9 - len(one.aspects)) for one in DEPARTMENTS])
    places = table[items.department[mentions["item"]]] == mentions["aspect"][:, None]
    assert (places.sum(axis=1) == 1).all()
    quality = items.quality[mentions["item"]][places]
    clear = (np.abs(quality) > 0.4) & (mentions["polarity"] != 0)
    assert np.mean(np.sign(quality[clear]) == mentions["polarity"][clear]) > 0.95


def test_nearly_every_review_judges_something_and_stars_agree(shop):
    stars = {
        (user, item): rating
        for user, item, rating in shop.reviews[["user_id", "item_id", "rating"]].itertuples(index=False)
    }
    mood: dict[float, list[int]] = {}
    for (user, item), rating in list(stars.items())[:3000]:
        said = shop.truth.mentions_of(user, item)
        mood.setdefault(rating, []).extend(one.polarity for one in said)
    assert np.mean(mood[5.0]) > 0.6
    assert np.mean(mood[1.0]) < -0.2
    reviewed = set(zip(shop.truth.mentions["user"].tolist(), shop.truth.mentions["item"].tolist(), strict=True))
    assert len(reviewed) > 0.85 * len(stars)


def test_descriptions_praise_true_strengths_and_span_them_exactly(shop):
    for row in shop.items.head(200).itertuples():
        for one in shop.truth.described_as(row.item_id):
            assert row.description[one.start : one.end][0].isupper() or row.description[one.start].isdigit()
            assert row.description[one.end] == "."
    described, items = shop.truth.described, shop.truth.items
    table = np.array([[*map(ASPECTS.index, one.aspects)] + [-1] * (9 - len(one.aspects)) for one in DEPARTMENTS])
    places = table[items.department[described["item"]]] == described["aspect"][:, None]
    assert items.quality[described["item"]][places].min() > 0.8


def test_text_holds_no_markup_no_open_slots_and_no_pattern_marks(shop):
    for texts in (shop.reviews["text"], shop.reviews["title"], shop.items["description"]):
        assert not texts.str.contains(r"[<>{}|]|  | ,").any()
    assert shop.reviews["text"].str.strip().ne("").all()


def test_every_department_can_be_praised_and_criticised_on_every_aspect():
    banks = load_banks().aspects
    assert set(banks) == set(ASPECTS)
    for department in DEPARTMENTS:
        for aspect in department.aspects:
            for mark in ("+", "-", "~+", "~-", "*"):
                assert banks[aspect].of(mark, department.key), (department.key, aspect, mark)
