"""The tuning page says what decides its lists, and warns where weights do not mean what they show."""

from pages.tuning.influence import far_off_html
from tests.pages._seen import html
from tests.pages.tuning.conftest import OpenRoom

WEIGHTS = {"collaborative": 0.3, "content": 0.05, "semantic": 0.4, "context": 0.25}


def test_a_component_that_decides_far_more_or_less_than_its_weight_is_named() -> None:
    said = far_off_html(WEIGHTS, {"collaborative": 0.18, "content": 0.02, "semantic": 0.155, "context": 0.645})
    assert (
        "Context has 25% of the weight but decides 64%; Semantic has 40% of the weight but decides only 16%; "
        "Collaborative has 30% of the weight but decides only 18% of these lists."
    ) in said
    assert "Content" not in said


def test_weights_that_mean_what_they_show_get_no_warning() -> None:
    assert not far_off_html(WEIGHTS, WEIGHTS)
    assert not far_off_html(WEIGHTS, None)


def test_the_room_shows_what_decides_its_lists(open_room: OpenRoom) -> None:
    page = open_room("Live metrics", collaborative="0", content="0", semantic="100", context="0")
    assert 'aria-label="What decides the lists of' in html(page)
    assert "decides 100%" in html(page)
    assert "Not all weights mean what they show" not in html(page)
