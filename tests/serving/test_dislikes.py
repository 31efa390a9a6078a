"""Who complains of most of a category is not shown the rest of it."""

from pathlib import Path

import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.demo.generate import generate_demo
from recsys.serving.recommender import Recommender
from recsys.settings import Filters, FusionSettings, RankingSettings
from recsys.training.fit import TrainingSettings, train
from tests._data import shared_case
from tests.serving.test_recommender import make_model

BOOTS, LAMPS = "Boots", "Lamps"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """A demo shop and two more shoppers: both like two lamps, and "mixed" gave one star to all boots but two."""
    folder = tmp_path_factory.mktemp("dislikes")
    generate_demo(folder / "shop", n_items=120, n_shoppers=180, seed=5)
    tables = {path.stem: pd.read_parquet(path) for path in (folder / "shop").glob("*.parquet")}
    items = tables["items"]
    boots, lamps = (items.loc[items["category"] == name, "item_id"].tolist() for name in (BOOTS, LAMPS))
    assert len(boots) > 4
    judged = [(user, item, 5) for user in ("mixed", "likeonly") for item in lamps[:2]]
    judged += [("mixed", item, 1) for item in boots[:-2]]
    last = tables["reviews"]["timestamp"].max().floor("D")
    said = pd.DataFrame(judged, columns=["user_id", "item_id", "rating"]).assign(timestamp=last, text="")
    reviews = pd.concat([tables["reviews"], said], ignore_index=True)
    return make_model(Dataset.from_frames(items, reviews, tables["events"]), folder / "model")


def boots_of(model: Recommender, user: str, fusion: FusionSettings) -> dict[str, int]:
    """Rank of every boot that a shopper may be shown, among all products."""
    everything = Filters(only_available=False)
    ranked = model.rank(model.scores(user), RankingSettings(fusion, everything, n=len(model.items)))
    category = model.items.set_index("item_id")["category"]
    return {item.item_id: item.rank for item in ranked.items if category[item.item_id] == BOOTS}


@pytest.mark.parametrize("component", ["content", "semantic"])
def test_what_is_left_of_a_disliked_category_goes_to_the_end(model: Recommender, component: str) -> None:
    fusion = FusionSettings.only(component)  # type: ignore[arg-type]
    mixed, others = (boots_of(model, user, fusion) for user in ("mixed", "likeonly"))
    assert len(mixed) == 2
    for boot, rank in mixed.items():
        assert rank > others[boot]
        assert rank > 0.75 * len(model.items)


def test_the_next_boot_is_far_down_the_list_of_who_complained_of_boots(model: Recommender) -> None:
    usual = model.info.default_weights
    mixed, others = (boots_of(model, user, usual) for user in ("mixed", "likeonly"))
    assert min(mixed.values()) > 10
    assert min(mixed.values()) > 2 * min(others[boot] for boot in mixed)


def test_explanations_say_that_it_was_disliked(model: Recommender) -> None:
    scored = model.scores("mixed")
    for boot in boots_of(model, "mixed", model.info.default_weights):
        found = model.explain(scored, boot, RankingSettings(model.info.default_weights))
        assert found.against_average["content"] < 0
        assert found.against_average["semantic"] < 0
        category = model.items.set_index("item_id")["category"]
        for phrase in found.shopper_phrases:
            of_boots = category.get(phrase.source.get("item_id")) == BOOTS
            assert bool(phrase.source.get("disliked")) == of_boots
        against = sum(phrase.value for phrase in found.shopper_phrases if phrase.source.get("disliked"))
        assert against < 0
        assert sum(phrase.value for phrase in found.shopper_phrases) == pytest.approx(
            found.components["semantic"], abs=1e-4
        )
    liked_only = model.scores("likeonly")
    (first, *_) = model.rank(liked_only).items
    assert not any(phrase.source.get("disliked") for phrase in model.explain(liked_only, first.item_id).shopper_phrases)


@pytest.mark.slow
def test_the_shop_that_went_wrong_once(tmp_path: Path) -> None:
    """There the next boot was rank 6 for both."""
    train(shared_case("j_dislikes_a_category"), tmp_path / "model", TrainingSettings())
    model = Recommender.load(tmp_path / "model")
    mixed, others = (boots_of(model, user, model.info.default_weights) for user in ("mixed", "likeonly"))
    assert len(mixed) == 2
    assert min(mixed.values()) > 10
    assert min(mixed.values()) > 3 * min(others[boot] for boot in mixed)
