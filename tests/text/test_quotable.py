"""Which sentences may stand on a card: rule by rule, and against quotes that people judged."""

import json
from pathlib import Path

import pytest

from recsys.text.quotable import faults, grade, grade_of_description
from recsys.text.quotable_sentence import Sentence, words_of
from recsys.text.quotable_words import PHRASES, WORDS, is_spelt
from tests._data import shared_data

GOOD = (
    "The zip runs smoothly even when caked in mud.",
    "Great tone, and it stays in tune for weeks.",
    "These strings are bright, durable and easy on the fingers.",
    "Handle stays cool, no rust after a year of daily use.",
    "I love how quiet and light it is.",
    "Very well balanced classes and stunning graphics.",
    "So light that I barely notice it.",
    "No plastic taste, and the lid is easy to clean.",
)


@pytest.mark.parametrize("text", GOOD)
def test_praise_of_something_in_a_whole_thought_is_shown(text: str) -> None:
    assert faults(Sentence(text)) == ()
    assert 0 < grade(Sentence(text)) <= 1


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("length", "Solid build"),
        ("length", "Solid " + "and sturdy " * 30),
        ("foreign", "Очень тёплая и лёгкая куртка"),
        ("foreign", "Warm and sturdy 💪 really"),
        ("signs", "Sturdy and warm, see https://example.org/more"),
        ("signs", "Sturdy and warm, 10/10"),
        ("signs", "Sturdy and warm boots :)"),
        ("signs", "Soooo sturdy and warm boots"),
        ("signs", "░▒▓ sturdy ▓▒░ | warm | ====="),
        ("shouting", "THE STURDIEST AND WARMEST BOOTS EVER"),
        ("broken", "It is sturdy and warm,"),
        ("broken", "Sturdy and warm (for a boot"),
        ("broken", "It is a awesome and sturdy boot"),
        ("broken", "This is boot is sturdy and warm"),
        ("broken", "It is very very sturdy and warm"),
        ("start", "Because the grip is solid and the sole is sturdy"),
        ("start", "Those others are sturdy and warm"),
        ("question", "Is it sturdy and warm?"),
        ("order", "Buy this sturdy and comfortable boot"),
        ("order", "Sturdy and comfortable, buy it now"),
        ("turn", "Sturdy and comfortable, but the zip is stiff"),
        ("turn", "Sturdy and comfortable, mind you the colour"),
        ("turn", "It is sturdy, the only problem is the zip"),
        ("wish", "I wish the sole was as sturdy and comfortable"),
        ("wish", "It would be sturdy and comfortable with a thicker sole"),
        ("wish", "Sturdy and comfortable if you can get past the colour"),
        ("comparison", "The old boot is more sturdy and comfortable than this"),
        ("comparison", "Too comfortable and soft for me"),
        ("negation", "The sole is not sturdy or comfortable"),
        ("negation", "Never comfortable on a long and steady walk"),
        ("complaint", "Sturdy and comfortable with a broken zip"),
        ("complaint", "The wrapping seems middling, a sturdy box"),
        ("unfit", "So comfortable and sturdy, damn"),
        ("unfit", "A sturdy and reliable way to kill people"),
        ("spelling", "Definately a sturdy and comfortable boot"),
        ("spelling", "Sturdy and comfy boot u will like"),
        ("spelling", "Sturdy and comfy, i love the grip"),
        ("spelling", "Sturdy and xqzzt comfortable boot"),
        ("story", "I bought these sturdy and comfortable boots in May"),
        ("story", "You walk on sturdy and comfortable soles"),
        ("trade", "Sturdy and comfortable, and shipping was quick"),
        ("trade", "A sturdy and comfortable gift for Christmas"),
        ("no praise", "The boot has a sole and two laces"),
        ("no verb", "As for the fuel consumption"),
        ("tells nothing", "This is a really great product"),
        ("tells nothing", "No complaints after four months"),
        ("tells nothing", "Great game for everyone"),
    ],
)
def test_each_fault_is_named(fault: str, text: str) -> None:
    assert fault in faults(Sentence(text))
    assert grade(Sentence(text)) == 0


