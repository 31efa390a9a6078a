"""A model of the click rate for the direct method and the doubly robust one: logistic regression, cross-fitted.

Visitors are split into folds, and each one's click rates come from a model that has seen none of their clicks. The
probability of a click is logistic in the position on the page and in what is known of the product there: its component
scores for the shopper, or, where there are none, the product and its category themselves, whose rates the penalty pulls
together.

A shop shows people what it thinks they like, for reasons that the model does not see, so what it shows is clicked more
than its like. Impressions count by one over their propensity, as if all products had been shown equally often.

References
----------
Niculescu-Mizil & Caruana (2005), ICML (reliability diagrams); Naeini, Cooper & Hauskrecht (2015), AAAI (expected
calibration error).
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

N_GROUPS, N_BINS, LEAST = 10, 4000, 1e-12
"""Groups of a calibration, and bins of the logarithm of probabilities from `LEAST` to 1, of which they are made."""


@dataclass(frozen=True, eq=False, slots=True)
class ClickModels:
    """One model a fold, fitted on all the others.

    `positions`: that were seen, ascending, int64 of shape (n_positions,); `intercepts`: log-odds of a click there where
    every feature is 0, float64 of shape (n_folds, n_positions); `slopes`: float64 of shape (n_folds, n_features).
    """

    positions: Ints
    intercepts: Floats
    slopes: Floats

    def log_odds(self, features: NDArray[np.floating[Any]], fold: Ints) -> NDArray[np.floating[Any]]:
        """What features add, of shape (n, n_items), from features of shape (n, n_features, n_items)."""
        slopes = self.slopes[fold].astype(features.dtype)
        return np.asarray(np.matmul(slopes[:, None, :], features)[:, 0])

    def rates(self, fold: Ints, position: Ints, log_odds: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Click rates at these positions, of the shape of `log_odds`, whose first axis goes with fold and position."""
        shift = self.intercepts[fold, np.searchsorted(self.positions, position)].astype(log_odds.dtype)
        return np.asarray(expit(log_odds + shift.reshape(-1, *[1] * (log_odds.ndim - 1))))


def folds_of(visitors: Ints, seed: int = 0) -> Ints:
    """Draw a fold for each impression, int64 of shape (n,); a visitor's are all in one, and folds are of like size."""
    _, rows = np.unique(visitors, return_inverse=True)
    drawn: Ints = np.random.default_rng(seed).permutation(np.arange(rows.max(initial=0) + 1) % N_FOLDS)
    return drawn[rows]


def fit_click_models(
    features: Floats | csr_array, position: Ints, clicks: Floats, propensity: Floats, folds: Ints
) -> ClickModels:
    """Fit one model for every fold on the impressions of the others; where none or all are clicked, it is their rate.

    `features`: of the products shown, of shape (n, n_features); of like spread, since all are penalised alike.
    """
    positions, code = np.unique(position, return_inverse=True)
    n_features = features.shape[1]
    columns: Any = hstack([csr_array(features), one_hot(code, len(positions))]).tocsr()
    few = columns.shape[1] <= FEW
    columns = columns.toarray() if few else columns
    solver = "newton-cholesky" if few else "lbfgs"
    weights = impression_weights(propensity)
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


def impression_weights(propensity: Floats) -> Floats:
    """One over the propensity, cut at `LARGEST_SHARE`, with mean 1: float64 of shape (n,)."""
    weights = np.minimum(1 / propensity, np.quantile(1 / propensity, LARGEST_SHARE))
    return np.asarray(weights / weights.mean())


def one_hot(codes: NDArray[np.integer], n: int) -> csr_array:
    """0 or 1, of shape (n_rows, n), from the column of the 1 in each row."""
    return csr_array((np.ones(len(codes)), (np.arange(len(codes)), codes)), shape=(len(codes), n))


def item_features(categories: NDArray[np.object_]) -> csr_array:
    """Every product by itself and by its category, 0 or 1, of shape (n_items, n_items + n_categories)."""
    names, code = np.unique(categories.astype(str), return_inverse=True)
    return csr_array(hstack([one_hot(np.arange(len(code)), len(code)), one_hot(code, len(names))]))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Groups of about equally many expected events, the least likely first.

    Parameters
    ----------
    groups : mean probability, events expected and events observed, a group each
    n : events observed
    error : sum of |observed - expected| over the groups, as a share of the events
    by_chance : what that sum comes to on average where every probability is right
    """

    groups: tuple[tuple[float, float, float], ...]
    n: float
    error: float
    by_chance: float

    @classmethod
    def of(
        cls,
        probabilities: NDArray[np.floating],
        happened: NDArray[np.floating],
        weights: NDArray[np.floating] | float = 1.0,
    ) -> "Calibration":
        """Compare probabilities with outcomes of the same shape, weighted; raises ValueError without any event."""
        expected_each, came = probabilities.ravel(), happened.ravel()
        bins = (np.log(np.maximum(expected_each, LEAST)) / -np.log(LEAST) + 1) * N_BINS
        counted = np.broadcast_to(np.asarray(weights, np.float64), probabilities.shape).ravel()
        expected = expected_each * counted
        # A weighted event has the variance of its squared weight times p (1 - p).
        variance = expected * counted * (1 - expected_each)
        in_bin = np.minimum(bins.astype(np.int64), N_BINS - 1)
        sums = np.stack([np.bincount(in_bin, each, N_BINS) for each in (counted, expected, came * counted, variance)])
        expected, n = sums[1], float(sums[2].sum())
        if not n:
            raise ValueError("nothing came of any chance, so none can be checked")
        before = np.cumsum(expected) - expected
        group = np.minimum((N_GROUPS * before / expected.sum()).astype(np.int64), N_GROUPS - 1)
        sums = np.stack([np.bincount(group, column, N_GROUPS) for column in sums])
        counted, expected, observed, variance = sums[:, sums[0] > 0]
        return cls(
            groups=tuple(zip((expected / counted).tolist(), expected.tolist(), observed.tolist(), strict=True)),
            n=n,
            error=float(np.abs(observed - expected).sum() / n),
            by_chance=float(np.sqrt(2 / np.pi * variance).sum() / n),
        )
