"""The small shop as a model, and a demo shop with enough in it for chance to find what breaks."""

from pathlib import Path

import pytest

from recsys.data.dataset import Dataset
from recsys.demo.generate import generate_demo
from recsys.serving.recommender import Recommender
from tests.explanations._cases import Shop
from tests.serving.test_recommender import make_model, small_model


@pytest.fixture
def model(tiny_data: Dataset, tmp_path: Path) -> Recommender:
    """The small shop of 6 shoppers and 8 products."""
    return small_model(tiny_data, tmp_path / "model")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A demo shop of 300 products and 250 shoppers; read only."""
    folder = tmp_path_factory.mktemp("explained")
    generate_demo(folder / "shop", n_items=300, n_shoppers=250, seed=5)
    data = Dataset.read(folder / "shop")
    return Shop(data, make_model(data, folder / "model"))
