"""The demo folder as a whole: sizes, form, determinism and refusals."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import recsys
from recsys.data.dataset import Dataset
from recsys.demo import generate_demo
from recsys.demo.generate import BLOCK, LEAST_ITEMS
from recsys.demo.truth import TRUTH_FILE, load_truth
from recsys.errors import DataError, SettingsError


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_default_size_has_the_promised_counts(shop):
    assert shop.summary.counts == {
        "items": 1000,
        "shoppers": 1500,
        "reviews": 8000,
        "events": 50_000,
        "impressions": 40_000,
    }
    assert len(shop.reviews) == 8000
    assert shop.events["user_id"].nunique() == 1500
    assert shop.summary.seconds < 30


def test_catalogue_is_broad_and_its_titles_do_not_repeat(shop):
    items = shop.items
    assert items["category"].nunique() >= 12
    assert items["title"].is_unique
    assert items["item_id"].is_unique
    assert items["brand"].nunique() >= 20
    assert 0.01 < (~items["available"]).mean() < 0.1
    assert (items["price"] > 0).all()
    dear = items.groupby("category")["price"].median()
    assert dear["Vacuum Cleaners"] > 5 * dear["Coffee"]


def test_some_products_and_shoppers_are_cold(shop):
    assert 5 <= 1000 - shop.events["item_id"].nunique() <= 60
    without_words = 1500 - shop.reviews["user_id"].nunique()
    assert 100 < without_words < 450
    per_shopper = shop.events["user_id"].value_counts()
    assert per_shopper.head(150).sum() > 0.3 * len(shop.events)


def test_dataset_reads_the_folder_without_any_repair(shop):
    data = Dataset.read(shop.folder)
    assert not list(data.repairs)


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    sizes = {"n_items": 80, "n_shoppers": 60}
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        generate_demo(tmp_path / name, seed=seed, **sizes)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert not any(_bytes(tmp_path / "a")[name] == one for name, one in _bytes(tmp_path / "c").items())


def test_rows_scale_with_shoppers_and_blocks_join_up(tmp_path, monkeypatch):
    monkeypatch.setattr("recsys.demo.generate.BLOCK", 100)
    assert BLOCK > 100
    summary = generate_demo(tmp_path / "shop", n_items=200, n_shoppers=310, seed=1)
    assert summary.counts["events"] == round(310 * 50_000 / 1500)
    assert summary.counts["impressions"] == round(310 * 40_000 / 1500)
    assert summary.counts["reviews"] == pytest.approx(310 * 8000 / 1500, rel=0.01)
    truth, reviews = load_truth(tmp_path / "shop"), pd.read_parquet(tmp_path / "shop" / "reviews.parquet")
    last = reviews[reviews["user_id"] > "U00300"].iloc[0]
    for one in truth.mentions_of(last["user_id"], last["item_id"]):
        assert last["text"][one.start : one.end].strip()


def test_reviews_stop_growing_at_their_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("recsys.demo.generate.MOST_REVIEWS", 150)
    summary = generate_demo(tmp_path / "shop", n_items=100, n_shoppers=100)
    assert summary.counts["reviews"] == 150
    assert summary.counts["events"] == round(100 * 50_000 / 1500)


def test_times_lie_in_two_past_years_and_follow_the_purchase(shop):
    for table in (shop.reviews, shop.events, shop.impressions):
        assert table["timestamp"].min() >= pd.Timestamp("2024-11-01", tz="UTC")
        assert table["timestamp"].max() < pd.Timestamp("2026-11-01", tz="UTC")
        assert table["timestamp"].is_monotonic_increasing
    assert shop.events["timestamp"].dt.hour.nunique() == 24
    bought = shop.events[shop.events["event"] == "purchase"].groupby(["user_id", "item_id"])["timestamp"].min()
    verified = shop.reviews[shop.reviews["verified"]].set_index(["user_id", "item_id"])["timestamp"]
    assert np.mean(shop.reviews["verified"]) > 0.8
    assert (verified > bought.reindex(verified.index)).all()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"n_items": 5}, f"--items 5 is too few for 18 departments; give {LEAST_ITEMS} or more"),
        ({"n_shoppers": 0}, "--shoppers 0 is too few; give 1 or more"),
        ({"seed": -1}, "--seed -1 is not usable; give 0 or more"),
    ],
)
def test_sizes_out_of_range_are_refused(tmp_path, sizes, message):
    with pytest.raises(SettingsError, match=message):
        generate_demo(tmp_path / "shop", **sizes)
    assert not (tmp_path / "shop").exists()


def test_a_stopped_generation_leaves_the_earlier_shop(tmp_path):
    generate_demo(tmp_path / "shop", n_items=60, n_shoppers=20)
    before = _bytes(tmp_path / "shop")

    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        if stage == "writing reviews":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_demo(tmp_path / "shop", n_items=60, n_shoppers=20, seed=3, progress=stop)
    assert _bytes(tmp_path / "shop") == before


def test_a_folder_without_truth_is_named(tmp_path):
    with pytest.raises(DataError, match=f"{TRUTH_FILE}: there is no hidden truth here"):
        load_truth(tmp_path)


def test_no_module_outside_the_demo_imports_the_truth():
    root = Path(recsys.__file__).parent
    guilty = []
    for path in root.rglob("*.py"):
        if path.is_relative_to(root / "demo"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            guilty += [path.name for name in names if name.startswith("recsys.demo.truth")]
    assert guilty == []
