"""What moved one product, taken apart: its score by component, its lead over those it passes, and its places."""

from collections.abc import Sequence

from pages._shared import naming
from pages._shared.cards import esc
from pages._shared.palette import LOOKS
from pages._shared.words import count, signed
from recsys.tuning.moves import Move, ProductRank, Shift, cause_text, leading

_CIRCUMSTANCES = "circumstances"


def ordinal(n: int | None) -> str:
    """A place as a person says it; "nowhere" for none."""
    return "nowhere" if n is None else naming.ordinal(n)


def cause_html(move: Move) -> str:
    """The cause as `moves.cause_text` says it, its components with their glyphs."""
    if move.cause != "score":
        return esc(cause_text(move))
    return ", ".join(
        f'<span class="sw-named">{_glyph("context" if name == _CIRCUMSTANCES else name)}{esc(name)} '
        f"{signed(value)}</span>"
        for name, value in leading(move.lead)
    )


def split_html(move: Move) -> str:
    """A table by component, and the places that scores, rules and variety move it."""
    has_lead = bool(move.lead)
    crossed = "it passes" if move.by_score > 0 else "that pass it"
    head = (
        f'<th scope="col" class="sw-num" title="How much more its score rises than theirs, on average">'
        f"Against the {move.n_crossed:,} {crossed}</th>"
        if has_lead
        else ""
    )
    lines = _lines(move)
    rows = "".join(
        f'<tr><th scope="row">{_glyph(component)}{esc(label)}</th><td class="sw-num">{signed(own)}</td>'
        + (f'<td class="sw-num">{signed(lead)}</td>' if has_lead else "")
        + "</tr>"
        for component, label, own, lead in lines
    )
    total = sum(part.value for part in move.parts), sum(part.value for part in move.lead)
    foot = (
        f'<tr><th scope="row">Together</th><td class="sw-num">{signed(total[0])}</td>'
        + (f'<td class="sw-num">{signed(total[1])}</td>' if has_lead else "")
        + "</tr>"
    )
    return (
        '<table class="sw-split"><thead><tr><th scope="col">By</th><th scope="col" class="sw-num">Its score</th>'
        f"{head}</tr></thead><tbody>{rows}</tbody><tfoot>{foot}</tfoot></table>"
        f'<p class="sw-note">Score {_score(move.a)} → {_score(move.b)}. {esc(places_in_words(move))}</p>'
    )


def _lines(move: Move) -> list[tuple[str, str, float, float]]:
    """Component, label, change of its own score, and lead; other circumstances stand apart from the weight."""
    leads: Sequence[Shift] = move.lead or tuple(Shift(part.component, 0.0, 0.0) for part in move.parts)
    lines = []
    for own, lead in zip(move.parts, leads, strict=True):
        label = LOOKS[own.component].label
        if own.by_moment or lead.by_moment:
            lines.append((own.component, f"{label}, by its weight", own.by_weight, lead.by_weight))
            lines.append((own.component, f"{label}, by other circumstances", own.by_moment, lead.by_moment))
        else:
            lines.append((own.component, label, own.value, lead.value))
    return lines


def places_in_words(move: Move) -> str:
    """How many places scores, rules and variety move it; they add up."""
    if move.a.rank_by_score is None or move.b.rank_by_score is None:
        return "It may not be listed under one of the settings, so places cannot be counted."
    moved = [
        f"{_way(n)} by {name}"
        for n, name in ((move.by_score, "scores"), (move.by_rules, "what may be listed"), (move.by_variety, "variety"))
        if n
    ]
    by_score = f"By score {ordinal(move.a.rank_by_score)} → {ordinal(move.b.rank_by_score)}"
    return f"{by_score}: {', '.join(moved)}." if moved else f"{by_score}."


def _score(side: ProductRank) -> str:
    return signed(side.score).removeprefix("+")


def _way(n: int) -> str:
    return f"{count(abs(n), 'place')} {'up' if n > 0 else 'down'}"


def _glyph(component: str) -> str:
    return f'<span class="sw-dot sw-c-{component}" aria-hidden="true">{LOOKS[component].glyph}</span>'
