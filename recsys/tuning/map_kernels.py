"""The inner loops of the weight map: every shopper's list at every point of the grid, exactly."""

import numba
import numpy as np

SLACK = np.float32(1e-5)
"""What single precision may add to a bound, as a share of it; products this close to it are mixed as well."""

_inlined = numba.njit(nogil=True, cache=True, inline="always")


@_inlined
def _mix(mixed, a, b, c, d, wa, wb, wc, wd):  # type: ignore[no-untyped-def]
    """As `recsys.ranking.fusion.fuse` adds them."""
    for i in range(mixed.shape[0]):
        mixed[i] = wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i]


@_inlined
def _bounds(low, high, a, b, c, d):  # type: ignore[no-untyped-def]
    for i in range(low.shape[0]):
        ab_low, ab_high = min(a[i], b[i]), max(a[i], b[i])
        cd_low, cd_high = min(c[i], d[i]), max(c[i], d[i])
        low[i] = min(ab_low, cd_low)
        high[i] = max(ab_high, cd_high)


@_inlined
def _kth_largest(values, tops, kept):  # type: ignore[no-untyped-def]
    """A number that at least k of the values reach, close to the k-th largest: that of the maxima of lanes."""
    k, lanes = kept.shape[0], tops.shape[0]
    tops[:] = -np.inf
    for start in range(0, values.shape[0], lanes):
        part = values[start : min(start + lanes, values.shape[0])]
        for lane in range(part.shape[0]):
            tops[lane] = part[lane] if part[lane] > tops[lane] else tops[lane]
    kept[:] = -np.inf
    for value in tops:
        if value > kept[k - 1]:
            at = k - 1
            while at > 0 and kept[at - 1] < value:
                kept[at] = kept[at - 1]
                at -= 1
            kept[at] = value
    return kept[k - 1]


@_inlined
def _insert(score, place, best, places):  # type: ignore[no-untyped-def]
    """Put a product on a list, best first; places come in ascending order, so equal scores stay in theirs."""
    at = best.shape[0] - 1
    while at > 0 and best[at - 1] < score:
        best[at] = best[at - 1]
        places[at] = places[at - 1]
        at -= 1
    best[at] = score
    places[at] = place


@numba.njit(parallel=True, nogil=True, cache=True)
def map_lists(  # type: ignore[no-untyped-def]
    static, context, widths, rows, owned_starts, owned, allowed, points, corners, cells, starts, users, lists
):
    """Every shopper's list at every point.

    Parameters
    ----------
    static, context, widths, rows : of a panel's `Scores`
    owned_starts, owned : places that a shopper already has
    allowed : bool of shape (n_items,), what may be shown, or empty: all
    points, corners, cells, starts : of `Cells`
    users : intp of shape (n_ranked,)
    lists : out, of shape (n_points, n_ranked, k), catalogue rows, -1 where a list is short
    """
    k = lists.shape[2]
    lanes = max(128, 4 * k)
    n_corners = corners.shape[0]
    for row in numba.prange(len(users)):
        user = users[row]
        free = np.ones(widths[user], np.bool_)
        for at in range(owned_starts[user], owned_starts[user + 1]):
            free[owned[at]] = False
        if allowed.shape[0]:
            for place in range(widths[user]):
                free[place] &= allowed[rows[user, place] if rows.shape[0] else place]
        places = np.flatnonzero(free)
        width = len(places)
        scores = np.empty((4, width), np.float32)
        for at in range(width):
            for component in range(3):
                scores[component, at] = static[user, component, places[at]]
            scores[3, at] = context[user, places[at]]
        a, b, c, d = scores[0], scores[1], scores[2], scores[3]
        at_corners = np.empty((n_corners, width), np.float32)
        for corner in range(n_corners):
            weights = corners[corner]
            _mix(at_corners[corner], a, b, c, d, weights[0], weights[1], weights[2], weights[3])
        low, high = np.empty(width, np.float32), np.empty(width, np.float32)
        tops, kept = np.empty(lanes, np.float32), np.empty(k, np.float32)
        few = np.empty((4, width), np.float32)
        which = np.empty(width, np.int32)
        mixed = np.empty(width, np.float32)
        best, found = np.empty(k, np.float32), np.empty(k, np.int32)
        for cell in range(cells.shape[0]):
            around = cells[cell]
            _bounds(
                low, high, at_corners[around[0]], at_corners[around[1]], at_corners[around[2]], at_corners[around[3]]
            )
            least = _kth_largest(low, tops, kept)
            least -= SLACK * (np.float32(1) + abs(least))
            n = 0
            for at in range(width):
                if high[at] >= least:
                    which[n] = at
                    few[0, n], few[1, n], few[2, n], few[3, n] = a[at], b[at], c[at], d[at]
                    n += 1
            for point in range(starts[cell], starts[cell + 1]):
                weights = points[point]
                _mix(
                    mixed[:n],
                    few[0, :n],
                    few[1, :n],
                    few[2, :n],
                    few[3, :n],
                    weights[0],
                    weights[1],
                    weights[2],
                    weights[3],
                )
                best[:] = -np.inf
                found[:] = -1
                for at in range(n):
                    if mixed[at] > best[k - 1]:
                        _insert(mixed[at], which[at], best, found)
                for at in range(k):
                    place = places[found[at]] if found[at] >= 0 else -1
                    item = rows[user, place] if rows.shape[0] and place >= 0 else place
                    lists[point, row, at] = item


