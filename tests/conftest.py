"""A shop of 6 shoppers and 8 products, small enough to work every number out by hand.

Positives (rating of at least 4, or a purchase), each at its first moment:

    ann   tent-2 28 Feb   stove 10 Mar   blanket 20 Apr
    ben   tent-2  5 Mar   mug   14 Mar   lamp    12 Apr
    cleo  candle  2 Mar   blanket 25 Mar 00123   25 Apr
    dora  tent-4  7 Mar   stove 30 Mar
    eli   lamp    8 Apr
    0042  none: looked at the blanket twice
"""

import os

# Several processes share the cores: a thread that waits for others sleeps, instead of taking their time, and small
# products of matrices run on one. Libraries read this once, as they are loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from typing import Any

import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from recsys.data.dataset import Dataset
from recsys.studies.benchmarks import live_metrics
from tests._demo import shared_folder

# The first example compiles loops or waits for other work; how long one takes proves nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of several processes one compiles the loops that most tests run, and the others read them from disk.

    The first process does not wait: it has the browser tests, which run them in servers.
    """
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        return
    done = shared_folder(tmp_path_factory) / "compiled"
    with FileLock(f"{done}.lock"):
        if not done.exists():
            live_metrics.run((40, 300), n_repeats=1)
            done.touch()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Several processes: a file's tests in one, which makes what they share once, and all browser tests in one."""
    return _ByFile(config, log)


