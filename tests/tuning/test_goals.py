"""Goals: what makes no sense is refused by name, and what was saved is read back equal, old sentences as written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.panel.segments import DIMENSIONS, Segment, describe_segment
from recsys.tuning.goals import Constraint, Goal, describe_goal, save_goal, saved_goal


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
def goals(draw: st.DrawFn) -> Goal:
    metrics = draw(st.lists(st.sampled_from(LIVE_METRICS), unique=True, min_size=1, max_size=4))
    names = draw(st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=3))
    return Goal(
        metrics[0],
        tuple(draw(constraints(metric)) for metric in metrics[1:]),
        Segment.of(**{name: draw(st.text(min_size=1)) for name in names}),
        draw(st.integers(1, 100)),
    )


@given(goals())
def test_every_goal_survives_being_saved_and_has_words(goal: Goal) -> None:
    assert Goal.from_json(goal.as_json()) == goal
    assert saved_goal(save_goal(goal)) == goal
    assert describe_goal(save_goal(goal)) == describe_goal(goal)
    assert all(METRICS[name].short in describe_goal(goal).replace(f"@{goal.k}", "") for name in goal.metrics)


def test_what_a_database_holds_already_is_read() -> None:
    saved = {
        "metric": "ndcg",
        "constraints": [{"metric": "gini", "value": 0.0, "against": "equal", "at_least": False}],
        "segment": {"activity": "new"},
        "k": 7,
    }
    goal = Goal("ndcg", (Constraint("gini", 0, "equal", at_least=False),), Segment.of(activity="new"), 7)
    assert Goal.from_json(saved) == goal
    assert goal.as_json() == saved  # the names of studies whose trials are kept are made of this


@pytest.mark.parametrize(
    "text",
    ["", "best nDCG with diversity at least 0.6", "{}", "[]", "12", "null", '{"metric":"ndcg","k":0}', "[" * 99999],
)
def test_a_goal_that_is_a_sentence_or_broken_stays_as_it_was_written(text: str) -> None:
    assert saved_goal(text) is None
    assert describe_goal(text) == text


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (Goal("ndcg"), "nDCG@10 as high as possible"),
        (Goal("gini", k=20), "Exposure Gini as low as possible"),
        (
            Goal("ndcg", (Constraint("coverage", 0.4),)),
            "nDCG@10 as high as possible, Catalogue coverage at least 40%",
        ),
        (
            Goal("ndcg", (Constraint("coverage", 0.305, at_least=False), Constraint("ild", 0.25, "equal"))),
            "nDCG@10 as high as possible, Catalogue coverage at most 30.5%, Variety (ILD) within 25% of equal weights",
        ),
        (
            Goal("novelty", (Constraint("ndcg", 0, "best"),), Segment.of(activity="new")),
            "Novelty as high as possible, nDCG no worse than the best, for new shoppers",
        ),
    ],
)
def test_a_goal_is_described_by_its_metric_its_conditions_and_its_shoppers(goal: Goal, words: str) -> None:
    assert describe_goal(goal) == words


@pytest.mark.parametrize("name", DIMENSIONS)
def test_every_property_of_shoppers_is_named(name: str) -> None:
    assert "Lakes" in describe_segment(Segment.of(**{name: "Lakes"}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Goal("beauty"), "'beauty' is not a metric; use one of precision"),
        (lambda: Goal("ndcg", k=500), "lists of 500 cannot be searched for; give a length from 1 to 100"),
        (lambda: Constraint("ild", 0.1, "worst"), "not held against 'worst'"),  # type: ignore[arg-type]
        (lambda: Constraint("ild", 70), r"Variety \(ILD\) cannot be 70; give a number from 0 to 2$"),
        (lambda: Constraint("ild", float("nan")), r"Variety \(ILD\) cannot be nan"),
        (lambda: Constraint("novelty", 70), "Novelty cannot be 70; give bits from 0 to 64, such as 4.5$"),
        (lambda: Constraint("coverage", 30), "Catalogue coverage cannot be 30, which is 3,000%; give 0% to 100%, such"),
        (lambda: Constraint("gini", 0, "equal"), "Exposure Gini is better the lower it is"),
        (lambda: Constraint("ndcg", 0, "equal", at_least=False), "nDCG is better the higher it is"),
        (lambda: Constraint("coverage", 2, "best"), "a metric cannot be within 200% of another"),
        (
            lambda: Goal("ndcg", (Constraint("coverage", 0.3), Constraint("coverage", 0.4))),
            "Catalogue coverage is bounded twice from the same",
        ),
        (
            lambda: Goal("ndcg", (Constraint("coverage", 0.3), Constraint("coverage", 0.2, at_least=False))),
            "Catalogue coverage cannot be at least 30% and at most 20% at once",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(make: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"metric": 3}, {"metric": "ndcg", "k": "ten"}, {"metric": "ndcg", "segment": {"eyes": "blue"}}],
)
def test_documents_that_are_no_goal_are_refused(document: object) -> None:
    with pytest.raises(SettingsError):
        Goal.from_json(document)
    assert saved_goal(json.dumps(document)) is None


def test_room_is_measured_from_the_right_side() -> None:
    assert Constraint("ild", 0.5).slack(0.6, 0.0) == pytest.approx(0.1)
    assert Constraint("ild", 0.5, at_least=False).slack(0.6, 0.0) == pytest.approx(-0.1)
    assert Constraint("coverage", 0.25, "equal").slack(0.4, 0.4) == pytest.approx(0.1)
    assert Constraint("popularity_lift", 0.5, "best", at_least=False).slack(-0.1, -0.2) == pytest.approx(0.0)
