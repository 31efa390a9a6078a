"""Makes the demo shop: catalogue first, then shoppers in blocks, so that memory stays bounded at any size."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.writing import FolderWriter
from recsys.demo.behaviour import (
    EVENTS,
    POLICIES,
    Impressions,
    Journeys,
    draw_events,
    draw_impressions,
    draw_journeys,
    draw_shoppers,
)
from recsys.demo.catalogue import Catalogue, draw_catalogue
from recsys.demo.prose.compose import Writer
from recsys.demo.prose.wording import Draws
from recsys.demo.reviewing import Reviews, draw_reviews, review_frame
from recsys.demo.shop import DEPARTMENTS, DEVICES, REGIONS
from recsys.demo.truth import TRUTH_FILE, save_truth, shopper_ids
from recsys.demo.world import Shoppers, World, item_effects
from recsys.errors import DataError, SettingsError
from recsys.progress import Progress, silent
from recsys.schema import FILES

REVIEWS_PER_SHOPPER, EVENTS_PER_SHOPPER, IMPRESSIONS_PER_SHOPPER = 8_000 / 1_500, 50_000 / 1_500, 40_000 / 1_500
MOST_REVIEWS = 200_000
"""Reviews no longer grow with the number of shoppers beyond this, since each is written word by word."""

LEAST_ITEMS = 3 * len(DEPARTMENTS)
BLOCK = 10_000
"""Shoppers who are drawn, and whose events are written, at a time."""


@dataclass(slots=True)
class DemoSummary:
    """What was made: rows by table, shoppers, and seconds by stage."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def generate_demo(
    out: Path, *, n_items: int = 1000, n_shoppers: int = 1500, seed: int = 0, progress: Progress = silent
) -> DemoSummary:
    """Make a believable outdoor-and-home shop as a canonical data folder, with its hidden truth beside it.

    At the default size there are 8,000 reviews, 50,000 events and 40,000 impressions. At other sizes all three grow
    in proportion to the shoppers, except that there are at most MOST_REVIEWS reviews, and fewer in a catalogue so
    small that shoppers have nothing left to review.

    Parameters
    ----------
    out : folder to make; an earlier data folder of that name is replaced, as a whole and only at the end
    n_items : at least LEAST_ITEMS
    n_shoppers : at least 1; all of them have at least one event
    seed : at least 0; the same seed and sizes give the same data

    Raises SettingsError: a size or the seed is out of range; DataError: `out` holds something else.
    """
    departments, summary = f"{n_items} is too few for {len(DEPARTMENTS)} departments", DemoSummary()
    for option, value, least, why in (
        ("items", n_items, LEAST_ITEMS, departments),
        ("shoppers", n_shoppers, 1, f"{n_shoppers} is too few"),
        ("seed", seed, 0, f"{seed} is not usable"),
    ):
        if value < least:
            raise SettingsError(f"--{option} {why}; give {least} or more")
    # A demo shop has its hidden truth beside its data.
    if any((out / each.file).exists() for each in FILES) and not (out / TRUTH_FILE).exists():
        raise DataError(
            "there is a shop here that is no demo shop, which would be lost",
            file=str(out),
            remedy="choose another folder",
        )
    with FolderWriter(out, extra=(TRUTH_FILE,)) as folder:
        with summary.timed("catalogue"):
            catalogue = draw_catalogue(n_items, np.random.default_rng([seed, 1]), progress)
            folder.write("items", catalogue.frame)
        maker = _Maker(catalogue, n_shoppers, seed, summary, progress)
        maker.write(folder)
        with summary.timed("truth"):
            maker.save_truth(folder.path(TRUTH_FILE))
    progress("the demo shop is ready", n_shoppers, n_shoppers)
    return summary


