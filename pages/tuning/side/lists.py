"""Both lists of one shopper next to each other, with what moved each product in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pages._shared import words
from pages._shared.cards import esc, isolated, move_html
from pages.tuning.side import split
from pages.tuning.side.heading import letter_html
from recsys.panel.panel import Panel
from recsys.settings import Context
from recsys.tuning.comparison import Comparison
from recsys.tuning.exposure import Names, Product
from recsys.tuning.moves import Move, ProductRank, position_text

_CHOSEN = '<span class="sw-badge sw-wanted" title="No model was told">went on to choose it</span>'


@dataclass(frozen=True, slots=True)
class Person:
    """Whose lists these are.

    Parameters
    ----------
    facts : what is known of them, a few words each
    wanted : what they went on to choose
    """

    user_id: str
    facts: tuple[str, ...]
    wanted: tuple[Product, ...]

    @classmethod
    def of(cls, panel: Panel, place: int) -> "Person":
        """A shopper of a panel."""
        known = {name: value for name, value in panel.shoppers.iloc[place].items() if value}
        texts = {name: str(value) for name, value in known.items() if isinstance(value, str)}
        moment = Context(**{name: texts.get(name) for name in ("daypart", "weekday", "season", "device", "region")})  # type: ignore[arg-type]
        facts = [f"{words.count(int(known.get('n_train', 0)), 'product')} known"]
        if "top_category" in texts:
            facts.append(f"mostly {texts['top_category']}")
        if "home" in texts:
            facts.append(f"lives in {texts['home']}")
        facts.append(f"came on {words.moment_in_words(moment)}" if moment != Context() else "came at any moment")
        held_out = panel.relevant.values[panel.relevant.starts[place] : panel.relevant.starts[place + 1]]
        return cls(texts["user_id"], tuple(facts), Names(panel.items).of(held_out.tolist()))


def lists_html(found: Comparison, moves: Sequence[Move], person: Person, why: Mapping[str, str]) -> str:
    """The shopper, what they went on to choose, and both lists.

    Parameters
    ----------
    moves : as `moves.moves` gives them
    why : by item id, the address that takes its score apart
    """
    on_a = sorted((move for move in moves if move.a.rank is not None), key=lambda move: move.a.rank or 0)
    on_b = sorted((move for move in moves if move.b.rank is not None), key=lambda move: move.b.rank or 0)
    left = "".join(_on_a(move, why.get(move.product.item_id, "")) for move in on_a)
    right = "".join(_on_b(move, why.get(move.product.item_id, "")) for move in on_b)
    facts = " · ".join(map(isolated, person.facts))
    return (
        f'<p class="sw-headline sw-tested"><strong>{isolated(person.user_id)}</strong> '
        f'<span class="sw-quiet">· {facts}</span></p>{_wanted(person, moves, why)}'
        f'<div class="sw-ab"><div>{_name("A", found.a.name)}{_listed(left, "The list of A")}</div>'
        f"<div>{_name('B', found.b.name)}{_listed(right, 'The list of B')}</div></div>{_legend(moves)}"
    )


def _wanted(person: Person, moves: Sequence[Move], why: Mapping[str, str]) -> str:
    """What was held out, and where either list has it."""
    if not person.wanted:
        return '<p class="sw-hint">It is not known what they went on to choose.</p>'
    by_row = {move.product.item_row: move for move in moves}
    rows = "".join(_held_out(product, by_row.get(product.item_row), why) for product in person.wanted)
    return f'<div class="sw-held"><h3 class="sw-eyebrow">What they went on to choose</h3><ul>{rows}</ul></div>'


def _held_out(product: Product, move: Move | None, why: Mapping[str, str]) -> str:
    title = f"<strong>{isolated(product.title)}</strong>"
    if move is None:
        return f"<li>{title}<span>too far down with both settings to be held here</span></li>"
    stands = "".join(
        f"<span>{letter_html(letter)} {esc(standing(side))}</span>" for letter, side in (("A", move.a), ("B", move.b))
    )
    apart = ""
    if move.a.rank is None and move.b.rank is None:  # on a list, the list tells it
        said = split.cause_html(move)
        apart = _opens(f"Why: {said}" if said else "What its score is made of", move, why.get(product.item_id, ""))
    return f"<li>{title}{stands}{apart}</li>"


def standing(side: ProductRank) -> str:
    """Where a product stands under one setting."""
    if side.rank is not None:
        return f"place {side.rank}"
    if side.rank_by_score is None:
        return f"may not be listed: {side.barred}"
    return f"not listed, {split.ordinal(side.rank_by_score)} by score{'' if side.is_proven else ' at best'}"


def _name(letter: str, name: str) -> str:
    return f'<p class="sw-ab-name">{letter_html(letter)} {isolated(name)}</p>'


def _listed(rows: str, label: str) -> str:
    return f'<ol aria-label="{label}">{rows}</ol>' if rows else '<p class="sw-note">Nothing may be listed.</p>'


def _on_a(move: Move, why: str) -> str:
    if move.b.rank is None:
        return _item(move, move.a.rank, move_html("gone", ""), _why(move, why))
    to = "stays here" if move.places == 0 else f"place {move.b.rank} in B"
    return _item(move, move.a.rank, "", f'<p class="sw-cause sw-quiet">{to}</p>')


def _on_b(move: Move, why: str) -> str:
    badge = move_html("new" if move.places is None else move.places, " against A")
    return _item(move, move.b.rank, badge, _why(move, why))


def _item(move: Move, rank: int | None, badge: str, about: str) -> str:
    chosen = _CHOSEN if move.is_wanted else ""
    return (
        f'<li data-listed="{esc(move.product.item_id)}"{" data-wanted" if move.is_wanted else ""}>'
        f'<div class="sw-place"><span class="sw-rank">{rank}</span>{badge}</div><div class="sw-ab-about">'
        f'<p class="sw-ab-title" title="{esc(move.product.title)}">{isolated(move.product.title)}</p>'
        f'<p class="sw-by">{isolated(move.product.category or "no category")}{chosen}</p>{about}</div></li>'
    )


def _why(move: Move, why: str) -> str:
    """The cause, which opens to the split."""
    return _opens(cause_html(move), move, why)


def _opens(said: str, move: Move, why: str) -> str:
    return (
        f'<details class="sw-cause"><summary>{said}</summary>{split.split_html(move)}'
        + (
            f'<a class="sw-why" href="{esc(why)}" target="_blank" rel="noopener">Take its score apart</a>'
            if why
            else ""
        )
        + "</details>"
    )


def cause_html(move: Move) -> str:
    """What happened to a place and why, in words; components with their glyphs."""
    said = split.cause_html(move)
    place = position_text(move)
    if place.startswith(("new, ", "gone, ")):  # the badge says so
        place = place.split(", ", 1)[1]
    return f"{esc(place)}{': ' if said else ''}{said}"


def _legend(moves: Iterable[Move]) -> str:
    said = (
        "A cause such as “semantic +0.80” says how much more the product’s score rises, by that component, than the "
        "scores of those it passes; on the way down, than of those that pass it. Click a cause to see all of it."
    )
    if any(move.by_variety for move in moves):
        said += " Variety moves products without changing their scores."
    return f'<p class="sw-note sw-ab-legend">{said}</p>'
