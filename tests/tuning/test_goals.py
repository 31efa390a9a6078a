"""Goals in words: what product managers write is understood, said back, and never passed over in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.panel.segments import DIMENSIONS, Segment
from recsys.settings import DAYPARTS, SEASONS, WEEKDAYS
from recsys.tuning.goal_words import _KNOWN, NAMES
from recsys.tuning.goals import Constraint, Goal, parse_goal

SAID = {
    "best nDCG": "highest nDCG@10",
    "best nDCG with diversity at least 0.6 and coverage at least 30%": (
        "highest nDCG@10 with diversity at least 0.6 and coverage at least 30%"
    ),
    "accuracy@5, variety >= 60 percent, catalogue coverage no less than 30 % for new customers": (
        "highest nDCG@5 with diversity at least 0.6 and coverage at least 30%, for new shoppers"
    ),
    "Maximise hit rate while diversity and coverage are no lower than with equal weights": (
        "highest hit rate@10 with diversity no lower than with equal weights and coverage no lower than with equal "
        "weights"
    ),
    "at least 30% coverage and best ndcg": "highest nDCG@10 with coverage at least 30%",
    "lowest gini with nDCG within 2% of the best": "lowest Gini@10 with nDCG within 2% of the best",
    "best popularity lift": "lowest popularity lift@10",
    "most long tail, popularity bias under 40%, accuracy no worse than with equal weights": (
        "highest long tail share@10 with popularity lift at most 40% and nDCG no lower than with equal weights"
    ),
    "top 20 recall in the evening on phones": "highest recall@20, for shoppers in the evening on mobile",
    "novelty ≥ 4.5 bits, best MRR at night": "highest MRR@10 with novelty at least 4.5, for shoppers at night",
    "best nDCG, diversity above 0,6, coverage at least 30,5 %, novelty over 4,25 bits": (
        "highest nDCG@10 with diversity at least 0.6 and coverage at least 30.5% and novelty at least 4.25"
    ),
    "best nDCG with Variety (ILD) at least 0.5 and Exposure Gini at most 0.6 and recall over 0.02": (
        "highest nDCG@10 with diversity at least 0.5 and Gini at most 0.6 and recall at least 2%"
    ),
    "best nDCG with coverage at least 20% and coverage at most 30%": (
        "highest nDCG@10 with coverage at least 20% and coverage at most 30%"
    ),
    'best F1 for shoppers who mostly buy "Tents" living in "The \\"Lakes\\""': (
        'highest F1@10, for shoppers who mostly buy "Tents" living in "The \\"Lakes\\""'
    ),
}


@pytest.mark.parametrize(("written", "understood"), SAID.items())
def test_a_goal_is_understood_and_said_back(written: str, understood: str) -> None:
    assert parse_goal(written).in_words() == understood


def test_the_parts_of_a_goal_are_read() -> None:
    goal = parse_goal(
        "best nDCG@7 with coverage at least 30% and Gini no higher than with equal weights, for new shoppers"
    )
    assert goal == Goal(
        "ndcg",
        (Constraint("coverage", 0.3), Constraint("gini", 0, "equal", at_least=False)),
        Segment.of(activity="new"),
        7,
    )


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


@st.composite
def constraints(draw: st.DrawFn, metric: str) -> Constraint:
    against = draw(st.sampled_from(["value", "equal", "best"]))
    if against != "value":
        return Constraint(metric, draw(numbers(0, 0.99)), against, METRICS[metric].higher_is_better)
    lowest, highest = METRICS[metric].lowest, METRICS[metric].highest
    return Constraint(metric, draw(numbers(lowest, highest)), "value", draw(st.booleans()))


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    known = {
        "activity": ("new", "hot", "warm", "cold"),
        "daypart": DAYPARTS,
        "weekday": WEEKDAYS,
        "season": SEASONS,
        "device": ("mobile", "tv"),
    }
    names = draw(st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=3))
    return Segment.of(
        **{name: draw(st.sampled_from(known[name]) if name in known else st.text(min_size=1)) for name in names}
    )


@st.composite
def goals(draw: st.DrawFn) -> Goal:
    metrics = draw(st.lists(st.sampled_from(LIVE_METRICS), unique=True, min_size=1, max_size=4))
    return Goal(
        metrics[0],
        tuple(draw(constraints(metric)) for metric in metrics[1:]),
        draw(segments()),
        draw(st.integers(1, 100)),
    )


@given(goals())
def test_every_goal_survives_being_said_and_being_saved(goal: Goal) -> None:
    assert parse_goal(goal.in_words()) == goal
    assert Goal.from_json(goal.as_json()) == goal


PIECES = [*_KNOWN, "30%", "0.5", "0,6", "1,000", "-2", "@5", "@0", '"Tents"', ",", "thirty"]


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join))
def test_any_text_is_understood_or_refused_in_words(text: str) -> None:
    try:
        goal = parse_goal(text)
    except SettingsError:
        return
    assert parse_goal(goal.in_words()) == goal


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("best frobnication", "'frobnication' is not understood; write for example \"best nDCG with diversity"),
        ("best nDCG with divresity over 0.5", "'divresity' is not understood; did you mean \"diversity\"\\?"),
        ("best nDCG in the evning", "'evning' is not understood; did you mean \"evening\"\\?"),
        ("best long tale", "'long' is not understood; did you mean \"long.tail\"\\?"),
        ("best nDCG for Tents shoppers", "'Tents' is not understood; write for example"),
        ("", "there is no goal in that"),
        ("diversity", None),
        ("at least 3", 'what should be improved\\? Write for example "best nDCG with diversity at least 0.6"'),
        (
            "diversity at least 70",
            'what should be improved\\? Write for example "best nDCG with diversity at least 0.6"',
        ),
        (
            "nDCG no lower than with equal weights",
            'what should be improved\\? .* "most novelty with nDCG no lower than',
        ),
        ("best at least 3", "'best' is not followed by what to improve"),
        ("best nDCG with diversity", r"Variety \(ILD\) is named without a bound.* diversity no worse than"),
        ("best nDCG with novelty 3", "'3' after 'novelty' is not a condition"),
        ("best nDCG at least 30%", "'at least' does not say of which metric"),
        ("best nDCG with diversity at least 70", r"Variety \(ILD\) cannot be 70; give a number from 0 to 2$"),
        ("best nDCG with novelty over 70", "Novelty cannot be 70; give bits from 0 to 64, such as 4.5$"),
        (
            "best nDCG with coverage at least 30",
            "Catalogue coverage cannot be 30, which is 3,000%; give 0% to 100%, such",
        ),
        ("best nDCG with popularity lift under 1,000%", "'1,000%' may be thousands or a decimal.*; write 1000 or 1$"),
        ("highest Gini", "Exposure Gini is better the lower it is; ask for the lowest"),
        ("lowest nDCG", "nDCG is better the higher it is; ask for the highest"),
        ("best nDCG with Gini no lower than with equal weights", "Exposure Gini is better the lower it is"),
        ("best nDCG with coverage over 30% and coverage over 40%", "Catalogue coverage is bounded twice from the same"),
        (
            "best nDCG with coverage at least 30% and coverage at most 20%",
            "Catalogue coverage cannot be at least 30% and at most 20% at once",
        ),
        ("nDCG@5 top 10", "lists of 5 and 10; decide on one"),
        ("nDCG@500", "lists of 500 cannot be searched for; give a length from 1 to 100"),
        ("best nDCG living in Lakes", "'living in' is followed by a name in quotes, such as living in \"Lakes\""),
        ("best nDCG living in", "'living in' is followed by a name in quotes, such as living in \"Tents\""),
        ("best nDCG on mobile and desktop", "a segment names one property twice"),
        ("best nDCG with coverage within 200% of the best", "a metric cannot be within 200% of another"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(written: str, message: str | None) -> None:
    if message is None:
        assert parse_goal(written).metric == "ild"
        return
    with pytest.raises(SettingsError, match=message):
        parse_goal(written)


def test_every_metric_has_a_name() -> None:
    assert set(NAMES) == set(LIVE_METRICS)


@pytest.mark.parametrize(("metric", "label"), [(name, metric.short) for name, metric in METRICS.items()])
def test_a_name_on_screen_is_understood(metric: str, label: str) -> None:
    assert parse_goal(f"best {label}").metric == metric


def test_room_is_measured_from_the_right_side() -> None:
    assert Constraint("ild", 0.5).room(0.6, 0.0) == pytest.approx(0.1)
    assert Constraint("ild", 0.5, at_least=False).room(0.6, 0.0) == pytest.approx(-0.1)
    assert Constraint("coverage", 0.25, "equal").room(0.4, 0.4) == pytest.approx(0.1)
    assert Constraint("popularity_lift", 0.5, "best", at_least=False).room(-0.1, -0.2) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Goal("beauty"), "'beauty' is not a metric; use one of precision"),
        (lambda: Constraint("ild", 0.1, "worst"), "not held against 'worst'"),  # type: ignore[arg-type]
    ],
)
def test_goals_made_in_code_are_checked(make: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make()  # type: ignore[operator]
