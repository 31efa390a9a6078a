"""Splits of scored requests, for `recsys.serving.recommender.Recommender`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import InputError
from recsys.explanations.decompose import (
    Contribution,
    Explanation,
    PhrasePair,
    Polarity,
    RankPosition,
    WeightedSide,
    largest_first,
    readable,
    scales,
    strongest_pairs,
)
from recsys.explanations.documents import Document, Documents
from recsys.explanations.reading import (
    N_TEXTS,
    Encode,
    TextContributions,
    WordEffects,
    leading_texts,
    phrase_rows,
    read_side,
    word_effects,
)
from recsys.explanations.themes import Profile, profile_of
from recsys.ranking.eligibility import CandidateFilter
from recsys.ranking.rank import Recommendation, ScoredRequest, factor_vector, fuse, select
from recsys.scorers.base import NO_ROW, FloatArray, Scorer
from recsys.scorers.context import ContextScorer
from recsys.scorers.phrase_weights import PhraseSum
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings


class Explainer:
    """Splits scored requests; changes nothing, and may be shared.

    `vectors`: what diversity is measured between, rows in catalogue order
    """

    def __init__(
        self,
        scorers: Mapping[str, Scorer],
        documents: Documents,
        items: pd.DataFrame,
        candidates: CandidateFilter,
        vectors: FloatArray,
        polarity: Polarity,
    ) -> None:
        self._scorers, self._documents, self._candidates, self._vectors = scorers, documents, candidates, vectors
        self._item_ids, self._titles = (np.asarray(items[name], object) for name in ("item_id", "title"))
        self.polarity = polarity
        semantic, context = scorers["semantic"], scorers["context"]
        assert isinstance(semantic, SemanticScorer)
        assert isinstance(context, ContextScorer)
        self._semantic, self._context = semantic, context

    def explain(self, scored: ScoredRequest, item_row: int, settings: RankingSettings) -> Explanation:
        """The exact arithmetic of one product's score, listed or not."""
        worth, means = scales(scored.standardised, settings.fusion), scored.standardised.mean.tolist()
        averages = {name: worth[name] * mean for name, mean in zip(COMPONENTS, means, strict=True)}
        shopper, product = WeightedSide.both(*self.sides(scored, item_row), worth["semantic"])
        parts: dict[str, tuple[Contribution, ...]] = dict.fromkeys(COMPONENTS, ())
        for name in COMPONENTS:
            if worth[name] and name != "semantic":
                own = self._scorers[name].contributions(scored.requests, 0, item_row)
                parts[name] = largest_first(
                    [readable(name, part, worth[name], self._item_ids, self._titles) for part in own]
                )
        phrases: tuple[Contribution, ...] = ()
        pairs: tuple[PhrasePair, ...] = ()
        if worth["semantic"]:
            parts["semantic"] = product.contributions(self._documents, self.polarity)
            phrases = shopper.contributions(self._documents, self.polarity, _typed(scored))
            phrases = self._marked(phrases, int(scored.requests.user_rows[0]))
            pairs = strongest_pairs(shopper, product, worth["semantic"])
        return Explanation(
            user_id=scored.user_id,
            words=scored.words,
            item_id=self._item_ids[item_row],
            title=self._titles[item_row],
            weights=settings.fusion.normalised(),
            context=scored.context.as_json(),
            score=self.score_of(scored, item_row, settings.fusion),
            baseline=-sum(averages.values()),
            components={name: math.fsum(part.value for part in parts[name]) for name in COMPONENTS},
            averages=averages,
            contributions=tuple(part for name in COMPONENTS for part in parts[name]),
            shopper_phrases=phrases,
            pairs=pairs,
            position=self.rank_position(scored, item_row, settings),
            ablated=scored.ablated,
            notes=scored.notes,
        )

    def _marked(self, phrases: tuple[Contribution, ...], user_row: int) -> tuple[Contribution, ...]:
        """The shopper's phrases, with "disliked" in the source of those of products that count against them."""
        disliked = set(self._item_ids[self._semantic.disliked(user_row)].tolist())
        return tuple(
            phrase._replace(source={**phrase.source, "disliked": True})
            if phrase.source.get("item_id") in disliked
            else phrase
            for phrase in phrases
        )

    def score_of(self, scored: ScoredRequest, item_row: int, fusion: FusionSettings) -> float:
        """The score of one product, as lists show it."""
        return float(sum(self.components_of(scored, item_row, fusion).values()))

    def components_of(self, scored: ScoredRequest, item_row: int, fusion: FusionSettings) -> dict[str, float]:
        """What each component adds to the score of one product beside the average product, as lists show it."""
        shares = (factor_vector(fusion) * scored.standardised.values[:, item_row]).astype(np.float64)
        return dict(zip(COMPONENTS, shares.tolist(), strict=True))

    def rank_position(self, scored: ScoredRequest, item_row: int, settings: RankingSettings) -> RankPosition:
        """Rank of a product on the list that the settings give, and by score alone."""
        limits = settings.filters, scored.seen_rows
        eligible = self._candidates.eligible(*limits)
        n_candidates = int(np.count_nonzero(eligible))
        if not eligible[item_row]:
            reason = self._candidates.why_not(*limits, item_row)
            return RankPosition(None, None, settings.n, n_candidates, reason)
        fused = fuse(scored.standardised.values, settings.fusion)
        listed = select(fused, settings, eligible, self._vectors)[0].tolist()
        before = (fused > fused[item_row]) | ((fused == fused[item_row]) & (np.arange(len(fused)) < item_row))
        listed_rank = listed.index(item_row) + 1 if item_row in listed else None
        return RankPosition(listed_rank, int(np.count_nonzero(before & eligible)) + 1, settings.n, n_candidates)

    def sides(self, scored: ScoredRequest, item_row: int) -> tuple[PhraseSum, PhraseSum]:
        """The shopper's phrases and the product's."""
        requests = scored.requests
        # The profile of the scores: summed phrase by phrase it differs in its last digit, which can reorder phrases.
        shopper = replace(self._semantic.shopper_side(requests, 0), profile=scored.profile)
        return shopper, self._semantic.item_side(item_row, requests.exclusions[0])

    def exclusion_names(self, places: NDArray[np.int64]) -> list[str]:
        """Names under which phrases can be left out, in the order asked; "" for typed words."""
        names = iter([source["strike"] for source in self._documents.sources(places[places != NO_ROW])])
        return ["" if place == NO_ROW else next(names) for place in places.tolist()]

    def read(
        self, before: ScoredRequest, now: ScoredRequest, item_row: int, fusion: FusionSettings, n_texts: int = N_TEXTS
    ) -> TextContributions:
        """The texts behind the semantic component, phrase by phrase, on both sides.

        `before`, `now`: the request without and with what is left out; the first decides which texts are shown and in
        which order, so that nothing jumps while a person leaves out phrases, the second gives the values
        """
        worth = scales(now.standardised, fusion)["semantic"]
        mine, others = WeightedSide.both(*self.sides(now, item_row), worth)
        shopper, product = self.sides(before, item_row) if before is not now else (mine.side, others.side)
        texts, n_shopper = leading_texts(shopper, product, self._documents, _typed(now), n_texts)
        of_product, n_product = leading_texts(product, shopper, self._documents, None, n_texts)
        rows, columns = phrase_rows(texts, mine.side), phrase_rows(of_product, others.side)
        # What every pair of phrases adds; 0 where one is left out.
        pairs, here, there = np.zeros((len(rows), len(columns))), rows >= 0, columns >= 0
        values = mine.side.pairs(others.side, rows[here], columns[there])
        pairs[np.ix_(here, there)] = worth * values.astype(np.float64)
        return TextContributions(
            read_side(texts, rows, mine, pairs, of_product, self.polarity),
            read_side(of_product, columns, others, pairs.T, texts, self.polarity),
            float(others.values.sum()),
            n_shopper,
            n_product,
        )

    def circumstances(self, scored: ScoredRequest, fusion: FusionSettings) -> dict[str, FloatArray]:
        """What each circumstance does to every score beside the average product, float32 of shape (n_items,) each.

        They sum to what the context component adds to the scores that lists show.
        """
        worth, counting = np.float32(scales(scored.standardised, fusion)["context"]), scored.counting
        parts = self._context.parts(scored.context, scored.requests.exclusions[0].circumstances)
        return {
            name: worth * (part - part[counting].mean(dtype=np.float64).astype(np.float32))
            for name, part in parts.items()
        }

    def look_inside(
        self, scored: ScoredRequest, item_row: int, name: str, fusion: FusionSettings, encode: Encode
    ) -> WordEffects:
        """What each word of one phrase of either side does to the phrase's share of the score.

        Raises InputError: neither side has such a phrase
        """
        worth = scales(scored.standardised, fusion)["semantic"]
        shopper, product = self.sides(scored, item_row)
        for side, other in ((product, shopper), (shopper, product)):
            names = self.exclusion_names(side.places)
            if name and name in names:
                return self._words_of(side, other, [names.index(name)], worth, encode)
        raise InputError(f"{name!r} is not a phrase of this product or this shopper; choose one that is shown")

    def _words_of(self, side: PhraseSum, other: PhraseSum, row: list[int], worth: float, encode: Encode) -> WordEffects:
        document, coefficient = self._documents.holding(side.places[row])[0], worth * float(side.coefficients[row[0]])
        of_item = int(self._semantic.items_at(side.places[row])[0])

        def share(encoded: FloatArray) -> FloatArray:
            return coefficient * (self._semantic.space.of_encoded(encoded, of_item) @ other.against)

        return word_effects(document.text, *document.spans[0], share, encode)

    def shopper_profile(self, scored: ScoredRequest) -> Profile:
        """The shopper's profile in themes."""
        return profile_of(self._semantic.shopper_side(scored.requests, 0), self._documents)

    def product_profile(self, item_row: int) -> Profile:
        """A product's profile in themes."""
        return profile_of(self._semantic.item_side(item_row), self._documents)


def _typed(scored: ScoredRequest) -> Document | None:
    words = scored.requests.words[0]
    return None if words is None else Document.typed(scored.words, words.spans)


class Explainable(Protocol):
    """A model that ranks, explains, and scores again with something left out."""

    explainer: Explainer

    def ablate(self, scored: ScoredRequest, names: Sequence[str]) -> ScoredRequest: ...

    def rank(self, scored: ScoredRequest, settings: RankingSettings | None = None) -> Recommendation: ...

    def explain(self, scored: ScoredRequest, item_id: str, settings: RankingSettings | None = None) -> Explanation: ...

    def item_row(self, item_id: str) -> int: ...
