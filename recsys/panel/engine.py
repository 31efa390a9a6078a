"""Live evaluation: every test shopper's list and every metric, anew for any setting, in milliseconds."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.cache import ByteCache, n_bytes
from recsys.errors import ContextError, SettingsError
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.lists import measure_lists
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.panel import N_BASELINE, Panel
from recsys.panel.segments import AS_IT_WAS, Scenario
from recsys.parallel import cores_for, read_only
from recsys.progress import Progress, silent
from recsys.ranking.batch import standardised
from recsys.ranking.diversity import CODES, diversify_all
from recsys.ranking.kernels import in_parallel, inlined, insert, lane_maxima, mix, n_lanes, nth_largest
from recsys.ranking.rank import factor_vector, pool_size
from recsys.scorers.base import NO_ROW, FloatArray, IntArray, Requests
from recsys.settings import WHOLE_CATALOGUE, Filters, RankingSettings

CACHE_BYTES = 64_000_000
"""Most that cached lists with their metrics may take; those of a setting take 170 bytes a shopper at k = 10."""

SCENARIO_CACHE_BYTES = 400_000_000
"""Most that cached context scores may take; a scenario takes a quarter of the panel's scores. The latest stays."""

SCENARIO_CHUNK = 128


class Candidates(NamedTuple):
    """Scores of what may be listed for every shopper, as of `panel.Scores`, with context scores of a scenario.

    Columns that shopper u has seen are seen[seen_starts[u] : seen_starts[u + 1]].
    """

    static: NDArray[np.float32]
    context: NDArray[np.float32]
    widths: NDArray[np.int64]
    rows: NDArray[np.int32]
    seen_starts: NDArray[np.int64]
    seen: NDArray[np.int32]


@inlined
def _collect(mixed, tops, best, columns):  # type: ignore[no-untyped-def]
    """The best products of a mixed row, best first; -1 and minus infinity where there are none."""
    lanes = tops.shape[0]
    least = nth_largest(tops, best)
    best[:] = -np.inf
    columns[:] = -1
    for lane in range(lanes):
        if tops[lane] < least or tops[lane] == -np.inf:
            continue
        for i in range(lane, mixed.shape[0], lanes):
            score = mixed[i]
            if score >= least and score > -np.inf:
                insert(score, i, best, columns)


@in_parallel
def select(candidates, penalty, factors, users, lanes, columns, scores):  # type: ignore[no-untyped-def]
    """The best columns of each shopper, best first.

    Parameters
    ----------
    penalty : float32 of shape (n_items,), 0 or minus infinity, or empty: what nobody may be shown
    factors : float32 of shape (n_components,), see `factor_vector`
    users : intp of shape (n_ranked,)
    lanes : `n_lanes` of the lists' length
    columns : out, int32 of shape (n_ranked, n), -1 where a list is short
    scores : out, float32 of shape (n_ranked, n), minus infinity there
    """
    static, context, widths, rows, seen_starts, seen = candidates
    n = columns.shape[1]
    for row in numba.prange(len(users)):
        user = users[row]
        width = widths[user]
        mixed, tops = np.empty(width, np.float32), np.empty(lanes, np.float32)
        best, found = np.empty(n, np.float32), np.empty(n, np.int32)
        mix(mixed, static[user, 0], static[user, 1], static[user, 2], context[user], factors)
        if penalty.shape[0]:
            for i in range(width):
                mixed[i] += penalty[rows[user, i] if rows.shape[0] else i]
        for at in range(seen_starts[user], seen_starts[user + 1]):
            mixed[seen[at]] = -np.inf
        lane_maxima(mixed, tops)
        _collect(mixed, tops, best, found)
        columns[row] = found
        scores[row] = best


@dataclass(frozen=True, eq=False, slots=True)
class LiveMetrics:
    """The lists of all shoppers under one setting, with their metrics.

    `unproven`: bool of shape (n_users,), shoppers whose list could hold other products if the panel held all of the
    catalogue instead of candidates.
    """

    lists: MeasuredLists
    unproven: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class _ContextScores:
    """Those of `panel.Scores` that depend on the scenario."""

    context: FloatArray
    cuts: FloatArray


