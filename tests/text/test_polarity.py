"""Praise and complaint: learnt from stars, told by words, and silent where neither says anything."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from recsys.data.dataset import Dataset
from recsys.demo import generate_demo
from recsys.demo.truth import load_truth
from recsys.text.embedding_cache import EmbeddingCache
from recsys.text.encoder import PhraseEncoder
from recsys.text.phrasebook import Phrasebook, build_phrasebook
from recsys.text.polarity import MIN_REVIEWS, NEUTRAL, PolarityModel, fit_polarity, lexicon_valence

PRAISE = ["Light and so warm, I love it", "It works perfectly", "Great value for the money"]
COMPLAINT = ["The zip broke after a week", "Far too noisy. Sent it back.", "A complete waste of money"]


@pytest.fixture(scope="module")
def encoder() -> PhraseEncoder:
    return PhraseEncoder(cache=EmbeddingCache())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "shop"
    generate_demo(folder, n_items=300, n_shoppers=300)
    return folder


@pytest.fixture(scope="module")
def shop(demo: Path, encoder: PhraseEncoder) -> tuple[Dataset, Phrasebook]:
    data = Dataset.read(demo)
    return data, build_phrasebook(data, encoder)


@pytest.fixture(scope="module")
def model(shop: tuple[Dataset, Phrasebook]) -> PolarityModel:
    return fit_polarity(*shop)


def said(model: PolarityModel, encoder: PhraseEncoder, texts: Sequence[str]) -> np.ndarray:
    return model.polarity(texts, encoder.encode(texts))


def with_reviews(data: Dataset, which: np.ndarray) -> Dataset:
    return replace(data, reviews=data.reviews[which].reset_index(drop=True))


def test_the_lexicon_knows_negation_and_is_silent_on_what_it_does_not_know():
    good, bad, not_good, fact, foreign, nothing = lexicon_valence(
        ["good", "bad", "not good", "arrived on Tuesday", "sehr schön", ""]
    )
    assert (good, bad) == (1, -1)
    assert not_good < 0
    assert fact == foreign == nothing == 0


def test_praise_is_positive_and_complaint_negative(model, encoder):
    assert model.learnt
    assert (said(model, encoder, PRAISE) > NEUTRAL).all()
    assert (said(model, encoder, COMPLAINT) < -NEUTRAL).all()


def test_hidden_mentions_of_the_demo_shop_are_told_apart_also_where_the_lexicon_is_silent(demo, shop, model, encoder):
    from sklearn.metrics import roc_auc_score

    truth = load_truth(demo)
    mentions = {**truth.mentions, "item": shop[0].item_rows(np.asarray(truth.item_ids)[truth.mentions["item"]])}
    of_pair = shop[0].reviews.set_index(["user_row", "item_row"])["text"]
    places = zip(*(mentions[name].tolist() for name in ("user", "item", "start", "end")), strict=True)
    texts = [of_pair[user, item][start:end] for user, item, start, end in places]
    praised, valence, found = mentions["polarity"] > 0, lexicon_valence(texts), said(model, encoder, texts)
    assert roc_auc_score(praised, found) > 0.75
    assert roc_auc_score(praised, found) > roc_auc_score(praised, valence) + 0.05
    unknown = valence == 0  # such as "it leaks": only stars can have taught these
    assert unknown.sum() > 500
    assert roc_auc_score(praised[unknown], found[unknown]) > 0.65


def test_polarity_is_float32_within_one_and_a_row_does_not_depend_on_its_neighbours(model, encoder):
    together = said(model, encoder, PRAISE + COMPLAINT)
    assert together.dtype == np.float32
    assert (np.abs(together) <= 1).all()
    alone = [said(model, encoder, [text])[0] for text in PRAISE + COMPLAINT]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert said(model, encoder, []).shape == (0,)


def test_the_same_seed_learns_the_same_and_another_seed_almost_the_same(shop, model, encoder):
    again, other = fit_polarity(*shop), fit_polarity(*shop, seed=7)
    np.testing.assert_array_equal(again.coefficients, model.coefficients)
    assert again.meta() == model.meta()
    np.testing.assert_allclose(
        said(other, encoder, PRAISE + COMPLAINT), said(model, encoder, PRAISE + COMPLAINT), atol=0.1
    )


def test_save_and_load_keep_every_value(model, encoder, tmp_path):
    save_file({"coefficients": model.coefficients}, tmp_path / "polarity.safetensors")
    loaded = PolarityModel(**load_file(tmp_path / "polarity.safetensors"), **json.loads(json.dumps(model.meta())))
    np.testing.assert_array_equal(said(loaded, encoder, PRAISE), said(model, encoder, PRAISE))
    assert loaded.meta() == model.meta()


def test_only_reviews_of_the_data_count_whatever_else_the_phrasebook_holds(shop, model, encoder):
    data, book = shop
    half = with_reviews(data, np.arange(data.n_reviews) % 2 == 0)
    louder = data.reviews.assign(rating=np.where(np.arange(data.n_reviews) % 2 == 0, data.reviews["rating"], 1.0))
    same_half = with_reviews(replace(data, reviews=louder), np.arange(data.n_reviews) % 2 == 0)
    of_half = fit_polarity(half, book).coefficients
    np.testing.assert_array_equal(of_half, fit_polarity(same_half, book).coefficients)
    assert not np.array_equal(of_half, model.coefficients)


@pytest.mark.parametrize("stars", [(), (3.0,), (5.0,), (1.0,)], ids=["no reviews", "only 3", "only 5", "only 1"])
def test_without_both_good_and_bad_stars_the_lexicon_speaks_alone(shop, encoder, stars):
    data, book = shop
    one_sided = fit_polarity(with_reviews(data, np.isin(data.reviews["rating"], stars)), book)
    assert not one_sided.learnt
    great, fact, awful = said(one_sided, encoder, ["great", "arrived on Tuesday", "awful"])
    assert great > NEUTRAL > fact == 0 > -NEUTRAL > awful


def test_a_shop_without_any_review_and_one_with_thirteen_fit(tiny, tiny_data, encoder):
    silent_shop = Dataset.from_frames(items=tiny["items"], events=tiny["events"])
    for data in (silent_shop, tiny_data):
        fitted = fit_polarity(data, build_phrasebook(data, encoder))
        assert not fitted.learnt
        assert fitted.n_bad < MIN_REVIEWS
        noisy, warm = said(fitted, encoder, ["This is awful", "Lovely scent of cedar."])
        assert noisy < -NEUTRAL < NEUTRAL < warm


def test_vectors_of_another_encoder_are_refused(model):
    with pytest.raises(ValueError, match=r"vectors has shape \(1, 64\), expected \(1, 384\).*encoder"):
        model.polarity(["great"], np.ones((1, 64), np.float32))


def test_progress_reaches_its_total(shop):
    told: list[tuple[int, int]] = []
    fit_polarity(*shop, progress=lambda stage, done=0, total=0: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_capitals_and_exclamation_marks_count(model, encoder):
    plain, loud = said(model, encoder, ["this is great", "this is GREAT!!!"])
    assert loud >= plain > 0


def test_a_frame_of_the_tiny_shop_is_left_as_it_was(tiny_data, encoder):
    before = tiny_data.reviews.copy()
    fit_polarity(tiny_data, build_phrasebook(tiny_data, encoder))
    pd.testing.assert_frame_equal(tiny_data.reviews, before)


def test_stars_take_doubtful_verdicts_away_and_add_none():
    model = PolarityModel(np.zeros(3, np.float32), good_prior=2.0, bad_prior=-1.0)
    words = np.array([-0.5, 0.5, 0.0, -0.99, 0.9, -0.5, 0.5])
    stars = np.array([5.0, 5.0, 5.0, 5.0, 1.0, 3.0, np.nan])
    told = model.of_reviews(words, stars)
    assert told[0] == 0  # a weak complaint in a good review
    assert told[1] == pytest.approx(0.5)  # praise there is as sure as its words, and no surer
    assert told[2] == 0
    assert -0.99 < told[3] < -0.9  # a clear complaint stays one
    assert 0 < told[4] < 0.9
    assert told[5:].tolist() == pytest.approx([-0.5, 0.5])


def test_good_reviews_praise_more_often_than_bad_ones(model):
    assert model.good_prior > 0 > model.bad_prior
