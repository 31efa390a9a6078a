"""What an encoder does not read is told phrase by phrase, and counts nowhere."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import NO_ROW, Fitting, Requests
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import Context
from recsys.text.language import languages_of_phrases
from recsys.text.phrasebook import REVIEW, TITLE, Phrasebook, build_phrasebook, segment
from recsys.text.polarity import fit_polarity
from recsys.text.unread import Unread
from tests._encoder import WordEncoder


class EnglishOnly(WordEncoder):
    reads = frozenset({"en"})


GERMAN = "Das Zelt ist leider viel zu schwer. Sehr schlecht! 10/10"


@pytest.fixture
def shop(tiny: dict[str, pd.DataFrame]) -> Dataset:
    """The small shop, with a German review, one of signs, one in two languages, and a title that is plainly German."""
    reviews = tiny["reviews"].copy()
    by = reviews.set_index(["user_id", "item_id"])["text"]
    by[("ann", "tent-2")] = GERMAN
    by[("eli", "lamp")] = "10/10"
    english = "This is a sturdy little mug and I really like how it looks."
    by[("ben", "mug")] = f"{english}\nIch habe ihn jeden Tag benutzt und er ist immer noch heil."
    items = tiny["items"].copy()
    items.loc[items["item_id"] == "stove", "title"] = "Der kleine Gaskocher für die schönste Reise"
    items.loc[items["item_id"] == "mug", "title"] = "Fjellro Bivvik"
    return Dataset.from_frames(**{**tiny, "reviews": reviews.assign(text=by.to_numpy()), "items": items})


@pytest.fixture
def book(shop: Dataset) -> Phrasebook:
    return build_phrasebook(shop, EnglishOnly())


def texts_of(shop: Dataset, book: Phrasebook, kind: int, chosen: np.ndarray) -> list[str]:
    texts = shop.reviews.set_index("review_id")["text"] if kind == REVIEW else shop.items["title"]
    at = np.flatnonzero(chosen & (book.kind == kind))
    return [texts[book.document[each]][book.start[each] : book.end[each]] for each in at]


def test_phrases_in_other_languages_and_without_words_are_not_read(shop, book):
    assert sorted(texts_of(shop, book, REVIEW, ~book.read)) == [
        "10/10",
        "10/10",
        "Das Zelt ist leider viel zu schwer.",
        "Ich habe ihn jeden Tag benutzt und er ist immer noch heil.",
        "Sehr schlecht!",
    ]
    assert texts_of(shop, book, TITLE, ~book.read) == ["Der kleine Gaskocher für die schönste Reise"]


def test_an_encoder_of_every_language_reads_all_words(shop):
    book = build_phrasebook(shop, WordEncoder())
    assert texts_of(shop, book, REVIEW, ~book.read) == ["10/10", "10/10"]
    assert Unread.of(book) == Unread()


def test_the_share_is_told_with_the_remedy(book):
    unread = Unread.of(book)
    is_review = book.kind == REVIEW
    assert unread.reviews == {"de": 3 / np.count_nonzero(is_review)}
    assert unread.own == {"de": 1 / np.count_nonzero(~is_review)}
    assert Unread.from_json(unread.as_json()) == unread
    said = Unread({"pt": 0.04, "es": 0.03, "th": 0.02, "ru": 0.001}, {"ja": 0.004}).in_words()
    assert said == (
        "9% of the phrases in reviews are in languages that the encoder does not read (Portuguese 4%, Spanish 3%, Thai "
        "2%, ...), and count for nothing. A multilingual model reads them: train with RECSYS_ENCODER=FOLDER, the "
        "folder of a sentence-transformers model."
    )
    said = Unread({}, {"fr": 0.6}).in_words()
    assert said.startswith(
        "60% of titles, descriptions and tags are in languages that the encoder does not read (French"
    )
    assert "and are compared by their spelling more than by their meaning. A multilingual model" in said


@pytest.mark.parametrize("unread", [Unread(), Unread.from_json({}), Unread({"de": 0.009}, {"fr": 0.009})])
def test_what_is_hardly_anything_is_not_worth_telling(unread):
    assert unread.in_words() == ""


def test_what_a_product_says_of_itself_counts_in_any_language(shop, book):
    assert book.counted[book.kind != REVIEW].all()
    np.testing.assert_array_equal(book.counted[book.kind == REVIEW], book.read[book.kind == REVIEW])
    semantic = SemanticScorer().fit(Fitting(shop, book))
    assert np.count_nonzero(semantic.kinds == TITLE) == shop.n_items


def test_what_is_not_read_is_in_no_profile_and_no_explanation(shop, book):
    semantic = SemanticScorer().fit(Fitting(shop, book))
    german = set(shop.reviews.loc[shop.reviews["text"] == GERMAN, "review_id"])
    assert not german & set(semantic.documents[semantic.kinds == REVIEW].tolist())
    silent = shop.reviews.copy()
    silent.loc[silent["text"].isin([GERMAN, "10/10"]), "text"] = ""
    silent["text"] = silent["text"].str.split("\nIch").str[0]
    without = replace(shop, reviews=silent)
    again = SemanticScorer().fit(Fitting(without, build_phrasebook(without, EnglishOnly())))
    everybody = np.arange(shop.n_users, dtype=np.int32)
    requests = Requests(everybody, (Context(),) * shop.n_users)
    np.testing.assert_array_equal(semantic.score(requests), again.score(requests))


def test_polarity_learns_nothing_from_what_is_not_read(shop, book):
    everything = replace(book, read=np.ones(len(book), bool))
    assert fit_polarity(shop, book).n_good == fit_polarity(shop, everything).n_good - 2  # one German, one of signs


def test_a_shop_of_which_nothing_is_read_still_has_a_model(shop):
    book = build_phrasebook(shop, EnglishOnly())
    silent = replace(book, read=np.zeros(len(book), bool))
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(shop, silent))
    scores = scorers["semantic"].score(Requests.one(NO_ROW, Context()))
    assert np.isfinite(scores).all()
    assert not scores.any()


def test_a_phrase_tells_its_own_language_only_where_it_is_long_or_in_another_script():
    text = (
        "Muito bom o jogo e recomendo a todos, com uma história ótima que vale cada centavo. Não consigo "
        "parar de jogar com os meus amigos, e os gráficos são muito bonitos. Top demais! I liked it. "
        "I really liked the story and the music of this one. отличная игра."
    )
    found = languages_of_phrases([text], [segment(text)])
    assert found == ["pt", "pt", "pt", "pt", "en", "ru"]
