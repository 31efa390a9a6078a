"""Explains why a product of one shopper's list has another rank in B than in A.

A rank changes exactly when products pass each other. Ranks won by score are the products passed less those that pass
it, and the *lead* is how much more its score rises than theirs, on average over the products that it passes (or, for a
move down, that pass it), component by component; each of those differences has the sign of the move. Ranks add up
exactly: by score, by rules (products above that are no longer listed) and by variety (the diversity re-ranking).

Where both the weight and the circumstances of a component differ, either counts at the mean of the other: the Shapley
value of a product of two factors, which sums to the change without a rest.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.panel.engine import LiveEngine
from recsys.panel.segments import AS_IT_WAS, EvaluationConfig
from recsys.ranking.rank import factor_vector, fuse
from recsys.scorers.base import FloatArray
from recsys.settings import COMPONENTS
from recsys.tuning.comparison import Comparison
from recsys.tuning.list_changes import Names, Product, rank_in

Cause = Literal["none", "score", "rules", "variety"]
"""What moved a product: nothing, scores, what may be listed at all, or the diversity re-ranking."""

LEAST_TO_NAME = 0.05
"""A smaller part of the lead than this is not named, unless it is the greatest."""

N_NAMED = 2
"""At most so many parts of the lead are named."""


@dataclass(frozen=True, slots=True)
class ComponentChange:
    """Change of score by one component: by its weight, and by other circumstances (context alone)."""

    component: str
    by_weight: float
    by_moment: float

    @property
    def value(self) -> float:
        """Both together."""
        return self.by_weight + self.by_moment


@dataclass(frozen=True, slots=True)
class ProductRank:
    """One product under one setting.

    Parameters
    ----------
    rank : on the list, from 1; None where it is not on it
    rank_by_score : among everything that may be listed, before diversity; None where it may not be listed
    is_proven : whether that rank is exact; of a panel of candidates it may be the best that is possible
    score : weighted sum of the components
    barred : why it may not be listed, "" where it may
    """

    rank: int | None
    rank_by_score: int | None
    is_proven: bool
    score: float
    barred: str

    @property
    def lift(self) -> int:
        """Ranks that diversity moves it up (below 0 down); 0 off the list."""
        return 0 if self.rank is None or self.rank_by_score is None else self.rank_by_score - self.rank


@dataclass(frozen=True, slots=True)
class Move:
    """One product under both settings.

    Parameters
    ----------
    is_wanted : whether the shopper went on to choose it
    n : length of the lists
    parts : its own change of score, by component
    lead : how much more its score rises than that of the `n_crossed` products it changes sides with, on average; empty
        where scores do not move it
    n_crossed : products it passes on a move up by score, or that pass it on a move down
    by_score, by_rules : ranks moved, positive is up; they sum to the change of `rank_by_score`, and with `by_variety`
        to that of `rank`. 0 where it may not be listed under either setting
    by_variety : ranks that diversity adds, where the product is on both lists
    cause : what moved it most in the direction in which it moved
    """

    product: Product
    is_wanted: bool
    n: int
    a: ProductRank
    b: ProductRank
    parts: tuple[ComponentChange, ...]
    lead: tuple[ComponentChange, ...]
    n_crossed: int
    by_score: int
    by_rules: int
    by_variety: int
    cause: Cause

    @property
    def places(self) -> int | None:
        """Ranks won on the list, below 0 lost; None where it is not on both lists."""
        return None if self.a.rank is None or self.b.rank is None else self.a.rank - self.b.rank


def moves(engine: LiveEngine, comparison: Comparison, position: int) -> tuple[Move, ...]:
    """Every product on either list of one shopper: those of B best first, then those of A alone, then what was held out
    where neither lists it and the panel holds it. `position` is the shopper's in the panel.
    """
    panel = engine.panel
    a, b = (_Ranking(engine, config, position) for config in (comparison.a, comparison.b))
    held_out = panel.relevant.row(position).tolist()
    columns = {row: column for column, row in enumerate(a.rows.tolist())}
    rows = [row for row in dict.fromkeys([*b.listed, *a.listed, *held_out]) if row in columns]
    crossings = _Crossings(a, b)
    return tuple(
        crossings.move(columns[product.item_row], product, product.item_row in held_out, comparison.a.settings.n)
        for product in Names(panel.items).of(rows)
    )


class _Ranking:
    """One shopper under one setting, ranked as `ranking.rank` does; arrays have an entry a column of the panel."""

    def __init__(self, engine: LiveEngine, asked: EvaluationConfig, user: int) -> None:
        panel, settings = engine.panel, asked.settings
        held, width = panel.scores, int(panel.scores.widths[user])
        context = engine.candidates(asked.scenario).context[user, None, :width]
        values: FloatArray = np.concatenate([held.static[user, :, :width], context])
        fused, single = fuse(values, settings.fusion), factor_vector(settings.fusion)
        measured = engine.measure(settings, asked.scenario)
        self.candidate_filter, self.filters = panel.candidate_filter, settings.filters
        self.seen = panel.seen.row(user)
        self.rows = np.arange(width) if held.is_whole else held.rows[user, :width].astype(np.int64)
        self.listed: list[int] = [row for row in measured.lists.ranked[user].tolist() if row >= 0]
        self.weights, self.values = single.astype(np.float64), values.astype(np.float64)
        self.eligible = self.candidate_filter.eligible(self.filters, self.seen)[self.rows]
        self.ranks = np.zeros(width, np.int64)
        candidates = np.flatnonzero(self.eligible)
        self.ranks[candidates[np.argsort(-fused[candidates], kind="stable")]] = np.arange(1, len(candidates) + 1)
        self.proven = np.ones(width, bool)
        if not held.is_whole:
            self.proven = np.isin(self.rows, self.listed) & (not measured.unproven[user])
            if asked.scenario == AS_IT_WAS:
                counted = single > 0
                self.proven |= fused > held.cuts[user, counted] @ single[counted]

    def product(self, column: int) -> ProductRank:
        row, may = int(self.rows[column]), bool(self.eligible[column])
        return ProductRank(
            rank=rank_in(row, self.listed),
            rank_by_score=int(self.ranks[column]) if may else None,
            is_proven=bool(self.proven[column]),
            score=float(self.weights @ self.values[:, column]),
            barred="" if may else self.candidate_filter.why_not(self.filters, self.seen, row),
        )


class _Crossings:
    """Which products pass each other between two rankings, and by what."""

    def __init__(self, a: _Ranking, b: _Ranking) -> None:
        self.a, self.b = a, b
        self.in_both = a.eligible & b.eligible
        # float64 of shape (2, n_components, width): what each component adds by its weight, and by its values.
        self.changes = np.stack(
            [
                (b.weights - a.weights)[:, None] * (a.values + b.values) / 2,
                (a.weights + b.weights)[:, None] * (b.values - a.values) / 2,
            ]
        )

    def move(self, column: int, product: Product, is_wanted: bool, n: int) -> Move:
        """What moves the product in one column of the panel; n is the lists' length."""
        a, b = self.a.product(column), self.b.product(column)
        own = self.changes[:, :, column]
        by_score = by_rules = n_crossed = 0
        lead: tuple[ComponentChange, ...] = ()
        if a.rank_by_score is not None and b.rank_by_score is not None:
            above_a = self.a.eligible & (self.a.ranks < a.rank_by_score)
            above_b = self.b.eligible & (self.b.ranks < b.rank_by_score)
            passed, passing = above_a & ~above_b & self.in_both, above_b & ~above_a & self.in_both
            by_score = int(passed.sum()) - int(passing.sum())
            by_rules = int((above_a & ~self.b.eligible).sum()) - int((above_b & ~self.a.eligible).sum())
            if by_score:
                crossed = passed if by_score > 0 else passing
                n_crossed = int(crossed.sum())
                lead = _parts(own - self.changes[:, :, crossed].mean(axis=2))
        by_variety = b.lift - a.lift if a.rank is not None and b.rank is not None else 0
        cause = _cause(a, b, by_score, by_rules, by_variety, n)
        return Move(product, is_wanted, n, a, b, _parts(own), lead, n_crossed, by_score, by_rules, by_variety, cause)


