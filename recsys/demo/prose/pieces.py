"""What prose is put together from: judgements to be made, pieces of sentences, and mentions with their places."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a shopper has to say of one aspect: polarity 1 praises, -1 complains, 0 shrugs."""

    aspect: str
    polarity: int
    strong: bool = True


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a judgement stands: text[start:end] is what was written of the aspect."""

    aspect: str
    polarity: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """A finished review."""

    title: str
    text: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a sentence, with the judgement that it carries, if any."""

    text: str
    judgement: Judgement | None = None


def capitalised(text: str) -> str:
    """The text with its first letter in upper case, and nothing else changed."""
    return text[:1].upper() + text[1:]
