"""Generate the demo shop: catalogue first, then shoppers in blocks, so that memory stays bounded at any size."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.writing import FolderWriter
from recsys.demo.behaviour import EVENTS, POLICIES, Visits, draw_events, draw_impressions, draw_journeys, draw_shoppers
from recsys.demo.catalogue import Catalogue, draw_catalogue
from recsys.demo.prose.compose import Writer
from recsys.demo.prose.wording import Draws
from recsys.demo.reviewing import draw_reviews, review_frame
from recsys.demo.shop import DEPARTMENTS, DEVICES, REGIONS
from recsys.demo.truth import TRUTH_FILE, Shoppers, World, item_effects, numbered, save_truth
from recsys.errors import DataError, SettingsError
from recsys.progress import Progress, silent
from recsys.schema import FILES

REVIEWS_PER_SHOPPER, EVENTS_PER_SHOPPER, IMPRESSIONS_PER_SHOPPER = 8_000 / 1_500, 50_000 / 1_500, 40_000 / 1_500
MOST_REVIEWS = 200_000
"""Reviews do not grow with the shoppers beyond this, since each is written word by word."""

LEAST_ITEMS = 3 * len(DEPARTMENTS)
BLOCK = 10_000
"""Shoppers who are drawn, and whose events are written, at a time."""


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was made: rows by table, shoppers, and how long it took."""

    counts: dict[str, int]
    seconds: float


def generate_demo(
    out: Path, *, n_items: int = 1000, n_shoppers: int = 1500, seed: int = 0, progress: Progress = silent
) -> DemoSummary:
    """Make a believable outdoor-and-home shop as a canonical data folder, with its hidden truth beside it.

    At the default size there are 8,000 reviews, 50,000 events and 40,000 impressions. At other sizes all three grow
    in proportion to the shoppers, except that there are at most MOST_REVIEWS reviews, and fewer in a catalogue so
    small that shoppers have nothing left to review.

    An earlier demo shop in `out` is replaced, as a whole and only at the end. The same seed and sizes give the same
    data, with at least one event for every shopper.

    Raises SettingsError: `n_items` is below LEAST_ITEMS, `n_shoppers` below 1, or `seed` below 0; DataError: `out`
    holds something else.
    """
    started = time.perf_counter()
    for option, value, least, why in (
        ("items", n_items, LEAST_ITEMS, f"{n_items} is too few for {len(DEPARTMENTS)} departments"),
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
        catalogue = draw_catalogue(n_items, np.random.default_rng([seed, 1]), progress)
        folder.write("items", catalogue.frame)
        blocks = _Blocks(folder, catalogue, n_shoppers, seed, progress)
        for block in range(-(-n_shoppers // BLOCK)):
            blocks.write(block)
        blocks.write_truth()
    progress("the demo shop is ready", n_shoppers, n_shoppers)
    return DemoSummary(blocks.counts, time.perf_counter() - started)


class _Blocks:
    def __init__(
        self, folder: FolderWriter, catalogue: Catalogue, n_shoppers: int, seed: int, progress: Progress
    ) -> None:
        self.folder, self.catalogue, self.n_shoppers, self.seed = folder, catalogue, n_shoppers, seed
        self.progress = progress
        self.effects = item_effects(catalogue.hidden)
        self.writer = Writer(Draws(np.random.default_rng([seed, 2])))
        self.item_ids = catalogue.frame["item_id"].to_numpy(dtype=object)
        self.shoppers: list[Shoppers] = []
        self.mentions: list[NDArray[np.int32]] = []
        self.counts = {"items": len(self.item_ids), "shoppers": n_shoppers, "reviews": 0, "events": 0, "impressions": 0}

    def write(self, block: int) -> None:
        """Write the rows of one block of shoppers in all tables but the items."""
        first = block * BLOCK
        self.progress("drawing shoppers and what they do", first, self.n_shoppers)
        n = min(BLOCK, self.n_shoppers - first)
        rng = np.random.default_rng([self.seed, 3, block])
        per_shopper = min(REVIEWS_PER_SHOPPER, MOST_REVIEWS / self.n_shoppers)
        # This block's part of the rows, such that the parts of all blocks add up.
        n_events, n_impressions, n_reviews = (
            round((first + n) * each) - round(first * each)
            for each in (EVENTS_PER_SHOPPER, IMPRESSIONS_PER_SHOPPER, per_shopper)
        )
        world = World(self.catalogue.hidden, draw_shoppers(n, rng), self.effects)
        journeys = draw_journeys(world, n_events, rng)
        events = draw_events(journeys, n_events, rng)
        order = np.argsort(events.seconds, kind="stable")
        frame = self._frame(first, replace(journeys.only(events.journey[order]), seconds=events.seconds[order]))
        frame.insert(2, "event", _words(events.kind[order], EVENTS))
        self._write("events", frame)

        shown = draw_impressions(world, n_impressions, rng)
        frame = self._frame(first, shown)
        frame["click"], frame["propensity_score"] = shown.click, shown.propensity
        frame["position"], frame["policy"] = shown.position, _words(shown.policy, POLICIES)
        self._write("impressions", frame)

        reviews = draw_reviews(world, journeys, events, n_reviews, rng)
        frame = self._frame(first, reviews)
        texts, mentions = review_frame(reviews, world.shoppers, self.catalogue, self.writer, rng, self.progress)
        mentions[:, 0] += first
        self._write("reviews", pd.concat([frame, texts], axis=1))
        self.mentions.append(mentions)
        self.shoppers.append(world.shoppers)

    def write_truth(self) -> None:
        """Write the hidden truth of all blocks."""
        joined = {
            name: np.concatenate([getattr(block, name) for block in self.shoppers]) for name in Shoppers.__slots__
        }
        mentions = np.concatenate(self.mentions)
        names = ("user", "item", "aspect", "polarity", "start", "end")
        described = np.array(
            [[row, *each.numbers()] for row, spans in enumerate(self.catalogue.mentions) for each in spans], np.int32
        ).reshape(-1, len(names) - 1)
        save_truth(
            self.folder.path(TRUTH_FILE),
            items=self.catalogue.hidden,
            shoppers=Shoppers(**joined),
            mentions={name: mentions[:, column] for column, name in enumerate(names)},
            described={name: described[:, column] for column, name in enumerate(names[1:])},
        )

    def _frame(self, first: int, rows: Visits) -> pd.DataFrame:
        ids = np.array(numbered("U", np.arange(first, first + BLOCK), self.n_shoppers), dtype=object)
        return pd.DataFrame(
            {
                "user_id": ids[rows.user],
                "item_id": self.item_ids[rows.item],
                "timestamp": pd.to_datetime(rows.seconds, unit="s", utc=True),
                "device": _words(rows.device, DEVICES),
                "region": _words(rows.region, REGIONS),
            }
        )

    def _write(self, table: str, frame: pd.DataFrame) -> None:
        self.folder.write(table, frame)
        self.counts[table] += len(frame)


def _words(codes: NDArray[np.int64], words: tuple[str, ...]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=list(words))
