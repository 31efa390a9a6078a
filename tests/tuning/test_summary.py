"""Sentences claim what the intervals say and no more, in words that need no statistics."""

from dataclasses import replace

import pytest

from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.tuning.list_changes import Outcomes, Overlap
from recsys.tuning.summary import summary
from tests.tuning._comparisons import A, B, comparison, difference, shown

NAN = float("nan")


def test_what_is_clear_is_said_in_shoppers_products_and_places() -> None:
    found = comparison(
        difference("hit_rate", 0.112, 0.1, 0.003, 0.021),
        difference("ild", 0.51, 0.5, 0.004, 0.016),
        difference("coverage", 0.46, 0.40, 0.03, 0.09),
        difference("popularity_lift", 0.3, 0.6, -0.4, -0.2),
        difference("long_tail", 0.14, 0.12, 0.01, 0.03),
        difference("gini", 0.7, 0.8, -0.12, -0.08),
        difference("personalisation", 0.84, 0.16, 0.6, 0.7),
        difference("novelty", 5.2, 5.0, 0.1, 0.3),
        products=(*shown(38, 0, 3), *shown(8, 2, 0, "Tents")),
    )
    assert summary(found) == [
        "With B, 12 more of 1,000 shoppers find what they went on to choose (between 3 and 21): 20 find it only with "
        "B, 8 find it only with A.",
        "On average 7.2 of a list’s 10 products stay on it; 120 of 1,000 shoppers see no change.",
        "Lists are a little more varied and differ more from shopper to shopper (two share 16%, was 84%).",
        "38 products that nobody was shown now are, mostly Candles & Scents; 8 products are no longer shown to "
        "anybody, mostly Tents: more of the catalogue is shown (46%, was 40%).",
        "Bestsellers are shown less and rarely chosen products more (14%, was 12%).",
    ]


def test_where_nothing_is_clear_nothing_is_claimed() -> None:
    said = summary(comparison())
    assert said == [
        "No difference we can tell in how many of 1,000 shoppers find what they went on to choose: 20 find it only "
        "with B, 8 find it only with A (anything from 10 fewer to 10 more is possible).",
        "On average 7.2 of a list’s 10 products stay on it; 120 of 1,000 shoppers see no change.",
        "No difference we can tell in variety, how much shoppers’ lists differ, how much bestsellers are shown, how "
        "evenly products are shown or how surprising products are.",
    ]


def test_identical_settings_are_called_the_same() -> None:
    same = Overlap(1, 1000, 1000, 1)
    assert summary(comparison(overlap=same, b=replace(A, name="Copy"))) == [
        "There is no difference: A and Copy are the same setting.",
        "All 1,000 shoppers get the same list with both, and every figure is the same.",
    ]
    assert summary(comparison(overlap=same))[0] == (
        "That A and B are set differently makes no difference here: all 1,000 shoppers get the same list with both."
    )
    assert summary(comparison(n=1, overlap=Overlap(1, 1, 1, 1)))[0].endswith(
        "the one shopper gets the same list with both."
    )


def test_few_shoppers_are_said_to_be_few() -> None:
    nothing = [difference(name, 0.5, 0.5, NAN, NAN, 8) for name in LIVE_METRICS]
    said = summary(comparison(*nothing, n=8, outcomes=Outcomes(8, 1, 0, 7, 1, 0, 2, 5)))
    assert said[0] == (
        "Only 8 shoppers compared, too few to tell much. No difference we can tell in how many of 8 shoppers find what "
        "they went on to choose: 1 finds it only with B, nobody finds it only with A (too few to tell from chance)."
    )
    said = summary(comparison(*nothing, n=1, outcomes=Outcomes(1, 0, 0, 1, 0, 0, 0, 1), overlap=Overlap(0.5, 0, 0, 0)))
    assert said[0] == (
        "Only 1 shopper compared, too few to tell much. Nobody finds what they went on to choose, with either."
    )
    assert not any(word in " ".join(said) for word in (" more", " less", "nan"))


