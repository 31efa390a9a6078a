"""The inner loops of the conditional logit: every shopper's alternatives in one walk."""

import numba
import numpy as np

_inlined = numba.njit(nogil=True, cache=True, inline="always")


@_inlined
def _utilities(utility, static, context, rows, popular, slopes):  # type: ignore[no-untyped-def]
    n = static.shape[0]
    for i in range(utility.shape[0]):
        item = rows[i] if rows.shape[0] else i
        total = slopes[n] * context[i] + slopes[n + 1] * popular[item]
        for c in range(n):
            total += slopes[c] * static[c, i]
        utility[i] = total


@_inlined
def _bar(utility, owned_starts, owned, user):  # type: ignore[no-untyped-def]
    if owned.shape[0]:
        for at in range(owned_starts[user], owned_starts[user + 1]):
            utility[owned[at]] = -np.inf


@numba.njit(parallel=True, nogil=True, cache=True)
def choice_chances(static, context, widths, rows, popular, owned_starts, owned, slopes, answer):  # type: ignore[no-untyped-def]
    """Chance of every alternative to be chosen; none for a shopper who has everything."""
    for user in numba.prange(widths.shape[0]):
        width = widths[user]
        utility = np.empty(width)
        row = rows[user] if rows.shape[0] else np.empty(0, np.int32)
        _utilities(utility, static[user], context[user], row, popular, slopes[user])
        _bar(utility, owned_starts, owned, user)
        most, total = utility.max(), 0.0
        if most == -np.inf:
            continue
        for i in range(width):
            utility[i] = np.exp(utility[i] - most)
            total += utility[i]
        for i in range(width):
            answer[user, i] = utility[i] / total


@numba.njit(parallel=True, nogil=True, cache=True)
def sum_up(  # type: ignore[no-untyped-def]
    static, context, widths, rows, popular, owned_starts, owned, chosen_starts, chosen, users, slopes, fits, gradients,
    hessians,
):  # fmt: skip
    """Log-likelihood, gradient and observed information of each shopper's choices."""
    n_static, n_features = static.shape[1], slopes.shape[0]
    for at in numba.prange(users.shape[0]):
        user = users[at]
        width = widths[user]
        row = rows[user] if rows.shape[0] else np.empty(0, np.int32)
        utility, x, mean = np.empty(width), np.empty(n_features), np.zeros(n_features)
        _utilities(utility, static[user], context[user], row, popular, slopes)
        _bar(utility, owned_starts, owned, user)
        places, n_chosen = np.empty(chosen_starts[user + 1] - chosen_starts[user], np.int64), 0
        for item in chosen[chosen_starts[user] : chosen_starts[user + 1]]:
            place = np.int64(item)
            if row.shape[0]:
                place = np.searchsorted(row[:width], item)
                if place == width or row[place] != item:
                    continue
            places[n_chosen] = place
            n_chosen += 1
        if n_chosen == 0:
            continue
        most, total = utility.max(), 0.0
        for i in range(width):
            weight = np.exp(utility[i] - most)
            if weight == 0.0:
                continue
            total += weight
            for c in range(n_static):
                x[c] = static[user, c, i]
            x[n_static] = context[user, i]
            x[n_static + 1] = popular[row[i] if row.shape[0] else i]
            for a in range(n_features):
                mean[a] += weight * x[a]
                for b in range(a + 1):
                    hessians[at, a, b] += weight * x[a] * x[b]
        for a in range(n_features):
            mean[a] /= total
        for a in range(n_features):
            for b in range(a + 1):
                hessians[at, a, b] = hessians[at, a, b] / total - mean[a] * mean[b]
                hessians[at, b, a] = hessians[at, a, b]
            gradients[at, a] = -mean[a]
        fits[at] = -most - np.log(total)
        for place in places[:n_chosen]:
            fits[at] += utility[place] / n_chosen
            for c in range(n_static):
                gradients[at, c] += static[user, c, place] / n_chosen
            gradients[at, n_static] += context[user, place] / n_chosen
            gradients[at, n_static + 1] += popular[row[place] if row.shape[0] else place] / n_chosen
