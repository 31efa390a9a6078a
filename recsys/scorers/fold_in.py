"""A shopper's collaborative vector learnt again from other likes, with the products' vectors as they are.

Training the whole model again would be the exact answer to what one like did, and takes seconds to minutes. Here only
the shopper's vector is learnt again, by the steps that LightFM takes for it (WARP, Adagrad, the same epochs and rate).
The compared products are drawn at random, so it runs N_REPEATS times from the same random numbers, and the mean counts.

References
----------
Weston, Bengio & Usunier (2011), WSABIE, IJCAI; Koh & Liang (2017), ICML, on leave-one-out effects.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

N_REPEATS = 20
_MAX_DRAWS, _MAX_LOSS = 10, 10.0


def folded_in(
    vectors: NDArray[np.float32],
    biases: NDArray[np.float32],
    offset: NDArray[np.float32],
    liked: NDArray[np.int32],
    n_epochs: int,
    learning_rate: float,
) -> NDArray[np.float32]:
    """Learn a shopper's own vector, float32 of shape (n_dims,), from their likes; zeros without any.

    Parameters
    ----------
    vectors, biases : of the products, float32 of shape (n_items, n_dims) and (n_items,)
    offset : what is added to the shopper's own vector, such as that of the region, float32 of shape (n_dims,)
    liked : rows of the liked products
    """
    if not len(liked):
        return np.zeros(vectors.shape[1], np.float32)
    mean: NDArray[np.float32] = _runs(
        np.ascontiguousarray(vectors, np.float64),
        np.asarray(biases, np.float64),
        np.asarray(offset, np.float64),
        np.asarray(liked, np.int64),
        n_epochs,
        learning_rate,
    ).astype(np.float32)
    return mean


@njit(cache=True)
def _runs(vectors, biases, offset, liked, n_epochs, learning_rate):  # type: ignore[no-untyped-def]
    n_items, n_dims = vectors.shape
    is_liked = np.zeros(n_items, np.bool_)
    is_liked[liked] = True
    mean = np.zeros(n_dims)
    for repeat in range(N_REPEATS):
        np.random.seed(repeat)  # noqa: NPY002  (numba's own generator: the same numbers everywhere)
        own = (np.random.random(n_dims) - 0.5) / n_dims  # noqa: NPY002
        gathered = np.ones(n_dims)
        for _ in range(n_epochs):
            for positive in liked:
                reached = biases[positive] + (own + offset) @ vectors[positive]
                for draw in range(1, _MAX_DRAWS + 1):
                    other = np.random.randint(n_items)  # noqa: NPY002
                    if is_liked[other]:
                        continue
                    if biases[other] + (own + offset) @ vectors[other] > reached - 1:
                        loss = min(np.log(max(1.0, np.floor((n_items - 1) / draw))), _MAX_LOSS)
                        step = loss * (vectors[other] - vectors[positive])
                        own -= learning_rate / np.sqrt(gathered) * step
                        gathered += step * step
                        break
        mean += own / N_REPEATS
    return mean