def _parts(changes: NDArray[np.float64]) -> tuple[ComponentChange, ...]:
    by_weight, by_moment = changes.tolist()
    return tuple(map(ComponentChange, COMPONENTS, by_weight, by_moment))


def _cause(a: ProductRank, b: ProductRank, by_score: int, by_rules: int, by_variety: int, n: int) -> Cause:
    if (a.rank, a.rank_by_score) == (b.rank, b.rank_by_score):
        return "none"
    if a.rank_by_score is None or b.rank_by_score is None:
        return "rules"
    if a.rank is not None and b.rank is not None:
        moved = a.rank - b.rank
        shares: dict[Cause, int] = {"score": by_score, "rules": by_rules, "variety": by_variety}
    elif (a.rank is not None) != (a.rank_by_score <= n) or (b.rank is not None) != (b.rank_by_score <= n):
        # Without variety a list is the first n by score; who is on the wrong side of that line was moved by variety.
        return "variety"
    else:
        moved, shares = a.rank_by_score - b.rank_by_score, {"score": by_score, "rules": by_rules}
    if moved == 0:
        return "none"
    return max(shares, key=lambda cause: shares[cause] * (1 if moved > 0 else -1))


def position_text(move: Move) -> str:
    """The change of its rank in words, without the cause."""
    if move.places is not None:
        if move.places == 0:
            return "same place"
        return f"{'up' if move.places > 0 else 'down'} {abs(move.places)}"
    happened = "new" if move.b.rank is not None else "gone" if move.a.rank is not None else "on neither list"
    elsewhere = [
        f"{_ordinal(side.rank_by_score)} by score in {name}{'' if side.is_proven else ' at best'}"
        for side, name in ((move.a, "A"), (move.b, "B"))
        if side.rank is None and side.rank_by_score is not None
    ]
    return ", ".join(filter(None, [happened, " and ".join(elsewhere)]))