REFRESH = 32
"""A sum of vectors that is kept up to date by what changes is added up anew after so many changes, against drift."""


@_inlined
def _add(total, vector, sign):  # type: ignore[no-untyped-def]
    for i in range(total.shape[0]):
        total[i] += sign * vector[i]


@numba.njit(nogil=True, cache=True, fastmath=True)  # summed in any order, which vectorises it
def _square(total):  # type: ignore[no-untyped-def]
    square = np.float32(0)
    for i in range(total.shape[0]):
        square += total[i] * total[i]
    return square


@_inlined
def _holds(items, wanted):  # type: ignore[no-untyped-def]
    found = False
    for item in items:
        found |= item == wanted
    return found


@_inlined
def _follow(total, vectors, before, now, n_changes):  # type: ignore[no-untyped-def]
    """Turn the sum of one list's vectors into that of the next list; answers with the changes since it was made."""
    n_new = 0
    for item in now:
        n_new += item >= 0 and not _holds(before, item)
    if n_changes < 0 or n_changes + n_new > REFRESH or 2 * n_new >= len(now):
        total[:] = 0
        for item in now:
            if item >= 0:
                _add(total, vectors[item], np.float32(1))
        return 0
    for item in before:
        if item >= 0 and not _holds(now, item):
            _add(total, vectors[item], np.float32(-1))
    if n_new:
        for item in now:
            if item >= 0 and not _holds(before, item):
                _add(total, vectors[item], np.float32(1))
    return n_changes + n_new


