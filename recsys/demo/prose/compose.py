"""Write one review: opinions in one shopper's words, with the span of each in the text."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from recsys.demo.prose.wording import Draws, Voice, Wording, emoji, ending, load_banks, speak, word_list
from recsys.demo.shop import ROW_OF


@dataclass(frozen=True, slots=True)
class Opinion:
    """Opinion on one aspect: polarity 1 praises, -1 complains, 0 is middling."""

    aspect: str
    polarity: int
    strong: bool = True

    @property
    def mood(self) -> str:
        """The part of a section's name that goes with the polarity."""
        return ("mixed", "good", "bad")[self.polarity]


@dataclass(frozen=True, slots=True)
class Mention:
    """Span of an opinion in a text: text[start:end] calls the aspect good (1), bad (-1) or middling (0)."""

    aspect: str
    polarity: int
    start: int
    end: int

    def numbers(self) -> tuple[int, int, int, int]:
        """Row of the aspect, polarity, start and end."""
        return ROW_OF[self.aspect], self.polarity, self.start, self.end


@dataclass(frozen=True, slots=True)
class Written:
    """A finished review."""

    title: str
    text: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class SentencePart:
    """Part of a sentence, with the opinion that it carries, if any."""

    text: str
    opinion: Opinion | None = None


def capitalised(text: str) -> str:
    """The text with its first letter in upper case, and nothing else changed."""
    return text[:1].upper() + text[1:]


TINY, SHORT, MEDIUM, LONG, LISTED = range(5)
_ATTEMPTS = 8
_STOPS = re.compile(r"[.?!;] ")

_SUBJECTS = frozenset(word_list("subjects"))
"""First words of a clause that can stand after "that"."""


@dataclass(slots=True)
class Writer:
    """Write reviews one after another, avoiding sentences that were already written."""

    draws: Draws
    written: set[str] = field(default_factory=set)
    effort: int = 0
    """How often the current sentence has come out as an earlier one; the more often, the more words are added."""

    def review(
        self, opinions: Sequence[Opinion], *, rating: int, department: str, voice: Voice, wording: Wording
    ) -> Written:
        """Write one review from at least one opinion, most important first; the voice decides which are used."""
        return _Draft(self, rating, department, voice, wording).finish(opinions)

    def fresh(self, make: Callable[[], list[SentencePart]]) -> tuple[list[SentencePart], bool]:
        """Make a sentence, and tell whether a few attempts found one of which no part has been written before."""
        for self.effort in range(_ATTEMPTS):
            pieces = make()
            parts = _STOPS.split("".join(piece.text for piece in pieces).lower())
            if is_new := self.written.isdisjoint(parts):
                break
        self.effort = 0
        self.written.update(parts)
        return pieces, is_new