class LiveEngine:
    """Measures one panel; safe to share between sessions."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self._own = _ContextScores(panel.scores.context, panel.scores.cuts)
        self._imagined = ByteCache[Scenario, _ContextScores](SCENARIO_CACHE_BYTES, n_bytes)
        self._results = ByteCache[tuple[RankingSettings, Scenario], LiveMetrics](CACHE_BYTES, n_bytes)
        self._baselines = ByteCache[tuple[str, int, Filters], MeasuredLists](CACHE_BYTES // 4, n_bytes)
        self._everyone = np.arange(len(panel))

    def warm_up(self) -> None:
        """Compile the loops, or load them, so that the first answer comes at once."""
        for diversity in (0.0, 0.5):
            self._measure(RankingSettings(filters=WHOLE_CATALOGUE, n=1, diversity=diversity), AS_IT_WAS)

    def measure(self, settings: RankingSettings, scenario: Scenario = AS_IT_WAS) -> LiveMetrics:
        """Lists and metrics of all shoppers; metrics are at k = settings.n.

        Raises SettingsError: a filter that makes no sense here, or a list longer than the baselines'; ContextError: the
        scenario states a circumstance that the data cannot tell apart.
        """
        return self._results.of((settings, scenario), lambda: self._measure(settings, scenario))

    def baseline(self, name: str, k: int, filters: Filters = WHOLE_CATALOGUE) -> MeasuredLists:
        """Lists and metrics of one of the panel's baselines, which no weight changes."""
        return self._baselines.of((name, k, filters), lambda: self._baseline(name, k, filters))

    def _baseline(self, name: str, k: int, filters: Filters) -> MeasuredLists:
        ranked, penalty, clicks = self.panel.baselines[name], self.penalty(filters), self.panel.clicks
        if penalty.size:
            ranked = _closed_up(ranked, penalty)
        if not self.panel.scores.is_whole:
            # Products that no component puts high are no candidates, so their clicks are not held.
            clicks = replace(clicks, source="none", attraction=clicks.attraction[:0, :0])
        return self.measured(np.array(ranked[:, :k]), clicks)

    def measured(self, ranked: IntArray, clicks: ClickProbabilities | None = None) -> MeasuredLists:
        """Metrics of given lists of all shoppers, int32 of shape (n_users, k), item rows; clicks as the panel has them.

        A list with a product that the panel does not hold has no click rate.
        """
        ranked = _frozen(ranked)  # answers are shared by all sessions
        return MeasuredLists(ranked, measure_lists(ranked, self.panel.list_facts(clicks), self._everyone))

    def penalty(self, filters: Filters) -> FloatArray:
        """Minus infinity for what nobody may be shown, else 0: float32 of shape (n_items,); empty where all may."""
        if filters.include_seen:
            raise SettingsError("what a shopper already has cannot be found again; leave it out to measure")
        allowed = self.panel.candidate_filter.eligible(filters, np.empty(0, np.int32))
        if allowed.all():
            return np.empty(0, np.float32)
        return np.where(allowed, np.float32(0), np.float32(-np.inf))

    def candidates(self, scenario: Scenario, progress: Progress = silent) -> Candidates:
        """Scores of every component for every shopper, those of context computed once a scenario."""
        held, seen = self.panel.scores, self.panel.seen
        starts, rows = seen.starts, seen.values
        if not held.is_whole:  # what a shopper has seen is no candidate to begin with
            starts, rows = np.zeros_like(starts), rows[:0]
        context = self._context(scenario, progress).context
        return Candidates(*read_only(held.static, context, held.widths, held.rows, starts, rows))

    def check(self, scenario: Scenario) -> None:
        """Raise ContextError where a scenario states what the data cannot tell apart."""
        for scorer in self.panel.context_scorers:
            for name, value in scenario.stated:
                if name in scorer.unavailable:
                    raise ContextError(f"{name} cannot be imagined: {scorer.unavailable[name]}")
                if value and value not in scorer.lifts[name][0]:
                    raise ContextError(f"{name}={value!r} is not among {', '.join(scorer.lifts[name][0])}")

    def _measure(self, settings: RankingSettings, scenario: Scenario) -> LiveMetrics:
        if settings.n > N_BASELINE:
            raise SettingsError(f"lists of {settings.n} are longer than the {N_BASELINE} that baselines are held for")
        pool, scores, unproven = self.ranked(settings, scenario, pool_size(settings))
        ranked = pool
        if settings.diversity:
            ranked, ranks = (np.empty((len(pool), settings.n), np.int32) for _ in range(2))
            method, (vectors,) = CODES[settings.method], read_only(self.panel.vectors)
            with cores_for():
                diversify_all(pool, scores, vectors, settings.diversity, method, ranked, ranks)
        return LiveMetrics(self.measured(ranked), unproven)

    def ranked(
        self, settings: RankingSettings, scenario: Scenario, n: int
    ) -> tuple[IntArray, FloatArray, NDArray[np.bool_]]:
        """The n best products of every shopper by score alone: item rows, scores, and whose list is not proven."""
        held, candidates = self.panel.scores, self.candidates(scenario)
        factors, penalty, lanes = factor_vector(settings.fusion), self.penalty(settings.filters), n_lanes(n)
        columns = np.empty((len(self._everyone), n), np.int32)
        scores = np.empty(columns.shape, np.float32)
        with cores_for():
            select(candidates, penalty, factors, self._everyone, lanes, columns, scores)
        if held.is_whole:
            return columns, scores, np.zeros(len(columns), bool)
        rows = np.where(columns >= 0, np.take_along_axis(held.rows, np.maximum(columns, 0), axis=1), np.int32(-1))
        # Whatever was left out scores at most this, so a list that ends above it is the list of the whole catalogue.
        # A component without weight plays no part.
        cuts, counted = self._context(scenario).cuts, factors > 0
        bound = cuts[:, counted] @ factors[counted]
        return rows, scores, ~(scores[:, -1] > bound) & np.isfinite(cuts).any(1)

    def _context(self, scenario: Scenario, progress: Progress = silent) -> _ContextScores:
        if scenario == AS_IT_WAS:
            return self._own
        return self._imagined.of(scenario, lambda: self._imagine(scenario, progress))

    def _imagine(self, scenario: Scenario, progress: Progress) -> _ContextScores:
        self.check(scenario)
        panel, held = self.panel, self.panel.scores
        contexts = [scenario.applied(context) for context in panel.contexts]
        scores, cuts = np.zeros_like(held.context), held.cuts.copy()
        n_done = 0
        for number, scorer in enumerate(panel.context_scorers):
            users = np.flatnonzero(panel.rounds == number)
            for start in range(0, len(users), SCENARIO_CHUNK):
                progress("imagining other circumstances", n_done, len(contexts))
                asked = users[start : start + SCENARIO_CHUNK].tolist()
                requests = Requests(np.full(len(asked), NO_ROW, np.int32), tuple(contexts[user] for user in asked))
                values = standardised([scorer], requests, panel.counting(asked))[:, 0]
                for user, row in zip(asked, values, strict=True):
                    self._put(user, row, scores, cuts)
                n_done += len(asked)
        progress("imagining other circumstances", len(contexts), len(contexts))
        return _ContextScores(_frozen(scores), cuts)

    def _put(self, user: int, values: FloatArray, scores: FloatArray, cuts: FloatArray) -> None:
        panel, held = self.panel, self.panel.scores
        if held.is_whole:
            scores[user] = values
            return
        rows = held.rows[user, : held.widths[user]]
        scores[user, : len(rows)] = values[rows]
        left_out = np.ones(len(values), bool)
        left_out[rows] = False
        left_out[panel.seen.row(user)] = False
        cuts[user, -1] = values[left_out].max(initial=-np.inf)


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    """Read-only, as it is shared."""
    values.flags.writeable = False
    return values


def _closed_up(ranked: IntArray, penalty: FloatArray) -> IntArray:
    gone = (ranked < 0) | np.isinf(penalty[ranked])
    order = np.argsort(gone, axis=1, kind="stable")
    return np.where(np.take_along_axis(gone, order, 1), np.int32(-1), np.take_along_axis(ranked, order, 1))
