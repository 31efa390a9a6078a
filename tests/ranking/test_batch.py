"""Many requests at once give the lists that each gives alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from recsys.ranking.batch import best_of_each, best_rows, standardise
from recsys.ranking.rank import Standardised, select
from recsys.settings import RankingSettings

SCORES = st.sampled_from([-3.0, 0.0, 1e-7, 0.5, 1.0, 40.0])


@st.composite
def scored(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Raw scores of shape (n_requests, n_scorers, n_items), many of them equal, and what counts."""
    shape = draw(array_shapes(min_dims=3, max_dims=3, max_side=40))
    raw = draw(arrays(np.float32, shape, elements=SCORES))
    return raw, draw(arrays(bool, (shape[0], shape[2])))


@settings(max_examples=150, deadline=None)
@given(scored())
def test_scores_of_a_batch_are_standardised_as_each_alone(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    raw, counting = drawn
    values = raw.copy()
    standardise(values, counting)
    for request, alone in enumerate(raw):
        np.testing.assert_allclose(values[request], Standardised.of(alone, counting[request]).values, rtol=1e-5)


@settings(max_examples=150, deadline=None)
@given(scored(), st.integers(1, 45))
def test_best_of_a_batch_are_the_best_of_each_alone(drawn: tuple[np.ndarray, np.ndarray], k: int) -> None:
    scores, eligible = drawn[0][:, 0], drawn[1]
    for row, one, may in zip(best_rows(scores, eligible, k), scores, eligible, strict=True):
        alone, _ = select(one, RankingSettings(n=k), may, np.empty((len(one), 0), np.float32))
        assert row[row >= 0].tolist() == alone.tolist()
        assert (row[len(alone) :] == -1).all()


@settings(max_examples=150, deadline=None)
@given(scored(), st.integers(1, 45))
def test_contenders_are_the_first_of_each_component(drawn: tuple[np.ndarray, np.ndarray], n: int) -> None:
    values, eligible = drawn
    lists = [best_rows(values[:, component], eligible, n) for component in range(values.shape[1])]
    for request, found in enumerate(best_of_each(values, eligible, n)):
        wanted = np.unique(np.concatenate([each[request] for each in lists]))
        assert np.flatnonzero(found).tolist() == wanted[wanted >= 0].tolist()