class _ByFile(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith(_BROWSER) else str(super()._split_scope(nodeid))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with browser tests, which take longest and mostly wait."""
    items.sort(key=lambda item: not item.nodeid.startswith(_BROWSER))


_BROWSER = "tests/browser/"

_ITEMS = [
    # id, title, description, category, brand, price, tags, available
    (
        "tent-2",
        "Ridge tent for two",
        "Light tent. Rainproof to 3,000 mm.",
        "Tents",
        "Alder",
        199.0,
        ["light", "rainproof"],
        True,
    ),
    ("tent-4", "Family tent", "Roomy, stands in minutes.", "Tents", "Fjell", 349.0, ["roomy"], True),
    ("stove", "Gas stove", "Boils a litre in three minutes.", "Kitchen", "Alder", 59.0, ["light", "fast"], True),
    ("mug", "Enamel mug", "Keeps its looks for years.", "Kitchen", "Fjell", 12.5, ["sturdy"], True),
    ("lamp", "Head lamp", "Bright, 40 hours of light.", "Lighting", "Lumo", 39.0, ["light", "bright"], True),
    ("candle", "Cedar candle", "", "Home", "", 18.0, ["scent"], False),
    ("blanket", "Wool blanket", "Warm and soft.", "Home", "Fjell", 89.0, ["warm", "sturdy"], True),
    ("00123", "Spare pegs", "", "Tents", "", None, [], True),
]

_REVIEWS = [
    # user, item, rating, time in UTC, text, helpful yes, of all, device, region
    ("ann", "tent-2", 5, "2024-03-01T09:00", "Light to carry. Stayed dry all night!", 4, 5, "mobile", "north"),
    ("ann", "stove", 4, "2024-03-10T20:15", "Boils fast, but it is noisy.", 1, 2, "mobile", "north"),
    ("ann", "lamp", 2, "2024-03-20T21:30", "The battery was dead within an hour.", 3, 3, "desktop", "north"),
    ("ann", "blanket", 5, "2024-04-20T19:00", "So warm and soft.", 0, 0, "mobile", "north"),
    ("ben", "tent-2", 4, "2024-03-05T12:00", "Good tent, easy to pitch in the rain.", 2, 2, "desktop", "south"),
    ("ben", "mug", 5, "2024-03-15T08:45", "Sturdy little mug 😀", 0, 1, "desktop", "south"),
    ("ben", "stove", 1, "2024-04-01T18:20", "Far too noisy. Sent it back.", 5, 6, "mobile", "south"),
    ("cleo", "candle", 5, "2024-03-03T22:10", "Lovely scent of cedar.", 1, 1, "tablet", "south"),
    ("cleo", "blanket", 4, "2024-03-25T20:00", "Warm, a little heavy.", 0, 0, "tablet", "south"),
    ("cleo", "mug", 3, "2024-04-05T10:30", "", 0, 0, "desktop", "south"),
    ("dora", "tent-4", 5, "2024-03-08T07:50", "Room for all of us, and dry.", 2, 3, "mobile", "north"),
    ("eli", "lamp", 5, "2024-04-10T23:05", "Bright, and light on the head.", 1, 1, "mobile", "west"),
    ("eli", "tent-2", 3, "2024-04-15T16:40", "Fine in summer only.", 0, 1, "desktop", "west"),
]

_EVENTS = [
    # user, item, event, time in UTC, device, region
    ("ann", "tent-2", "purchase", "2024-02-28T08:00", "mobile", "north"),
    ("ann", "candle", "view", "2024-03-12T21:00", "mobile", "north"),
    ("ben", "mug", "purchase", "2024-03-14T09:30", "desktop", "south"),
    ("ben", "lamp", "purchase", "2024-04-12T20:45", "mobile", "south"),
    ("ben", "tent-4", "cart", "2024-04-13T13:00", "desktop", "south"),
    ("cleo", "candle", "purchase", "2024-03-02T20:30", "tablet", "south"),
    ("cleo", "lamp", "wishlist", "2024-03-28T22:00", "tablet", "south"),
    ("cleo", "00123", "purchase", "2024-04-25T11:00", "desktop", "south"),
    ("dora", "tent-4", "purchase", "2024-03-07T07:30", "mobile", "north"),
    ("dora", "stove", "purchase", "2024-03-30T18:00", "mobile", "north"),
    ("dora", "mug", "click", "2024-04-02T12:15", "mobile", "north"),
    ("eli", "lamp", "purchase", "2024-04-08T22:00", "mobile", "west"),
    ("0042", "blanket", "view", "2024-04-27T20:00", "tablet", "west"),
    ("0042", "blanket", "view", "2024-04-28T20:30", "tablet", "west"),
]

_IMPRESSIONS = [
    # time in UTC, item, click, propensity, user (None: not signed in), position, device, region, policy
    ("2024-04-01T08:00", "mug", 0, 0.125, "ann", 1, "mobile", "north", "random"),
    ("2024-04-01T08:00", "lamp", 1, 0.125, "ann", 2, "mobile", "north", "random"),
    ("2024-04-09T21:00", "blanket", 0, 0.5, None, 1, "desktop", "west", "popular"),
    ("2024-04-14T13:30", "tent-4", 1, 0.25, "ben", 1, "desktop", "south", "popular"),
    ("2024-04-20T20:00", "stove", 0, 0.125, "eli", 3, "mobile", "west", "random"),
    ("2024-04-28T20:30", "blanket", 1, 0.5, "0042", 1, "tablet", "west", "popular"),
]


def _table(rows: list[tuple[object, ...]], columns: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns.split())
    if "timestamp" in frame:
        frame["timestamp"] = pd.to_datetime(frame["timestamp"], utc=True)
    return frame


@pytest.fixture
def tiny() -> dict[str, pd.DataFrame]:
    """The small shop as fresh canonical tables: items, reviews, events, impressions."""
    reviews = "user_id item_id rating timestamp text helpful_yes helpful_total device region"
    impressions = "timestamp item_id click propensity_score user_id position device region policy"
    return {
        "items": _table(_ITEMS, "item_id title description category brand price tags available"),
        "reviews": _table(_REVIEWS, reviews),
        "events": _table(_EVENTS, "user_id item_id event timestamp device region"),
        "impressions": _table(_IMPRESSIONS, impressions),
    }


@pytest.fixture
def tiny_data(tiny: dict[str, pd.DataFrame]) -> Dataset:
    """The small shop as a `Dataset`; users in the order 0042, ann, ben, cleo, dora, eli."""
    return Dataset.from_frames(**tiny, name="tiny")