@pytest.mark.parametrize("metric", ["popularity_lift", "gini", "long_tail", "ild", "coverage"])
@pytest.mark.parametrize("way", [1, -1])
def test_every_way_is_said_as_it_is(metric: str, way: int) -> None:
    old, new = 0.5, 0.5 + 0.1 * way
    low, high = sorted((0.05 * way, 0.15 * way))
    said = " ".join(summary(comparison(difference(metric, new, old, low, high), products=shown(3, 0, 1))))
    words = {
        "popularity_lift": ("Bestsellers are shown more", "Bestsellers are shown less"),
        "gini": ("", ""),
        "long_tail": (
            "Rarely chosen products are shown more (60%, was 50%)",
            "Rarely chosen products are shown less (40%, was 50%)",
        ),
        "ild": ("Lists are more varied.", "Lists are less varied."),
        "coverage": ("more of the catalogue is shown (60%", "less of the catalogue is shown (40%"),
    }
    up, down = words[metric]
    assert (up if way > 0 else down) in said
    if metric != "gini":
        assert (down if way > 0 else up) not in said
    unclear = {"popularity_lift": "how much bestsellers", "gini": "evenly", "ild": "in variety"}
    for name, clause in unclear.items():
        assert (clause in said) == (name != metric)
    assert ("no difference we can tell in how much of the catalogue" in said) == (metric != "coverage")


def test_fewer_are_fewer() -> None:
    found = comparison(
        difference("hit_rate", 0.1, 0.112, -0.021, -0.0002), outcomes=Outcomes(1000, 8, 20, 972, 8, 20, 40, 932)
    )
    assert summary(found)[0] == (
        "With B, 12 fewer of 1,000 shoppers find what they went on to choose (at most 21): 8 find it only with B, "
        "20 find it only with A."
    )


def test_where_it_stands_is_said_where_only_that_is_clear() -> None:
    higher = summary(comparison(difference("ndcg", 0.06, 0.05, 0.004, 0.016)))
    lower = summary(comparison(difference("ndcg", 0.04, 0.05, -0.016, -0.004)))
    assert higher[1] == "Where it stands counted as well, it is higher up the lists with B on the whole."
    assert "lower" in lower[1]


def test_the_same_hits_are_not_called_a_difference_that_cannot_be_told() -> None:
    same = Outcomes(1000, 3, 4, 993, 0, 0, 40, 960)
    assert (
        summary(comparison(outcomes=same))[0]
        == "Exactly the same shoppers find what they went on to choose, 40 of 1,000."
    )


def test_counts_of_one_read_well() -> None:
    said = " ".join(summary(comparison(products=(*shown(1, 0, 1), *shown(1, 1, 0)))))
    assert "1 product that nobody was shown now is; 1 product is no longer shown to anybody; no difference" in said


def test_a_mixed_lot_has_no_category() -> None:
    mixed = (*shown(3, 0, 1, "Tents"), *shown(3, 0, 1, "Lamps"), *shown(9, 0, 1, ""))
    assert "mostly" not in " ".join(summary(comparison(products=mixed)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [(100, 100.5, "very slightly more"), (100, 102, "a little more"), (100, 110, "are more"), (100, 160, "much more")],
)
def test_how_much_follows_the_relative_change(old: float, new: float, said: str) -> None:
    assert said in " ".join(summary(comparison(difference("ild", new, old, 0.1, 99))))


def test_shares_are_told_with_as_few_digits_as_tell_them_apart() -> None:
    said = " ".join(summary(comparison(difference("long_tail", 0.3042, 0.3038, 0.0001, 0.001))))
    assert "(30.42%, was 30.38%)" in said


def test_long_and_hostile_names_stay_text_on_one_line() -> None:
    name = "<b>x</b>\n" + "y" * 200
    said = summary(comparison(b=replace(B, name=name), products=shown(4, 0, 1, "Tents\n" + "z" * 100)))
    assert all("\n" not in each for each in said)
    assert "<b>x</b> yyy" in said[0]
    assert len(" ".join(said)) < 900


def test_a_segment_of_whom_nothing_is_held_out_is_told() -> None:
    assert "nothing says who finds it" in summary(comparison(outcomes=Outcomes(0, 0, 0, 0, 0, 0, 0, 0)))[0]


def test_a_list_of_one_is_spoken_of_as_one() -> None:
    one = replace(B, settings=replace(B.settings, n=1))
    assert "The one product on a list stays for 72% of 1,000 shoppers." in summary(comparison(b=one))


def test_shoppers_imagined_elsewhere_say_nothing_of_who_finds_what() -> None:
    better = difference("hit_rate", 0.3, 0.2, 0.05, 0.15)
    first, *rest = summary(comparison(better, n_imagined=684, n=911))
    assert first == (
        "684 of 911 shoppers are imagined in other circumstances than they were in, so nothing says who would find "
        "what they want there."
    )
    assert not any("find what they went on to choose" in sentence for sentence in rest)