@dataclass(slots=True)
class _Draft:
    writer: Writer
    rating: int
    department: str
    voice: Voice
    wording: Wording
    sentences: list[list[SentencePart]] = field(default_factory=list)

    @property
    def draws(self) -> Draws:
        return self.writer.draws

    @property
    def mood(self) -> str:
        return "good" if self.rating >= 4 else "bad" if self.rating <= 2 else "mixed"

    def finish(self, opinions: Sequence[Opinion]) -> Written:
        shape, threshold = TINY, self.draws.uniform()
        for shape, chance in enumerate(self.voice.lengths):  # noqa: B007
            threshold -= chance
            if threshold < 0:
                break
        writers = (self._tiny, self._short, self._medium, self._long, self._listed)
        writers[shape](opinions)
        text, mentions = self._assemble(paragraphs=shape == LONG and self.draws.chance(0.3))
        return Written(self._title(opinions), text, mentions)

    def _tiny(self, opinions: Sequence[Opinion]) -> None:
        if self.mood == "mixed" or self.draws.chance(0.45):
            self._talk(f"tiny.{self.mood}")
        if not self.sentences:
            self._add(lambda: [self._fragment(opinions[0])])

    def _short(self, opinions: Sequence[Opinion]) -> None:
        first = self.draws.uniform()
        if first < 0.17:
            self._talk(f"opener.{self.mood}")
        elif first < 0.25:
            self._talk(f"tiny.{self.mood}")
        if len(opinions) > 1 and self.draws.chance(0.42):
            self._pair(opinions[0], opinions[1])
        else:
            self._state(opinions[0])
        last = self.draws.uniform()
        if last < 0.13:
            self._talk(f"verdict.{self.mood}")
        elif last < 0.17:
            self._talk("aside")
        elif last < 0.19:
            self._talk("question", asks=True)

    def _medium(self, opinions: Sequence[Opinion]) -> None:
        if self.draws.chance(0.5):
            self._talk(f"opener.{self.mood}" if self.draws.chance(0.7) else f"story.{self.department}")
        used = opinions[: 2 + self.draws.chance(0.45)]
        if len(used) > 2 and self.draws.chance(0.6):
            self._state(used[0])
            self._pair(used[1], used[2])
            used = ()
        elif self.draws.chance(0.5) and len(used) > 1:
            self._pair(used[0], used[1])
            used = used[2:]
        for opinion in used:
            self._state(opinion)
        self._close(0.4, aside=0.15)

    def _long(self, opinions: Sequence[Opinion]) -> None:
        self._talk(f"opener.{self.mood}")
        if self.draws.chance(0.7):
            self._talk(f"story.{self.department}")
        used = list(opinions[: 4 + int(self.draws.uniform() * 3)])
        while used:
            if len(used) > 1 and self.draws.chance(0.4):
                self._pair(used.pop(0), used.pop(0))
            else:
                self._state(used.pop(0))
        if self.draws.chance(0.4):
            self._talk(f"compare.{'good' if self.rating >= 4 else 'bad'}")
        self._close(0.8, aside=0.45)

    def _listed(self, opinions: Sequence[Opinion]) -> None:
        for label, polarity in (("pros", 1), ("cons", -1)):
            chosen = [opinion for opinion in opinions[:6] if opinion.polarity == polarity]
            if chosen:
                self._add(lambda label=label, chosen=chosen: self._points(label, chosen))  # type: ignore[misc]
        if not self.sentences:
            self._state(opinions[0])
        self._close(0.5, aside=0.1)

    def _points(self, label: str, chosen: Sequence[Opinion]) -> list[SentencePart]:
        pieces = [SentencePart(f"{label}: ")]
        for at, opinion in enumerate(chosen):
            pieces += [SentencePart(", ")] * (at > 0)
            if self.draws.chance(0.5):
                text = self.wording.say(f"list.{opinion.mood}", aspect=self._name(opinion))
                pieces.append(SentencePart(text, opinion))
            else:
                pieces.append(self._fragment(opinion))
        return pieces

    def _close(self, verdict: float, *, aside: float) -> None:
        if self.draws.chance(aside):
            self._talk("aside")
        elif self.draws.chance(0.06):
            self._talk("question", asks=True)
        if self.draws.chance(verdict):
            self._talk(f"verdict.{self.mood}")

    def _talk(self, section: str, *, asks: bool = False) -> None:
        mark = "?" if asks else ""
        self._add(lambda: [SentencePart(self.wording.say(section).removesuffix("?") + mark)], needed=False)

    def _state(self, opinion: Opinion) -> None:
        self._add(lambda: self._sentence(opinion))

    def _pair(self, first: Opinion, second: Opinion) -> None:
        """Add two opinions in one sentence; praise first where they differ and the shopper is content."""
        if first.polarity < second.polarity and self.rating >= 3:
            first, second = second, first
        joiner = "but" if first.polarity != second.polarity else "and"
        self._add(lambda: [*self._sentence(first, tail=False), self._join(joiner), self._clause(second)])

    def _join(self, kind: str) -> SentencePart:
        text = self.wording.say(kind)
        return SentencePart(f"{text} " if text[0] in ",;." else f" {text.lstrip()} ")

    def _sentence(self, opinion: Opinion, *, tail: bool = True) -> list[SentencePart]:
        voice = self.voice
        if opinion.polarity and self.draws.chance(voice.fragment):
            return [self._fragment(opinion)]
        clause = self._clause(opinion)
        pieces, more = [clause], 0.2 * self.writer.effort
        named = any(name in clause.text for name in load_banks().aspects[opinion.aspect].names)
        if opinion.polarity and not named and self.draws.chance(voice.lead + more):
            pieces = [SentencePart(self._lead(opinion, clause.text)), clause]
        elif self.sentences and opinion.polarity and self.draws.chance(0.08):
            pieces = [SentencePart(self.draws.pick(("also ", "also, ", "and ", "plus, ", "then ", "next: "))), clause]
        may_go_on = (tail or more > 0.3) and ("," not in clause.text or more > 0.5)
        if may_go_on and opinion.polarity and self.draws.chance(0.28 + more):
            technical = voice.name == "technical" and self.draws.chance(0.6)
            pieces.append(SentencePart(self._tail("technical" if technical else opinion.mood)))
        return pieces

    def _tail(self, kind: str) -> str:
        words = self.wording.say(f"tail.{kind}")
        return words if words[0] in ", " else f" {words}"

    def _lead(self, opinion: Opinion, clause: str) -> str:
        """Write words before an opinion; some fit before a whole clause only."""
        if (opinion.polarity > 0) != (self.rating >= 3):
            section = "praise" if opinion.polarity > 0 else "gripe"
        elif clause.split(maxsplit=1)[0].lower() in _SUBJECTS and self.draws.chance(0.4):
            section = f"clause_lead.{opinion.mood}"
        else:
            section = f"lead.{opinion.mood}"
        return self.wording.say(section, aspect=self._name(opinion)) + " "

    def _clause(self, opinion: Opinion) -> SentencePart:
        if not opinion.polarity or self.draws.chance(0.06 if opinion.strong else 0.2):
            return SentencePart(self._plain(opinion), opinion)
        return SentencePart(self._from_bank(opinion, "+" if opinion.polarity > 0 else "-"), opinion)

    def _plain(self, opinion: Opinion) -> str:
        return self.wording.say(f"plain.{opinion.mood}", aspect=self._name(opinion))

    def _from_bank(self, opinion: Opinion, mark: str) -> str:
        patterns = load_banks().aspects[opinion.aspect].of(mark, self.department)
        return self.wording.fill(self.draws.pick(patterns))

    def _fragment(self, opinion: Opinion, tail: float = 0.4) -> SentencePart:
        if not opinion.polarity:
            return self._clause(opinion)
        if self.draws.chance(0.15):
            return SentencePart(self._plain(opinion), opinion)
        text = self._from_bank(opinion, "~+" if opinion.polarity > 0 else "~-")
        if self.draws.chance(tail + 0.2 * self.writer.effort) and "," not in text:
            text += self._tail(opinion.mood)
        return SentencePart(text, opinion)

    def _name(self, opinion: Opinion) -> str:
        return self.draws.pick(load_banks().aspects[opinion.aspect].names)

    def _title(self, opinions: Sequence[Opinion]) -> str:
        if self.draws.chance(0.35 if self.voice.name != "terse" else 0.6):
            return ""
        if self.draws.chance(0.4):
            text = self._fragment(opinions[0], tail=0).text
        else:
            like = [opinion for opinion in opinions if (opinion.polarity > 0) == (self.rating >= 3)]
            text = self.wording.say(f"title.{self.mood}", aspect=self._name((like or list(opinions))[0]))
        text = speak(text, self.voice, self.draws)
        return text if self.voice.name == "texting" else capitalised(text)

    def _add(self, make: Callable[[], list[SentencePart]], *, needed: bool = True) -> None:
        """Add a sentence; one without an opinion is left out rather than repeated."""
        sentence, is_new = self.writer.fresh(make)
        if is_new or needed:
            self.sentences.append(sentence)

    def _assemble(self, *, paragraphs: bool) -> tuple[str, tuple[Mention, ...]]:
        voice = self.voice
        text, mentions = "", []
        good = self.rating >= 3
        loose = voice.name == "texting"
        for at, sentence in enumerate(self.sentences):
            if at:
                text += "\n\n" if paragraphs and at % 3 == 0 else " "
            for n, piece in enumerate(sentence):
                spoken = speak(piece.text, voice, self.draws)
                after_stop = n > 0 and text.rstrip().endswith((".", "!", "?"))
                if (n == 0 or after_stop) and not (loose and self.draws.chance(0.8)):
                    spoken = capitalised(spoken)
                if piece.opinion is not None:
                    start, end = len(text), len(text) + len(spoken)
                    mentions.append(Mention(piece.opinion.aspect, piece.opinion.polarity, start, end))
                text += spoken
            is_last = at == len(self.sentences) - 1
            smile = emoji(voice, self.draws, good=good) if is_last else ""
            if smile:
                text += smile
            elif text[-1] not in "?!." and not (is_last and self.draws.chance(0.6 if loose else 0.08)):
                text += ending(voice, self.draws, good=good)
        return text, tuple(mentions)
