"""The texts of both sides: phrases shaded by what they add, paired across, struck, and looked into.

`payload` is what is shown, masked; `assets/reader.js` draws it and gives back what a person ticks or asks for.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import unescape
from itertools import groupby
from typing import Any

import streamlit as st

from pages._shared import cards, illustrations, words
from pages.explanations import naming
from recsys.explanations.documents import Document, names_over
from recsys.explanations.reading import (
    DocumentContributions,
    PhraseContribution,
    TextContributions,
    WordEffects,
)
from recsys.text.masking import masked_segments, pseudonym

FOLD_OVER, KEPT, WORTH_FOLDING = 280, 2, 30
"""Characters above which a text is folded, to about as many; how many of its phrases, those that add or take most, are
never folded away; and fewest characters that are, since for fewer the button would save nothing."""

SHOWN = 8
"""Texts of a side that are open at first; the others wait behind a button."""

THIS_SHOPPER = "this shopper"

Inside = tuple[str, WordEffects]
"""Name of a phrase and what the words inside it do, for a closer look."""

_KINDS = {"title": "Title", "description": "Description", "attributes": "Category and tags", "words": "Typed words"}
_EVEN = "3★ counts neither way"


def show_reader(
    reading: TextContributions,
    *,
    user_id: str | None,
    key: str,
    inside: Inside | None,
    on_strike: Callable[[str], None],
    on_look_inside: Callable[[str], None],
) -> None:
    """Draw both sides; the name of what a person ticks, or looks into, is handed on before the page runs again.

    `user_id` is the shopper, None for a new one; it only decides which texts are called their own.
    """
    names, turns = _names(reading), f"{key}_turns"

    def answered(trigger: str, act: Callable[[str], None]) -> None:
        # The reader sends one answer at a time: it waits until this number has changed.
        st.session_state[turns] = st.session_state.get(turns, 0) + 1
        if name := _answer(st.session_state[key], trigger, names):
            act(name)

    _READER(
        key=key,
        data={**payload(reading, user_id=user_id, inside=inside), "turn": st.session_state.get(turns, 0)},
        on_struck_toggled_change=partial(answered, "struck_toggled", on_strike),
        on_look_inside_change=partial(answered, "look_inside", on_look_inside),
    )


def payload(reading: TextContributions, *, user_id: str | None, inside: Inside | None = None) -> dict[str, Any]:
    """What the reader draws, JSON-like, with personal data masked and other shoppers under pseudonyms.

    `shopper` and `product` hold groups of documents; a document's `index` is its place in the reading, which the
    `partners` of phrases, (document, phrase, value), point to. Pieces are the text in order.
    """
    return {
        "shopper": _side(reading, "shopper", user_id),
        "product": _side(reading, "product", user_id),
        "strongest": max((abs(phrase.value) for phrase in _phrases(reading)), default=0.0),
        "inside": None if inside is None else _inside(reading, inside),
    }


def toggled(excluded: Iterable[str], name: str, reading: TextContributions) -> tuple[str, ...]:
    """The names that are left out after one was ticked in the reader, sorted.

    A text takes the ticks of its phrases along. A phrase restored out of a struck text leaves the other phrases struck;
    one that a struck product of the history covers restores that product.
    """
    before = set(excluded)
    texts = {text.document.name(): text for text in (*reading.shopper, *reading.product)}
    whole = names_over(name)[-1]
    text = texts.get(whole)
    if text is None or not whole:
        return tuple(sorted(before ^ {name}))
    own = {phrase.name for phrase in text.phrases}
    chosen = f"h:{text.document.item_id}"
    is_ablated = all(phrase.ablated for phrase in text.phrases if name in (whole, phrase.name))
    if not is_ablated:
        after = before | {name} if name != whole else (before - own) | {whole}
    elif chosen in before:
        after = before - own - {whole, chosen}
    elif name == whole:
        after = before - own - {whole}
    else:
        after = (before | own) - {whole, name} if whole in before else before - {name}
    return tuple(sorted(after))


def _phrases(reading: TextContributions) -> list[PhraseContribution]:
    return [phrase for text in (*reading.shopper, *reading.product) for phrase in text.phrases]


def _names(reading: TextContributions) -> frozenset[str]:
    texts = (text.document.name() for text in (*reading.shopper, *reading.product))
    return frozenset(filter(None, [*texts, *(phrase.name for phrase in _phrases(reading))]))


def _answer(given: Any, trigger: str, names: frozenset[str]) -> str | None:
    """What came back, if it names something that was shown: browsers can send anything."""
    name = getattr(given, trigger, None)
    return name if isinstance(name, str) and name in names else None


def _side(reading: TextContributions, side: str, user_id: str | None) -> dict[str, Any]:
    texts: Sequence[DocumentContributions] = getattr(reading, side)
    grouped: dict[str, list[int]] = {title: [] for title in _GROUPS[side]}
    for index, text in enumerate(texts):
        grouped[_group(text.document, side, user_id)].append(index)
    groups = [(title, indices) for title, indices in grouped.items() if indices]
    opened = _first([indices for _, indices in groups])
    return {
        "title": _TITLES[side],
        "empty": "" if texts else _nothing(reading, side),
        "hint": _hint(grouped, side) if texts else "",
        "counted": _counted(reading, side) if texts else "",
        "groups": [
            {
                "title": title,
                "documents": [_document(texts[index], index, side, user_id, index in opened) for index in indices],
            }
            for title, indices in groups
        ],
    }


_TYPED, _OWN, _CHOSEN = "Typed now", "Written by this shopper", "Said of products they chose"
_OTHERS, _SHOP = "What other shoppers say", "What the shop says"
_GROUPS = {"shopper": (_TYPED, _OWN, _CHOSEN), "product": (_OTHERS, _SHOP)}
_TITLES = {"shopper": "What this shopper wrote and liked", "product": "What others say of this product"}


def _group(document: Document, side: str, user_id: str | None) -> str:
    if side == "product":
        return _OTHERS if document.kind == "review" else _SHOP
    if document.kind == "words":
        return _TYPED
    return _OWN if _is_own(document, user_id) else _CHOSEN


def _is_own(document: Document, user_id: str | None) -> bool:
    return document.user_id is not None and document.user_id == user_id


def _nothing(reading: TextContributions, side: str) -> str:
    if side == "product":
        return "Nobody has written about this product yet, and the shop says nothing of it."
    if reading.n_shopper_texts:
        return "What was typed has no words to compare with."
    return "Nothing written or chosen yet, and nothing typed: there are no words of this shopper to read."


def _hint(grouped: dict[str, list[int]], side: str) -> str:
    if side == "product":
        return "" if grouped[_OTHERS] else "No review in words yet: what the shop says is all there is to read."
    if grouped[_OWN]:
        return ""
    if grouped[_CHOSEN]:
        return "Nothing written yet: what is said of the products they chose stands in for their own words."
    return "Nothing written yet: the words typed above are all that is known."


def _counted(reading: TextContributions, side: str) -> str:
    texts, n_texts = getattr(reading, side), getattr(reading, f"n_{side}_texts")
    rest = reading.total - sum(text.value for text in texts)
    total = amount(reading.total)
    if n_texts <= len(texts):
        every = "The one text there is" if n_texts <= 1 else f"All {n_texts} texts"
        return f"{every}; {'it adds' if n_texts <= 1 else 'together they add'} {total}"
    shown = f"{len(texts):,} of {words.count(n_texts, 'text')} shown; the rest adds {amount(rest)}"
    return f"{shown}, in all {total}"


def amount(value: float) -> str:
    """A signed number as `words.signed` gives it, with more digits where two would say nothing.

    >>> amount(0.456), amount(-1.2), amount(0.0031), amount(-0.00042), amount(0.00001)
    ('+0.46', '−1.20', '+0.003', '−0.0004', '0.00')
    """
    size = abs(value)
    if size < 0.00005:
        return words.signed(0.0)
    return words.signed(value, 4 if size < 0.00095 else 3 if size < 0.0095 else 2)


def _first(groups: list[list[int]]) -> frozenset[int]:
    """The texts that are open at first: one of each group in turn, as long as there is room."""
    turns = max(map(len, groups), default=0)
    ordered = [indices[turn] for turn in range(turns) for indices in groups if turn < len(indices)]
    return frozenset(ordered[:SHOWN])


def _document(text: DocumentContributions, index: int, side: str, user_id: str | None, is_open: bool) -> dict[str, Any]:
    document = text.document
    return {
        "index": index,
        "name": document.name(),
        "open": is_open,
        "who": _KINDS.get(document.kind) or _writer(document, user_id),
        "stars": "" if math.isnan(document.rating) else f"{document.rating:g}★",
        "day": "" if document.moment is None else words.day_short(document.moment),
        # A product's title beside its own title would only say it twice.
        "product": _plain(document.title) if side == "shopper" and document.kind not in ("title", "words") else "",
        "value": round(text.value, 7),
        "note": _EVEN if side == "product" and document.rating == 3 else "",
        "pieces": _pieces(text),
        "phrases": [_phrase(phrase, document.kind) for phrase in text.phrases],
    }


def _writer(document: Document, user_id: str | None) -> str:
    if document.user_id is None:
        return "Review"
    return THIS_SHOPPER if _is_own(document, user_id) else pseudonym(document.user_id)


def _phrase(phrase: PhraseContribution, kind: str) -> dict[str, Any]:
    return {
        "strike": phrase.name,
        "value": round(phrase.value, 7),
        "loss": round(phrase.loss, 7),
        "opinion": naming.opinion(kind, phrase.polarity),
        "struck": phrase.ablated,
        "partners": [[partner.text, partner.phrase, round(partner.value, 7)] for partner in phrase.partners],
    }


def _pieces(text: DocumentContributions) -> list[dict[str, Any]]:
    pieces = masked_segments(text.document.text, [(phrase.start, phrase.end) for phrase in text.phrases])
    folded = _folded([(piece.phrase, len(piece.text)) for piece in pieces], text.phrases)
    return [
        {"text": _plain(piece.text), "phrase": piece.phrase, "hidden": piece.hidden, "fold": fold}
        for piece, fold in zip(pieces, folded, strict=True)
    ]


def _folded(pieces: Sequence[tuple[int | None, int]], phrases: Sequence[PhraseContribution]) -> list[bool]:
    """Which pieces, (phrase, length), of a text are folded away.

    A long text keeps its first words, what is left out, its strongest phrases, and of their neighbours those that fit;
    what lies between is folded where that is worth a button.
    """
    lengths = Counter[int]()
    for phrase, length in pieces:
        if phrase is not None:
            lengths[phrase] += length
    if not lengths or sum(length for _, length in pieces) <= FOLD_OVER:
        return [False] * len(pieces)
    strongest = sorted(lengths, key=lambda place: -abs(phrases[place].value))[:KEPT]
    kept = {min(lengths), *strongest, *(place for place in lengths if phrases[place].ablated)}
    room = FOLD_OVER - sum(lengths[place] for place in kept)
    for place in (near for strong in strongest for near in (strong + 1, strong - 1)):
        if place in lengths and place not in kept and lengths[place] <= room:
            kept.add(place)
            room -= lengths[place]
    folded: list[bool] = []
    for is_kept, run in groupby(pieces, key=lambda piece: piece[0] in kept):
        in_run = [length for _, length in run]
        folded += [not is_kept and sum(in_run) >= WORTH_FOLDING] * len(in_run)
    return folded


def _inside(reading: TextContributions, inside: Inside) -> dict[str, Any] | None:
    """The words of one phrase, masked like the text they stand in; None when the phrase is not shown."""
    name, effects = inside
    for text in (*reading.shopper, *reading.product):
        for phrase in text.phrases:
            if name and phrase.name == name:
                each = _words(text.document.text, phrase, effects)
                sums = {"residual": round(effects.residual, 7), "whole": round(effects.whole, 7)}
                return {"strike": name, "words": each, **sums}
    return None


def _words(text: str, phrase: PhraseContribution, effects: WordEffects) -> list[dict[str, Any]]:
    cuts: list[tuple[int, int]] = []
    values: list[float | None] = []
    done = phrase.start
    for word in effects.words:
        cuts += [(done, word.start), (word.start, word.end)]
        values += [None, word.value]
        done = word.end
    cuts.append((done, phrase.end))
    values.append(None)
    return [
        {"text": _plain(piece.text), "value": None if piece.hidden else values[piece.phrase], "hidden": piece.hidden}
        for piece in masked_segments(text, cuts)
        if piece.phrase is not None
    ]


def _plain(text: str) -> str:
    """Text for the browser's text nodes, by the rule of `cards.esc`; line breaks stay, at most two at a time."""
    lines = _MANY_BREAKS.sub("\n\n", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(unescape(cards.esc(line)) for line in lines)


_MANY_BREAKS = re.compile(r"\n(?:[ \t]*\n){2,}")


_READER = st.components.v2.component(
    "shelfwise_reader",
    html='<div class="reader"></div>',
    css=illustrations.asset("reader.css"),
    js=illustrations.asset("reader.js"),
)