def test_what_is_denied_praises_only_where_it_is_a_fault() -> None:
    assert faults(Sentence("The lid never leaks and is easy to clean")) == ()
    assert "negation" in faults(Sentence("The lid never closes and is easy to clean"))


def test_the_name_of_the_product_tells_nothing_and_is_spelt_right() -> None:
    praise = "Great Snurgle strap"
    assert "spelling" in faults(Sentence(praise))
    assert faults(Sentence(praise, words_of("Snurgle guitar strap"))) == ("tells nothing",)
    assert "spelling" not in faults(Sentence("A sturdy and comfy snurgle", spelt=frozenset({"snurgle"})))


def test_what_a_thing_does_praises_where_the_shop_says_so() -> None:
    fact = "The sole grips icy pavements on steep hills"
    assert "no praise" in faults(Sentence(fact))
    assert faults(Sentence(fact, polarity=0.9)) == ()
    assert faults(Sentence("The sole has icy pavements on hills", polarity=0.9)) != ()


def test_a_sentence_that_tells_more_and_is_well_written_is_shown_first() -> None:
    plain, more = (
        Sentence("sturdy straps and nice colour"),
        Sentence("Sturdy, comfortable straps and a lovely soft lining."),
    )
    assert grade(more) > grade(plain) > 0
    assert grade(Sentence("Sturdy straps and nice colour.")) > grade(plain)
    assert grade(Sentence("And sturdy straps and nice colour.")) < grade(Sentence("Sturdy straps and nice colour."))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("A welded shell built to keep sideways weather out.", True),
        ("Eight-inch drivers with a wooden cabinet", True),
        ("Eight-inch drivers with a wooden cabinet and superior", False),
        ("Boots.", False),
        ("Visit www.example.org for the full range of leather boots", False),
        ("Buy these leather boots with a rubber sole today", False),
        ("WELDED SHELL BUILT FOR SIDEWAYS WEATHER", False),
        ("Ships with refund and warranty by the seller of the leather boots", False),
    ],
)
def test_a_description_speaks_in_whole_sentences_that_say_something(text: str, fits: bool) -> None:
    assert (grade_of_description(Sentence(text)) > 0) == fits


def test_hostile_text_is_judged_in_time() -> None:
    for text in ("a" * 200_000, "(" * 200_000, "no " * 60_000, "it is " * 40_000, "10/10 " * 30_000):
        assert grade(Sentence(text)) == 0
        assert grade_of_description(Sentence(text)) == 0


def test_lists_are_plain_words_without_one_that_praises_and_faults_at_once() -> None:
    assert all(word == word.lower() and word.strip() == word for words in WORDS.values() for word in words)
    praising = WORDS["praise"] | WORDS["telling"] | WORDS["half"] | WORDS["appeal"]
    assert not praising & (WORDS["faults"] | WORDS["unfit"] | WORDS["slips"])
    assert all("||" not in each and not each.startswith("|") and not each.endswith("|") for each in PHRASES.values())


def test_inflected_words_are_spelt_right() -> None:
    right = ("zips", "caked", "gripped", "sturdiest", "batteries", "running", "comfortably", "brightness")
    assert [word for word in right if not is_spelt(word)] == []
    assert [word for word in ("haveing", "definately", "xqzzt", "gampelay") if is_spelt(word)] == []


def judged() -> list[dict[str, object]]:
    path = shared_data("steam_au").parents[1] / "cases" / "quotes" / "quotes.jsonl"
    if not Path(path).is_file():
        pytest.skip(f"no judged quotes in {path.parent}")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_quotes_that_people_sent_back_are_kept_from_cards() -> None:
    """Of those judged bad at most one in thirty passes by its words alone; of the good ones some suffice."""
    passes = {True: [], False: []}
    for each in judged():
        sentence = Sentence(str(each["quote"]), words_of(str(each["product"])))
        passes[each["judged"] == "good"].append(not faults(sentence))
    assert sum(passes[False]) <= len(passes[False]) / 30
    assert sum(passes[True]) >= len(passes[True]) / 4
