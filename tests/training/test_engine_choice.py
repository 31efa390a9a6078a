"""The collaborative engine: on planted shops the one that can know is chosen, else the usual one stays."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split
from recsys.errors import Cancelled
from recsys.ranking.rank import Standardised
from recsys.scorers.base import Requests
from recsys.scorers.collaborative import ENGINE_CLASSES, CollaborativeScorer, CollaborativeSettings
from recsys.scorers.item_links import EASESettings
from recsys.scorers.phrase_weights import SemanticSettings
from recsys.settings import COMPONENTS
from recsys.text.phrasebook import build_phrasebook
from recsys.training import engine_choice
from recsys.training.engine_choice import (
    COLLABORATIVE,
    FIRST_RUNG,
    LIGHTFM_STARTS,
    SECOND_RUNG,
    EngineChoice,
    choose_engine,
)
from recsys.training.validation import ValidationShoppers
from tests._encoder import WordEncoder
from tests._metric_definitions import ndcg_at_k

START = pd.Timestamp("2023-01-01", tz="UTC")
Acts = Sequence[tuple[int, int, float]]
"""Shopper, product, and day of every purchase."""


def shop_of(acts: Acts, n_items: int, brands: Sequence[str] | None = None) -> Dataset:
    """A shop whose titles say nothing, with or without brands."""
    rng = np.random.default_rng(11)
    names = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 9)) for _ in range(n_items)]
    items = pd.DataFrame({"item_id": [f"i{n:03}" for n in range(n_items)], "title": names, "category": "Things"})
    items["brand"] = list(brands) if brands else ""
    events = pd.DataFrame(acts, columns=["user", "item", "day"])
    events = pd.DataFrame(
        {
            "user_id": [f"u{user:04}" for user in events["user"]],
            "item_id": [f"i{item:03}" for item in events["item"]],
            "event": "purchase",
            "timestamp": [START + pd.Timedelta(days=day) for day in events["day"]],
        }
    )
    return Dataset.from_frames(items, events=events)


def shoppers_of(data: Dataset) -> ValidationShoppers:
    """Who bought last but one, with a semantic component that does not learn from what is liked together."""
    rounds, book = list(last_split(data).rounds("validation")), build_phrasebook(data, WordEncoder())
    return ValidationShoppers.of(data, rounds, book, "last", {"semantic": SemanticSettings(taste_weight=0)})


def groups(n_users: int = 300, n_groups: int = 12, size: int = 8, seed: int = 1) -> Acts:
    """Everybody buys five products of one group, in any order, over a week."""
    rng, acts = np.random.default_rng(seed), []
    for user in range(n_users):
        start, group = rng.uniform(0, 300), user % n_groups
        for place, item in enumerate(rng.choice(size, 5, replace=False).tolist()):
            acts.append((user, group * size + item, start + place))
    return acts


def circles(n_users: int = 600, n_groups: int = 4, size: int = 16, seed: int = 2) -> Acts:
    """Products of a group stand in a circle: first five neighbours are bought, and then two from across it.

    So those that are bought last were hardly ever bought together with the first: others between link them.
    """
    rng, acts = np.random.default_rng(seed), []
    for user in range(n_users):
        start, group, at = rng.uniform(0, 300), user % n_groups, int(rng.integers(size))
        across = rng.choice(np.arange(9, 13), 2, replace=False).tolist()
        for place, step in enumerate((*range(5), *across)):
            acts.append((user, group * size + (at + step) % size, start + place))
    return acts


@pytest.fixture(scope="module")
def grouped() -> ValidationShoppers:
    return shoppers_of(shop_of(groups(), 96))


def test_where_products_go_together_the_usual_engine_is_far_better_than_none(grouped: ValidationShoppers) -> None:
    choice, scorers = choose_engine(grouped)
    scores = grouped.scores_of(scorers)
    assert choice.name == CollaborativeSettings().engine == "ease"
    assert choice.n_shoppers == 300
    assert set(choice.tried) == set(ENGINE_CLASSES)
    without = float(np.nanmean(gains_by_hand(grouped, np.zeros_like(scores), 0.0)))
    assert choice.tried["ease"] > without + 0.3
    assert choice.as_json()["validation_ndcg"] == choice.tried
    assert f"({', '.join(f'{ENGINE_CLASSES[name].label} {value:.4f}' for name, value in choice.tried.items())})" in (
        choice.in_words()
    )


def gains_by_hand(shoppers: ValidationShoppers, scores: np.ndarray, share: float) -> list[float]:
    """nDCG@10 of everybody's list: the other components as mixed best without the engine, and the engine's share."""
    known, best, others = shoppers.scores, -1.0, np.zeros(0)
    names = [name for name in COMPONENTS if name != "collaborative"]
    for first in range(6):
        for second in range(6 - first):
            mix = dict(zip(names, (first / 5, second / 5, (5 - first - second) / 5), strict=True))
            fused = np.einsum("ukn,k->un", known.values, [mix.get(name, 0.0) for name in COMPONENTS])
            quality = np.mean(ndcg_of(shoppers, fused))
            if quality > best:
                best, others = float(quality), fused
    return ndcg_of(shoppers, (1 - share) * others + share * scores)


def ndcg_of(shoppers: ValidationShoppers, fused: np.ndarray) -> list[float]:
    known, values = shoppers.scores, []
    for user, row in enumerate(fused):
        ranked = sorted(np.flatnonzero(known.eligible[user]).tolist(), key=lambda item, row=row: -row[item])
        values.append(ndcg_at_k(ranked, known.pair_items[known.pair_users == user].tolist(), 10))
    return values


def test_an_engine_is_judged_by_the_list_as_a_whole_at_its_best_share(grouped: ValidationShoppers) -> None:
    choice, scorers = choose_engine(grouped)
    scores = grouped.scores_of(scorers)
    by_share = [np.mean(gains_by_hand(grouped, scores, share)) for share in engine_choice.SHARES]
    assert choice.tried["ease"] == pytest.approx(max(by_share), abs=2e-3)  # ties are drawn here, and averaged there


def test_the_scores_are_those_of_the_component_with_the_chosen_settings(grouped: ValidationShoppers) -> None:
    choice, scorers = choose_engine(grouped)
    scores = grouped.scores_of(scorers)
    (fitting,), (users,), (contexts,) = grouped.fittings, grouped.users, grouped.contexts
    component = CollaborativeScorer(choice.settings).fit(fitting)
    raw, had = component.score(Requests(users, tuple(contexts))), fitting.data.seen()[users].toarray()
    expected = [Standardised.of(row[None], ~had[user].astype(bool)).values[0] for user, row in enumerate(raw)]
    np.testing.assert_allclose(scores, np.stack(expected), rtol=1e-4, atol=1e-5)
    together = shoppers_of(shop_of(groups(), 96)).with_component("collaborative", scorers)
    np.testing.assert_array_equal(together.scores.values[:, COLLABORATIVE], scores)


def test_the_same_shop_and_seed_choose_the_same(grouped: ValidationShoppers) -> None:
    first, scorers = choose_engine(grouped)
    others = shoppers_of(shop_of(groups(), 96))
    again, same = choose_engine(others)
    assert again == first
    np.testing.assert_array_equal(others.scores_of(same), grouped.scores_of(scorers))


def test_where_likes_are_linked_only_through_others_lightfm_is_chosen() -> None:
    choice, _ = choose_engine(shoppers_of(shop_of(circles(), 64)))
    assert choice.tried["lightfm"] > max(choice.tried["ease"], choice.tried["item_knn"]) + 0.1
    assert choice.name == "lightfm"
    assert choice.settings.lightfm.n_epochs in (FIRST_RUNG, SECOND_RUNG)
    assert replace(choice.settings.lightfm, n_epochs=40) in LIGHTFM_STARTS
    assert "The collaborative component is LightFM (" in choice.in_words()
    assert "stays" not in choice.in_words()


def test_where_ease_holds_few_of_the_products_item_knn_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a shop that is larger than `max_items`; tastes drift, of which LightFM knows nothing."""
    few = partial(CollaborativeSettings, ease=EASESettings(attribute_weight=1.0, half_life_days=180.0, max_items=5))
    monkeypatch.setattr(engine_choice, "CollaborativeSettings", few)
    choice, _ = choose_engine(shoppers_of(shop_of(drifting(comes_back=False), 96)))
    assert choice.name == "item_knn"
    assert choice.tried["item_knn"] > max(choice.tried["ease"], choice.tried["lightfm"]) + 0.1
    assert choice.settings.item_knn.half_life_days == 30
    assert choice.settings.ease.max_items == 5


