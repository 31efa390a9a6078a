"""Random requests and settings of every kind, and the arithmetic that must hold for all of them."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.explanations.decompose import Contribution, Explanation, scales
from recsys.explanations.documents import names_over
from recsys.ranking.rank import ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, Context, Filters, FusionSettings, RankingSettings
from recsys.text.phrasebook import attributes_text

CLOSE = 1e-4
"""What rounding may leave between parts and a score; the largest that was ever seen is a hundredth of it."""

WORDS = ("a warm light tent", "quiet", "it broke after a week!", "xyzzy", "Bright lamp. Soft blanket, dry in the rain.")


@dataclass(frozen=True, eq=False)
class Shop:
    """A data set and the model that learnt from it."""

    data: Dataset
    model: Recommender

    @cached_property
    def reviews(self) -> dict[int, tuple[str, str, float, str]]:
        """Shopper, product, rating and text of every review, from the data and not from the model."""
        told = self.data.reviews
        users, items = self.data.user_ids[told["user_row"]], self.data.item_ids[told["item_row"]]
        return dict(
            zip(
                told["review_id"].tolist(),
                zip(users, items, told["rating"].tolist(), told["text"].tolist(), strict=True),
                strict=True,
            )
        )

    @cached_property
    def users(self) -> dict[str, list[str]]:
        """Hot, warm and cold shoppers."""
        known = self.model.users.sort_values("n_interactions", ascending=False, kind="stable")
        counts = known["n_interactions"].to_numpy()
        ids = known["user_id"].to_numpy(object)
        return {
            "hot": ids[: max(len(ids) // 10, 1)].tolist(),
            "warm": ids[counts > 0][len(ids) // 10 :].tolist(),
            "cold": ids[counts == 0].tolist(),
        }

    @cached_property
    def strikes(self) -> list[list[str]]:
        """Names that can be struck, by kind."""
        model = self.model
        semantic, content = model.scorers["semantic"], model.scorers["content"]
        places = np.arange(0, len(semantic.weights), 7)
        phrases = model.explainer.exclusion_names(places)
        items = [f"{kind}:{item_id}" for kind in "ih" for item_id in model.items["item_id"]]
        return [
            phrases,
            sorted({names_over(name)[1] for name in phrases}),
            items,
            [f"f:{name}" for name in content.attributes] + [f"f:term:{term}" for term in content.terms],
            [f"f:region:{region}" for region in model.scorers["collaborative"].lightfm.regions],
            [f"c:{name}" for name in (*CONTEXT_DIMENSIONS, "trend")],
        ]

    def request(self, rng: np.random.Generator, n_strikes: int | None = None) -> ScoredRequest:
        """Any shopper in any circumstances with anything left out."""
        kind = ("hot", "warm", "cold", "new", "hot")[rng.integers(5)]
        ids = self.users.get(kind, [])
        user_id = ids[rng.integers(len(ids))] if ids else None
        words = "" if user_id is not None and rng.random() < 0.6 else WORDS[rng.integers(len(WORDS))]
        n = int(rng.choice([0, 0, 1, 3, 12])) if n_strikes is None else n_strikes
        return self.model.scores(user_id, words, self.context(rng), self.some_strikes(rng, n, user_id))

    def some_strikes(self, rng: np.random.Generator, n: int, user_id: str | None) -> list[str]:
        """Names of any kind, and half of the products from the shopper's own history."""
        kinds = [names for names in self.strikes if names]
        names = [kinds[kind][rng.integers(len(kinds[kind]))] for kind in rng.integers(len(kinds), size=n)]
        if n and user_id is not None and rng.random() < 0.5:
            had = self.model.history(user_id)["item_id"].tolist()
            names += [f"h:{had[rng.integers(len(had))]}"] if had else []
        return names

    def context(self, rng: np.random.Generator) -> Context:
        """Some circumstances, and sometimes a later moment."""
        options = self.model.context_options()
        stated = {
            name: options[name].values[rng.integers(len(options[name].values))]
            for name in CONTEXT_DIMENSIONS
            if options[name].values and rng.random() < 0.5
        }
        later = self.model.info.known_until + timedelta(hours=int(rng.integers(1, 24 * 90)))
        return Context(**stated, moment=later if rng.random() < 0.3 else None)

    def check_phrase(self, source: dict[str, object]) -> None:
        """A quote stands, letter by letter, in the text that it names."""
        text, start, end = source["text"], source["start"], source["end"]
        assert text
        if source["kind"] == "review":
            user_id, item_id, rating, whole = self.reviews[int(str(source["strike"]).split(".")[0][1:])]
            assert (user_id, item_id, rating) == (source["user_id"], source["item_id"], source["rating"])
        elif source["kind"] != "words":
            row = self.data.items.iloc[self.data.item_row(source["item_id"])]
            assert source["user_id"] is None
            attributes = attributes_text(row["category"], row["tags"])
            whole = {"title": row["title"], "description": row["description"], "attributes": attributes}[source["kind"]]
        else:
            return
        assert whole[start:end] == text


