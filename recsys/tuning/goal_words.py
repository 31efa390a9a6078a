"""A goal in words, both ways: read as a product manager would write it, said as it was understood.

Reading goes from left to right and takes, at each place, the longest phrase that it knows. A word that belongs to none
is named in the error, with what it may have been meant to be, so that nothing of what somebody asked is passed over in
silence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher, get_close_matches
from typing import Literal, NamedTuple

from recsys.errors import SettingsError
from recsys.evaluation.metrics.format import written
from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.segments import DIMENSIONS, Segment
from recsys.settings import DAYPARTS, SEASONS, WEEKDAYS, RankingSettings
from recsys.tuning.goals import Constraint, Goal

NAMES: Mapping[str, tuple[str, ...]] = {
    "precision": ("precision",),
    "recall": ("recall",),
    "f1": ("F1", "f-score"),
    "ndcg": ("nDCG", "accuracy", "relevance", "ranking quality", "quality"),
    "map": ("MAP", "mean average precision"),
    "mrr": ("MRR", "mean reciprocal rank", "reciprocal rank"),
    "hit_rate": ("hit rate", "hit_rate", "hitrate", "hits"),
    "ild": ("diversity", "variety", "ILD", "intra-list diversity"),
    "novelty": ("novelty", "surprise"),
    "serendipity": ("serendipity",),
    "long_tail": ("long tail share", "long tail", "long-tail", "long_tail", "niche products"),
    "ctr": (
        *("click rate", "simulated click rate", "Click rate (simulated)", "CTR"),
        *("click-through rate", "clickthrough rate", "clicks"),
    ),
    "coverage": ("coverage", "catalogue coverage", "catalog coverage", "catalogue", "catalog"),
    "gini": ("Gini", "inequality", "concentration"),
    "popularity_lift": ("popularity lift", "popularity_lift", "popularity bias"),
}
"""What each metric may be called besides its name on screen; the first name is the one that a goal is said with."""

EXAMPLE = "best nDCG with diversity at least 0.6"
"""A goal that messages give to begin with."""

_Kind = Literal["metric", "bound", "within", "equal", "best", "segment", "wish", "filler", "quoted", "number", "length"]


class _Token(NamedTuple):
    kind: _Kind
    value: str
    text: str


_AT_LEAST = (
    "at least", "no less than", "not less than", "no lower than", "not lower than", "not below", "no fewer than", ">=",
    "≥", ">", "over", "above", "more than", "greater than", "higher than", "minimum", "min", "does not fall below",
    "not falling below", "stays above", "not under",
)  # fmt: skip
_AT_MOST = (
    "at most", "no more than", "not more than", "no higher than", "not higher than", "not above", "<=", "≤", "<",
    "under", "below", "less than", "lower than", "maximum", "up to", "does not rise above", "stays below", "not over",
)  # fmt: skip
_NO_WORSE = ("no worse than", "not worse than", "at least as good as", "as good as")
_EQUAL = ("with equal weights", "with all weights equal", "equal weights", "equal weighting", "all weights equal",
          "an equal mix")  # fmt: skip
_BEST = ("of the best", "the best possible", "the best", "best possible")
_HIGHEST = ("best", "highest", "most", "maximise", "maximize", "maximal", "max", "as high as possible", "greatest")
_LOWEST = ("lowest", "least", "minimise", "minimize", "minimal", "smallest", "fewest")
_PEOPLE = ("shoppers", "customers", "users")
_FILLERS = (
    *_PEOPLE, "with", "and", "while", "the", "of", "a", "an", "is", "are", "be", "but", "keep", "keeping", "for", "in",
    "people", "on", "at", "subject to", "as long as", "where", "given", "who", "that", "to", "find", "weights", "bits",
    "having", "still", "it", "must", "should", "stay", "stays", "staying", "possible", "products", "lists", "share",
    "acts", "their", "same time",
)  # fmt: skip
_ACTIVITY = {
    "new": ("new", "newcomers", "beginners"),
    "hot": ("hot", "regular", "frequent"),
    "warm": ("warm",),
    "cold": ("cold", "unknown"),
}
_DEVICES = {
    "mobile": ("mobile", "phones", "phone", "mobiles"),
    "desktop": ("desktop",),
    "tablet": ("tablet", "tablets"),
}
_FREE = {
    "top_category": ("who mostly buy", "whose favourite category is", "favourite category"),
    "home": ("living in", "from home"),
    "region": ("from region", "in region", "region"),
    "device": ("on device", "device"),
    "activity": ("of activity",),
    "daypart": ("in daypart",),
    "weekday": ("on weekday",),
    "season": ("in season",),
}
assert set(_FREE) == set(DIMENSIONS)


def _phrases() -> dict[str, _Token]:
    known: dict[str, _Token] = {}

    def add(kind: _Kind, value: str, *phrases: str) -> None:
        for phrase in phrases:
            known.setdefault(phrase.lower(), _Token(kind, value, phrase))

    for name, names in NAMES.items():
        add("metric", name, *names, METRICS[name].short)
    add("bound", "at_least", *_AT_LEAST)
    add("bound", "at_most", *_AT_MOST)
    add("bound", "no_worse", *_NO_WORSE)
    add("within", "", "within")
    add("equal", "", *_EQUAL)
    add("best", "", *_BEST)
    add("wish", "highest", *_HIGHEST)
    add("wish", "lowest", *_LOWEST)
    for value, words in _ACTIVITY.items():
        add("segment", f"activity={value}", *words, *(f"{word} {people}" for word in words for people in _PEOPLE))
    for value, words in _DEVICES.items():
        add("segment", f"device={value}", *words, *(f"on {word}" for word in words))
    for value in DAYPARTS:
        add("segment", f"daypart={value}", value, f"{value}s", f"in the {value}", f"at {value}")
    for value in WEEKDAYS:
        add("segment", f"weekday={value}", value, f"{value}s", f"on {value}", f"on {value}s")
    for value in SEASONS:
        add("segment", f"season={value}", value, f"in {value}", f"in the {value}")
    for name, words in _FREE.items():
        add("segment", f"{name}=", *words)
    add("filler", "", *_FILLERS)
    return known


_KNOWN = _phrases()
_LONGEST_PHRASE = max(len(phrase.split()) for phrase in _KNOWN)
_LONGEST_NEAR = 3
_NEAR = [phrase for phrase, token in _KNOWN.items() if token.kind != "filler" and "_" not in phrase]
_THOUSAND = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
_PIECE = re.compile(
    r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<length>@\s*\d+|top[- ]?\d+)|(?P<number>[-+−]?(?:\d+(?:[.,]\d+|\.)?|\.\d+)'
    r"(?:e[-+]?\d+)?\s*(?:%|percent\b|per cent\b)?)|(?P<sign>>=|<=|≥|≤|<|>)|(?P<comma>[,;:.])|"
    r"(?P<word>[^\s,;:<>≥≤@\"]+))",
    re.IGNORECASE,
)


def read_goal(words: str) -> Goal:
    """See `goals.parse_goal`."""
    return _Reader(_tokens(words)).read()


def _tokens(words: str) -> list[_Token]:
    pieces: list[tuple[str, str]] = []
    text, at = words.strip(), 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise _not_understood([("word", text[at:].strip())])
        kind = found.lastgroup or ""
        pieces.append((kind, found[kind].strip()))
        at = found.end()
    tokens: list[_Token] = []
    while pieces:
        kind, piece = pieces[0]
        if kind in ("word", "sign"):
            if tokens and _wants_name(tokens[-1]):
                raise _unquoted(tokens[-1], piece)
            phrase, n = _longest(pieces)
            tokens.append(_KNOWN[phrase])
            pieces = pieces[n:]
            continue
        if kind == "quoted":
            tokens.append(_Token("quoted", re.sub(r"\\(.)", r"\1", piece[1:-1], flags=re.DOTALL), piece))
        elif kind == "length":
            tokens.append(_Token("length", re.sub(r"\D", "", piece), piece))
        elif kind == "number":
            tokens.append(_Token("number", piece, piece))
        pieces = pieces[1:]
    return tokens


def _longest(pieces: list[tuple[str, str]]) -> tuple[str, int]:
    for n in range(min(_LONGEST_PHRASE, len(pieces)), 0, -1):
        if all(kind in ("word", "sign") for kind, _ in pieces[:n]):
            phrase = " ".join(piece for _, piece in pieces[:n]).lower()
            if phrase in _KNOWN:
                return phrase, n
    raise _not_understood(pieces)


def _wants_name(token: _Token) -> bool:
    return token.kind == "segment" and token.value.endswith("=")


def _unquoted(token: _Token, name: str = "Tents") -> SettingsError:
    return SettingsError(f'{token.text!r} is followed by a name in quotes, such as {token.text} "{name[:60]}"')


def _not_understood(pieces: list[tuple[str, str]]) -> SettingsError:
    """The error about the first word of some, with the known phrase that it, or it and the next ones, come close to."""
    near: list[tuple[float, str]] = []
    for n in range(1, min(_LONGEST_NEAR, len(pieces)) + 1):
        words = " ".join(piece for _, piece in pieces[:n]).lower()
        near += [
            (_likeness(words, each), each)
            for each in get_close_matches(words, _NEAR, 1, 0.75)
            if n == 1 or _likeness(words.split()[0], each.split()[0]) >= 0.7  # else only the next words are alike
        ]
    remedy = f'did you mean "{_KNOWN[max(near)[1]].text}"?' if near else f'write for example "{EXAMPLE}"'
    return SettingsError(f"{pieces[0][1][:60]!r} is not understood; {remedy}")


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _number(text: str) -> float:
    """The value of digits, with percent turned into a share; exact, so that it is said as it was read."""
    digits, percent = re.subn(r"\s*(?:%|per ?cent)$", "", text.replace("−", "-"), flags=re.IGNORECASE)
    if _THOUSAND.fullmatch(digits):
        raise SettingsError(
            f"{text!r} may be thousands or a decimal number; write {digits.replace(',', '')} or "
            f"{float(digits.replace(',', '.')):g}"
        )
    exact = Decimal(digits.replace(",", "."))
    return float(exact / 100 if percent else exact)


@dataclass
class _Reader:
    """Turns tokens into a goal."""

    tokens: list[_Token]

    def read(self) -> Goal:
        segment = self._segment()
        k = self._length()
        tokens = [token for token in self.tokens if token.kind != "filler"]
        wishes = [at for at, token in enumerate(tokens) if token.kind == "wish"]
        wish = tokens.pop(wishes[0]) if wishes else None
        if wish is None:
            _require_wish(tokens)
        at = wishes[0] if wishes else 0
        if at >= len(tokens) or tokens[at].kind != "metric":
            assert wish is not None
            raise SettingsError(f'{wish.text!r} is not followed by what to improve; write for example "best nDCG"')
        metric = tokens.pop(at).value
        # The best of a metric is its good end, whichever that is.
        if wish and wish.text != "best" and (wish.value == "highest") != METRICS[metric].higher_is_better:
            better = "high" if METRICS[metric].higher_is_better else "low"
            raise SettingsError(f"{METRICS[metric].short} is better the {better}er it is; ask for the {better}est")
        return Goal(metric, tuple(_constraints(tokens)), segment, k)

    def _segment(self) -> Segment:
        kept, values = [], []
        tokens = iter(self.tokens)
        for token in tokens:
            if token.kind != "segment":
                kept.append(token)
                continue
            name, _, value = token.value.partition("=")
            if not value:
                quoted = next(tokens, None)
                if quoted is None or quoted.kind != "quoted" or not quoted.value:
                    raise _unquoted(token)
                value = quoted.value
            values.append((name, value))
        self.tokens = kept
        return Segment(tuple(dict.fromkeys(values)))

    def _length(self) -> int:
        given = [token for token in self.tokens if token.kind == "length"]
        self.tokens = [token for token in self.tokens if token.kind != "length"]
        lengths = {int(token.value) for token in given}
        if len(lengths) > 1:
            raise SettingsError(f"the goal names lists of {' and '.join(map(str, sorted(lengths)))}; decide on one")
        return lengths.pop() if lengths else RankingSettings().n


def _require_wish(tokens: list[_Token]) -> None:
    """Without a word such as "best", the goal begins with what to improve, and that has no bound."""
    if not tokens:
        raise SettingsError(f'there is no goal in that; write for example "{EXAMPLE}"')
    if tokens[0].kind == "metric" and not (len(tokens) > 1 and tokens[1].kind in ("bound", "within")):
        return
    bounded = next((token.value for token in tokens if token.kind == "metric"), "")
    example = "most novelty with nDCG no lower than with equal weights" if bounded == "ndcg" else EXAMPLE
    raise SettingsError(f'what should be improved? Write for example "{example}"')


def _constraints(tokens: list[_Token]) -> list[Constraint]:
    found: list[Constraint] = []
    waiting: list[str] = []
    at = 0

    def next_kind(offset: int) -> str:
        return tokens[at + offset].kind if at + offset < len(tokens) else ""

    while at < len(tokens):
        token = tokens[at]
        if token.kind == "metric":
            waiting.append(token.value)
            at += 1
        elif token.kind == "bound" and next_kind(1) in ("equal", "best"):
            found += [_relative(metric, token.value, 0.0, tokens[at + 1]) for metric in _named(waiting, token)]
            at += 2
        elif token.kind == "bound" and next_kind(1) == "number":
            value, n = tokens[at + 1], 2
            if not waiting and next_kind(2) == "metric":  # "at least 30% coverage"
                waiting, n = [tokens[at + 2].value], 3
            found += [_absolute(metric, token.value, _number(value.text)) for metric in _named(waiting, token)]
            at += n
        elif token.kind == "within" and next_kind(1) == "number" and next_kind(2) in ("equal", "best"):
            share = _number(tokens[at + 1].text)
            found += [_relative(metric, "no_worse", share, tokens[at + 2]) for metric in _named(waiting, token)]
            at += 3
        else:
            where = f" after {tokens[at - 1].text!r}" if at else ""
            raise SettingsError(
                f"{token.text!r}{where} is not a condition; write a metric with at least, at most or within, for "
                "example diversity at least 0.6, or coverage no lower than with equal weights"
            )
        if token.kind != "metric":
            waiting = []
    if waiting:
        raise SettingsError(
            f"{METRICS[waiting[0]].short} is named without a bound; one metric is improved, so say of the others what "
            f"must hold, for example {NAMES[waiting[0]][0]} no worse than with equal weights"
        )
    return found


def _named(waiting: list[str], bound: _Token) -> list[str]:
    if not waiting:
        raise SettingsError(f"{bound.text!r} does not say of which metric; write for example coverage {bound.text} 30%")
    return waiting


def _absolute(metric: str, side: str, value: float) -> Constraint:
    at_least = METRICS[metric].higher_is_better if side == "no_worse" else side == "at_least"
    return Constraint(metric, value, "value", at_least)


def _relative(metric: str, side: str, share: float, reference: _Token) -> Constraint:
    at_least = METRICS[metric].higher_is_better if side == "no_worse" else side == "at_least"
    return Constraint(metric, share, "equal" if reference.kind == "equal" else "best", at_least)


def say_goal(goal: Goal) -> str:
    """See `goals.Goal.in_words`."""
    wish = "highest" if METRICS[goal.metric].higher_is_better else "lowest"
    said = f"{wish} {NAMES[goal.metric][0]}@{goal.k}"
    if goal.constraints:
        said += " with " + " and ".join(say_constraint(each) for each in goal.constraints)
    if goal.segment.values:
        said += f", for {say_segment(goal.segment)}"
    return said


def say_constraint(constraint: Constraint) -> str:
    """One condition in words."""
    name = NAMES[constraint.metric][0]
    if constraint.against == "value":
        side = "at least" if constraint.at_least else "at most"
        return f"{name} {side} {written(constraint.value, METRICS[constraint.metric].in_percent)}"
    reference = "equal weights" if constraint.against == "equal" else "the best"
    if constraint.value:
        return f"{name} within {written(constraint.value, True)} of {reference}"
    side = "no lower than" if constraint.at_least else "no higher than"
    return f"{name} {side} {'with equal weights' if constraint.against == 'equal' else reference}"


def say_segment(segment: Segment) -> str:
    """Who counts, in words."""
    values = segment.as_dict()
    activity = values.pop("activity", "")
    who = f"{activity} shoppers" if activity in _ACTIVITY else "shoppers"
    parts = [who]
    if activity and activity not in _ACTIVITY:
        parts.append(_quoted("activity", activity))
    order = [
        name for name in ("top_category", "home", "daypart", "weekday", "season", "device", "region") if name in values
    ]
    for name in order:
        value = values[name]
        if name == "daypart" and value in DAYPARTS:
            parts.append("at night" if value == "night" else f"in the {value}")
        elif name == "weekday" and value in WEEKDAYS:
            parts.append(f"on {value}s")
        elif name == "season" and value in SEASONS:
            parts.append(f"in {value}")
        elif name == "device" and value in _DEVICES:
            parts.append(f"on {value}")
        else:
            parts.append(_quoted(name, value))
    return " ".join(parts)


def _quoted(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{_FREE[name][0]} "{escaped}"'
