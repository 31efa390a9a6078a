"""Sentences that speak of no product at all, put together from three parts each: noise for texts of reviews.

There are thousands of them, since a sentence said over and over would be heard less and less, and harm less than real
chatter does. Every part was written for this purpose.
"""

import numpy as np

WHO = (
    *("My neighbour", "The postman", "Our old teacher", "A man on the platform", "The choir", "Somebody's uncle"),
    *("The mayor", "Her dentist", "The whole village", "A tall stranger", "The bus driver", "My grandmother"),
    *("The librarian", "Two students", "His accountant", "The night watchman", "A flock of geese", "The council"),
    *("Their landlord", "The newsreader", "An elderly couple", "The parish clerk", "Our cousin", "The ferryman"),
)

DID = (
    *("counted the windows of the town hall", "argued about the date of Easter", "missed the train to the coast"),
    *("filled in the wrong tax form", "recited a poem about November", "waited for the bank to open"),
    *("asked the way to the cathedral", "voted against the new roundabout", "read the weather report aloud"),
    *("forgot the name of the river", "learnt six words of Latin", "talked about the eclipse"),
    *("signed a petition on parking fees", "watched the tide go out", "complained about the church bells"),
    *("moved to another postcode", "drew a map of the cemetery", "changed trains at the junction"),
    *("remembered the long drought", "wrote to the editor of the gazette", "slept through the sermon"),
    *("planted a hedge along the lane", "disputed the election result", "hummed the national anthem"),
)

WHEN = (
    *("on a grey Tuesday", "before the clocks went back", "while the bells were ringing", "in the spring of that year"),
    *("at a quarter to seven", "after the second interval", "during the bank holiday", "shortly before the census"),
    *("without telling anybody", "for the third time this month", "as the fog came in", "in front of the post office"),
    *("two days after the funeral", "when the bridge was closed", "along with half the street", "just after lunch"),
    *("in the shade of the elms", "between two meetings", "to nobody's surprise", "in the middle of the debate"),
    *("by the war memorial", "on the last day of term", "under the old by-laws", "until the lights came on"),
)

N_SENTENCES = len(WHO) * len(DID) * len(WHEN)

WORDS_A_SENTENCE = 13
"""About so many words has each."""


def off_topic(n_words: int, rng: np.random.Generator) -> str:
    """A text of about so many words, at least one sentence.

    >>> off_topic(9, np.random.default_rng(1)).count(".")
    1
    """
    drawn = rng.integers(0, N_SENTENCES, max(1, round(n_words / WORDS_A_SENTENCE)))
    return " ".join(_sentence(int(number)) for number in drawn)


def _sentence(number: int) -> str:
    rest, when = divmod(number, len(WHEN))
    who, did = divmod(rest, len(DID))
    return f"{WHO[who]} {DID[did]} {WHEN[when]}."
