"""Only words change: which, how, and never what is held out into a profile."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split
from recsys.errors import DataError
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES
from recsys.scorers.base import Fitting, Requests
from recsys.settings import Context
from recsys.studies.sparsity_texts import (
    CLEAN,
    CUT_SHORT,
    DID,
    FIRST_WORDS,
    N_SENTENCES,
    NOISES,
    OFF_TOPIC,
    SHUFFLED,
    SILENT,
    WHEN,
    WHO,
    WRONG_PRODUCT,
    TextCorruption,
    TextLevel,
    deranged,
    off_topic,
)
from recsys.studies.workspace import Workspace
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder


@pytest.fixture(scope="module")
def corruption(workspace: Workspace) -> TextCorruption:
    return TextCorruption.of(workspace.data, last_split(workspace.data), 0)


def texts(data: Dataset) -> list[str]:
    return [str(text) for text in data.reviews["text"]]


def touched(corruption: TextCorruption, level: TextLevel) -> set[int]:
    pairs = zip(texts(corruption.data), texts(corruption.at(level)), strict=True)
    return {place for place, (before, after) in enumerate(pairs) if before != after}


def test_everything_but_texts_stays(corruption: TextCorruption) -> None:
    for level in (SILENT, TextLevel("", 0.5), *(TextLevel(noise, 1.0) for noise in NOISES)):
        found = corruption.at(level)
        pd.testing.assert_frame_equal(
            found.reviews.drop(columns="text"), corruption.data.reviews.drop(columns="text"), check_exact=True
        )
        assert found.items is corruption.data.items
        assert found.events is corruption.data.events
        assert found.reviews["text"].dtype == corruption.data.reviews["text"].dtype
    assert texts(corruption.at(CLEAN)) == texts(corruption.data)
    assert set(texts(corruption.at(SILENT))) == {""}


def test_smaller_shares_are_part_of_larger_ones(corruption: TextCorruption) -> None:
    gone = [touched(corruption, TextLevel("", share)) for share in (0.75, 0.5, 0.1, 0.0)]
    assert all(less < more for less, more in pairwise(gone))
    n = len(corruption.rows)
    assert [n - len(each) for each in gone] == [round(share * n) for share in (0.75, 0.5, 0.1, 0.0)]
    assert [corruption.n_texts(TextLevel("", share)) for share in (0.75, 0.0)] == [round(0.75 * n), 0]
    for noise in NOISES:
        some, all_ = corruption.at(TextLevel(noise, 0.25)), texts(corruption.at(TextLevel(noise, 1.0)))
        chosen = set(corruption.rows[: round(0.25 * n)].tolist())
        for place, (before, now, then) in enumerate(zip(texts(corruption.data), texts(some), all_, strict=True)):
            assert now == (then if place in chosen else before)


def test_a_text_cut_short_keeps_its_first_words(corruption: TextCorruption) -> None:
    for before, after in zip(texts(corruption.data), texts(corruption.at(TextLevel(CUT_SHORT, 1.0))), strict=True):
        assert after.split() == before.split()[:FIRST_WORDS]


def test_shuffled_words_are_the_same_words(corruption: TextCorruption) -> None:
    before, after = texts(corruption.data), texts(corruption.at(TextLevel(SHUFFLED, 1.0)))
    assert all(sorted(one.split()) == sorted(other.split()) for one, other in zip(before, after, strict=True))
    assert np.mean([one.split() != other.split() for one, other in zip(before, after, strict=True)]) > 0.8


def test_off_topic_texts_say_nothing_of_what_was_said(corruption: TextCorruption) -> None:
    before, after = texts(corruption.data), texts(corruption.at(TextLevel(OFF_TOPIC, 1.0)))
    assert all(any(text.startswith(who) for who in WHO) for text in after)
    assert len(set(after)) > len(after) / 2
    lengths = [np.mean([len(text.split()) for text in each]) for each in (before, after)]
    assert lengths[1] == pytest.approx(lengths[0], rel=0.3)
    assert N_SENTENCES == len(set(WHO)) * len(set(DID)) * len(set(WHEN)) > 10_000
    assert off_topic(0, np.random.default_rng(0))


def test_texts_of_another_product_are_dealt_within_what_is_known_together(corruption: TextCorruption) -> None:
    data, before = corruption.data, texts(corruption.data)
    dealt = texts(corruption.at(TextLevel(WRONG_PRODUCT, 1.0)))
    told = [f"{text} #{place}" for place, text in enumerate(before)]
    marked = TextCorruption(
        replace(data, reviews=data.reviews.assign(text=told)), corruption.rows, corruption.groups, corruption.seed
    )
    came_from = [int(text.rsplit("#", 1)[1]) for text in texts(marked.at(TextLevel(WRONG_PRODUCT, 1.0)))]
    assert sorted(came_from) == list(range(len(told)))
    assert dealt == [before[place] for place in came_from]
    products = data.reviews["item_row"].to_numpy()
    assert (products[came_from] != products).all()
    assert len(set(corruption.groups.tolist())) == 3
    np.testing.assert_array_equal(corruption.groups[came_from], corruption.groups)


def test_groups_are_what_each_role_may_know(corruption: TextCorruption) -> None:
    split, ids = last_split(corruption.data), corruption.data.reviews["review_id"].to_numpy()
    assert set(split.fit_validation.reviews["review_id"]) == set(ids[corruption.groups == 0])
    assert set(split.fit_test.reviews["review_id"]) == set(ids[corruption.groups <= 1])


def test_what_cannot_be_dealt_deranged_ends() -> None:
    alone = deranged(np.arange(3), np.zeros(3), np.random.default_rng(0))
    assert sorted(alone.tolist()) == [0, 1, 2]


def test_nothing_but_the_semantic_component_reads_a_review(corruption: TextCorruption) -> None:
    clean, silent = corruption.data, corruption.at(SILENT)
    books = [build_phrasebook(each, WordEncoder()) for each in (clean, silent)]
    requests = Requests.one(3, Context())
    for name, scorer in ({**COMPONENT_CLASSES, **BASELINE_CLASSES}).items():
        here, there = (
            scorer().fit(Fitting(data, book)).score(requests) for data, book in zip((clean, silent), books, strict=True)
        )
        assert np.array_equal(here, there) == (name != "semantic"), name


def test_a_shop_without_texts_is_refused(tiny_data: Dataset) -> None:
    with pytest.raises(DataError, match="only 12 reviews have a text, so there is nothing to leave out"):
        TextCorruption.of(tiny_data, last_split(tiny_data), 0)