@numba.njit(parallel=True, nogil=True, cache=True)
def map_values(  # type: ignore[no-untyped-def]
    lists,
    relevant_starts,
    relevant,
    expected,
    bits,
    tail,
    vectors,
    described,
    popularity,
    profile,
    attraction,
    odds,
    seen,
    widths,
    rows,
    users,
    wanted,
    sums,
    counts,
    values,
):
    """Metrics of all lists of a map: sums over shoppers of all, and the shoppers' own values of some.

    Parameters
    ----------
    lists : of shape (n_points, n_ranked, k)
    relevant_starts, relevant, expected, bits, tail, vectors, described, users : as for `measuring.measure_lists`
    popularity : float64 of shape (n_items,)
    profile : float64 of shape (n_users,), mean popularity of what each shopper had, NaN without anything
    attraction, odds, seen, widths, rows : of a panel's `Clicks`, and of its `Scores`
    wanted : int64 of shape (n_wanted,), columns of the metrics whose values are given
    sums, counts : out, float64 of shape (n_blocks, n_points, n_metrics), zeros before; metrics are `SHOPPER_METRICS`,
        and the mean popularities of the list and of the profile, of shoppers who have both
    values : out, float32 of shape (n_wanted, n_points, n_ranked), NaN where a shopper has no value
    """
    n_points, n_ranked, k = lists.shape
    n_blocks = sums.shape[0]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideals = np.zeros(k + 1)
    for n in range(k):
        ideals[n + 1] = ideals[n] + discounts[n]
    for block in numba.prange(n_blocks):
        total = np.zeros(vectors.shape[1], np.float32)
        found = np.empty(sums.shape[2])
        held = np.empty(bits.shape[0] if rows.shape[0] else 0)
        for row in range(block * n_ranked // n_blocks, (block + 1) * n_ranked // n_blocks):
            user = users[row]
            first, last = relevant_starts[user], relevant_starts[user + 1]
            n_relevant = last - first
            n_changes = -1
            if rows.shape[0] and attraction.shape[0]:
                held[:] = np.nan
                for at in range(widths[user]):
                    held[rows[user, at]] = attraction[user, at]
            for point in range(n_points):
                now = lists[point, row]
                before = lists[max(point - 1, 0), row]
                n_changes = _follow(total, vectors, before, now, n_changes)
                n_listed, n_hits, best, n_described, n_unexpected, n_tail = 0, 0, 0, 0, 0, 0
                gain, precisions, surprise, liked, clicked = 0.0, 0.0, 0.0, 0.0, 0.0
                for place in range(k):
                    item = now[place]
                    if item < 0:
                        break
                    n_listed += 1
                    surprise += bits[item]
                    liked += popularity[item]
                    n_tail += tail[item]
                    n_described += described[item]
                    if attraction.shape[0]:
                        chance = held[item] if rows.shape[0] else np.float64(attraction[user, item])
                        rank = min(place, odds.shape[0] - 1)
                        clicked += seen[rank] * chance * odds[rank] / (1 - chance + chance * odds[rank])
                    for at in range(first, last):
                        if relevant[at] == item:
                            n_hits += 1
                            gain += discounts[place]
                            precisions += n_hits / (place + 1)
                            best = best if best > 0 else place + 1
                            n_unexpected += not _holds(expected[user, :k], item)
                found[:] = np.nan
                if n_relevant > 0:
                    possible = min(n_relevant, k)
                    found[0] = n_hits / k
                    found[1] = n_hits / n_relevant
                    found[2] = 2 * n_hits / (k + n_relevant)
                    found[3] = gain / ideals[possible]
                    found[4] = precisions / possible
                    found[5] = 1 / best if best > 0 else 0.0
                    found[6] = 1.0 if n_hits > 0 else 0.0
                    found[9] = n_unexpected / k
                if n_described > 1:
                    found[7] = 1 - (_square(total) - n_described) / (n_described * (n_described - 1))
                if n_listed > 0:
                    found[8] = surprise / n_listed
                    found[10] = n_tail / n_listed
                    if not np.isnan(profile[user]):
                        found[12], found[13] = liked / n_listed, profile[user]
                if attraction.shape[0]:
                    found[11] = clicked / k
                for at in range(len(wanted)):
                    values[at, point, row] = found[wanted[at]]
                for column in range(sums.shape[2]):
                    if not np.isnan(found[column]):
                        sums[block, point, column] += found[column]
                        counts[block, point, column] += 1


@numba.njit(parallel=True, nogil=True, cache=True)
def map_kept(lists, at_best, counts):  # type: ignore[no-untyped-def]
    """On how many lists of each point a product stands that the same shopper is shown at the best point, too.

    Parameters
    ----------
    lists : of shape (n_points, n_ranked, k)
    at_best : of shape (n_ranked, k), the same shoppers' lists at the best point
    counts : in and out, whole numbers of shape (n_points, n_items), which these lists are added to
    """
    n_points, n_ranked, k = lists.shape
    for point in numba.prange(n_points):
        for row in range(n_ranked):
            for place in range(k):
                item = lists[point, row, place]
                if item >= 0 and _holds(at_best[row], item):
                    counts[point, item] += 1
