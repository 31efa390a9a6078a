"""The recommendation page: one thing a person does, and what changes on screen."""

import pytest

from recsys.serving.recommender import Recommender
from recsys.settings import FusionSettings
from tests.pages._seen import addressed, effective_weights, html, listed, text
from tests.pages.conftest import OpenPage

PAGE = "Recommendations"


def shares(weights: dict[str, float]) -> str:
    """Weights as the bar says them."""
    whole = sum(weights.values())
    return ", ".join(f"{name.capitalize()} {weight / whole:.0%}" for name, weight in weights.items())


def percent(weights: FusionSettings) -> dict[str, int]:
    """Where the sliders stand for some weights."""
    return {name: round(100 * share) for name, share in weights.normalised().items()}


def test_the_list_is_the_recommenders_own(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    assert listed(page) == [item.item_id for item in model.recommend(shopper).items]
    assert effective_weights(page) == shares(percent(model.info.default_weights))
    assert f"Top 10 of {model.recommend(shopper).n_candidates:,}" in text(page)


def test_what_decides_the_list_stands_beside_the_weights(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    influence = model.recommend(shopper).influence
    assert influence is not None
    assert f'aria-label="What decides this list: {shares(dict(influence))}"' in html(page)
    page.slider(key="content").set_value(0).run()
    assert "Content 0%" in text(page)
    assert "Content 0% decides" not in text(page)


def test_moving_a_weight_re_ranks_and_says_who_moved(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    before = listed(page)
    assert 'class="sw-move' not in html(page)
    page.slider(key="content").set_value(100).run()
    assert listed(page) != before
    assert effective_weights(page) == shares(percent(model.info.default_weights) | {"content": 100})
    assert "since the last change" in html(page) or "Was not listed before" in html(page)


def test_all_weights_at_zero_are_refused_with_the_remedy(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    for name in ("collaborative", "content", "semantic", "context"):
        page.slider(key=name).set_value(0)
    page.run()
    assert listed(page) == []
    assert "raise at least one of them above 0" in text(page)


def test_history_and_words_stand_beside_the_list(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    history = model.history(shopper)
    written = next(words for words in history["text"] if words)
    seen = text(open_page(PAGE, query={"shopper": shopper}))
    assert "In their words" in seen
    assert " ".join(written.split())[:80] in seen


def test_an_unknown_shopper_is_named_and_the_rest_of_the_link_counts(open_page: OpenPage) -> None:
    page = open_page(PAGE, query={"shopper": "nobody<b>", "semantic": "80"})
    assert "Shopper 'nobody<b>' is not among the" in text(page)
    assert "nobody<b>" not in html(page)
    assert listed(page) == []


def test_a_value_that_cannot_be_is_named_and_the_rest_counts(
    open_page: OpenPage, model: Recommender, shopper: str
) -> None:
    page = open_page(PAGE, query={"shopper": shopper, "collaborative": "banana", "semantic": "80"})
    assert "collaborative = 'banana': not a number from 0 to 100" in text(page)
    assert page.slider(key="collaborative").value == percent(model.info.default_weights)["collaborative"]
    assert page.slider(key="semantic").value == 80
    assert len(listed(page)) == 10


def test_a_new_shopper_gets_a_list_from_words_alone(open_page: OpenPage, model: Recommender) -> None:
    page = open_page(PAGE, query={"who": "New shopper"})
    assert "Tell us what they are after" in text(page)
    assert listed(page) == []
    page.text_input(key="words").set_value("warm sleeping bag").run(timeout=120)
    rows = [model.item_row(item_id) for item_id in listed(page)]
    assert len(rows) == 10
    assert (model.items["category"].iloc[rows] == "Sleeping Bags").sum() >= 5
    assert "“warm sleeping bag”" in text(page)
    assert effective_weights(page) == shares(percent(model.start_weights(None)))


def test_an_example_is_a_click_away(open_page: OpenPage) -> None:
    page = open_page(PAGE, query={"who": "New shopper"})
    example = page.button(key="example_0")
    example.click().run(timeout=120)
    assert page.text_input(key="words").value == example.label
    assert len(listed(page)) == 10


def test_nobody_is_a_state_with_a_link_and_a_way_on(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    page.selectbox(key="shopper").set_value(None).run()
    page = open_page(PAGE, query=addressed(page))
    assert page.selectbox(key="shopper").value is None
    assert listed(page) == []
    said = page.button(key="example_0").label
    page.button(key="example_0").click().run(timeout=120)
    assert page.text_input(key="words").value == said
    assert addressed(page) == {"who": "New shopper", "words": said}
    assert len(listed(page)) == 10


def test_choosing_somebody_takes_the_place_of_who_was_asked_for(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    page.button_group(key="who").set_value("New shopper").run()
    assert "shopper" not in page.query_params
    page.button_group(key="who").set_value("Known shopper").run()
    assert addressed(page)["shopper"] == shopper


def test_what_narrows_the_list_is_said_above_it(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper, "category": "Lamps", "seen": "true", "diversity": "0.3"})
    assert "any moment · only Lamps · with what they already have · variety 0.30 by MMR" in text(page)


def test_the_link_names_the_shopper_even_where_nobody_chose_one(open_page: OpenPage) -> None:
    page = open_page(PAGE)
    assert f"?shopper={page.selectbox(key='shopper').value}" in page.code[0].value


def test_choosing_the_other_kind_of_shopper_moves_only_untouched_sliders(
    open_page: OpenPage, model: Recommender, shopper: str
) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    page.button_group(key="who").set_value("New shopper").run()
    assert page.slider(key="semantic").value == percent(model.start_weights(None))["semantic"]
    page.slider(key="semantic").set_value(90).run()
    page.button_group(key="who").set_value("Known shopper").run()
    assert page.slider(key="semantic").value == 90


def test_a_filter_holds_and_reset_takes_it_back(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    before = listed(page)
    page.multiselect(key="category").set_value(["Lamps"]).run()
    shown = [model.items["category"].iloc[model.item_row(item_id)] for item_id in listed(page)]
    assert shown
    assert set(shown) == {"Lamps"}
    page.button(key="reset").click().run()
    assert listed(page) == before


def test_filters_that_nothing_passes_say_so(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    low, high = page.slider(key="price").min, page.slider(key="price").max
    assert low < high
    page.multiselect(key="category").set_value(["Tents"])
    page.slider(key="price").set_value((low, low)).run()
    assert "No product passes the filters" in text(page)


def test_the_moment_is_named_in_words(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    device = model.context_options()["device"].values[0]
    page = open_page(PAGE, query={"shopper": shopper, "weekday": "Friday", "daypart": "evening", "season": "winter"})
    page.selectbox(key="device").set_value(device).run()
    assert f"Friday evening in winter, on {device}" in text(page)


def test_variety_moves_products_and_leaves_their_scores(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper, "diversity": "0.8"})
    assert "its score is unchanged" in html(page)
    assert listed(page) != [item.item_id for item in model.recommend(shopper).items]


def test_the_table_holds_what_the_cards_do(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper, "view": "Table"})
    table = page.dataframe[0].value
    ranked = model.recommend(shopper)
    assert table["item_id"].tolist() == [item.item_id for item in ranked.items]
    assert table["score"].tolist() == pytest.approx([item.score for item in ranked.items])
    assert table["semantic"].tolist() == pytest.approx([item.components["semantic"] for item in ranked.items])


def test_cold_shoppers_can_be_found(open_page: OpenPage, model: Recommender) -> None:
    page = open_page(PAGE)
    page.button_group(key="find_activity").set_value("Cold").run()
    cold = set(model.users.loc[model.users["activity"] == "cold", "user_id"])
    assert set(page.selectbox(key="shopper").options) == cold
    page.button(key="random").click().run()
    assert page.selectbox(key="shopper").value in cold
    assert "Cold shopper: no " in text(page)


@pytest.mark.parametrize(
    ("wrote", "said"),
    [
        (False, "Cold shopper: no purchases or reviews to learn from, so the list rests on what shoppers in general"),
        (True, "Cold shopper: no product they are known to like, so the list rests on what they wrote, what shoppers"),
    ],
)
def test_a_cold_shopper_is_told_what_the_list_rests_on(
    open_page: OpenPage, model: Recommender, wrote: bool, said: str
) -> None:
    cold = model.users[model.users["activity"] == "cold"]
    user_id = next(user_id for user_id in cold["user_id"] if model.history(user_id)["text"].ne("").any() == wrote)
    assert said in text(open_page(PAGE, query={"shopper": user_id}))
