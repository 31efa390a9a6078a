"""From reviews to be written to their text, title and votes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.demo.aspects import ROW_OF
from recsys.demo.calendar import DAY, END
from recsys.demo.catalogue import Catalogue
from recsys.demo.departments import DEPARTMENTS
from recsys.demo.names import brands_of
from recsys.demo.prose.compose import Writer
from recsys.demo.prose.voices import VOICES
from recsys.demo.prose.words import Wording
from recsys.demo.reviewing import Reviews
from recsys.demo.world import Shoppers
from recsys.progress import Progress


def review_frame(
    reviews: Reviews,
    shoppers: Shoppers,
    catalogue: Catalogue,
    writer: Writer,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[pd.DataFrame, NDArray[np.int32]]:
    """Write the reviews.

    Returns
    -------
    columns rating, title, text, helpful_yes, helpful_total and verified, rows as in `reviews`; and int32 of shape
    (n_mentions, 6): shopper row, product row, aspect, polarity, start and end of every judgement
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
            reviews.judgements(row, number),
            rating=int(reviews.rating[row]),
            department=department.key,
            voice=VOICES[shoppers.voice[user]],
            wording=Wording(writer.draws, slots),
        )
        titles.append(written.title)
        texts.append(written.text)
        mentions += [(user, item, ROW_OF[one.aspect], one.polarity, one.start, one.end) for one in written.mentions]
    yes, total = _votes(reviews, np.array([len(text) for text in texts]), rng)
    frame = pd.DataFrame(
        {
            "rating": reviews.rating.astype(np.float64),
            "title": titles,
            "text": texts,
            "helpful_yes": yes,
            "helpful_total": total,
            "verified": reviews.verified,
        }
    )
    return frame, np.array(mentions, dtype=np.int32).reshape(-1, 6)


def _votes(
    reviews: Reviews, length: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Votes gather with age; longer reviews get more of them, and more that find them helpful."""
    age = (END - reviews.seconds) / (365 * DAY)
    total = rng.poisson(0.25 + 2.2 * age * np.minimum(length, 600) / 200)
    yes = rng.binomial(total, np.clip(0.35 + length / 700, 0, 0.92))
    return yes, total
