"""Choice of the quote on a card: the strongest phrase of a product for a shopper, verbatim."""

from dataclasses import dataclass

import numpy as np

from recsys.explanations.decompose import Polarity
from recsys.explanations.documents import Document, Documents
from recsys.scorers.base import FloatArray
from recsys.scorers.phrase_weights import PhraseSum
from recsys.scorers.semantic import SemanticScorer
from recsys.text.phrasebook import DESCRIPTION, REVIEW
from recsys.text.polarity import NEUTRAL


@dataclass(frozen=True, slots=True)
class Quote:
    """Words about a product, verbatim: the one phrase that is listed of `document`."""

    text: str
    document: Document


def strongest_quote(
    side: PhraseSum, profile: FloatArray, semantic: SemanticScorer, documents: Documents, polarity: Polarity
) -> Quote | None:
    """The phrase that speaks most for a product to a shopper's profile; None if the product has no words.

    Other shoppers' praise comes first, then the description, and title and attributes only where neither of them speaks
    for the product: they say little that a card does not show anyway. A complaint may raise the score too, by being
    unlike what the shopper likes or by standing in a good review, but a reader takes it for the opposite; so it is not
    quoted while there is anything else.

    `polarity`: how much the words of phrases praise (1) or complain (-1), whatever the stars
    """
    if not len(side):
        return None
    values = side.coefficients * (side.vectors @ semantic.against(profile))
    weights, kinds = semantic.weights[side.places], semantic.kinds[side.places]
    if not values.any():
        values = weights
    counts = weights > 0 if (weights > 0).any() else np.ones(len(side), bool)
    no_complaint = polarity(side.places) > -NEUTRAL
    praise = counts & no_complaint & (values > 0)
    preferred = (praise & (kinds == REVIEW), praise & (kinds == DESCRIPTION), counts & no_complaint, counts)
    chosen = next(each for each in preferred if each.any())
    best = int(np.argmax(np.where(chosen, values, -np.inf)))
    document = documents.holding(side.places[[best]])[0]
    start, end = document.spans[0]
    return Quote(document.text[start:end], document)
