"""What the parts of a score are called: names of the engine as a merchandiser would say them, quotes masked."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pages._shared import words
from recsys.explanations.decompose import Contribution, Explanation, RankPosition
from recsys.explanations.documents import text_of
from recsys.serving.recommender import Recommender
from recsys.text.masking import mask_personal, pseudonym
from recsys.text.polarity import NEUTRAL

_CIRCUMSTANCES = {"daypart": "Time of day", "trend": "Wanted lately"}
_TEXTS = {"t": "title", "d": "description", "a": "attributes", "r": "review"}


def label_of(part: Contribution) -> str:
    """What one share of a score is, in plain words; a quote as it was written, with personal details masked.

    >>> source = {"kind": "item feature", "feature": "brand:Northpeak", "with": "everybody"}
    >>> label_of(Contribution("collaborative", "brand:Northpeak × everybody", 0.3, source))
    'Brand Northpeak, wanted by everybody'
    >>> label_of(Contribution("collaborative", "Gas stove", 0.1, {"kind": "history", "item_id": "stove"}))
    'Shoppers who like “Gas stove” like this'
    >>> label_of(Contribution("content", "zip", 0.1, {"kind": "term", "term": "zip", "strike": "f:term:zip"}))
    'The word “zip”'
    """
    source = part.source
    kind = source.get("kind")
    if kind == "item feature":
        itself = str(source["feature"]).startswith("product:")
        named = "This product itself" if itself else feature_name(str(source["feature"]))
        return f"{named}, {_audience(str(source['with']), part.value)}"
    if kind == "history":
        return f"Shoppers who like “{mask_personal(part.label)}” {'like' if part.value >= 0 else 'seldom like'} this"
    if kind == "attribute":
        return feature_name(str(source["feature"]))
    if kind == "term":
        return f"The word “{mask_personal(str(source['term']))}”"
    if kind == "circumstance":
        return circumstance_name(str(source["dimension"]), str(source.get("value", "")))
    if part.component == "semantic":
        return mask_personal(" ".join(part.label.split()))
    return mask_personal(part.label)


def feature_name(feature: str) -> str:
    """An attribute with its kind.

    >>> feature_name("brand:Mellow & Moss"), feature_name("price:5 to 9"), feature_name("tag:decaf")
    ('Brand Mellow & Moss', 'Price 5 to 9', 'Tag “decaf”')
    """
    kind, _, value = feature.partition(":")
    value = mask_personal(value)
    label = kind.replace("_", " ")
    return f"Tag “{value}”" if kind == "tag" else f"{label[:1].upper()}{label[1:]} {value}"


def circumstance_name(dimension: str, value: str = "") -> str:
    """A circumstance, with its value where there is one.

    >>> circumstance_name("daypart", "evening"), circumstance_name("trend"), circumstance_name("device")
    ('Time of day: evening', 'Wanted lately', 'Device')
    """
    named = _CIRCUMSTANCES.get(dimension, dimension.capitalize())
    return f"{named}: {value}" if value else named


def _audience(who: str, value: float) -> str:
    less = "" if value >= 0 else "less "
    if who == "everybody":
        return f"{less}wanted by everybody"
    if who == "this shopper":
        return "to this shopper’s taste" if value >= 0 else "not to this shopper’s taste"
    kind, _, name = who.partition(":")
    return f"{less}wanted in {name}" if kind == "region" else f"{less}wanted with {kind} {name}"


def origin_of(source: Mapping[str, Any], user_id: str | None = None) -> str:
    """Whose words a phrase is, in a few words; "" for what is not a phrase.

    >>> origin_of({"kind": "description"}), origin_of({"kind": "words"}), origin_of({"kind": "term"})
    ('Description', 'Typed now', '')
    """
    kind = source.get("kind")
    plain = {"title": "Title", "description": "Description", "attributes": "Attributes", "words": "Typed now"}
    if kind != "review":
        return plain.get(str(kind), "")
    writer = source.get("user_id")
    by = "this shopper" if writer == user_id else pseudonym(str(writer))
    facts = [f"Review by {by}" if writer else "Review"]
    if source.get("rating") is not None:
        facts.append(f"{source['rating']:g}★")
    if source.get("timestamp"):
        facts.append(words.day_short(pd.Timestamp(source["timestamp"]).to_pydatetime()))
    return " · ".join(facts)


def opinion(kind: str, polarity: float) -> str:
    """ "praise" or "complaint" for a phrase of a review that is clearly so; other texts have no opinion, however glum.

    >>> opinion("review", -0.9), opinion("title", -0.9)
    ('complaint', '')
    """
    if kind != "review" or abs(polarity) < NEUTRAL:
        return ""
    return "praise" if polarity > 0 else "complaint"


def is_complaint(source: Mapping[str, Any]) -> bool:
    """Whether a phrase of this source clearly complains."""
    return opinion(str(source.get("kind")), source.get("polarity", 0.0)) == "complaint"


def phrase_facts(source: Mapping[str, Any], user_id: str | None = None) -> str:
    """Under a phrase: whose words it is, whether it complains, and what the score would be without it alone."""
    facts = [origin_of(source, user_id)]
    if source.get("disliked"):
        facts.append("of a product they complained of, so it counts against its like")
    if is_complaint(source):
        facts.append("complaint")
    if source.get("loss") is not None:
        facts.append(f"without it {words.signed(-source['loss'], 3)}")
    return " · ".join(filter(None, facts))


def exclusion_label(name: str, model: Recommender, *explanations: Explanation) -> str:
    """What leaving out a name means: as the explanations call it, or by its form where they do not know it."""
    for explanation in explanations:
        for part in (*explanation.contributions, *explanation.shopper_phrases):
            if part.source.get("strike") == name:
                # It may be more than the part: "brand X" is left out for all who want it.
                feature = str(part.source.get("feature"))
                if part.source.get("kind") == "item feature":
                    return "This product itself" if feature.startswith("product:") else feature_name(feature)
                return f"“{label_of(part)}”" if part.component == "semantic" else label_of(part)
    kind, _, rest = name.partition(":")
    if kind == "f":
        term, _, word = rest.partition(":")
        return f"The word “{mask_personal(word)}”" if term == "term" else feature_name(rest)
    if kind == "c":
        return circumstance_name(rest)
    if kind in ("i", "h") and rest:
        title = title_of(model, rest)
        return f"{title}, the product itself" if kind == "i" else f"They chose {title}"
    return _text_label(name, model)


def _text_label(name: str, model: Recommender) -> str:
    """A text or phrase of it that the explanations do not show: whose it is, and how it begins."""
    known = text_of(name, model.documents)
    if known is None:
        return f"{_TEXTS.get(name[:1], 'text')} {name[1:].lstrip(':')}".capitalize()
    document, phrase = known
    text = " ".join(mask_personal(document.text).split())
    if phrase is not None:
        start, end = document.spans[phrase]
        return f"“{mask_personal(document.text[start:end])}”"
    source = document.sources()[0]
    return f"{origin_of(source)}: “{text if len(text) <= 60 else text[:59] + '…'}”"


def title_of(model: Recommender, item_id: str) -> str:
    """Title of a product of the catalogue."""
    return str(model.items["title"].iloc[model.item_row(item_id)])


def place_in_words(position: RankPosition) -> str:
    """Where a product stands and what moved it, as one sentence without its full stop."""
    if position.not_eligible:
        return f"Cannot be listed: {position.not_eligible}"
    if position.rank_by_score is None:
        return "Not ranked"
    sentence = f"{words.ordinal(position.rank_by_score)} of {position.n_candidates:,} by score"
    if position.rank is None:
        beyond = "variety keeps it off" if position.rank_by_score <= position.n else "not among"
        return f"{sentence}; {beyond} the first {position.n}"
    moved = position.places_diversified
    if not moved:
        return sentence
    way = "up" if moved > 0 else "down"
    return f"{sentence}; variety moved it {way} {words.count(abs(moved), 'place')}, to {position.rank}"
