"""Moves in words: "up 6: semantic +0.80"."""

from recsys.tuning.moves import Move, Part, Side

LEAST_TO_NAME = 0.05
"""A smaller part of the lead than this is not named, unless it is the greatest."""

N_NAMED = 2


def where(move: Move, a: str = "A", b: str = "B") -> str:
    """What happened to its place, without the cause.

    Parameters
    ----------
    a, b : what the two settings are called
    """
    if move.places is not None:
        if move.places == 0:
            return "same place"
        return f"{'up' if move.places > 0 else 'down'} {abs(move.places)}"
    happened = "new" if move.b.rank is not None else "gone" if move.a.rank is not None else "on neither list"
    elsewhere = [_by_score(side, name) for side, name in ((move.a, a), (move.b, b)) if side.rank is None]
    return ", ".join([happened, " and ".join(filter(None, elsewhere))]).removesuffix(", ")


def in_words(move: Move, a: str = "A", b: str = "B") -> str:
    """What happened to its place, and why; plain text.

    The numbers after a cause by score say how much more its score rises than that of the products it passes; for a
    move down, than that of the products that pass it.
    """
    said = why(move, a, b)
    return f"{where(move, a, b)}: {said}" if said else where(move, a, b)


def why(move: Move, a: str = "A", b: str = "B") -> str:
    """The cause alone, "" where nothing moved it."""
    if move.cause == "score":
        return ", ".join(f"{name} {_signed(value)}" for name, value in leading(move.lead))
    if move.cause == "variety":
        return _variety(move, a, b)
    if move.cause == "rules":
        return _rules(move, a, b)
    return ""


def leading(lead: tuple[Part, ...], n: int = N_NAMED) -> list[tuple[str, float]]:
    """What makes the lead, greatest first: parts that point its way, for others only hold it up.

    Other circumstances are named apart from the weight of context.

    >>> leading((Part("semantic", 0.8, 0.0), Part("content", -0.6, 0.0), Part("context", 0.01, 0.3)))
    [('semantic', 0.8), ('circumstances', 0.3)]
    """
    found = [(part.component, part.by_weight) for part in lead]
    found += [("circumstances", part.by_moment) for part in lead if part.by_moment]
    way = 1 if sum(value for _, value in found) >= 0 else -1
    found.sort(key=lambda each: -way * each[1])
    return [each for place, each in enumerate(found) if place == 0 or way * each[1] >= LEAST_TO_NAME][:n]


def _variety(move: Move, a: str, b: str) -> str:
    if move.places is not None:
        moved = f"variety moves it {'up' if move.by_variety > 0 else 'down'} {abs(move.by_variety)}"
        by_score = move.by_score + move.by_rules
        return f"{moved}, scores {'up' if by_score > 0 else 'down'} {abs(by_score)}" if by_score else moved
    if move.b.rank is not None:
        if move.a.rank_by_score is not None and _is_held_back(move.a, move):
            return f"no longer held back by variety as in {a}"
        return f"brought in by variety from {_ordinal(move.b.rank_by_score)} by score"
    if move.a.rank is not None:
        if _is_held_back(move.b, move):
            return f"held back by variety in {b}"
        return f"no longer brought in by variety as in {a}, from {_ordinal(move.a.rank_by_score)} by score"
    return "held back by variety"


def _is_held_back(side: Side, move: Move) -> bool:
    """Whether the side that does not list it has it at least as high by score as a place that the other lists it on."""
    return side.rank is None and side.rank_by_score is not None and side.rank_by_score <= move.n


def _rules(move: Move, a: str, b: str) -> str:
    barred = [(name, side.barred) for name, side in ((a, move.a), (b, move.b)) if side.barred]
    if len(barred) == 2:
        return f"may not be listed in either, {barred[0][1]}"
    if barred:
        return f"may not be listed in {barred[0][0]}, {barred[0][1]}"
    n = abs(move.by_rules)
    products = "1 product" if n == 1 else f"{n} products"
    if move.by_rules > 0:
        return f"{products} above it may not be listed in {b}"
    return f"{products} above it may not be listed in {a}, and {'is' if n == 1 else 'are'} in {b}"


def _by_score(side: Side, name: str) -> str:
    if side.rank_by_score is None:
        return ""
    at_best = "" if side.is_proven else " at best"
    return f"{_ordinal(side.rank_by_score)} by score in {name}{at_best}"


def _ordinal(n: int | None) -> str:
    """
    >>> _ordinal(1), _ordinal(12), _ordinal(103), _ordinal(1022)
    ('1st', '12th', '103rd', '1,022nd')
    """
    if n is None:
        return "nowhere"
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{abs(value):.2f}"
