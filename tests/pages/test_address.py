"""Old names in an address still mean what they meant."""

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared.address import RENAMED


def _tuning() -> None:
    import streamlit as st

    from pages._shared import address

    address.use_present_names("Tuning")
    options = ("Any", "Tents", "Lakes")
    st.selectbox("Mostly buy", options, key="top_category", bind="query-params")
    st.selectbox("Home region", options, key="home_region", bind="query-params")
    st.toggle("Same circumstances", key="same_context", bind="query-params")
    st.toggle("Available", key="only_available", bind="query-params")
    st.text(sorted(st.query_params))


def _list() -> None:
    import streamlit as st

    from pages._shared import address

    address.use_present_names("Recommendations")
    st.text(sorted(st.query_params))


def opened(**query: str) -> AppTest:
    page = AppTest.from_function(_tuning)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def stands(page: AppTest) -> tuple[object, ...]:
    boxes = [page.selectbox(key=key).value for key in ("top_category", "home_region")]
    return (*boxes, *(page.toggle(key=key).value for key in ("same_context", "only_available")))


@pytest.mark.parametrize("names", [list(RENAMED), list(RENAMED.values())])
def test_a_link_sets_the_controls_by_its_old_names_and_by_its_present_ones(names: list[str]) -> None:
    page = opened(**dict(zip(names, ("Tents", "Lakes", "true", "true"), strict=True)), n="20")
    assert stands(page) == ("Tents", "Lakes", True, True)
    assert page.text[0].value == str(sorted([*RENAMED.values(), "n"]))


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_one_old_name_among_present_ones_is_enough(old: str, new: str) -> None:
    value = "Tents" if new in ("top_category", "home_region") else "true"
    page = opened(**{old: value})
    assert page.text[0].value == str([new])
    assert sum(each not in ("Any", False) for each in stands(page)) == 1


def test_a_present_name_wins_over_an_old_one() -> None:
    assert stands(opened(taste="Lakes", top_category="Tents"))[0] == "Tents"


def test_what_a_person_changes_afterwards_stays_changed() -> None:
    page = opened(taste="Lakes", shelf="true")
    page.selectbox(key="top_category").set_value("Any").run()
    page.toggle(key="only_available").set_value(False).run()
    assert stands(page) == ("Any", "Any", False, False)
    assert not set(page.query_params) & set(RENAMED)


def test_other_pages_leave_such_names_alone() -> None:
    page = AppTest.from_function(_list)
    page.query_params["home"] = "mail"
    page.run()
    assert page.text[0].value == "['home']"