def cause_text(move: Move) -> str:
    """The cause in words, "" where nothing moved it."""
    if move.cause == "score":
        return ", ".join(f"{name} {value:+.2f}".replace("-", "−") for name, value in leading(move.lead))
    if move.cause == "variety":
        return _variety(move)
    return _rules(move) if move.cause == "rules" else ""


def leading(lead: tuple[ComponentChange, ...]) -> list[tuple[str, float]]:
    """The greatest parts of the lead that have its sign; other circumstances count apart from the weight of context.

    >>> leading((ComponentChange("semantic", 0.8, 0.0), ComponentChange("context", 0.01, 0.3)))
    [('semantic', 0.8), ('circumstances', 0.3)]
    """
    found = [(part.component, part.by_weight) for part in lead]
    found += [("circumstances", part.by_moment) for part in lead if part.by_moment]
    way = 1 if sum(value for _, value in found) >= 0 else -1
    found.sort(key=lambda each: -way * each[1])
    return [each for at, each in enumerate(found) if at == 0 or way * each[1] >= LEAST_TO_NAME][:N_NAMED]


def _variety(move: Move) -> str:
    if move.places is not None:
        moved = f"variety moves it {'up' if move.by_variety > 0 else 'down'} {abs(move.by_variety)}"
        by_score = move.by_score + move.by_rules
        return f"{moved}, scores {'up' if by_score > 0 else 'down'} {abs(by_score)}" if by_score else moved
    if move.b.rank is not None:
        if move.a.rank_by_score is not None and _is_held_back(move.a, move):
            return "no longer held back by variety as in A"
        return f"brought in by variety from {_ordinal(move.b.rank_by_score)} by score"
    if move.a.rank is not None:
        if _is_held_back(move.b, move):
            return "held back by variety in B"
        return f"no longer brought in by variety as in A, from {_ordinal(move.a.rank_by_score)} by score"
    return "held back by variety"


def _is_held_back(side: ProductRank, move: Move) -> bool:
    """Whether a side does not list it although its rank by score is on a list's length."""
    return side.rank is None and side.rank_by_score is not None and side.rank_by_score <= move.n


def _rules(move: Move) -> str:
    barred = [(name, side.barred) for name, side in (("A", move.a), ("B", move.b)) if side.barred]
    if len(barred) == 2:
        return f"may not be listed in either, {barred[0][1]}"
    if barred:
        return f"may not be listed in {barred[0][0]}, {barred[0][1]}"
    n = abs(move.by_rules)
    above = f"{'1 product' if n == 1 else f'{n} products'} above it may not be listed in"
    return f"{above} B" if move.by_rules > 0 else f"{above} A, and {'is' if n == 1 else 'are'} in B"


def _ordinal(n: int | None) -> str:
    """
    >>> _ordinal(1), _ordinal(12), _ordinal(103), _ordinal(1022)
    ('1st', '12th', '103rd', '1,022nd')
    """
    if n is None:
        return "nowhere"
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"
