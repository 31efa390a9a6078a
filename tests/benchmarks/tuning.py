"""How long a person waits in the tuning room, in a real browser: from the release of a slider to new tiles.

Run as `python -m tests.benchmarks.tuning [N_USERS N_ITEMS]` in a checkout; it needs Chromium and two idle cores. The
demo shop gives the model; its test shoppers are replaced by shoppers drawn at random, 2,000 with all scores of 5,000
products, so that the page has the size that is asked about.
"""

import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from playwright.sync_api import Browser, Page

from recsys.artifacts.folder import save_artifact
from recsys.jobs.paths import AppPaths
from recsys.panel.panel import BASELINES, PANEL
from recsys.scorers.context import ContextSettings
from recsys.settings import CONTEXT_DIMENSIONS
from recsys.studies.benchmarks.live_metrics import SIZE, DrawnShop
from tests import _demo
from tests.browser import _chromium, _server

APP = Path(__file__).resolve().parents[2] / "app.py"
COMPONENTS = ("collaborative", "content", "semantic", "context")

# From the release of the mouse to the frame in which the tiles say something else, by the browser's own clock.
_WATCH = """() => {
    const seen = () => document.querySelector('.sw-metric-groups')?.textContent;
    window.__arm = () => {
        const before = seen(), released = performance.now();
        window.__took = null;
        const look = () => requestAnimationFrame(() => {
            const now = seen();
            if (now && now !== before) requestAnimationFrame(() => { window.__took = performance.now() - released; });
            else look();
        });
        look();
    };
}"""


def run(size: tuple[int, int] = SIZE, n_moves: int = 24) -> dict[str, Any]:
    """Milliseconds from a slider to new tiles, without and with variety, and seconds to the first tiles and the map."""
    executable = _chromium.find()
    if executable is None:
        raise SystemExit("no Chromium here; `make test` says how to get one")
    with tempfile.TemporaryDirectory() as place, _chromium.launched(executable) as browser:
        return measure(browser, _demo.build(Path(place) / "home"), Path(place) / "user", size, n_moves)


def measure(browser: Browser, home: Path, user: Path, size: tuple[int, int], n_moves: int) -> dict[str, Any]:
    """The same on a RECSYS_HOME with a model, whose test shoppers are replaced.

    Parameters
    ----------
    user : the user's home folder
    """
    save_drawn_panel(AppPaths(home).panel("last"), *size)
    found: dict[str, Any] = {"n_users": size[0], "n_items": size[1]}
    with (
        _server.running(APP, home=user, environment=_demo.environment(home)) as address,
        _chromium.visiting(browser, address, _chromium.Look()) as page,
    ):
        for name in ("first_tiles_s", "tiles_again_s"):
            begun = time.perf_counter()
            page.goto("/Tuning")
            page.wait_for_selector(".sw-metric-value", timeout=300_000)
            found[name] = round(time.perf_counter() - begun, 2)
        found |= _moves(page, n_moves, "slider_to_new_tiles_ms")
        page.goto("/Tuning?diversity=0.3")
        page.wait_for_selector(".sw-metric-value", timeout=60_000)
        found |= _moves(page, n_moves, "with_variety_ms")
    return found


def _moves(page: Page, n_moves: int, name: str) -> dict[str, float]:
    _chromium.settled(page)
    page.evaluate(_WATCH)
    took = []
    for move in range(n_moves + 2):
        slider = page.locator(f".st-key-{COMPONENTS[move % 4]} [role=group] > div").first
        track = slider.bounding_box()
        thumb = slider.locator("div").nth(1).bounding_box()
        assert track is not None
        assert thumb is not None
        page.mouse.move(thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2)
        page.mouse.down()
        page.mouse.move(
            track["x"] + track["width"] * ((0.75, 0.3)[move // 4 % 2] + 0.02 * (move % 3)),
            track["y"] + track["height"] / 2,
            steps=4,
        )
        page.evaluate("window.__arm()")
        page.mouse.up()
        page.wait_for_function("window.__took !== null", timeout=20_000)
        took.append(float(page.evaluate("window.__took")))
        _chromium.settled(page)
    took = took[2:]  # the first moves warm up what is compiled or made once
    return {f"{name}_p50": round(statistics.median(took)), f"{name}_max": round(max(took)), "n_moves": len(took)}


def save_drawn_panel(folder: Path, n_users: int, n_items: int) -> None:
    """Write a panel whose scores are drawn at random; both roles hold the same shoppers."""
    panel = DrawnShop(n_users, n_items).panel
    arrays = {
        "static": panel.scores.static,
        "context": panel.scores.context,
        "widths": panel.scores.widths,
        "rounds": panel.rounds,
        "rows": panel.scores.rows,
        "cuts": panel.scores.cuts,
        "owned.starts": panel.seen.starts,
        "owned.values": panel.seen.values,
        "relevant.starts": panel.relevant.starts,
        "relevant.values": panel.relevant.values,
        **{f"baseline.{name}": panel.baselines["popularity"] for name in BASELINES},
        "popularity": panel.popularity,
        "profile_popularity": panel.profile_popularity,
    }
    context = {"times_s": np.empty(0, np.int64), "rows": np.empty(0, np.int32)}
    meta = {
        "settings": asdict(ContextSettings()),
        "values": {},
        "unavailable": {},
        "known_until_s": 0,
        "n_items": n_items,
    }
    items = panel.items.assign(
        item_id=[f"i{row}" for row in range(n_items)], title=[f"Product {row}" for row in range(n_items)]
    )
    shoppers = panel.shoppers.assign(
        n_train=5, activity="warm", top_category="", home="", **dict.fromkeys(CONTEXT_DIMENSIONS, ""), moment_s=0
    )
    role = {"leak_check": "drawn at random", "n_skipped": 0, "n_train_users": n_users, "contexts": [meta]}
    save_artifact(
        folder,
        arrays={
            "shop": {"vectors": panel.vectors},
            **{f"context_{each}_0": context for each in ("validation", "test")},
            **{each: arrays for each in ("validation", "test")},
        },
        tables={"items": _table(items), **{f"shoppers_{each}": _table(shoppers) for each in ("validation", "test")}},
        facts={
            "settings": {},
            "data": {"name": "drawn", "fingerprint": "0" * 64, "encoder_id": "none", "n_items": n_items},
            "protocol": "drawn at random",
            "baselines": list(BASELINES),
            "roles": {"validation": role, "test": role},
        },
        kind=PANEL,
    )


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:3]]
    json.dump(run((given[0], given[1])) if len(given) == 2 else run(), sys.stdout, indent=1)
    print()