@pytest.mark.parametrize("engine", ["lightfm", "item_knn", "ease"])
def test_the_engine_that_a_person_chose_is_taken_and_the_figures_stay(
    grouped: ValidationShoppers, engine: engine_choice.EngineName
) -> None:
    choice, _ = choose_engine(grouped, engine)
    assert choice.name == engine
    assert choice.tried == choose_engine(grouped)[0].tried


def drifting(*, comes_back: bool, n_users: int = 300, n_groups: int = 12, size: int = 8) -> Acts:
    """Six products of one group long ago and two of another lately; then two more of the old one, or of the new one."""
    rng, acts = np.random.default_rng(4), []
    for user in range(n_users):
        old, new = rng.choice(n_groups, 2, replace=False).tolist()
        start = rng.uniform(0, 100)
        of_old, of_new = (rng.permutation(size) + group * size for group in (old, new))
        bought = [(item, start + place) for place, item in enumerate(of_old[:6].tolist())]
        bought += [(item, start + 300 + place) for place, item in enumerate(of_new[:2].tolist())]
        last = of_old[6:8] if comes_back else of_new[2:4]
        bought += [(item, start + 310 + place) for place, item in enumerate(last.tolist())]
        acts += [(user, item, day) for item, day in bought]
    return acts


def test_where_tastes_drift_old_likes_fade_and_where_they_come_back_they_do_not() -> None:
    drifts, returns = (
        choose_engine(shoppers_of(shop_of(drifting(comes_back=each), 96)), "ease")[0].settings for each in (False, True)
    )
    assert drifts.ease.half_life_days == drifts.item_knn.half_life_days == 30
    assert returns.ease.half_life_days is returns.item_knn.half_life_days is None