class _Maker:
    """Draws and writes one block of shoppers after another."""

    def __init__(
        self, catalogue: Catalogue, n_shoppers: int, seed: int, summary: DemoSummary, progress: Progress
    ) -> None:
        self.catalogue, self.n_shoppers, self.seed = catalogue, n_shoppers, seed
        self.summary, self.progress = summary, progress
        self.effects = item_effects(catalogue.hidden)
        self.writer = Writer(Draws(np.random.default_rng([seed, 2])))
        self.item_ids = catalogue.frame["item_id"].to_numpy(dtype=object)
        self.user_width = max(5, len(str(n_shoppers)))
        self.shoppers: list[Shoppers] = []
        self.mentions: list[NDArray[np.int32]] = []
        summary.counts.update(items=len(self.item_ids), shoppers=n_shoppers, reviews=0, events=0, impressions=0)

    def write(self, folder: FolderWriter) -> None:
        """All tables but the items."""
        for block, first in enumerate(range(0, self.n_shoppers, BLOCK)):
            self.progress("drawing shoppers and what they do", first, self.n_shoppers)
            n = min(BLOCK, self.n_shoppers - first)
            rng = np.random.default_rng([self.seed, 3, block])
            hidden = self.catalogue.hidden
            per_shopper = min(REVIEWS_PER_SHOPPER, MOST_REVIEWS / self.n_shoppers)
            # This block's part of the rows, such that the parts of all blocks add up.
            n_events, n_impressions, n_reviews = (
                round((first + n) * each) - round(first * each)
                for each in (EVENTS_PER_SHOPPER, IMPRESSIONS_PER_SHOPPER, per_shopper)
            )
            with self.summary.timed("behaviour"):
                shoppers = draw_shoppers(n, rng)
                world = World(hidden, shoppers, self.effects)
                journeys = draw_journeys(world, n_events, rng)
                events = draw_events(journeys, n_events, rng)
                order = np.argsort(events.seconds, kind="stable")
                acts = replace(journeys.only(events.journey[order]), seconds=events.seconds[order])
                frame = self._frame(first, acts)
                frame.insert(2, "event", _words(events.kind[order], EVENTS))
                self._write(folder, "events", frame)
            with self.summary.timed("impressions"):
                shown = draw_impressions(world, n_impressions, rng)
                frame = self._frame(first, shown)
                frame["click"], frame["propensity_score"] = shown.click, shown.propensity
                frame["position"], frame["policy"] = shown.position, _words(shown.policy, POLICIES)
                self._write(folder, "impressions", frame)
            with self.summary.timed("reviews"):
                reviews = draw_reviews(world, journeys, events, n_reviews, rng)
                frame = self._frame(first, reviews)
                texts, mentions = review_frame(reviews, shoppers, self.catalogue, self.writer, rng, self.progress)
                mentions[:, 0] += first
                self.mentions.append(mentions)
                self._write(folder, "reviews", pd.concat([frame, texts], axis=1))
            self.shoppers.append(shoppers)

    def save_truth(self, path: Path) -> None:
        """The hidden truth of everything that was written."""
        joined = {
            name: np.concatenate([getattr(block, name) for block in self.shoppers]) for name in Shoppers.__slots__
        }
        mentions = np.concatenate(self.mentions)
        names = ("user", "item", "aspect", "polarity", "start", "end")
        described = np.array(
            [[row, *each.numbers()] for row, found in enumerate(self.catalogue.mentions) for each in found], np.int32
        ).reshape(-1, len(names) - 1)
        save_truth(
            path,
            items=self.catalogue.hidden,
            shoppers=Shoppers(**joined),
            mentions={name: mentions[:, column] for column, name in enumerate(names)},
            described={name: described[:, column] for column, name in enumerate(names[1:])},
            item_width=len(str(self.item_ids[0])) - 1,
            user_width=self.user_width,
        )

    def _frame(self, first: int, rows: Journeys | Impressions | Reviews) -> pd.DataFrame:
        ids = np.array(shopper_ids(np.arange(first, first + BLOCK), self.user_width), dtype=object)
        return pd.DataFrame(
            {
                "user_id": ids[rows.user],
                "item_id": self.item_ids[rows.item],
                "timestamp": pd.to_datetime(rows.seconds, unit="s", utc=True),
                "device": _words(rows.device, DEVICES),
                "region": _words(rows.region, REGIONS),
            }
        )

    def _write(self, folder: FolderWriter, table: str, frame: pd.DataFrame) -> None:
        folder.write(table, frame)
        self.summary.counts[table] += len(frame)


def _words(codes: NDArray[np.int64], words: tuple[str, ...]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=list(words))
