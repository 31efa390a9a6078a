"""Scores the shoppers of one role of a panel: fits, checks for leaks and scores, round by round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import vstack

from recsys.artifacts.tables import user_table
from recsys.data.dataset import Dataset
from recsys.data.splitting import Role, Round, Split
from recsys.evaluation.protocols.hold_out import EvaluationSettings
from recsys.evaluation.protocols.leaks import LeakReport, check_leaks
from recsys.evaluation.protocols.requests import batches, contexts_of
from recsys.evaluation.protocols.rewinds import Rewind
from recsys.panel.panel import N_BASELINE
from recsys.progress import Progress, prefixed
from recsys.ranking.fusion import Standardised
from recsys.ranking.rank import select
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, IntArray, Scorer
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, RankingSettings
from recsys.text.phrasebook import Phrasebook
from recsys.training.context_settings import ContextChoice

BASELINES = (*BASELINE_CLASSES, "collaborative")
"""Models that any setting has to beat: the simple ones, and LightFM alone with its settings tuned on validation."""

N_STATIC = len(COMPONENTS) - 1
"""Components that do not depend on circumstances: all but context, which comes last."""

LEAST_CANDIDATES = 200
"""Fewest best products of a component that are held, whatever the budget says: diversity chooses from a hundred."""


class _Columns:
    """The arrays of a panel, filled shopper by shopper; above the budget each gets every component's best products."""

    def __init__(self, n_users: int, n_items: int, budget_bytes: int) -> None:
        n_floats = len(COMPONENTS)
        self.n_items, self.n_best = n_items, n_items
        width = n_items
        if n_users * n_items * n_floats * 4 > budget_bytes:
            width = budget_bytes // max(n_users * (n_floats + 1) * 4, 1)
            self.n_best = min(max(width // n_floats, LEAST_CANDIDATES), n_items)
            width = min(self.n_best * n_floats, n_items)
        self.is_whole = self.n_best == n_items
        self.static = np.zeros((n_users, N_STATIC, width), np.float32)
        self.context = np.zeros((n_users, width), np.float32)
        self.widths = np.full(n_users, width, np.int64)
        self.rows = np.empty((0, 0), np.int32) if self.is_whole else np.full((n_users, width), -1, np.int32)
        self.cuts = np.empty((0, 0), np.float32) if self.is_whole else np.empty((n_users, n_floats), np.float32)
        self.rounds = np.full(n_users, -1, np.int32)  # whose models ask about a shopper, -1 before
        self.baselines = {name: np.full((n_users, N_BASELINE), -1, np.int32) for name in BASELINES}
        self.profile_popularity = np.full(n_users, np.nan)
        self._seen: list[IntArray] = [np.empty(0, np.int32)] * n_users

    def put(self, user: int, values: FloatArray, eligible: NDArray[np.bool_]) -> None:
        """Add the standardised scores of one shopper, float32 of shape (n_components, n_items)."""
        self._seen[user] = np.flatnonzero(~eligible).astype(np.int32)
        if self.is_whole:
            self.static[user], self.context[user] = values[:N_STATIC], values[N_STATIC]
            return
        candidates = np.flatnonzero(eligible)
        n_best = min(self.n_best, len(candidates))
        is_held = np.zeros(self.n_items, bool)
        for scores in values:
            is_held[candidates[np.argpartition(-scores[candidates], n_best - 1)[:n_best]]] = True
        rows = np.flatnonzero(is_held)
        n = len(rows)
        self.widths[user] = n
        self.rows[user, :n] = rows
        self.static[user, :, :n], self.context[user, :n] = values[:N_STATIC, rows], values[N_STATIC, rows]
        left_out = eligible & ~is_held
        self.cuts[user] = values[:, left_out].max(axis=1) if left_out.any() else -np.inf

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays of a panel by name."""
        width = int(self.widths.max(initial=1))
        return {
            "static": np.ascontiguousarray(self.static[:, :, :width]),
            "context": np.ascontiguousarray(self.context[:, :width]),
            "widths": self.widths,
            "rows": np.ascontiguousarray(self.rows[:, :width]),
            "cuts": self.cuts,
            "rounds": self.rounds,
            "owned.starts": np.cumsum([0, *map(len, self._seen)]).astype(np.int64),
            "owned.values": np.concatenate([np.empty(0, np.int32), *self._seen]),
            **{f"baseline.{name}": ranked for name, ranked in self.baselines.items()},
            "profile_popularity": self.profile_popularity,
        }


@dataclass(frozen=True, eq=False)
class RoleScoring:
    """The shoppers of one role: who is asked about, in which rounds, and what may be known of them."""

    data: Dataset
    split: Split | Rewind
    book: Phrasebook
    asked: EvaluationSettings
    budget_bytes: int
    role: Role
    chosen: ContextChoice

    def score(
        self, arrays: dict[str, dict[str, NDArray[Any]]], tables: dict[str, pa.Table], progress: Progress
    ) -> dict[str, Any]:
        """Fill in this role's arrays and tables, round by round; returns its facts."""
        data, progress = self.data, prefixed(progress, self.role)
        rounds = list(self.split.rounds(self.role))
        positions = _positions([one.held_out.users() for one in rounds])
        columns = _Columns(sum(map(len, positions)), data.n_items, self.budget_bytes)
        leaks, contexts, shoppers, relevant = [], [], [], []
        models = {**BASELINE_CLASSES, **COMPONENT_CLASSES}
        for number, (one, users) in enumerate(zip(rounds, positions, strict=True)):
            columns.rounds[users] = number
            fitting = Fitting(one.train, self.book, self.asked.seed)
            scorers = fit_scorers(models, fitting, progress, self.chosen.settings())
            put_back = isinstance(self.split, Rewind)
            leaks.append(check_leaks(data, one.train, one.held_out, self.asked.split, scorers, put_back, one.new_rows))
            self._score_round(one, scorers, columns, users, progress)
            context = scorers["context"].state()
            arrays[f"context_{self.role}_{number}"] = dict(context.arrays)
            contexts.append(dict(context.meta))
            shoppers.append(self._shoppers(one).assign(position=users))
            relevant.append(one.held_out.relevant()[one.held_out.users()])
        wanted = vstack(relevant, format="csr")[np.argsort(np.concatenate(positions))]
        history = self.split.whole(self.role).positives()
        arrays[self.role] = {
            **columns.arrays(),
            "relevant.starts": wanted.indptr.astype(np.int64),
            "relevant.values": wanted.indices.astype(np.int32),
            "popularity": _popularity(history, data.n_items),
        }
        table = pd.concat(shoppers).sort_values("position").drop(columns="position").reset_index(drop=True)
        plain = pa.Table.from_pandas(table, preserve_index=False)
        tables[f"shoppers_{self.role}"] = plain.replace_schema_metadata(None)
        return {
            "leak_check": LeakReport.together(leaks).in_words(),
            "n_skipped": self.split.n_skipped,
            "n_train_users": int(history["user_row"].nunique()),
            "contexts": contexts,
        }

    def _score_round(
        self,
        one: Round,
        scorers: Mapping[str, Scorer],
        columns: _Columns,
        positions: NDArray[np.intp],
        progress: Progress,
    ) -> None:
        train, users = one.train, one.held_out.users()
        seen, longest = train.seen(), RankingSettings(n=N_BASELINE)
        no_vectors = np.empty((self.data.n_items, 0), np.float32)
        everything, draws = np.arange(self.data.n_items), np.random.default_rng([self.asked.seed, int(positions[0])])
        may_be_listed = np.isin(everything, everything if one.new_rows is None else one.new_rows)
        n_before = int((columns.rounds >= 0).sum()) - len(users)
        for start, requests in batches(self.data, train, one.held_out, users, self.asked.split):
            progress("scoring shoppers", n_before + start, len(columns.rounds))
            raw = {name: scorer.score(requests) for name, scorer in scorers.items()}
            eligible = may_be_listed & ~seen[requests.user_rows].toarray().astype(bool)
            for row, user in enumerate(positions[start : start + len(requests)].tolist()):
                values = Standardised.of(np.stack([raw[name][row] for name in scorers])).values
                final = dict(zip(scorers, values, strict=True))
                columns.put(user, np.stack([final[name] for name in COMPONENTS]), eligible[row])
                # Nothing is known of new products, so that simple models tell few of them apart: a draw decides.
                order = everything if one.new_rows is None else draws.permutation(self.data.n_items)
                for name in BASELINES:
                    rows, _ = select(final[name][order], longest, eligible[row][order], no_vectors)
                    columns.baselines[name][user, : len(rows)] = order[rows]
        history = train.positives()
        popularity = _popularity(history, self.data.n_items)
        mean_popularity = history.assign(p=popularity[history["item_row"]]).groupby("user_row")["p"].mean()
        columns.profile_popularity[positions] = mean_popularity.reindex(users).to_numpy(np.float64)

    def _shoppers(self, one: Round) -> pd.DataFrame:
        """Who is asked about; `home` is the region where a shopper acted most, `region` that of the held-out act."""
        users = one.held_out.users()
        known = user_table(one.train).to_pandas().iloc[users].reset_index(drop=True)
        contexts = contexts_of(self.data, one.train, one.held_out, users, self.asked.split)
        return pd.DataFrame(
            {
                "user_id": known["user_id"],
                "n_train": known["n_interactions"],
                "activity": known["activity"],
                "top_category": known["top_category"],
                "home": known["region"],
                **{name: [getattr(each, name) or "" for each in contexts] for name in CONTEXT_DIMENSIONS},
                "moment_s": [int(each.moment.timestamp()) if each.moment else 0 for each in contexts],
            }
        )


def _popularity(history: pd.DataFrame, n_items: int) -> NDArray[np.float64]:
    return np.bincount(history["item_row"], minlength=n_items).astype(np.float64)


def _positions(users: Sequence[NDArray[np.int32]]) -> list[NDArray[np.intp]]:
    """Where the shoppers of each round stand in a role: by their rows, and who is asked in several rounds in a row.

    >>> [each.tolist() for each in _positions([np.array([2, 5], np.int32), np.array([1, 5], np.int32)])]
    [[1, 2], [0, 3]]
    """
    order = np.lexsort((np.repeat(np.arange(len(users)), [len(each) for each in users]), np.concatenate(users)))
    positions = np.empty_like(order)
    positions[order] = np.arange(len(order))
    return np.split(positions, np.cumsum([len(each) for each in users])[:-1])