def settings(rng: np.random.Generator) -> RankingSettings:
    """Weights of every kind, with zeros, and sometimes diversity and filters."""
    weights = rng.random(4) * (rng.random(4) < 0.7)
    if not weights.any():
        weights[rng.integers(4)] = 1
    diversity = float(rng.choice([0, 0, 0.3, 1]))
    filters = Filters(include_seen=bool(rng.random() < 0.5), only_available=bool(rng.random() < 0.7))
    method = ("mmr", "dpp")[rng.integers(2)]
    return RankingSettings(FusionSettings(*weights.tolist()), filters, int(rng.integers(1, 20)), diversity, method)


def summed(parts: tuple[Contribution, ...]) -> float:
    return float(sum(part.value for part in parts))


def rounding(found: Explanation, least: float = 1e-5) -> float:
    """What adding in float32 may leave: four units in the last place of all that is added up, whatever its sign.

    A shopper of the small shop who has half of it has scores of 10 and more there, made of 60 that cancels out.
    """
    gathered = max(sum(abs(part.value) for part in side) for side in (found.contributions, found.shopper_phrases))
    return max(least, 4 * float(np.finfo(np.float32).eps) * gathered)


def check_explanation(shop: Shop, scored: ScoredRequest, found: Explanation, asked: RankingSettings) -> float:
    """Everything that an explanation promises; returns the largest error of any of its sums."""
    errors = [found.baseline + sum(found.components.values()) - found.score]
    assert errors[0] == found.residual
    errors += [summed(found.of(name)) - found.components[name] for name in COMPONENTS]
    errors.append(summed(found.shopper_phrases) - found.components["semantic"])
    errors.append(sum(found.against_average.values()) - found.score)
    row = shop.model.item_row(found.item_id)
    as_listed = shop.model.explainer.components_of(scored, row, asked.fusion)
    errors += [found.against_average[name] - as_listed[name] for name in COMPONENTS]
    for part in (*found.of("semantic"), *found.shopper_phrases):
        shop.check_phrase(dict(part.source))
    for parts in (*(found.of(name) for name in COMPONENTS), found.shopper_phrases):
        sizes = [abs(part.value) for part in parts]
        assert sizes == sorted(sizes, reverse=True)
    return float(np.abs(errors).max())


def check_arithmetic(shop: Shop, scored: ScoredRequest, row: int, fusion: FusionSettings) -> float:
    """That what the scorers say sums to the score; quicker than a whole explanation. Returns the largest error."""
    worth = scales(scored.standardised, fusion)
    listed = shop.model.explainer.components_of(scored, row, fusion)
    errors = []
    for place, name in enumerate(COMPONENTS):
        if worth[name]:
            parts = shop.model.scorers[name].contributions(scored.requests, 0, row)
            gathered = worth[name] * sum(part.value for part in parts)
            errors.append(gathered - worth[name] * float(scored.standardised.mean[place]) - listed[name])
        else:
            errors.append(listed[name])
    score = shop.model.explainer.score_of(scored, row, fusion)
    errors.append(sum(listed.values()) - score)
    return float(np.abs([*errors, sum(errors[:-1])]).max())


def named(parts: tuple[Contribution, ...]) -> list[str]:
    """Names under which parts can be struck, without the words that are typed now."""
    names = [str(part.source["strike"]) for part in parts if part.source.get("strike")]
    assert names or not parts or all(part.source["kind"] == "words" for part in parts)
    return names


def approx(value: float) -> object:
    return pytest.approx(value, abs=CLOSE)
