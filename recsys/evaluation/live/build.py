"""From a data folder to a panel: held out, fitted, checked for leaks, scored once."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Split
from recsys.errors import SettingsError
from recsys.evaluation.asking import batches, contexts_of
from recsys.evaluation.leaks import check_leaks
from recsys.evaluation.live.panel import N_BASELINE, PANEL, ROLES
from recsys.evaluation.live.places import Places
from recsys.evaluation.protocol import EvaluationSettings, split_of
from recsys.fusion import Standardised
from recsys.progress import Progress, silent
from recsys.ranking import select
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.scorers.phrase_weights import reference_vectors
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, RankingSettings
from recsys.text.library import make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.training.artifacts import Artifact, require_model_folder, save_artifact
from recsys.training.tables import item_table, user_table

BUDGET_BYTES = 1_500_000_000
"""Most that the scores of one role may take; a larger shop is held by candidates."""

GUARDS = (*BASELINE_CLASSES, "collaborative")
"""Models that any setting has to beat: the simple ones, and LightFM alone with its settings tuned on validation."""


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """Parameters
    ----------
    evaluation : what is held out; its k plays no part
    budget_bytes : most that the scores of one role may take
    """

    evaluation: EvaluationSettings = field(default_factory=lambda: EvaluationSettings(split="last"))
    budget_bytes: int = BUDGET_BYTES

    def __post_init__(self) -> None:
        if self.budget_bytes < 1_000_000:
            raise SettingsError(f"a budget of {self.budget_bytes:,} bytes holds nobody; give at least 1,000,000")


def build_panel(
    data_folder: Path, out: Path, settings: PanelSettings | None = None, progress: Progress = silent
) -> Artifact:
    """Prepare the validation and the test shoppers of a shop, and write them as one folder.

    For validation the models know neither what validation nor what test shoppers did last; for test they are fitted
    again on training and validation together. Each time they are searched for leaks before anybody is scored.

    Raises
    ------
    DataError : the data breaks the canonical form, or too little of it is left to test on
    LeakError : something held out was learned from
    ArtifactError : the output folder holds something else
    Cancelled : the reporter asked to stop
    """
    settings = settings or PanelSettings()
    require_model_folder(out, PANEL)
    asked = settings.evaluation
    data = Dataset.read(data_folder, progress)
    fingerprint, name = data.fingerprint, data.name
    data = data.core(asked.min_interactions)
    split = split_of(data, asked)
    book = make_phrasebook(data, progress)
    arrays: dict[str, dict[str, NDArray[Any]]] = {"shop": {"vectors": reference_vectors(book, data.n_items)}}
    tables = {"items": item_table(split.fit_test)}
    roles: dict[str, dict[str, Any]] = {}
    for role in ROLES:
        train = split.fit_validation if role == "validation" else split.fit_test
        held_out = split.validation if role == "validation" else split.test
        part = _Role(data, split, train, held_out, book, settings, role)
        roles[role] = part.score(arrays, tables, progress)
    facts = {
        "settings": {**asdict(asked), "budget_bytes": settings.budget_bytes},
        "data": {"name": name, "fingerprint": fingerprint, "encoder_id": book.encoder_id, "n_items": data.n_items},
        "protocol": _in_words(split, asked),
        "baselines": list(GUARDS),
        "roles": roles,
    }
    return save_artifact(out, arrays=arrays, tables=tables, facts=facts, progress=progress, kind=PANEL)


@dataclass(frozen=True, eq=False)
class _Role:
    """One round: who is asked about, and what may be known of them."""

    data: Dataset
    split: Split
    train: Dataset
    held_out: HeldOut
    book: Phrasebook
    settings: PanelSettings
    role: str

    def score(
        self, arrays: dict[str, dict[str, NDArray[Any]]], tables: dict[str, pa.Table], progress: Progress
    ) -> dict[str, Any]:
        """Fit, check and score; fills in this role's arrays and tables, and gives its facts."""
        asked, data, train = self.settings.evaluation, self.data, self.train
        progress = self._said(progress)
        fitting = Fitting(train, self.book, asked.seed)
        scorers = fit_scorers({**BASELINE_CLASSES, **COMPONENT_CLASSES}, fitting, progress)
        leaks = check_leaks(data, train, self.held_out, asked.split, scorers)
        users = self.held_out.users()
        places = Places(len(users), data.n_items, self.settings.budget_bytes)
        lists = {name: np.full((len(users), N_BASELINE), -1, np.int32) for name in GUARDS}
        owned = train.owned()
        longest = RankingSettings(n=N_BASELINE)
        no_vectors = np.empty((data.n_items, 0), np.float32)
        for start, requests in batches(data, train, self.held_out, users, asked.split):
            progress("scoring shoppers", start, len(users))
            raw = {name: scorer.score(requests) for name, scorer in scorers.items()}
            eligible = ~owned[requests.user_rows].toarray().astype(bool)
            for place in range(len(requests)):
                values = Standardised.of(np.stack([raw[name][place] for name in COMPONENTS])).values
                places.put(start + place, values, eligible[place])
                for name in GUARDS:
                    rows, _ = select(raw[name][place], longest, eligible[place], no_vectors)
                    lists[name][start + place, : len(rows)] = rows
        progress("scoring shoppers", len(users), len(users))
        relevant = self.held_out.relevant()[users].tocsr()
        history = train.positives()
        popularity = np.bincount(history["item_row"], minlength=data.n_items).astype(np.float64)
        mean_popularity = history.assign(p=popularity[history["item_row"]]).groupby("user_row")["p"].mean()
        context = scorers["context"].state()
        arrays[f"context_{self.role}"] = dict(context.arrays)
        arrays[self.role] = {
            **places.arrays(owned[users].tocsr()),
            "relevant.starts": relevant.indptr.astype(np.int64),
            "relevant.values": relevant.indices.astype(np.int32),
            **{f"baseline.{name}": ranked for name, ranked in lists.items()},
            "popularity": popularity,
            "profile_popularity": mean_popularity.reindex(users).to_numpy(np.float64),
        }
        tables[f"shoppers_{self.role}"] = self._shoppers(users)
        return {
            "leak_check": leaks.in_words(),
            "n_skipped": self.split.n_skipped,
            "n_train_users": int(history["user_row"].nunique()),
            "context": dict(context.meta),
        }

    def _said(self, progress: Progress) -> Progress:
        """The reporter with the role before every stage, since both roles go through the same ones."""

        def say(stage: str, done: int = 0, total: int = 0) -> None:
            progress(f"{self.role}: {stage}", done, total)

        return say

    def _shoppers(self, users: NDArray[np.int32]) -> pa.Table:
        """Who is asked about; `home` is the region where a shopper acted most, `region` that of the held-out act."""
        known = user_table(self.train).to_pandas().iloc[users].reset_index(drop=True)
        contexts = contexts_of(self.data, self.train, self.held_out, users, self.settings.evaluation.split)
        frame = pd.DataFrame(
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
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def _in_words(split: Split, asked: EvaluationSettings) -> str:
    hindsight = (
        " What other shoppers did after that is learned from too, as usual with this split; only the trend and recent "
        "popularity end at the moment asked about."
        if asked.split == "last"
        else ""
    )
    return (
        f"{split.protocol}.{hindsight} Shoppers and products with fewer than {asked.min_interactions} positives were "
        "dropped first. The whole remaining catalogue is ranked, without what a shopper already had. Settings are "
        "chosen on validation shoppers, scored by models that know neither validation nor test; what is shown for test "
        "shoppers comes from models fitted again on training and validation together."
    )
