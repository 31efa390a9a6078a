"""What is left out, held in the address as repeated `strike` parameters so that a link carries it, and its effect."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages._shared import resources, words
from pages._shared.cards import esc, isolated, move_html, notice_html
from pages._shared.controls import button
from pages._shared.listing import Moves
from pages._shared.shopper import EXCLUDED, restore_all
from pages.explanations import naming
from pages.explanations.product import Outcome
from recsys.explanations.decompose import Explanation
from recsys.explanations.documents import MAX_EXCLUSIONS, current_name, names_over
from recsys.ranking.rank import Recommendation, ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import RankingSettings

_N_CHIPS, _CHIP_CHARACTERS = 12, 44


def read(model: Recommender) -> tuple[str, ...]:
    """What the address leaves out, in its order; older names become those of today, and a notice lists the unusable."""
    addressed_now = addressed()
    names = tuple(dict.fromkeys(filter(None, addressed_now)))
    if not names:
        return ()
    current = {name: current_name(name, model.documents) for name in names}
    if list(current.values()) != list(names):
        write([current.get(name, name) for name in addressed_now])
    known = resources.known_exclusions(model, tuple(dict.fromkeys(current.values()))[:MAX_EXCLUSIONS])
    if dropped := [name for name, now in current.items() if now not in known]:
        listed = [f"{EXCLUDED} = {name[:60]!r}" for name in dropped[:8]]
        if len(dropped) > len(listed):
            listed.append(f"and {len(dropped) - len(listed):,} more")
        title = (
            "Some of what this link strikes is not known to this model, or is more than "
            f"{MAX_EXCLUSIONS} at once; it counts again. The model may have been trained again since:"
        )
        st.html(notice_html(title, listed))
    return known


def toggle(name: str) -> None:
    """Leave a name out, or restore it, by what the address leaves out when this is called."""
    now = addressed()
    covering = set(now) & set(names_over(name))
    write([other for other in now if other not in covering] if covering else [*now, name])


def exclude_all(names: Sequence[str]) -> None:
    """Leave out many names at once, beside those that are."""
    now = addressed()
    write([*now, *(name for name in names if not set(now) & set(names_over(name)))])


def addressed() -> list[str]:
    """What the address leaves out, known or not."""
    return st.query_params.get_all(EXCLUDED)


def write(names: Sequence[str]) -> None:
    """Leave out these and nothing else."""
    if names:
        st.query_params[EXCLUDED] = list(dict.fromkeys(names))
    else:
        st.query_params.pop(EXCLUDED, None)


def show_chips(model: Recommender, excluded: Sequence[str], explanation: Explanation) -> None:
    """One chip for each thing that is left out, which restores it, and one for all."""
    if not excluded:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="struck_bar"):
        st.html(f'<p class="sw-eyebrow">{words.count(len(excluded), "thing")} left out</p>', width="content")
        for n, name in enumerate(excluded[:_N_CHIPS]):
            label = naming.exclusion_label(name, model, explanation)
            short = label if len(label) <= _CHIP_CHARACTERS else f"{label[: _CHIP_CHARACTERS - 1].rstrip()}…"
            button(plain(short), f"restore_{n}", "undo", toggle, name, help=f"Restore: {plain(label)}")
        if (n_more := len(excluded) - _N_CHIPS) > 0:
            st.html(f'<p class="sw-note">and {n_more:,} more</p>', width="content")
        button("Restore all", "restore_all", "", restore_all, type="tertiary")


def plain(text: str) -> str:
    r"""Text for a label that Streamlit reads as Markdown, so that it stays the text it is.

    >>> plain("5*9 :red[x] <b>")
    '5\\*9 \\:red\\[x\\] \\<b\\>'
    """
    return "".join(f"\\{c}" if c in _MARKUP else " " if ord(c) < 32 else c for c in text)


_MARKUP = frozenset("\\`*_{}[]()<>#+-.!|:~$&@/\"'=^")


def show_effect(
    model: Recommender,
    before: ScoredRequest,
    now: ScoredRequest,
    settings: RankingSettings,
    item_id: str,
    outcomes: tuple[Outcome, Outcome],
) -> None:
    """Score, ranks and list before and after; where nothing is left out or added, the list as it is."""
    was = model.rank(before, settings)
    if now is before:
        st.html(_list(was, {}, item_id, "The list as it stands", "The list"))
    else:
        after = model.rank(now, settings)
        st.html(_figures(*outcomes, was, after) + _two_lists(was, after, item_id))


def _figures(original: Outcome, now: Outcome, before: Recommendation, after: Recommendation) -> str:
    were, are = ([item.item_id for item in ranked.items] for ranked in (before, after))
    n_new = len(set(are) - set(were))
    change = f"{words.count(n_new, 'product')} new on it" if n_new else "list in other order"
    old, new = original.position, now.position
    tiles = (
        ("Score", f"{original.score:.2f}", f"{now.score:.2f}", words.signed(now.score - original.score)),
        (
            "Place by score",
            *(words.ordinal(each.rank_by_score) if each.rank_by_score else "none" for each in (old, new)),
            _moved(old.rank_by_score, new.rank_by_score),
        ),
        (
            "Place on list",
            *(words.ordinal(each.rank) if each.rank else "off" for each in (old, new)),
            "list unchanged" if were == are else change,
        ),
    )
    return (
        '<dl class="sw-effect" role="status" aria-label="Effect">'
        + "".join(
            f'<div><dt>{name}</dt><dd><span class="sw-quiet">{esc(was)}</span> <span aria-hidden="true">→</span>'
            f'<span class="sw-sr"> becomes </span> <strong>{esc(is_now)}</strong></dd>'
            f'<dd class="sw-effect-change">{esc(how)}</dd></div>'
            for name, was, is_now, how in tiles
        )
        + "</dl>"
    )


def _moved(was: int | None, now: int | None) -> str:
    if was is None or now is None:
        return "cannot be listed" if now is None else "can be listed now"
    if was == now:
        return "same place"
    return f"{'▲' if now < was else '▼'} {words.count(abs(was - now), 'place')}"


def _two_lists(before: Recommendation, now: Recommendation, item_id: str) -> str:
    were, are = (tuple(item.item_id for item in ranked.items) for ranked in (before, now))
    gone = dict.fromkeys(set(were) - set(are), "gone")
    moves = Moves("", are, were).by_item()
    return (
        f'<div class="sw-two-lists"><div>{_list(before, gone, item_id, "Before", "The list before")}</div>'
        f"<div>{_list(now, moves, item_id, 'Now', 'The list now')}</div></div>"
    )


def _list(ranked: Recommendation, moves: Mapping[str, int | str], item_id: str, title: str, label: str) -> str:
    head = f'<p class="sw-eyebrow sw-list-name">{title}</p>'
    if not ranked.items:
        return f'{head}<p class="sw-note">No product passes the filters.</p>'
    rows = "".join(
        f'<li data-listed="{esc(item.item_id)}"{" aria-current=true" if item.item_id == item_id else ""}>'
        f'<span>{n}</span><span class="sw-mini-title" title="{esc(item.title)}">{isolated(item.title)}</span>'
        f"{move_html(moves.get(item.item_id) or None, '') or '<span></span>'}<span>{item.score:.2f}</span></li>"
        for n, item in enumerate(ranked.items, 1)
    )
    return f'{head}<ol class="sw-mini" aria-label="{esc(label)}" tabindex="0">{rows}</ol>'
