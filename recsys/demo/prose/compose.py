"""One review: what is to be said, put into one shopper's words, with the place of every judgement in the text."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from recsys.demo.prose.wording import Draws, Voice, Wording, emoji, ending, load_banks, speak
from recsys.demo.shop import ROW_OF


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a shopper has to say of one aspect: polarity 1 praises, -1 complains, 0 shrugs."""

    aspect: str
    polarity: int
    strong: bool = True

    @property
    def mood(self) -> str:
        """The part of a section's name that goes with the polarity."""
        return ("mixed", "good", "bad")[self.polarity]


@dataclass(frozen=True, slots=True)
class Mention:
    """A judgement in a text: text[start:end] says that the aspect is good (1), bad (-1) or middling (0)."""

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
    """Part of a sentence, with the judgement that it carries, if any."""

    text: str
    judgement: Judgement | None = None


def capitalised(text: str) -> str:
    """The text with its first letter in upper case, and nothing else changed."""
    return text[:1].upper() + text[1:]


TINY, SHORT, MEDIUM, LONG, LISTED = range(5)
_ATTEMPTS = 8
_STOPS = re.compile(r"[.?!;] ")

_SUBJECTS = frozenset(
    {"the", "it", "it's", "its", "i", "i'm", "i've", "we", "my", "our", "you", "even", "this", "these", "they", "one"}
    | {"there's", "nobody", "tea", "water", "everything", "a"}
)
"""First words of a clause that can stand after "that"."""


