"""Every place is explained by what the ranking did: held against `rank` and a count of all pairs."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from recsys.panel.engine import LiveEngine
from recsys.panel.segments import EvaluationConfig, Scenario, Segment
from recsys.ranking.rank import Ranking, fuse, rank
from recsys.settings import Filters
from recsys.tuning.comparison import Comparison, compare
from recsys.tuning.list_changes import Product
from recsys.tuning.moves import ComponentChange, Move, ProductRank, cause_text, moves, position_text
from tests.panel._settings import ALL, setting, two_settings

SEEDS = range(60)


def values_of(engine: LiveEngine, asked: EvaluationConfig, user: int) -> np.ndarray:
    """Standardised component scores of one shopper of a panel that holds the whole catalogue."""
    return np.vstack([engine.panel.scores.static[user], engine.candidates(asked.scenario).context[user]])


def eligible(engine: LiveEngine, asked: EvaluationConfig, user: int) -> np.ndarray:
    owned = engine.panel.seen
    had = owned.values[owned.starts[user] : owned.starts[user + 1]]
    return engine.panel.candidate_filter.eligible(asked.settings.filters, had)


def ranked(engine: LiveEngine, asked: EvaluationConfig, user: int, **changed: object) -> Ranking:
    settings = replace(asked.settings, **changed)
    return rank(values_of(engine, asked, user), settings, eligible(engine, asked, user), engine.panel.vectors)


def places_by_score(engine: LiveEngine, asked: EvaluationConfig, user: int) -> dict[int, int]:
    everything = ranked(engine, asked, user, n=engine.panel.n_items, diversity=0.0)
    return {int(row): place for place, row in enumerate(everything.item_rows, 1)}


def described(move: Move) -> str:
    """What happened to its position, and why."""
    return ": ".join(filter(None, (position_text(move), cause_text(move))))


@lru_cache(maxsize=len(SEEDS))
def some_case(engine: LiveEngine, seed: int) -> tuple[Comparison, int, tuple[Move, ...]]:
    a, b = two_settings(seed, engine.panel.candidate_filter.categories)
    user = int(np.random.default_rng(seed).integers(len(engine.panel)))
    comparison = compare(engine, a, b)
    return comparison, user, moves(engine, comparison, user)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_lists_are_those_of_the_ranking(engine: LiveEngine, seed: int) -> None:
    comparison, user, found = some_case(engine, seed)
    for side, asked in (("a", comparison.a), ("b", comparison.b)):
        expected = ranked(engine, asked, user)
        listed = {getattr(move, side).rank: move for move in found if getattr(move, side).rank is not None}
        assert [listed[place].product.item_row for place in sorted(listed)] == expected.item_rows.tolist()
        for place, (score, by_score) in enumerate(zip(expected.scores, expected.ranks_by_score, strict=True), 1):
            assert getattr(listed[place], side).rank_by_score == by_score
            assert getattr(listed[place], side).score == pytest.approx(score, abs=1e-5)
        anywhere = places_by_score(engine, asked, user)
        for move in found:
            assert getattr(move, side).rank_by_score == anywhere.get(move.product.item_row)
            assert getattr(move, side).is_proven
            assert bool(getattr(move, side).barred) == (move.product.item_row not in anywhere)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_parts_sum_to_the_change_of_the_score(engine: LiveEngine, seed: int) -> None:
    comparison, user, found = some_case(engine, seed)
    for move in found:
        change = sum(part.value for part in move.parts)
        assert change == pytest.approx(move.b.score - move.a.score, abs=1e-9)
        fused = [
            float(fuse(values_of(engine, asked, user), asked.settings.fusion)[move.product.item_row])
            for asked in (comparison.a, comparison.b)
        ]
        assert change == pytest.approx(fused[1] - fused[0], abs=1e-5)
        assert all(part.by_moment == 0 for part in move.parts if part.component != "context")
        if comparison.a.scenario == comparison.b.scenario:
            assert all(part.by_moment == 0 for part in move.parts)


@pytest.mark.parametrize("seed", SEEDS)
def test_places_and_leads_are_those_of_a_count_of_all_pairs(engine: LiveEngine, seed: int) -> None:
    comparison, user, found = some_case(engine, seed)
    was, now = (places_by_score(engine, asked, user) for asked in (comparison.a, comparison.b))
    scores = [
        fuse(values_of(engine, asked, user), asked.settings.fusion).astype(float)
        for asked in (comparison.a, comparison.b)
    ]
    change = scores[1] - scores[0]
    for move in found:
        row = move.product.item_row
        if row not in was or row not in now:
            assert (move.by_score, move.by_rules, move.lead) == (0, 0, ())
            continue
        others = was.keys() & now.keys()
        passed = [each for each in others if was[each] < was[row] and now[each] > now[row]]
        passing = [each for each in others if was[each] > was[row] and now[each] < now[row]]
        assert move.by_score == len(passed) - len(passing)
        assert move.by_score + move.by_rules == was[row] - now[row]
        if move.places is not None:
            assert move.by_score + move.by_rules + move.by_variety == move.places
        if move.by_score == 0:
            assert (move.lead, move.n_crossed) == ((), 0)
            continue
        crossed = passed if move.by_score > 0 else passing
        lead = sum(part.value for part in move.lead)
        assert move.n_crossed == len(crossed)
        assert lead == pytest.approx(change[row] - np.mean(change[crossed]), abs=1e-5)
        assert lead * move.by_score >= -1e-5


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cause_is_what_a_list_without_it_would_lack(engine: LiveEngine, seed: int) -> None:
    comparison, user, found = some_case(engine, seed)
    a, b = comparison.a, comparison.b
    plain_a, plain_b = (ranked(engine, each, user, diversity=0.0).item_rows.tolist() for each in (a, b))
    for move in found:
        row = move.product.item_row
        if a.settings.diversity == b.settings.diversity == 0:
            assert move.cause != "variety"
        if a.settings.filters == b.settings.filters:
            assert move.cause != "rules"
        if (move.a.barred == "") != (move.b.barred == ""):
            assert move.cause == "rules"
        if move.cause == "variety" and move.places is None and (move.a.rank or move.b.rank):
            assert (row in plain_a) != (move.a.rank is not None) or (row in plain_b) != (move.b.rank is not None)
        if move.cause == "score" and move.places is None and (move.a.rank or move.b.rank):
            assert (row in plain_a) == (move.a.rank is not None)
            assert (row in plain_b) == (move.b.rank is not None)
        if move.places == 0:
            assert move.cause == "none"
        if move.places and move.cause == "score":
            assert move.by_score * move.places > 0


def test_all_causes_occur(engine: LiveEngine) -> None:
    causes = {move.cause for seed in SEEDS for move in some_case(engine, seed)[2]}
    assert causes == {"none", "score", "rules", "variety"}


def test_what_was_held_out_is_told_even_where_neither_lists_it(engine: LiveEngine) -> None:
    comparison = compare(engine, setting("A", 1, 0, 0, 0), setting("B", 0, 0, 1, 0))
    for user in range(20):
        held_out = engine.panel.relevant
        expected = set(held_out.values[held_out.starts[user] : held_out.starts[user + 1]].tolist())
        assert {move.product.item_row for move in moves(engine, comparison, user) if move.is_wanted} == expected


def test_in_a_panel_of_candidates_what_is_proven_is_true(engine: LiveEngine, candidate_engine: LiveEngine) -> None:
    n_proven = n_unproven = 0
    for seed in SEEDS:
        a, b = (
            replace(asked, settings=replace(asked.settings, filters=ALL))
            for asked in two_settings(seed, engine.panel.candidate_filter.categories)
        )
        user = seed % len(engine.panel)
        whole = compare(engine, a, b)
        known = {move.product.item_row: move for move in moves(engine, whole, user)}
        for move in moves(candidate_engine, compare(candidate_engine, a, b), user):
            if move.product.item_row not in known:  # a list that is not proven may hold another product
                continue
            for side in ("a", "b"):
                here, there = getattr(move, side), getattr(known[move.product.item_row], side)
                n_proven, n_unproven = n_proven + here.is_proven, n_unproven + (not here.is_proven)
                assert here.rank_by_score == there.rank_by_score or not here.is_proven
                assert here.rank_by_score <= there.rank_by_score
    assert n_proven > 300
    assert n_unproven > 30


def test_identical_settings_move_nothing(engine: LiveEngine) -> None:
    one = setting("A", 0.3, 0.1, 0.4, 0.2, diversity=0.3)
    for move in moves(engine, compare(engine, one, replace(one, name="B")), 3):
        assert (move.cause, move.places or 0, move.lead) == ("none", 0, ())


def test_other_circumstances_move_by_their_own_part(engine: LiveEngine) -> None:
    one = setting("A", 0.3, 0.1, 0.4, 0.2)
    other = EvaluationConfig("B", one.settings, Scenario.of(season="winter"))
    comparison = compare(engine, one, other, Segment.of(season="summer"))
    found = [move for each in comparison.changed for move in moves(engine, comparison, each.position)]
    assert any(move.cause == "score" for move in found)
    for move in found:
        assert all(part.by_weight == 0 for part in move.parts)
    assert any("circumstances" in described(move) for move in found)


def test_a_category_left_out_is_said_to_be(engine: LiveEngine) -> None:
    a = setting("A", 1, 1, 1, 1)
    gone = sorted(set(engine.panel.candidate_filter.categories) - {engine.panel.candidate_filter.categories[0]})
    b = setting("B", 1, 1, 1, 1, filters=Filters(only_available=False, categories=frozenset(gone)))
    comparison = compare(engine, a, b)
    found = [move for each in comparison.changed for move in moves(engine, comparison, each.position)]
    said = {described(move) for move in found if move.b.barred and move.a.rank}
    assert said == {"gone: may not be listed in B, the filter leaves out its category"}
    risen = next(move for move in found if move.by_rules > 0 and move.cause == "rules")
    assert "above it may not be listed in B" in described(risen)


def side(rank: int | None, by_score: int | None, *, proven: bool = True, barred: str = "") -> ProductRank:
    return ProductRank(rank, by_score, proven, 1.0, barred)


LEAD = (
    ComponentChange("semantic", 0.8, 0.0),
    ComponentChange("collaborative", -0.5, 0.0),
    ComponentChange("context", 0.04, 0.12),
)
FALL = (ComponentChange("semantic", -0.8, 0.0), ComponentChange("content", -0.01, 0.0))


@pytest.mark.parametrize(
    ("a", "b", "lead", "by", "cause", "said"),
    [
        (side(9, 9), side(3, 3), LEAD, (6, 0, 0), "score", "up 6: semantic +0.80, circumstances +0.12"),
        (side(3, 3), side(9, 9), FALL, (-6, 0, 0), "score", "down 6: semantic −0.80"),
        (side(3, 3), side(3, 3), (), (0, 0, 0), "none", "same place"),
        (side(None, 41), side(2, 2), LEAD[:1], (39, 0, 0), "score", "new, 41st by score in A: semantic +0.80"),
        (
            side(None, 41, proven=False),
            side(2, 2),
            LEAD[:1],
            (39, 0, 0),
            "score",
            "new, 41st by score in A at best: semantic +0.80",
        ),
        (side(2, 2), side(None, 23), FALL, (-21, 0, 0), "score", "gone, 23rd by score in B: semantic −0.80"),
        (
            side(2, 2),
            side(None, 4),
            FALL,
            (-2, 0, 0),
            "variety",
            "gone, 4th by score in B: held back by variety in B",
        ),
        (
            side(None, 4),
            side(2, 2),
            LEAD,
            (2, 0, 0),
            "variety",
            "new, 4th by score in A: no longer held back by variety as in A",
        ),
        (
            side(None, 30),
            side(2, 12),
            LEAD,
            (18, 0, 0),
            "variety",
            "new, 30th by score in A: brought in by variety from 12th by score",
        ),
        (
            side(2, 12),
            side(None, 30),
            FALL,
            (-18, 0, 0),
            "variety",
            "gone, 30th by score in B: no longer brought in by variety as in A, from 12th by score",
        ),
        (side(4, 4), side(7, 3), LEAD, (1, 0, -4), "variety", "down 3: variety moves it down 4, scores up 1"),
        (side(4, 4), side(7, 4), (), (0, 0, -3), "variety", "down 3: variety moves it down 3"),
        (
            side(2, 2),
            side(None, None, barred="it is not available"),
            (),
            (0, 0, 0),
            "rules",
            "gone: may not be listed in B, it is not available",
        ),
        (side(4, 4), side(3, 3), (), (0, 1, 0), "rules", "up 1: 1 product above it may not be listed in B"),
        (
            side(3, 3),
            side(5, 5),
            (),
            (0, -2, 0),
            "rules",
            "down 2: 2 products above it may not be listed in A, and are in B",
        ),
        (
            side(None, 103),
            side(None, 46),
            LEAD[:1],
            (57, 0, 0),
            "score",
            "on neither list, 103rd by score in A and 46th by score in B: semantic +0.80",
        ),
    ],
)
def test_moves_described(
    a: ProductRank, b: ProductRank, lead: tuple[ComponentChange, ...], by: tuple[int, int, int], cause: str, said: str
) -> None:
    move = Move(Product(0, "p", "Tent", "Tents"), False, 10, a, b, lead, lead, len(lead), *by, cause)  # type: ignore[arg-type]
    assert described(move) == said
