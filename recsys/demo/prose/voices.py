"""Voices: how a shopper writes, whatever it is about; changes are made piece by piece, so that spans stay known."""

import re
from dataclasses import dataclass

from recsys.demo.prose.bank import Draws, word_list


@dataclass(frozen=True, slots=True)
class Voice:
    """One register of writing.

    Parameters
    ----------
    lengths : chances of a tiny, short, medium, long review and of a list of pros and cons
    fragment : chance that a judgement is a fragment
    lead : chance of a lead-in before a judgement
    emoji : chance of an emoji at the end
    typos : chance that a word is misspelt
    exclaims : chance that a sentence ends in an exclamation mark
    trails : chance that a sentence ends in an ellipsis
    """

    name: str
    lengths: tuple[float, float, float, float, float]
    fragment: float
    lead: float
    emoji: float = 0.0
    typos: float = 0.004
    exclaims: float = 0.03
    trails: float = 0.01


VOICES = (
    Voice("terse", (0.30, 0.60, 0.08, 0.0, 0.02), fragment=0.6, lead=0.08),
    Voice("chatty", (0.08, 0.46, 0.33, 0.12, 0.01), fragment=0.1, lead=0.42, emoji=0.03, exclaims=0.08),
    Voice("technical", (0.08, 0.47, 0.28, 0.11, 0.06), fragment=0.12, lead=0.36, typos=0.001, exclaims=0.0),
    Voice("grumpy", (0.14, 0.50, 0.26, 0.08, 0.02), fragment=0.25, lead=0.3, trails=0.15),
    Voice("enthusiastic", (0.15, 0.51, 0.26, 0.07, 0.01), fragment=0.25, lead=0.28, emoji=0.16, exclaims=0.55),
    Voice("texting", (0.24, 0.54, 0.20, 0.02, 0.0), fragment=0.4, lead=0.12, emoji=0.14, typos=0.05, trails=0.12),
    Voice("plain", (0.13, 0.54, 0.25, 0.07, 0.01), fragment=0.2, lead=0.24),
)

_SHORTHAND = {
    "you": "u",
    "really": "rly",
    "because": "cos",
    "your": "ur",
    "are": "r",
    "with": "w",
    "honestly": "tbh",
    "and": "n",
    "great": "gr8",
    "though": "tho",
    "people": "ppl",
    "thanks": "thx",
    "before": "b4",
    "about": "bout",
}
_WORD = re.compile(r"[a-zA-Z]+(?:'[a-z]+)?")


def speak(text: str, voice: Voice, draws: Draws) -> str:
    """A piece of a sentence as this voice would type it."""
    if voice.name == "texting":
        text = _WORD.sub(lambda match: _texted(match[0], draws), text)
    elif voice.name == "enthusiastic" and draws.chance(0.08):
        text = re.sub(r"\b(so|really|love|never|best|brilliant)\b", lambda match: match[0].upper(), text, count=1)
    if draws.chance(min(0.9, voice.typos * (1 + text.count(" ")))):
        text = _misspell(text, draws)
    return text


def ending(voice: Voice, draws: Draws, *, good: bool) -> str:
    """The mark that ends a sentence."""
    if draws.chance(voice.exclaims if good else voice.exclaims / 2):
        return "!"
    return "..." if draws.chance(voice.trails) else "."


def emoji(voice: Voice, draws: Draws, *, good: bool) -> str:
    """An emoji after a space, or nothing."""
    if not draws.chance(voice.emoji):
        return ""
    return " " + draws.pick(word_list("emoji.good" if good else "emoji.bad")) * (2 if draws.chance(0.15) else 1)


def _texted(word: str, draws: Draws) -> str:
    lowered = word.lower().replace("'", "")
    return _SHORTHAND[lowered] if lowered in _SHORTHAND and draws.chance(0.4) else lowered


def _misspell(text: str, draws: Draws) -> str:
    """One slip in a word of at least five letters: two letters swapped, one dropped or one doubled."""
    words = [match for match in _WORD.finditer(text) if match.end() - match.start() >= 5]
    if not words:
        return text
    match = draws.pick(words)
    at = match.start() + 1 + int(draws.uniform() * (match.end() - match.start() - 3))
    kind = int(draws.uniform() * 3)
    middle = (text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1])[kind]
    return text[:at] + middle + text[at + 2 :]