@dataclass(slots=True)
class Writer:
    """Writes reviews one after another and avoids sentences that were already written."""

    draws: Draws
    written: set[str] = field(default_factory=set)
    effort: int = 0
    """How often the sentence in hand has come out as one that was there before; words are added the more often."""

    def review(
        self, judgements: Sequence[Judgement], *, rating: int, department: str, voice: Voice, wording: Wording
    ) -> Written:
        """One review; which judgements are used, and how, depends on the voice.

        Parameters
        ----------
        judgements : what could be said, most important first; at least one
        rating : stars from 1 to 5
        """
        return _Draft(self, rating, department, voice, wording).finish(judgements)

    def fresh(self, make: Callable[[], list[SentencePart]]) -> tuple[list[SentencePart], bool]:
        """A sentence, and whether a few attempts found one of which no part has been written before."""
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
    def mood(self) -> str:
        return "good" if self.rating >= 4 else "bad" if self.rating <= 2 else "mixed"

    def finish(self, judgements: Sequence[Judgement]) -> Written:
        draws = self.writer.draws
        shape, threshold = TINY, draws.uniform()
        for shape, chance in enumerate(self.voice.lengths):  # noqa: B007
            threshold -= chance
            if threshold < 0:
                break
        writers = (self._tiny, self._short, self._medium, self._long, self._listed)
        writers[shape](judgements)
        text, mentions = self._assemble(paragraphs=shape == LONG and draws.chance(0.3))
        return Written(self._title(judgements), text, mentions)

    def _tiny(self, judgements: Sequence[Judgement]) -> None:
        if self.mood == "mixed" or self.writer.draws.chance(0.45):
            self._talk(f"tiny.{self.mood}")
        if not self.sentences:
            self._add(lambda: [self._fragment(judgements[0])])

    def _short(self, judgements: Sequence[Judgement]) -> None:
        draws = self.writer.draws
        first = draws.uniform()
        if first < 0.17:
            self._talk(f"opener.{self.mood}")
        elif first < 0.25:
            self._talk(f"tiny.{self.mood}")
        if len(judgements) > 1 and draws.chance(0.42):
            self._pair(judgements[0], judgements[1])
        else:
            self._judge(judgements[0])
        last = draws.uniform()
        if last < 0.13:
            self._talk(f"verdict.{self.mood}")
        elif last < 0.17:
            self._talk("aside")
        elif last < 0.19:
            self._talk("question", asks=True)

    def _medium(self, judgements: Sequence[Judgement]) -> None:
        draws = self.writer.draws
        if draws.chance(0.5):
            self._talk(f"opener.{self.mood}" if draws.chance(0.7) else f"story.{self.department}")
        used = judgements[: 2 + draws.chance(0.45)]
        if len(used) > 2 and draws.chance(0.6):
            self._judge(used[0])
            self._pair(used[1], used[2])
        elif draws.chance(0.5) and len(used) > 1:
            self._pair(used[0], used[1])
            for judgement in used[2:]:
                self._judge(judgement)
        else:
            for judgement in used:
                self._judge(judgement)
        self._close(0.4, aside=0.15)

    def _long(self, judgements: Sequence[Judgement]) -> None:
        draws = self.writer.draws
        self._talk(f"opener.{self.mood}")
        if draws.chance(0.7):
            self._talk(f"story.{self.department}")
        used = list(judgements[: 4 + int(draws.uniform() * 3)])
        while used:
            if len(used) > 1 and draws.chance(0.4):
                self._pair(used.pop(0), used.pop(0))
            else:
                self._judge(used.pop(0))
        if draws.chance(0.4):
            self._talk(f"compare.{'good' if self.rating >= 4 else 'bad'}")
        self._close(0.8, aside=0.45)

    def _listed(self, judgements: Sequence[Judgement]) -> None:
        for label, polarity in (("pros", 1), ("cons", -1)):
            chosen = [judgement for judgement in judgements[:6] if judgement.polarity == polarity]
            if chosen:
                self._add(lambda label=label, chosen=chosen: self._points(label, chosen))  # type: ignore[misc]
        if not self.sentences:
            self._judge(judgements[0])
        self._close(0.5, aside=0.1)

    def _points(self, label: str, chosen: Sequence[Judgement]) -> list[SentencePart]:
        pieces = [SentencePart({"pros": "pros: ", "cons": "cons: "}[label])]
        for at, judgement in enumerate(chosen):
            pieces += [SentencePart(", ")] * (at > 0)
            if self.writer.draws.chance(0.5):
                text = self.wording.say(f"list.{judgement.mood}", aspect=self._name(judgement))
                pieces.append(SentencePart(text, judgement))
            else:
                pieces.append(self._fragment(judgement))
        return pieces

    def _close(self, verdict: float, *, aside: float) -> None:
        draws = self.writer.draws
        if draws.chance(aside):
            self._talk("aside")
        elif draws.chance(0.06):
            self._talk("question", asks=True)
        if draws.chance(verdict):
            self._talk(f"verdict.{self.mood}")

    def _talk(self, section: str, *, asks: bool = False) -> None:
        self._add(
            lambda: [SentencePart(self.wording.say(section).removesuffix("?") + ("?" if asks else ""))], needed=False
        )

    def _judge(self, judgement: Judgement) -> None:
        self._add(lambda: self._judged(judgement))

    def _pair(self, first: Judgement, second: Judgement) -> None:
        """Two judgements in one sentence; the kinder one first where they differ and the shopper is content."""
        if first.polarity < second.polarity and self.rating >= 3:
            first, second = second, first
        joiner = "but" if first.polarity != second.polarity else "and"
        self._add(lambda: [*self._judged(first, tail=False), self._join(joiner), self._clause(second)])

    def _join(self, kind: str) -> SentencePart:
        text = self.wording.say(kind)
        return SentencePart(f"{text} " if text[0] in ",;." else f" {text.lstrip()} ")

    def _judged(self, judgement: Judgement, *, tail: bool = True) -> list[SentencePart]:
        draws, voice = self.writer.draws, self.voice
        if judgement.polarity and draws.chance(voice.fragment):
            return [self._fragment(judgement)]
        clause = self._clause(judgement)
        pieces, mood, more = [clause], judgement.mood, 0.2 * self.writer.effort
        named = any(name in clause.text for name in load_banks().aspects[judgement.aspect].names)
        if judgement.polarity and not named and draws.chance(voice.lead + more):
            pieces = [SentencePart(self._lead(judgement, clause.text)), clause]
        elif self.sentences and judgement.polarity and draws.chance(0.08):
            pieces = [SentencePart(draws.pick(("also ", "also, ", "and ", "plus, ", "then ", "next: "))), clause]
        if (
            (tail or more > 0.3)
            and judgement.polarity
            and ("," not in clause.text or more > 0.5)
            and draws.chance(0.28 + more)
        ):
            pieces.append(
                SentencePart(self._tail("technical" if voice.name == "technical" and draws.chance(0.6) else mood))
            )
        return pieces

    def _tail(self, kind: str) -> str:
        words = self.wording.say(f"tail.{kind}")
        return words if words[0] in ", " else f" {words}"

    def _lead(self, judgement: Judgement, clause: str) -> str:
        """Words before a judgement; those that need a whole clause after them are kept for whole clauses."""
        against = (judgement.polarity > 0) != (self.rating >= 3)
        if against:
            section = "praise" if judgement.polarity > 0 else "gripe"
        elif clause.split(maxsplit=1)[0].lower() in _SUBJECTS and self.writer.draws.chance(0.4):
            section = f"clause_lead.{judgement.mood}"
        else:
            section = f"lead.{judgement.mood}"
        return self.wording.say(section, aspect=self._name(judgement)) + " "

    def _clause(self, judgement: Judgement) -> SentencePart:
        if not judgement.polarity or self.writer.draws.chance(0.06 if judgement.strong else 0.2):
            return SentencePart(self._plain(judgement), judgement)
        return SentencePart(self._from_bank(judgement, "+" if judgement.polarity > 0 else "-"), judgement)

    def _plain(self, judgement: Judgement) -> str:
        return self.wording.say(f"plain.{judgement.mood}", aspect=self._name(judgement))

    def _from_bank(self, judgement: Judgement, mark: str) -> str:
        patterns = load_banks().aspects[judgement.aspect].of(mark, self.department)
        return self.wording.fill(self.writer.draws.pick(patterns))

    def _fragment(self, judgement: Judgement, tail: float = 0.4) -> SentencePart:
        draws = self.writer.draws
        if not judgement.polarity:
            return self._clause(judgement)
        if draws.chance(0.15):
            return SentencePart(self._plain(judgement), judgement)
        text = self._from_bank(judgement, "~+" if judgement.polarity > 0 else "~-")
        if draws.chance(tail + 0.2 * self.writer.effort) and "," not in text:
            text += self._tail(judgement.mood)
        return SentencePart(text, judgement)

    def _name(self, judgement: Judgement) -> str:
        return self.writer.draws.pick(load_banks().aspects[judgement.aspect].names)

    def _title(self, judgements: Sequence[Judgement]) -> str:
        draws = self.writer.draws
        if draws.chance(0.35 if self.voice.name != "terse" else 0.6):
            return ""
        if draws.chance(0.4):
            text = self._fragment(judgements[0], tail=0).text
        else:
            like = [judgement for judgement in judgements if (judgement.polarity > 0) == (self.rating >= 3)]
            text = self.wording.say(f"title.{self.mood}", aspect=self._name((like or list(judgements))[0]))
        text = speak(text, self.voice, draws)
        return text if self.voice.name == "texting" else capitalised(text)

    def _add(self, make: Callable[[], list[SentencePart]], *, needed: bool = True) -> None:
        """Add a sentence; one that judges nothing is left out rather than repeated."""
        sentence, is_new = self.writer.fresh(make)
        if is_new or needed:
            self.sentences.append(sentence)

    def _assemble(self, *, paragraphs: bool) -> tuple[str, tuple[Mention, ...]]:
        """The text, and where each judgement stands in it."""
        draws, voice = self.writer.draws, self.voice
        text, mentions = "", []
        good = self.rating >= 3
        loose = voice.name == "texting"
        for at, sentence in enumerate(self.sentences):
            if at:
                text += "\n\n" if paragraphs and at % 3 == 0 else " "
            for place, piece in enumerate(sentence):
                spoken = speak(piece.text, voice, draws)
                after_stop = place > 0 and text.rstrip().endswith((".", "!", "?"))
                if (place == 0 or after_stop) and not (loose and draws.chance(0.8)):
                    spoken = capitalised(spoken)
                if piece.judgement is not None:
                    start, end = len(text), len(text) + len(spoken)
                    mentions.append(Mention(piece.judgement.aspect, piece.judgement.polarity, start, end))
                text += spoken
            is_last = at == len(self.sentences) - 1
            smile = emoji(voice, draws, good=good) if is_last else ""
            if smile:
                text += smile
            elif text[-1] not in "?!." and not (is_last and draws.chance(0.6 if loose else 0.08)):
                text += ending(voice, draws, good=good)
        return text, tuple(mentions)
