"""Reviews: who writes of what, with how many stars, which opinions, and the text, title and votes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.demo.behaviour import PURCHASE, VIEW, Events, Journeys, Visits, drawn_device
from recsys.demo.catalogue import Catalogue, brands_of
from recsys.demo.prose.compose import Opinion, Writer
from recsys.demo.prose.wording import VOICES, Wording
from recsys.demo.shop import APPLIES, ASPECTS, DAY, DEPARTMENTS, END, OF_DEPARTMENT
from recsys.demo.truth import Floats, Ints, Shoppers, World
from recsys.progress import Progress

_VERIFIED_SHARE = 0.9
_STARS = np.array([-0.5, -0.12, 0.18, 0.66])
"""Thresholds of the second, third, fourth and fifth star on the scale of `satisfaction`."""

_MOST_OPINIONS = 7
_INDIFFERENT = 0.22
"""A quality felt as no further from 0 than this is middling."""


@dataclass(slots=True)
class Reviews(Visits):
    """Reviews to be written, in order of time.

    `felt`: float32 of shape (n_reviews, N_ASPECTS), the qualities as this shopper met them; `weight`: float32 of the
    same shape, importance of each, 0 where no aspect applies.
    """

    verified: np.ndarray
    rating: Ints
    felt: Floats
    weight: Floats

    def opinions(self, row: int, department: int) -> list[Opinion]:
        """List the opinions of this shopper, most important first."""
        felt, weight = self.felt[row], self.weight[row]
        heaviest = np.argsort(-weight, kind="stable")[:_MOST_OPINIONS]
        columns = heaviest[weight[heaviest] > 0].tolist()
        aspects = OF_DEPARTMENT[department]
        rating = int(self.rating[row])
        # what decided the stars comes first; three stars mean that there is something to complain of, too
        columns = _leading(columns, felt, 1 if rating > 3 else -1)
        if rating == 3:
            columns = columns[:1] + _leading(columns[1:], felt, 1)
        return [
            Opinion(ASPECTS[aspects[column]], _polarity(felt[column]), strong=bool(abs(felt[column]) > 0.7))
            for column in columns
        ]


def _leading(columns: list[int], felt: Floats, polarity: int) -> list[int]:
    """Move the first column of this polarity, if any, to the front."""
    first = next((column for column in columns if _polarity(felt[column]) == polarity), None)
    return columns if first is None else [first, *(column for column in columns if column != first)]


def _polarity(felt: float) -> int:
    return 0 if abs(felt) < _INDIFFERENT else 1 if felt > 0 else -1


def satisfaction(world: World, user: Ints, item: Ints) -> Floats:
    """Compute taste times quality as an average over the aspects that apply, chance left out."""
    department = world.items.department[item]
    weight = (world.matched_taste[user, department] + 0.2) * APPLIES[department]
    return np.asarray((weight * world.items.quality[item]).sum(axis=1) / weight.sum(axis=1), dtype=np.float32)


def draw_reviews(world: World, journeys: Journeys, events: Events, n_reviews: int, rng: np.random.Generator) -> Reviews:
    """Draw at most `n_reviews` reviews, one a shopper and product; most follow a purchase here, some one elsewhere."""
    items, shoppers = world.items, world.shoppers
    journey, verified, seconds = _occasions(journeys, events, n_reviews, len(items.base), rng)
    user, item = journeys.user[journey], journeys.item[journey]
    mood = 1.15 * satisfaction(world, user, item) + shoppers.leniency[user] + rng.normal(0, 0.42, len(user))
    rating = 1 + np.searchsorted(_STARS, mood)
    department = items.department[item]
    quality = items.quality[item]
    felt = quality + rng.normal(0, 0.2, quality.shape)
    agrees = np.exp(0.3 * np.clip(felt, -1.5, 1.5) * (rating - 3.2)[:, None])
    care = world.matched_taste[user, department] + 0.12
    weight = care * (np.abs(felt) + 0.15) * agrees * rng.gamma(2.5, 1, quality.shape)
    return Reviews(
        user=user,
        item=item,
        seconds=seconds,
        verified=verified,
        rating=rating,
        device=drawn_device(shoppers, user, rng),
        region=shoppers.region[user].astype(np.int64),
        felt=felt.astype(np.float32),
        weight=(weight * APPLIES[department]).astype(np.float32),
    )


def _occasions(
    journeys: Journeys, events: Events, n_reviews: int, n_items: int, rng: np.random.Generator
) -> tuple[Ints, np.ndarray, Ints]:
    """Draw journeys that lead to a review, whether bought here, and when it is written."""
    bought = events.journey[events.kind == PURCHASE]
    looked = np.setdiff1d(events.journey[events.kind == VIEW], bought)
    journey = np.concatenate([rng.permutation(bought), rng.permutation(looked)])
    verified = np.arange(len(journey)) < len(bought)
    delay = np.exp(rng.normal(2.3, 0.8, len(journey))) * DAY + 3600
    seconds = journeys.seconds[journey] + delay.astype(np.int64)
    # people write in the evening of the day, whatever hour they bought at
    seconds = seconds // DAY * DAY + np.clip(rng.normal(18.5, 3.2, len(journey)) * 3600, 0, DAY - 1).astype(np.int64)
    seconds = np.maximum(seconds, journeys.seconds[journey] + 3600)
    pair = journeys.user[journey] * n_items + journeys.item[journey]
    possible = np.zeros(len(journey), dtype=bool)
    possible[np.unique(pair, return_index=True)[1]] = True
    possible &= seconds < END
    n_verified = min(round(n_reviews * _VERIFIED_SHARE), int((possible & verified).sum()))
    of_buyers, of_others = (np.flatnonzero(possible & each) for each in (verified, ~verified))
    chosen = np.append(of_buyers[:n_verified], of_others[: n_reviews - n_verified])
    chosen = chosen[np.argsort(seconds[chosen], kind="stable")]
    return journey[chosen], verified[chosen], seconds[chosen]


def review_frame(
    reviews: Reviews,
    shoppers: Shoppers,
    catalogue: Catalogue,
    writer: Writer,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[pd.DataFrame, NDArray[np.int32]]:
    """Write reviews: rating, title, text, helpful_yes, helpful_total, verified; and the mentions of aspects in them.

    Mentions are int32 of shape (n_mentions, 6): shopper row, product row, aspect, polarity, start and end.
    """
    rivals = [tuple(brand.name for brand in brands_of(department.key)) for department in DEPARTMENTS]
    brands = catalogue.frame["brand"].tolist()
    titles, texts = [], []
    mentions: list[tuple[int, int, int, int, int, int]] = []
    for row, (user, item) in enumerate(zip(reviews.user.tolist(), reviews.item.tolist(), strict=True)):
        if row % 500 == 0:
            progress("writing reviews", row, len(reviews.user))
        number = int(catalogue.hidden.department[item])
        department = DEPARTMENTS[number]
        model = catalogue.models[item]
        slots = {
            "brand": (brands[item],),
            "rival": tuple(name for name in rivals[number] if name != brands[item]),
            "model": (model, model.split()[0]),
            "thing": department.nouns,
            "it": ("it", "it", "this", f"the {department.nouns[0]}", f"this {department.nouns[-1]}"),
            "use": department.uses,
        }
        written = writer.review(
            reviews.opinions(row, number),
            rating=int(reviews.rating[row]),
            department=department.key,
            voice=VOICES[shoppers.voice[user]],
            wording=Wording(writer.draws, slots),
        )
        titles.append(written.title)
        texts.append(written.text)
        mentions += [(user, item, *each.numbers()) for each in written.mentions]
    yes, total = _votes(reviews, np.array([len(text) for text in texts]), rng)
    frame = pd.DataFrame({"rating": reviews.rating.astype(np.float64), "title": titles, "text": texts})
    frame = frame.assign(helpful_yes=yes, helpful_total=total, verified=reviews.verified)
    return frame, np.array(mentions, dtype=np.int32).reshape(-1, 6)


def _votes(
    reviews: Reviews, length: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw votes: older and longer reviews get more, and longer ones are found helpful more often."""
    age = (END - reviews.seconds) / (365 * DAY)
    total = rng.poisson(0.25 + 2.2 * age * np.minimum(length, 600) / 200)
    yes = rng.binomial(total, np.clip(0.35 + length / 700, 0, 0.92))
    return yes, total
