"""Agreement with people's marks: counted by hand, and measured on real sentences."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from recsys.data.dataset import Dataset
from recsys.data.splitting import resized
from recsys.errors import InputError
from recsys.studies.faithfulness_polarity import polarity_agreement
from recsys.studies.result import as_json
from recsys.text.embedding_cache import EmbeddingCache
from recsys.text.encoder import PhraseEncoder, make_phrasebook
from recsys.text.polarity import PolarityModel, fit_polarity
from tests._data import shared_data
from tests._encoder import N_DIMS, WordEncoder

ENCODER, LEXICON = WordEncoder(), PolarityModel(np.zeros(N_DIMS, np.float32))


def marked(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    """One row an aspect: sentence, aspect, polarity; equal sentences share an id, and two of them are a review."""
    frame = pd.DataFrame(rows, columns=["sentence", "aspect", "polarity"])
    number = pd.factorize(frame["sentence"])[0]
    return frame.assign(sentence_id=number.astype(str), review_id=(number // 2).astype(str), strength=1.0)


SENTENCES = marked(
    ("great sound", "sound", "Positive"),
    ("good and sturdy", "build", "Positive"),
    ("good and sturdy", "price", "Positive"),
    ("it is fine but awful to hold", "weight", "Positive"),
    ("terrible remote", "remote", "Negative"),
    ("the lid came off", "lid", "Negative"),
    ("great picture, bad sound", "picture", "Positive"),
    ("great picture, bad sound", "sound", "Negative"),
    ("i bought it in may", None, None),
)


def many() -> pd.DataFrame:
    """Three hundred sentences that are marked at random."""
    rng = np.random.default_rng(0)
    words = ["great", "good", "bad", "awful", "lid", "sound", "not", "very", "fine", "broken"]
    texts = dict.fromkeys(" ".join(rng.choice(words, 4)) for _ in range(300))
    return marked(*((text, "a", str(rng.choice(["Positive", "Negative"]))) for text in texts))


MANY = many()


def test_numbers_are_those_counted_by_hand():
    found = polarity_agreement(SENTENCES, LEXICON, ENCODER)
    assert (found.n_sentences, found.n_positive) == (5, 3)  # neither the mixed one nor the one that judges nothing
    # By the lexicon: +, +, - against -, 0. Of 6 pairs only (awful to hold, the lid) is in the wrong order.
    assert found.auc.mean == pytest.approx(5 / 6)
    assert found.accuracy.mean == pytest.approx(3 / 5)  # silence about the lid is no complaint
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.share_of_majority == pytest.approx(3 / 5)


def test_numbers_are_those_of_scikit_learn():
    table = MANY
    scores = LEXICON.polarity(table["sentence"].tolist(), ENCODER.encode(table["sentence"].tolist()))
    decided = table[scores != 0]
    found = polarity_agreement(decided, LEXICON, ENCODER)
    good, scores = decided["polarity"] == "Positive", scores[scores != 0]
    assert found.auc.mean == pytest.approx(roc_auc_score(good, scores))
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(good, scores > 0))
    assert found.auc.low < found.auc.mean < found.auc.high
    assert found.accuracy.low < found.accuracy.mean < found.accuracy.high


def test_the_same_seed_gives_the_same_intervals_as_json_keeps_them():
    found = polarity_agreement(MANY, LEXICON, ENCODER)
    assert found == polarity_agreement(MANY, LEXICON, ENCODER)
    kept = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert kept["auc"] == {"mean": found.auc.mean, "low": found.auc.low, "high": found.auc.high}
    assert kept["n_sentences"] == found.auc.n == len(MANY)


def test_a_handful_of_reviews_carries_no_interval():
    found = as_json(polarity_agreement(SENTENCES, LEXICON, ENCODER))
    assert {(found[name]["low"], found[name]["high"]) for name in ("auc", "auc_of_phrases", "accuracy")} == {
        (None, None)
    }


def test_the_interval_of_an_auc_is_as_wide_as_that_of_delong():
    """Sentences of reviews of their own, so that theirs and ours count the same units."""
    table = MANY.assign(review_id=MANY["sentence_id"])
    found = polarity_agreement(table, LEXICON, ENCODER)
    scores = LEXICON.polarity(table["sentence"].tolist(), ENCODER.encode(table["sentence"].tolist()))
    good = (table["polarity"] == "Positive").to_numpy()
    above = (scores[good][:, None] > scores[~good]) + 0.5 * (scores[good][:, None] == scores[~good])
    error = np.sqrt(above.mean(1).var(ddof=1) / good.sum() + above.mean(0).var(ddof=1) / (~good).sum())
    assert found.auc.mean == pytest.approx(above.mean())
    assert found.auc.high - found.auc.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_one_sign_only_has_an_accuracy_and_no_auc():
    found = as_json(polarity_agreement(SENTENCES[:3], LEXICON, ENCODER))
    assert found["accuracy"]["mean"] == found["share_of_majority"] == 1
    assert found["auc"]["mean"] is None
    assert found["balanced_accuracy"] is None


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="no column 'sentence_id', 'polarity'; they need 'review_id', 'sentence_id'"):
        polarity_agreement(SENTENCES.drop(columns=["sentence_id", "polarity"]), LEXICON, ENCODER)


def test_an_unknown_polarity_is_shown():
    with pytest.raises(InputError, match="'polarity' holds 'so-so'; write 'Positive' or 'Negative'"):
        polarity_agreement(marked(("fine", "all", "so-so")), LEXICON, ENCODER)


def test_nothing_to_compare_is_said():
    with pytest.raises(InputError, match="no labelled sentence has aspects of one sign only"):
        polarity_agreement(SENTENCES[6:], LEXICON, ENCODER)


@pytest.mark.slow
def test_a_model_of_game_reviews_agrees_with_people_on_other_products():
    sentences = pd.read_parquet(shared_data("aspect_sentences") / "sentences.parquet")
    data = resized(Dataset.read(shared_data("steam_au")), 0.2)  # all of it agrees no better, and takes minutes
    encoder = PhraseEncoder(cache=EmbeddingCache())
    found = polarity_agreement(sentences, fit_polarity(data, make_phrasebook(data)), encoder)
    lexicon = polarity_agreement(sentences, PolarityModel(np.zeros(384, np.float32)), encoder)
    assert (found.n_sentences, found.n_positive) == (3755, 2393)
    assert found.auc.mean >= 0.875  # 0.8808 when written; other processors round the vectors otherwise
    assert found.accuracy.mean > found.share_of_majority + 0.1
    assert found.auc.low > lexicon.auc.high
    assert found.balanced_accuracy > lexicon.balanced_accuracy
