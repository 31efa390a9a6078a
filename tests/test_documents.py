"""Settings come out of JSON as they went in, and what is wrong with a document is named with its place."""

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.documents import from_json, to_json
from recsys.errors import SettingsError
from recsys.settings import DIVERSITY_METHODS, Filters, FusionSettings, RankingSettings

WEIGHTS = st.tuples(*[st.floats(0, 1e6)] * 4).filter(any)


@given(
    WEIGHTS,
    st.frozensets(st.text(max_size=5), max_size=4),
    st.integers(1, 10**6),
    st.floats(0, 1),
    st.sampled_from(DIVERSITY_METHODS),
    st.none() | st.floats(0, 10),
)
def test_settings_come_back_as_they_went(
    weights: tuple[float, ...], categories: frozenset[str], n: int, diversity: float, method: Any, low: float | None
) -> None:
    filters = Filters(include_seen=True, categories=categories, price_low=low)
    settings = RankingSettings(FusionSettings(*weights), filters, n, diversity, method)
    assert from_json(RankingSettings, json.loads(json.dumps(to_json(settings)))) == settings


def test_numbers_of_numpy_and_whole_weights_are_written_as_plain_numbers() -> None:
    written = to_json(FusionSettings(1, np.float32(0.25), np.float64(0.5), 0))
    assert written == {"collaborative": 1.0, "content": 0.25, "semantic": 0.5, "context": 0.0}
    assert {type(value) for value in written.values()} == {float}


def test_what_is_left_out_has_its_default() -> None:
    assert from_json(RankingSettings, {}) == RankingSettings()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (7, "the list: it='7' is not usable; give a JSON object"),
        ({"n": 1.5}, "the list: n='1.5' is not usable; give a whole number"),
        ({"n": True}, "n='True' is not usable; give a whole number"),
        ({"n": "10"}, "n='10' is not usable; give a whole number"),
        ({"n": 0}, "list length n=0 is not usable; give at least 1"),
        ({"m": 1}, "the list: 'm' is not known"),
        ({"diversity": "a lot"}, "diversity='a lot' is not usable; give a number"),
        ({"diversity": float("nan")}, "diversity='nan' is not usable; give a number"),
        ({"method": "best"}, "method='best' is not usable; give 'mmr', 'dpp' or 'msd'"),
        ({"fusion": {"content": "1"}}, "the list.fusion: content='1' is not usable; give a number"),
        ({"fusion": {"content": -1}}, "weight content=-1.0 is not usable"),
        ({"fusion": {"price": 1}}, "the list.fusion: 'price' is not known"),
        ({"filters": {"categories": "Tents"}}, "the list.filters: categories='Tents' is not usable; give a list"),
        ({"filters": {"categories": [1]}}, "the list.filters.categories: 0='1' is not usable; give text"),
        ({"filters": {"include_seen": 1}}, "include_seen='1' is not usable; give true or false"),
        ({"filters": {"price_low": 2, "price_high": 1}}, "the lowest price 2.0 is above the highest 1.0"),
        ({"n": "x" * 1000}, "n='" + "x" * 60 + "…' is not usable"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document: object, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        from_json(RankingSettings, document, "the list")