def test_attributes_that_mislead_are_left_out_and_others_stay() -> None:
    """Everybody buys four products that go together; brands, of two products each, cut across."""
    rng, acts = np.random.default_rng(5), []
    n_groups, size = 60, 4
    for user in range(480):
        start, group = rng.uniform(0, 300), user % n_groups
        acts += [(user, group * size + item, start + at) for at, item in enumerate(rng.permutation(size).tolist())]
    order = rng.permutation(n_groups * size)
    across = [f"b{place // 2}" for place in np.argsort(order).tolist()]
    along = [f"b{item // size}" for item in range(n_groups * size)]
    misled, helped = (
        choose_engine(shoppers_of(shop_of(acts, n_groups * size, brands)), "ease")[0].settings
        for brands in (across, along)
    )
    assert misled.ease.attribute_weight == 0
    assert helped.ease.attribute_weight == 1


def test_what_is_better_by_chance_only_is_not_taken() -> None:
    """Two standard errors over shoppers decide; the first stays where they are not passed."""
    rng = np.random.default_rng(0)
    base = rng.random(400)
    settings = CollaborativeSettings()
    first = engine_choice._Candidate(settings, (), base)
    for lead, is_taken in ((1.9, False), (2.1, True), (-3.0, False)):
        noise = rng.standard_normal(400)
        noise = (noise - noise.mean()) / noise.std()  # of deviation 1, so an error of 1 / 20
        other = engine_choice._Candidate(replace(settings, engine="lightfm"), (), base + noise + lead / 20)
        assert (engine_choice._better_than_first([first, other]) is other) == is_taken


def test_it_can_be_stopped(grouped: ValidationShoppers) -> None:
    told = []

    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        told.append((done, total))
        if done == 7:
            raise Cancelled(stage)

    with pytest.raises(Cancelled, match="choosing the collaborative engine"):
        choose_engine(grouped, None, stop)
    assert told == sorted(told)
    assert {total for _, total in told} == {4 + 2 + 3 + 2 * 3}


def test_too_few_shoppers_are_said_to_be_the_reason() -> None:
    choice = EngineChoice(CollaborativeSettings("item_knn"))
    assert choice.in_words() == (
        "The collaborative component is ItemKNN with its default settings: too few validation shoppers to choose by."
    )
    assert choice.as_json()["validation_ndcg"] == {}


def test_it_says_where_ease_leaves_products_out() -> None:
    settings = CollaborativeSettings(ease=EASESettings(max_items=5))
    said = " It links the 5 most liked of 1,000 products; the others gain and lose nothing by it."
    large = EngineChoice(settings, dict.fromkeys(ENGINE_CLASSES, 0.1), 40, n_items=1000)
    for choice in (large, replace(large, tried={}), replace(large, is_asked=True)):
        assert choice.in_words().endswith(said)
        assert choice.in_brief().endswith(said)
    for choice in (replace(large, n_items=5), replace(large, settings=replace(settings, engine="item_knn"))):
        assert "most liked" not in choice.in_words() + choice.in_brief()
