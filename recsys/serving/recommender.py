"""A trained model that scores, ranks, quotes and explains."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.artifacts.folder import Artifact, open_artifact
from recsys.artifacts.tables import Histories
from recsys.errors import ContextError, EncoderError, UnknownItemError, UnknownUserError
from recsys.explanations.decompose import Explanation
from recsys.explanations.documents import Documents, exclusions_of, require_few
from recsys.explanations.explainer import Explainer
from recsys.explanations.reading import N_TEXTS, TextContributions, WordEffects
from recsys.ranking.eligibility import CandidateFilter
from recsys.ranking.influence import by_component, influence
from recsys.ranking.rank import (
    RankedItem,
    Ranking,
    Recommendation,
    ScoredRequest,
    Standardised,
    counting_without,
    rank,
    require_someone,
    uninformative_notes,
)
from recsys.scorers import COMPONENT_CLASSES
from recsys.scorers.base import NO_ROW, Exclusions, Requests, Scorer, ScorerState
from recsys.scorers.collaborative import CollaborativeScorer
from recsys.scorers.content import ContentScorer
from recsys.scorers.context import ContextScorer
from recsys.scorers.semantic import SemanticScorer
from recsys.serving.quote_candidates import QuoteCandidates
from recsys.serving.quotes import Quote, Quotes
from recsys.serving.results import ContextOption, ModelInfo, ShopSummary, cold_note
from recsys.serving.typed import NOTHING_UNDERSTOOD, Heard, Lexicon, hear
from recsys.settings import (
    COMPONENTS,
    CONTEXT_DIMENSIONS,
    NEW_SHOPPER_WEIGHTS,
    Context,
    FusionSettings,
    RankingSettings,
)
from recsys.text.polarity import PolarityModel

_S = TypeVar("_S", bound=Scorer)


class Recommender:
    """An opened model. It never changes, so all sessions may share one.

    >>> from tempfile import mkdtemp
    >>> from recsys.demo import generate_demo
    >>> from recsys.training.fit import train
    >>> shop, folder = Path(mkdtemp(), "shop"), Path(mkdtemp(), "model")
    >>> _ = generate_demo(shop, n_items=60, n_shoppers=60), train(shop, folder)
    >>> model = Recommender.load(folder)
    >>> request = model.scores("U00001")
    >>> [item.rank for item in model.rank(request).items[:3]]
    [1, 2, 3]
    """

    def __init__(self, artifact: Artifact) -> None:
        self.model_id = artifact.model_id
        facts = artifact.manifest
        self.info = ModelInfo.of(facts)
        self.scorers: dict[str, Scorer] = {
            name: scorer_class.from_state(ScorerState(artifact.arrays(name), facts["scorers"][name]))
            for name, scorer_class in COMPONENT_CLASSES.items()
        }
        self.items: pd.DataFrame = artifact.table("items").to_pandas()
        self.items["is_cold"] = self.items["n_interactions"] == 0
        # Picking rows of arrays is far quicker than of a table, and every list does it.
        self._columns = {name: self.items[name].to_numpy(object) for name in ("item_id", "title", "is_cold")}
        self._semantic, self._context = self._scorer(SemanticScorer), self._scorer(ContextScorer)
        self._candidates = CandidateFilter.of(self.items)
        self._vectors = artifact.arrays("reference")["vectors"]
        self._reviews = reviews = artifact.table("reviews")
        self._users = artifact.table("users")  # opened now: a later training removes the file
        self._histories = Histories(artifact.arrays("history"), facts["event_kinds"], self.items, reviews)
        self.documents = Documents(self._semantic, self.items, reviews, self._users)
        polarity = artifact.arrays("polarity")
        self._polarities = polarity["values"]
        self.polarity = PolarityModel(polarity["coefficients"], **facts["polarity"])
        self.explainer = Explainer(
            self.scorers, self.documents, self.items, self._candidates, self._vectors, self._polarity_at
        )
        self._quotes = Quotes(QuoteCandidates(**artifact.arrays("quotes")), self._semantic, self.documents)
        self.summary = ShopSummary.of(facts["summary"], self.info)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a model folder; raises ArtifactError with the reason if it cannot be used."""
        artifact = open_artifact(Path(folder))
        with artifact.restored(artifact.kind.remedy):
            return cls(artifact)

    @cached_property
    def users(self) -> pd.DataFrame:
        """Known shoppers: user_id, n_interactions, n_reviews, region, device, top_category, last_active, activity."""
        return self._users.to_pandas()

    @cached_property
    def _user_index(self) -> pd.Index:
        return pd.Index(self.users["user_id"])

    def polarity_of_words(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """How much the words of phrases praise or complain, whatever the stars, by their places."""
        return np.asarray(self._polarities[self._semantic.phrases[places]], np.float32)

    def _polarity_at(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """How much phrases praise or complain, by their places and the stars beside them; 0 for words typed now."""
        found, known = np.zeros(len(places), np.float32), places != NO_ROW
        stars = self.documents.stars_at(places[known])
        found[known] = self.polarity.of_reviews(self.polarity_of_words(places[known]), stars)
        return found

    @cached_property
    def _encoder(self) -> Any:
        # Imported on first use: torch takes seconds to load, and only typed words need it.
        from recsys.text.encoder import encoder_of

        return encoder_of(self.info.encoder_id)

    def warm_up(self) -> None:
        """Load the encoder, the shop's words and the compiled re-ranking, so that their first answers come at once."""
        from recsys.ranking.diversity import diversify

        with suppress(EncoderError):  # said where words are typed; everything else works without
            self._encoder.warm_up()
            _ = self._lexicon
        diversify(np.zeros(2, np.float32), np.zeros((2, 1), np.float32), 2, 0.5, "mmr")

    def user_row(self, user_id: str) -> int:
        """Row of a known shopper; raises UnknownUserError."""
        row = int(self._user_index.get_indexer([user_id])[0])
        if row < 0:
            raise UnknownUserError(user_id, len(self._user_index))
        return row

    def item_row(self, item_id: str) -> int:
        """Row of a product; raises UnknownItemError."""
        row = self.documents.item_row(item_id)
        if row == NO_ROW:
            raise UnknownItemError(item_id, len(self.items))
        return row

    def context_options(self) -> Mapping[str, ContextOption]:
        """For every dimension, and for "moment", the values that can be asked about, or why none can."""
        values = {name: each for name, (each, _) in self._context.lifts.items()}
        return {
            name: ContextOption(values.get(name, ()), self._context.unavailable.get(name, ""))
            for name in (*CONTEXT_DIMENSIONS, "moment")
        }

    @cached_property
    def _features(self) -> frozenset[str]:
        """Attributes, words and regions that some component knows, by their names."""
        return self._scorer(ContentScorer).features | self._scorer(CollaborativeScorer).features

    def _scorer(self, kind: type[_S]) -> _S:
        return next(scorer for scorer in self.scorers.values() if isinstance(scorer, kind))

    def start_weights(self, user_id: str | None) -> FusionSettings:
        """The weights to start from: the model's, or for a shopper known by words alone those that let words lead."""
        return NEW_SHOPPER_WEIGHTS if user_id is None else self.info.default_weights

    def _or_default(self, settings: RankingSettings | None, scored: ScoredRequest) -> RankingSettings:
        return settings or RankingSettings(fusion=self.start_weights(scored.user_id))

    def scores(
        self, user_id: str | None = None, words: str = "", context: Context | None = None, ablated: Sequence[str] = ()
    ) -> ScoredRequest:
        """Score the whole catalogue for one request.

        Parameters
        ----------
        user_id : a known shopper, or None for a new one
        words : what the shopper says they like or look for, "" for nothing
        context : the circumstances; None means the end of the training data and nothing else known
        ablated : what is left out, by the names of `recsys.explanations.documents`

        Raises
        ------
        UnknownUserError : the shopper is not in the model
        ContextError : a circumstance is not among the known ones, or the moment lies before the model's knowledge ends
        EncoderFolderError : words are typed, and this model's encoder is not at hand
        InputError : neither a shopper nor any words, or something is left out that is not there
        """
        context = context or Context()
        require_someone(user_id, words)
        notes = self._check_context(context)
        require_few(ablated)
        row = NO_ROW if user_id is None else self.user_row(user_id)
        exclusions = self.exclusions(ablated)  # refused, if they are, before the encoder is loaded
        heard = hear(words, self._encoder, self._lexicon) if words.strip() else Heard(None, ())
        request = Requests.one(row, context, heard.words, exclusions)
        return self._scored(user_id, words, request, heard.notes, notes, ablated)

    @cached_property
    def _lexicon(self) -> Lexicon:
        """Words of this shop; made when the first words are typed."""
        return Lexicon.of(self.items, self._reviews["text"].to_pylist())

    def ablate(self, scored: ScoredRequest, names: Sequence[str]) -> ScoredRequest:
        """The same request with these things left out, and none of those that were before; raises as `scores` does."""
        requests = replace(scored.requests, exclusions=(self.exclusions(names),))
        notes = self._check_context(scored.context)
        return self._scored(scored.user_id, scored.words, requests, scored.typed_notes, notes, names)

    def exclusions(self, names: Sequence[str]) -> Exclusions:
        """What scorers leave out for these names; raises as `scores` does for one that this model does not know."""
        return exclusions_of(names, self.documents, self.item_row, self._features)

    def _scored(
        self,
        user_id: str | None,
        words: str,
        requests: Requests,
        typed_notes: tuple[str, ...],
        notes: Sequence[str],
        ablated: Sequence[str],
    ) -> ScoredRequest:
        row = int(requests.user_rows[0])
        seen_rows = self._histories.seen(row)
        raw = np.stack([self.scorers[name].score(requests)[0] for name in COMPONENTS])
        standardised = Standardised.of(raw, counting_without(seen_rows, len(self.items)))
        is_cold = row == NO_ROW or not self.users["n_interactions"].iloc[row]
        rests = (
            [cold_note(requests, bool(seen_rows.size), self._semantic.has_own_words(requests, 0))] if is_cold else []
        )
        if words.strip() and user_id is None and requests.words[0] is None:
            rests.insert(0, NOTHING_UNDERSTOOD)
        return ScoredRequest(
            user_id=user_id,
            words=words,
            context=requests.contexts[0],
            requests=requests,
            standardised=standardised,
            profile=self._semantic.user_profiles(requests)[0],
            seen_rows=seen_rows,
            is_cold=is_cold,
            notes=(*typed_notes, *notes, *rests, *uninformative_notes(standardised)),
            ablated=tuple(sorted(set(ablated))),
            typed_notes=typed_notes,
        )

    def rank(self, scored: ScoredRequest, settings: RankingSettings | None = None) -> Recommendation:
        """The list for a scored request under given settings, or the model's own."""
        settings = self._or_default(settings, scored)
        limits = settings.filters, scored.seen_rows
        ranking = rank(scored.standardised.values, settings, self._candidates.eligible(*limits), self._vectors)
        return Recommendation(
            user_id=scored.user_id,
            weights=settings.fusion.normalised(),
            influence=by_component(influence(ranking.contributions)),
            context=scored.context.as_json(),
            is_cold=scored.is_cold,
            notes=scored.notes if ranking.n_candidates else (*scored.notes, self._candidates.why_none(*limits)),
            n_candidates=ranking.n_candidates,
            items=self._ranked_items(ranking),
        )

    def recommend(
        self,
        user_id: str | None = None,
        words: str = "",
        context: Context | None = None,
        settings: RankingSettings | None = None,
    ) -> Recommendation:
        """`scores` and `rank` in one call."""
        return self.rank(self.scores(user_id, words, context), settings)

    def _ranked_items(self, ranking: Ranking) -> tuple[RankedItem, ...]:
        ids, titles, is_cold = (self._columns[name][ranking.item_rows] for name in ("item_id", "title", "is_cold"))
        return tuple(
            RankedItem(
                rank=at + 1,
                item_id=ids[at],
                title=titles[at],
                score=float(ranking.scores[at]),
                components=dict(zip(COMPONENTS, ranking.contributions[at].tolist(), strict=True)),
                rank_before_diversity=int(ranking.ranks_by_score[at]),
                is_cold=bool(is_cold[at]),
            )
            for at in range(len(ids))
        )

    def quotes(self, scored: ScoredRequest, item_ids: Sequence[str]) -> tuple[Quote | None, ...]:
        """The sentence that speaks for each product of a list to this shopper, verbatim, no two of them alike.

        None for a product of which nothing was written that may be shown; raises UnknownItemError.
        """
        rows = [self.item_row(item_id) for item_id in item_ids]
        return self._quotes.choose(rows, scored.profile, scored.requests.exclusions[0])

    def explain(self, scored: ScoredRequest, item_id: str, settings: RankingSettings | None = None) -> Explanation:
        """The exact arithmetic of one product's score, listed or not; raises UnknownItemError."""
        return self.explainer.explain(scored, self.item_row(item_id), self._or_default(settings, scored))

    def read(
        self, scored: ScoredRequest, item_id: str, settings: RankingSettings | None = None, n_texts: int = N_TEXTS
    ) -> TextContributions:
        """The texts behind the semantic component of one product, phrase by phrase, on both sides."""
        fusion = self._or_default(settings, scored).fusion
        whole = self.ablate(scored, ()) if scored.ablated else scored
        return self.explainer.read(whole, scored, self.item_row(item_id), fusion, n_texts)

    def look_inside(
        self, scored: ScoredRequest, item_id: str, name: str, settings: RankingSettings | None = None
    ) -> WordEffects:
        """What each word of one phrase, such as "r17.40", does, by leaving it out; approximate: see the residual."""
        fusion = self._or_default(settings, scored).fusion
        return self.explainer.look_inside(scored, self.item_row(item_id), name, fusion, self._encoder.encode_now)

    def history(self, user_id: str) -> pd.DataFrame:
        """What a shopper did, newest first: item_id, title, category, kind, rating, timestamp, text ("" for events)."""
        return self._histories.table(self.user_row(user_id))

    def _check_context(self, context: Context) -> list[str]:
        """Notes on circumstances that change nothing here; raises ContextError for those that make no sense."""
        if context.moment is not None and context.moment.timestamp() < self._context.known_until_s:
            until = self.info.known_until
            raise ContextError(
                f"this model knows what happened until {until:%Y-%m-%d %H:%M} UTC and would judge "
                f"{context.moment:%Y-%m-%d %H:%M} with hindsight; ask about a later moment, "
                "or train on data that ends earlier"
            )
        notes = []
        for name, value in context.stated().items():
            option = self.context_options()[name]
            if option.unavailable:
                notes.append(f"{name} changes nothing: {option.unavailable}")
            elif value not in option.values:
                raise ContextError(
                    f"{name}={value!r} is not among the known ones; use one of {', '.join(option.values)}"
                )
        return notes
