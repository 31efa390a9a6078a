"""Product descriptions: two or three sentences in the shop's own voice that name what a product is strong at."""

from collections.abc import Sequence

from recsys.demo.prose.bank import load_banks
from recsys.demo.prose.pieces import Mention, capitalised
from recsys.demo.prose.words import Draws, Wording

_ATTEMPTS = 5


def describe(
    strengths: Sequence[str], department: str, wording: Wording, draws: Draws, written: set[str]
) -> tuple[str, tuple[Mention, ...]]:
    """A description, and where it names each strong aspect.

    Parameters
    ----------
    strengths : aspects to praise, best first; all of them are named
    written : pitches so far, so that they repeat as little as possible; grows
    """
    parts: list[tuple[str, str]] = [(wording.say("intro"), "")]
    parts += [(_pitch(aspect, department, wording, draws, written), aspect) for aspect in strengths]
    if draws.chance(0.25):
        parts.append((wording.say("closer"), ""))
    if len(parts) > 2 and draws.chance(0.15):
        parts[0], parts[1] = parts[1], parts[0]
    text, mentions = "", []
    for words, aspect in parts:
        text += " " if text else ""
        start = len(text)
        text += capitalised(words)
        if aspect:
            mentions.append(Mention(aspect, 1, start, len(text)))
        text += "."
    return text, tuple(mentions)


def _pitch(aspect: str, department: str, wording: Wording, draws: Draws, written: set[str]) -> str:
    bank = load_banks().aspects[aspect]
    words = ""
    for _ in range(_ATTEMPTS):
        words = wording.fill(draws.pick(bank.of("*", department)))
        if draws.chance(0.5):
            words = wording.say("pitch_lead", aspect=draws.pick(bank.names)) + " " + words
        if draws.chance(0.35):
            words += " " + wording.say("pitch_tail")
        if words not in written:
            break
    words = words.replace(" ,", ",")
    written.add(words)
    return words
