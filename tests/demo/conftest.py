"""The demo shop at its default size, made once for all tests of this folder."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from recsys.demo import DemoSummary, generate_demo
from recsys.demo.truth import Truth, load_truth


@dataclass(frozen=True)
class Shop:
    folder: Path
    summary: DemoSummary
    items: pd.DataFrame
    reviews: pd.DataFrame
    events: pd.DataFrame
    impressions: pd.DataFrame
    truth: Truth


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("demo") / "shop"
    summary = generate_demo(folder)
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in summary.counts if name != "shoppers"}
    return Shop(folder, summary, truth=load_truth(folder), **tables)
