"""One pure function from standardised scores to a list."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.ranking.rank import MIN_POOL, Ranking, Standardised, fuse, rank, select
from recsys.settings import COMPONENTS, DiversityMethod, FusionSettings, RankingSettings

N = len(COMPONENTS)
EVERY_METHOD = pytest.mark.parametrize("method", ["mmr", "dpp", "msd"])


def shop(n_items: int, seed: int = 0, n_dims: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Standardised scores, and unit vectors, of a made-up catalogue."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n_items, n_dims)).astype(np.float32)
    values = Standardised.of(rng.standard_normal((N, n_items)).astype(np.float32)).values
    return values, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def everything(n_items: int) -> np.ndarray:
    return np.ones(n_items, bool)


def ild(ranking: Ranking, vectors: np.ndarray) -> float:
    """One minus the mean cosine of the pairs of a list."""
    chosen = vectors[ranking.item_rows]
    above = np.triu_indices(len(chosen), 1)
    return float(1 - (chosen @ chosen.T)[above].mean())


@given(st.integers(0, 1000), st.integers(1, 300), st.integers(1, 40), st.sampled_from([0.0, 0.3, 1.0]))
def test_contributions_sum_to_the_score_of_the_product(seed: int, n_items: int, n: int, diversity: float) -> None:
    values, vectors = shop(n_items, seed)
    settings = RankingSettings(FusionSettings(0.4, 0.2, 0.3, 0.1), n=n, diversity=diversity)
    ranking = rank(values, settings, everything(n_items), vectors)
    assert ranking.contributions.shape == (min(n, n_items), N)
    np.testing.assert_allclose(ranking.contributions.sum(axis=1), ranking.scores, atol=1e-6)
    np.testing.assert_allclose(ranking.scores, fuse(values, settings.fusion)[ranking.item_rows], atol=1e-6)
    powers = np.array([0.4, 0.2, 0.3, 0.1]) ** 0.75
    expected = values[:, ranking.item_rows].T * powers / powers.sum()
    np.testing.assert_allclose(ranking.contributions, expected, atol=1e-6)


@given(st.integers(0, 1000), st.integers(1, 200), st.sampled_from([0.0, 0.5]), st.sampled_from(["mmr", "dpp", "msd"]))
def test_only_eligible_products_are_listed_and_each_once(
    seed: int, n_items: int, diversity: float, method: DiversityMethod
) -> None:
    values, vectors = shop(n_items, seed)
    eligible = np.random.default_rng(seed).random(n_items) < 0.4
    ranking = rank(values, RankingSettings(n=20, diversity=diversity, method=method), eligible, vectors)
    assert eligible[ranking.item_rows].all()
    assert len(set(ranking.item_rows.tolist())) == len(ranking.item_rows) == min(20, eligible.sum())
    assert ranking.n_candidates == eligible.sum()


@pytest.mark.parametrize("n", [1, 5, 25, 99, 100, 500])
def test_without_diversity_the_order_is_that_of_the_scores(n: int) -> None:
    values, vectors = shop(100)
    ranking = rank(values, RankingSettings(n=n), everything(100), vectors)
    expected = np.argsort(-fuse(values, FusionSettings()), kind="stable")[:n]
    np.testing.assert_array_equal(ranking.item_rows, expected)
    np.testing.assert_array_equal(ranking.ranks_by_score, np.arange(1, min(n, 100) + 1))


@pytest.mark.parametrize("n", [1, 4, 7, 30])
def test_equal_scores_stand_in_catalogue_order(n: int) -> None:
    scores = np.array([1, 2, 0, 2, 1, 2, 1, 0, 2, 1] * 3, np.float32)
    rows, _ = select(scores, RankingSettings(n=n), everything(30), np.eye(30, dtype=np.float32))
    expected = sorted(range(30), key=lambda row: (-scores[row], row))[:n]
    assert rows.tolist() == expected


def test_equal_products_stand_in_catalogue_order_after_fusion() -> None:
    column = np.random.default_rng(1).standard_normal((N, 1)).astype(np.float32)
    values = np.repeat(column, 37, axis=1)
    ranking = rank(values, RankingSettings(n=5), everything(37), np.eye(37, dtype=np.float32))
    assert ranking.item_rows.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("diversity", [0.0, 0.7])
def test_nothing_eligible_gives_an_empty_list(diversity: float) -> None:
    values, vectors = shop(6)
    ranking = rank(values, RankingSettings(diversity=diversity), np.zeros(6, bool), vectors)
    assert len(ranking.item_rows) == len(ranking.scores) == ranking.n_candidates == 0
    assert ranking.contributions.shape == (0, N)


@EVERY_METHOD
@pytest.mark.parametrize("diversity", [0.0, 0.4])
def test_another_order_of_the_catalogue_gives_the_same_list(method: DiversityMethod, diversity: float) -> None:
    values, vectors = shop(150)
    order = np.random.default_rng(5).permutation(150)
    settings = RankingSettings(n=12, diversity=diversity, method=method)
    here = rank(values, settings, everything(150), vectors)
    there = rank(values[:, order], settings, everything(150), vectors[order])
    np.testing.assert_array_equal(order[there.item_rows], here.item_rows)
    np.testing.assert_array_equal(there.scores, here.scores)


@EVERY_METHOD
def test_diversity_changes_the_order_and_never_a_score(method: DiversityMethod) -> None:
    values, vectors = shop(60, n_dims=64)
    plain = rank(values, RankingSettings(n=60), everything(60), vectors)
    mixed = rank(values, RankingSettings(n=60, diversity=0.6, method=method), everything(60), vectors)
    assert mixed.item_rows.tolist() != plain.item_rows.tolist()
    assert dict(zip(mixed.item_rows, mixed.scores, strict=True)) == dict(
        zip(plain.item_rows, plain.scores, strict=True)
    )
    places = {row: place + 1 for place, row in enumerate(plain.item_rows.tolist())}
    assert mixed.ranks_by_score.tolist() == [places[row] for row in mixed.item_rows.tolist()]


@EVERY_METHOD
def test_more_diversity_never_makes_the_list_more_alike(method: DiversityMethod) -> None:
    """Three tents score best, then a stove, a lamp and a candle: at some strength they enter, and stay."""
    vectors = np.array([[1, 0, 0, 0], [0.99, 0.14, 0, 0], [0.99, 0, 0.14, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    values = np.tile(np.float32([1.5, 1.4, 1.3, -1.0, -1.5, -1.7]), (N, 1))
    spread = [
        ild(rank(values, RankingSettings(n=3, diversity=step / 10, method=method), everything(6), vectors), vectors)
        for step in range(11)
    ]
    assert np.all(np.diff(spread) >= -1e-6)
    assert spread[0] < 0.05
    assert spread[-1] > 0.6


@EVERY_METHOD
def test_diversity_chooses_among_the_best_only(method: DiversityMethod) -> None:
    values, vectors = shop(1000)
    ranking = rank(values, RankingSettings(n=10, diversity=1.0, method=method), everything(1000), vectors)
    assert ranking.ranks_by_score.max() <= MIN_POOL


@EVERY_METHOD
def test_equal_scores_and_twins_are_no_trouble_for_diversity(method: DiversityMethod) -> None:
    vectors = np.tile(np.float32([1, 0]), (5, 1))
    settings = RankingSettings(n=5, diversity=0.5, method=method)
    ranking = rank(np.zeros((N, 5), np.float32), settings, everything(5), vectors)
    assert sorted(ranking.item_rows.tolist()) == [0, 1, 2, 3, 4]


@given(st.integers(0, 1000), st.sampled_from([0.1, 0.4, 0.7, 1.0]))
def test_msd_weighs_mean_relevance_against_the_diversity_of_the_list(seed: int, diversity: float) -> None:
    """Of two products the second is the one that makes (1 - strength) x mean relevance + strength x ILD largest."""
    values, vectors = shop(MIN_POOL, seed)
    pair = rank(values, RankingSettings(n=2, diversity=diversity, method="msd"), everything(MIN_POOL), vectors)
    fused = fuse(values, FusionSettings()).astype(np.float64)
    relevance = (fused - fused.min()) / (fused.max() - fused.min())
    first = int(fused.argmax())
    worth = (1 - diversity) * (1 + relevance) / 2 + diversity * (1 - vectors @ vectors[first])
    worth[first] = -np.inf
    assert pair.item_rows[0] == first
    np.testing.assert_allclose(worth[pair.item_rows[1]], worth.max(), atol=1e-6)
