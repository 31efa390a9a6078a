"""A setting that is compared can be kept, sent and read again, and what makes no sense is refused with its name."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.errors import SettingsError
from recsys.panel.segments import EvaluationConfig, Scenario
from recsys.settings import SEASONS, WEEKDAYS, Filters, FusionSettings, RankingSettings

weights = st.floats(0, 10, allow_subnormal=False)
asked = st.builds(
    EvaluationConfig,
    st.text(min_size=1).filter(str.strip),
    st.builds(
        RankingSettings,
        st.tuples(weights, weights, weights, weights).filter(any).map(lambda each: FusionSettings(*each)),
        st.builds(
            Filters,
            only_available=st.booleans(),
            categories=st.frozensets(st.text()),
            price_low=st.none() | st.floats(0, 5),
            price_high=st.none() | st.floats(5, 10),
        ),
        st.integers(1, 100),
        st.floats(0, 1),
        st.sampled_from(["mmr", "dpp", "msd"]),
    ),
    st.builds(Scenario.of, season=st.sampled_from(SEASONS), weekday=st.sampled_from(("", *WEEKDAYS))),
)


@given(asked)
@settings(max_examples=40, deadline=None)
def test_what_was_written_reads_back_equal_and_hashes_alike(each: EvaluationConfig) -> None:
    again = EvaluationConfig.from_json(json.loads(json.dumps(each.as_json())))
    assert again == each
    assert hash(again) == hash(each)


def test_what_is_left_out_has_its_default() -> None:
    assert EvaluationConfig.from_json({"name": "A", "weights": {"semantic": 1}}) == EvaluationConfig(
        "A", RankingSettings(FusionSettings(0, 0, 1, 0))
    )


def test_a_name_is_one_line() -> None:
    assert EvaluationConfig("  summer\n sale ").name == "summer sale"
    with pytest.raises(SettingsError, match="needs a name"):
        EvaluationConfig(" \n")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "is not usable; give a JSON object"),
        ({"name": "A"}, "weights is missing"),
        ({"name": 3, "weights": {"semantic": 1}}, "name='3' is not usable; give text"),
        ({"name": "A", "weights": {"semantics": 1}}, "weights: 'semantics' is not known"),
        ({"name": "A", "weights": {"semantic": "1"}}, "weights: semantic='1' is not usable; give a number"),
        ({"name": "A", "weights": {"semantic": float("nan")}}, "semantic='nan' is not usable"),
        ({"name": "A", "weights": {"semantic": True}}, "semantic='True' is not usable"),
        ({"name": "A", "weights": {"semantic": 1}, "n": 2.5}, "n='2.5' is not usable"),
        ({"name": "A", "weights": {"semantic": 1}, "n": 0}, "list length n=0 is not usable"),
        ({"name": "A", "weights": {"semantic": 1}, "method": "best"}, "method='best' is not usable"),
        (
            {"name": "A", "weights": {"semantic": 1}, "filters": {"categories": "Tents"}},
            "filters: categories='Tents'",
        ),
        (
            {"name": "A", "weights": {"semantic": 1}, "filters": {"only_available": 1}},
            "filters: only_available='1' is not usable; give true or false",
        ),
        ({"name": "A", "weights": {"semantic": 1}, "scenario": {"season": 1}}, "scenario: season='1' is not usable"),
        ({"name": "A", "weights": {"semantic": 1}, "colour": "red"}, "'colour' is not known"),
    ],
)
def test_a_document_that_is_no_setting_is_refused(document: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        EvaluationConfig.from_json(document)
