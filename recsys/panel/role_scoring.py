"""Scoring the shoppers of one role of a panel: fitted, checked for leaks, scored, in as many rounds as that takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

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
from recsys.evaluation.protocols.rewind import Rewind
from recsys.panel.columns import PanelColumns
from recsys.panel.panel import N_BASELINE
from recsys.progress import Progress
from recsys.ranking.fusion import Standardised
from recsys.ranking.rank import select
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, Scorer
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, RankingSettings
from recsys.text.phrasebook import Phrasebook
from recsys.training.context_settings import ContextChoice

GUARDS = (*BASELINE_CLASSES, "collaborative")
"""Models that any setting has to beat: the simple ones, and LightFM alone with its settings tuned on validation."""


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
        """Fit, check and score, round by round; fills in this role's arrays and tables, and gives its facts."""
        data, progress = self.data, self._said(progress)
        rounds = list(self.split.rounds(self.role))
        places = _places([one.held_out.users() for one in rounds])
        held = _Held.of(sum(map(len, places)), data.n_items, self.budget_bytes)
        leaks, contexts, shoppers, relevant = [], [], [], []
        for place, (one, asked) in enumerate(zip(rounds, places, strict=True)):
            held.rounds[asked] = place
            scorers = fit_scorers(
                {**BASELINE_CLASSES, **COMPONENT_CLASSES},
                Fitting(one.train, self.book, self.asked.seed),
                progress,
                self.chosen.settings(),
            )
            leaks.append(
                check_leaks(
                    data,
                    one.train,
                    one.held_out,
                    self.asked.split,
                    scorers,
                    put_back=isinstance(self.split, Rewind),
                    new_rows=one.new_rows,
                )
            )
            self._score_round(one, scorers, held, asked, progress)
            context = scorers["context"].state()
            arrays[f"context_{self.role}_{place}"] = dict(context.arrays)
            contexts.append(dict(context.meta))
            shoppers.append(self._shoppers(one).assign(place=asked))
            relevant.append(one.held_out.relevant()[one.held_out.users()])
        order = np.argsort(np.concatenate(places))
        wanted = vstack(relevant, format="csr")[order]
        history = self.split.whole(self.role).positives()
        arrays[self.role] = {
            **held.arrays(),
            "relevant.starts": wanted.indptr.astype(np.int64),
            "relevant.values": wanted.indices.astype(np.int32),
            "popularity": np.bincount(history["item_row"], minlength=data.n_items).astype(np.float64),
        }
        table = pd.concat(shoppers).sort_values("place").drop(columns="place").reset_index(drop=True)
        tables[f"shoppers_{self.role}"] = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(
            None
        )
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
        held: "_Held",
        asked: NDArray[np.intp],
        progress: Progress,
    ) -> None:
        """Score the shoppers of one round; `asked` are their places in the role."""
        train, users = one.train, one.held_out.users()
        owned, longest = train.seen(), RankingSettings(n=N_BASELINE)
        no_vectors = np.empty((self.data.n_items, 0), np.float32)
        everywhere, draws = np.arange(self.data.n_items), np.random.default_rng([self.asked.seed, int(asked[0])])
        may_be_listed = np.isin(everywhere, everywhere if one.new_rows is None else one.new_rows)
        for start, requests in batches(self.data, train, one.held_out, users, self.asked.split):
            progress("scoring shoppers", int((held.rounds >= 0).sum()) - len(users) + start, len(held.rounds))
            raw = {name: scorer.score(requests) for name, scorer in scorers.items()}
            has = owned[requests.user_rows].tocsr()
            for place, user in enumerate(asked[start : start + len(requests)].tolist()):
                own = has.indices[has.indptr[place] : has.indptr[place + 1]]
                eligible = may_be_listed.copy()
                eligible[own] = False
                held.owned[user] = np.flatnonzero(~eligible).astype(np.int32)
                values = Standardised.of(np.stack([raw[name][place] for name in scorers])).values
                final = dict(zip(scorers, values, strict=True))
                held.places.put(user, np.stack([final[name] for name in COMPONENTS]), eligible)
                # Nothing is known of new products, so that simple models tell few of them apart: a draw decides.
                order = everywhere if one.new_rows is None else draws.permutation(self.data.n_items)
                for name in GUARDS:
                    rows, _ = select(final[name][order], longest, eligible[order], no_vectors)
                    held.lists[name][user, : len(rows)] = order[rows]
        history = train.positives()
        popularity = np.bincount(history["item_row"], minlength=self.data.n_items).astype(np.float64)
        mean_popularity = history.assign(p=popularity[history["item_row"]]).groupby("user_row")["p"].mean()
        held.profile_popularity[asked] = mean_popularity.reindex(users).to_numpy(np.float64)

    def _said(self, progress: Progress) -> Progress:
        """The reporter with the role before every stage, since both roles go through the same ones."""

        def say(stage: str, done: int = 0, total: int = 0) -> None:
            progress(f"{self.role}: {stage}", done, total)

        return say

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


def _places(users: Sequence[NDArray[np.int32]]) -> list[NDArray[np.intp]]:
    """Where the shoppers of each round stand in a role: by their rows, and who is asked in several rounds in a row.

    >>> [each.tolist() for each in _places([np.array([2, 5], np.int32), np.array([1, 5], np.int32)])]
    [[1, 2], [0, 3]]
    """
    order = np.lexsort((np.repeat(np.arange(len(users)), [len(each) for each in users]), np.concatenate(users)))
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return np.split(places, np.cumsum([len(each) for each in users])[:-1])


@dataclass(frozen=True, eq=False)
class _Held:
    """What is collected of every shopper of a role, in whatever round they are asked about.

    Parameters
    ----------
    rounds : int32 of shape (n_users,), whose models ask about a shopper, -1 before
    owned : item rows that each shopper has, ascending
    """

    places: PanelColumns
    rounds: NDArray[np.int32]
    lists: Mapping[str, NDArray[np.int32]]
    owned: list[NDArray[np.int32]]
    profile_popularity: NDArray[np.float64]

    @classmethod
    def of(cls, n: int, n_items: int, budget_bytes: int) -> Self:
        return cls(
            PanelColumns(n, n_items, budget_bytes),
            np.full(n, -1, np.int32),
            {name: np.full((n, N_BASELINE), -1, np.int32) for name in GUARDS},
            [np.empty(0, np.int32)] * n,
            np.full(n, np.nan),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As a panel keeps them."""
        starts = np.cumsum([0, *(len(each) for each in self.owned)])
        return {
            **self.places.arrays(),
            "rounds": self.rounds,
            "owned.starts": starts.astype(np.int64),
            "owned.values": np.concatenate([np.empty(0, np.int32), *self.owned]).astype(np.int32),
            **{f"baseline.{name}": ranked for name, ranked in self.lists.items()},
            "profile_popularity": self.profile_popularity,
        }
