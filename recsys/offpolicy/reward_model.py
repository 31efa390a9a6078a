"""A model of the click rate for the direct method and the doubly robust one: logistic regression, cross-fitted.

Visitors are dealt into folds, and whoever is judged is judged by a model that has seen none of their clicks. The chance
of a click is logistic in the place on the page and in what is known of the product there: its component scores for the
shopper, or, where there are none, the product and its category themselves, whose rates the penalty pulls together.

A shop shows people what it thinks they like, for reasons that the model does not see, so what it shows is clicked more
than its like. Impressions count by one over their propensity, as if all products had been shown equally often.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_FOLDS = 5

LARGEST_SHARE = 0.99
"""Weights of impressions in the fit are cut at this quantile, so that no single one decides."""

FEW = 50
"""Up to so many features are fitted by Newton's method, which is many times faster then."""


@dataclass(frozen=True, eq=False, slots=True)
class ClickModels:
    """One model a fold, fitted on all the others.

    Parameters
    ----------
    positions : that were seen, ascending, int64 of shape (n_positions,)
    intercepts : log-odds of a click there where every feature is 0, float64 of shape (n_folds, n_positions)
    slopes : float64 of shape (n_folds, n_features)
    """

    positions: Ints
    intercepts: Floats
    slopes: Floats

    def log_odds(self, features: NDArray[np.floating[Any]], fold: Ints) -> NDArray[np.floating[Any]]:
        """What features add, of shape (n, n_items), from features of shape (n, n_features, n_items)."""
        slopes = self.slopes[fold].astype(features.dtype)
        return np.asarray(np.matmul(slopes[:, None, :], features)[:, 0])

    def rates(self, fold: Ints, position: Ints, log_odds: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Click rates in these places, of the shape of `log_odds`, whose first axis goes with fold and position."""
        shift = self.intercepts[fold, np.searchsorted(self.positions, position)].astype(log_odds.dtype)
        return np.asarray(expit(log_odds + shift.reshape(-1, *[1] * (log_odds.ndim - 1))))


def folds_of(visitors: Ints, seed: int = 0, n_folds: int = N_FOLDS) -> Ints:
    """Fold of each impression, int64 of shape (n,); a visitor's are all in one, and folds are of like size."""
    _, rows = np.unique(visitors, return_inverse=True)
    dealt: Ints = np.random.default_rng(seed).permutation(np.arange(rows.max(initial=0) + 1) % n_folds)
    return dealt[rows]


def fit_click_models(
    features: Floats | csr_array, position: Ints, clicks: Floats, propensity: Floats, folds: Ints
) -> ClickModels:
    """Fit one model for every fold on the impressions of the others.

    `features`: of the products shown, of shape (n, n_features); of like spread, since all are penalised alike.

    A fold whose others have no click, or nothing but clicks, gets their rate throughout.
    """
    positions, place = np.unique(position, return_inverse=True)
    at = csr_array((np.ones(len(place)), (np.arange(len(place)), place)), shape=(len(place), len(positions)))
    n_features = features.shape[1]
    columns: Any = hstack([csr_array(features), at]).tocsr()
    few = columns.shape[1] <= FEW
    columns = columns.toarray() if few else columns
    solver = "newton-cholesky" if few else "lbfgs"
    weights = np.minimum(1 / propensity, np.quantile(1 / propensity, LARGEST_SHARE))
    weights /= weights.mean()
    n_folds = int(folds.max()) + 1
    intercepts, slopes = np.zeros((n_folds, len(positions))), np.zeros((n_folds, n_features))
    for fold in range(n_folds):
        others = folds != fold
        clicked = clicks[others]
        if not 0 < clicked.sum() < len(clicked):
            intercepts[fold] = np.log((clicked.sum() + 0.5) / (len(clicked) - clicked.sum() + 0.5))
            continue
        model = LogisticRegression(C=1.0, solver=solver, max_iter=500).fit(columns[others], clicked, weights[others])
        slopes[fold] = model.coef_[0, :n_features]
        intercepts[fold] = model.coef_[0, n_features:] + model.intercept_[0]
    return ClickModels(positions, intercepts, slopes)


def item_features(categories: NDArray[np.object_]) -> csr_array:
    """Every product by itself and by its category, 0 or 1, of shape (n_items, n_items + n_categories)."""
    n = len(categories)
    names, code = np.unique(categories.astype(str), return_inverse=True)
    rows = np.arange(n)
    blocks = [csr_array((np.ones(n), (rows, column)), shape=(n, m)) for column, m in ((rows, n), (code, len(names)))]
    return csr_array(hstack(blocks))
