"""What is English is never called foreign, clear foreign words are, and doubt is said."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recsys.text.language import LANGUAGES, SURE_OF_TITLES, UNKNOWN, has_words, languages_of
from tests._data import shared_data

# fmt: off
ENGLISH = [
    "gr8 game luv it", "lol noob friendly", "dis game is da bomb", "omg so gud", "meh", "such doge much wow", "ok",
    "its aight i guess", "Best moba ever", "10/10 would play again", "zip broke", "no lag no hackers", "piano sonatas",
    "sauté pan", "über cool", "jalapeño poppers", "café latte", "moka pot", "karate gi", "Perfecto!", "mmo rpg",
    "Fender Strat mini humbucker", "usb c hub 4k 60hz", "la la la", "comfy af", "WTF STEAM GUARD?", "verd good",
    '"очень хорошо", as my wife put it', "The Firefly Diary / ホタルノニッキ", "A great game, très bien!",
]
NAMES = [
    "Dota 2", "Northpeak", "Tarnholm Ember Down Jacket", "Fjellro Tarka Plus Rain Shell", "B0050CEEIW",
    "TCL 49S517 49-Inch 4K Ultra HD Roku Smart LED TV", "Motus Dale Plus Weeding Hoe", "Rocksmith - Queen",
    "STK LP-E6 Battery for Canon LP-E6N LPE6", "Mighty Bright 50810 Duet Music Light, Black",
    "Flintlow Sable 2 Sauté Pan",
]
FOREIGN = {
    "de": ["sehr gutes Spiel", "macht viel Spaß", "Ich suche ein leichtes Zelt", "Leider viel zu teuer"],
    "fr": ["très bon jeu", "je recommande vivement", "une veste légère pour la pluie"],
    "es": ["muy buen juego", "este juego es genial", "no funciona bien", "Muy bueno el juego, lo recomiendo"],
    "pt": ["jogo muito bom", "recomendo esse jogo", "não gostei nada", "esse jogo é muito legal!"],
    "pl": ["bardzo dobra gra", "szukam lekkiego namiotu", "Zajebista gierka o zombie polecam!"],
    "it": ["gioco molto bello", "lo consiglio a tutti"], "nl": ["heel leuk spel", "ik zoek een lichte tent"],
    "tr": ["çok güzel oyun"], "hu": ["nagyon jó játék"], "ru": ["отличная игра", "Просто купи"],
    "th": ["สนุกมาก ๆ ครับ !!", "เล่นแล้วหลอนดี"], "ko": ["최고의 명작 입니다!"], "ja": ["とても面白いゲーム"],
    "zh": ["美打击感，期待完善"], "el": ["πολύ καλό παιχνίδι"], "he": ["משחק מעולה"], "ar": ["لعبة ممتازة جدا"],
}
NOTHING = ["", " ", ":)", "♥♥♥♥", "10/10", "█▀▀ㅤ █ ㅤ █ㅤ", "( ͡° ͜ʖ ͡°)", "-----", "8/8", "http://a.example/jogo-muito-bom"]
# fmt: on


@pytest.mark.parametrize("text", [*ENGLISH, *NAMES])
def test_english_and_names_are_never_called_foreign(text):
    assert languages_of([text])[0] in ("en", UNKNOWN)
    assert languages_of([text], sure=SURE_OF_TITLES)[0] in ("en", UNKNOWN)


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in FOREIGN.items() for text in texts])
def test_clear_foreign_words_are_told(language, text):
    assert languages_of([text])[0] == language


@pytest.mark.parametrize("text", NOTHING)
def test_without_words_nothing_is_told(text):
    assert languages_of([text])[0] == UNKNOWN


def test_english_sentences_are_told():
    assert languages_of(["This tent is light and kept us dry all night."])[0] == "en"


def test_has_words():
    assert [has_words(text) for text in ("so good", "10/10", "5 x 3", "█▀▀ㅤ █", "好", "ок", "")] == [
        True, False, False, False, True, True, False,
    ]  # fmt: skip


def test_each_text_alone_decides_and_order_is_kept():
    texts = [*ENGLISH, *(text for texts in FOREIGN.values() for text in texts), *ENGLISH]
    together = languages_of(texts)
    assert together.tolist() == [str(languages_of([text])[0]) for text in texts]
    assert together.dtype == np.dtype("<U2")


def test_progress_is_told():
    seen = []
    languages_of(["a", "b", "a"], lambda stage, done, total: seen.append((done, total)))
    assert [seen[0], seen[-1]] == [(0, 2), (2, 2)]


@settings(deadline=None)  # the first call reads the detector's model
@given(st.text(st.characters(), max_size=300))
@example("\ud800 x" * 200)
@example("a" * 5000)
@example("\u3164" * 500)
@example("'" * 500)
def test_any_text_gets_a_known_code_or_none(text):
    assert languages_of([text])[0] in {*LANGUAGES, UNKNOWN}


def test_real_english_reviews_and_titles_are_hardly_ever_called_foreign():
    """Five reviews of Musical Instruments are Spanish; titles of electronics are full of names and numbers."""
    reviews = pd.read_parquet(shared_data("amazon_musical_2014") / "reviews.parquet")["text"].fillna("")
    titles = pd.read_parquet(shared_data("amazon_electronics_2023") / "items.parquet")["title"]
    told = languages_of(reviews.tolist())
    assert np.isin(told, ["en", UNKNOWN]).sum() >= len(reviews) - 10
    assert np.isin(languages_of(titles.tolist(), sure=SURE_OF_TITLES), ["en", UNKNOWN]).mean() > 0.999


def test_real_foreign_reviews_are_told():
    """On Steam some 11% of the reviews are Portuguese, Spanish, Thai, Chinese, Russian or Korean."""
    reviews = pd.read_parquet(shared_data("steam_au") / "reviews.parquet")["text"].fillna("")
    told = languages_of(reviews.tolist())
    assert 0.09 < np.isin(told, ["en", UNKNOWN], invert=True).mean() < 0.14
    assert [(told == code).mean() > 0.004 for code in ("pt", "es", "th", "zh", "ru", "ko")] == [True] * 6
