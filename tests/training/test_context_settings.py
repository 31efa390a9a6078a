"""Settings of the context component: chosen by what validation shoppers chose, and worth what is said of them."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split, last_split
from recsys.evaluation.protocols.hold_out import batches
from recsys.scorers.base import Fitting
from recsys.scorers.context import ContextScorer, ContextSettings
from recsys.training import context_settings
from recsys.training.context_settings import ContextChoice, choose_context, context_candidates
from tests._metric_definitions import ndcg_at_k

N_ITEMS = 30


@cache
def shop(*, of_the_day: bool, n_users: int = 220) -> Dataset:
    """Everybody buys one product a day, three days running: that of the day, or one that is popular all year."""
    rng, rows = np.random.default_rng(3), []
    popular = 1 / np.arange(1, N_ITEMS + 1)
    for user in range(n_users):
        start, had = int(rng.integers(0, 300)), set[int]()
        for day in range(start, start + 3):
            item = (7 * (day // 2) + day % 2) % N_ITEMS if of_the_day else -1
            while item < 0 or item in had:
                item = int(rng.choice(N_ITEMS, p=popular / popular.sum()))
            had.add(item)
            moment = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=day, hours=float(rng.uniform(0, 24)))
            rows.append((f"u{user}", f"i{item}", "purchase", moment))
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "event", "timestamp"])
    items = pd.DataFrame(
        {"item_id": [f"i{n}" for n in range(N_ITEMS)], "title": [f"thing {n}" for n in range(N_ITEMS)]}
    )
    return Dataset.from_frames(items.assign(category=[f"c{n % 3}" for n in range(N_ITEMS)]), events=events)


def chosen_for(data: Dataset) -> tuple[Split, ContextChoice]:
    split = last_split(data)
    return split, choose_context(data, split.rounds("validation"), "last")


def measured(data: Dataset, split: Split, settings: ContextSettings) -> float:
    """Mean nDCG@10 on validation shoppers, by the component itself and the plain definition."""
    scorer = ContextScorer(settings).fit(Fitting(split.fit_validation))
    relevant, owned = split.validation.relevant(), split.fit_validation.seen()
    values = []
    users = split.validation.users()
    for start, requests in batches(data, split.fit_validation, split.validation, users, "last"):
        for user, scores in zip(users[start : start + len(requests)].tolist(), scorer.score(requests), strict=True):
            mine = np.flatnonzero(owned[[user]].toarray()[0])
            ranked = [row for row in np.argsort(-scores, kind="stable").tolist() if row not in mine]
            values.append(ndcg_at_k(ranked, np.flatnonzero(relevant[[user]].toarray()[0]).tolist(), 10))
    return float(np.mean(values))


def test_whoever_is_asked_in_two_rounds_counts_in_both_and_is_one_shopper() -> None:
    data = shop(of_the_day=True)
    split = last_split(data)
    once = choose_context(data, split.rounds("validation"), "last")
    twice = choose_context(data, [*split.rounds("validation"), *split.rounds("test")], "last")
    test = choose_context(data, split.rounds("test"), "last")
    assert once.n_shoppers == twice.n_shoppers == test.n_shoppers
    assert twice.default_ndcg == pytest.approx((once.default_ndcg + test.default_ndcg) / 2)


def test_where_interest_lasts_days_a_short_memory_is_chosen() -> None:
    data = shop(of_the_day=True)
    split, chosen = chosen_for(data)
    assert chosen.n_shoppers == len(split.validation.users())
    assert chosen.context.burst_weight > 0 or chosen.context.trend_days < ContextSettings().trend_days
    assert chosen.ndcg > chosen.default_ndcg + 0.01
    _, steady = chosen_for(shop(of_the_day=False))
    assert steady.context.trend_days > chosen.context.trend_days


def test_what_is_said_of_the_choice_is_what_the_component_does() -> None:
    data = shop(of_the_day=True)
    split, chosen = chosen_for(data)
    assert measured(data, split, chosen.context) == pytest.approx(chosen.ndcg, abs=1e-6)
    assert measured(data, split, ContextSettings()) == pytest.approx(chosen.default_ndcg, abs=1e-6)
    assert f"{chosen.ndcg:.4f}, defaults {chosen.default_ndcg:.4f}" in chosen.in_words()


def test_all_candidates_differ_and_the_defaults_come_first() -> None:
    candidates = context_candidates()
    assert candidates[0] == ContextSettings()
    assert len(set(candidates)) == len(candidates)


def test_too_few_shoppers_choose_nothing(tiny_data: Dataset) -> None:
    _, chosen = chosen_for(tiny_data)
    assert chosen.context == ContextSettings()
    assert "too few validation shoppers" in chosen.in_words()


def test_test_choices_play_no_part() -> None:
    data = shop(of_the_day=True)
    split, chosen = chosen_for(data)
    blind = data.without_pairs(split.test.user_rows, split.test.item_rows)
    assert choose_context(blind, split.rounds("validation"), "last") == chosen


def test_a_large_shop_is_chosen_for_by_some_of_its_shoppers(monkeypatch: pytest.MonkeyPatch) -> None:
    data = shop(of_the_day=True)
    monkeypatch.setattr(context_settings, "MAX_CELLS", 100 * N_ITEMS)
    monkeypatch.setattr(context_settings, "BLOCK_CELLS", 7 * N_ITEMS)
    _, chosen = chosen_for(data)
    assert chosen.n_shoppers == 100
