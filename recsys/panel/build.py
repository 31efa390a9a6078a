"""Builds a panel from a data folder: held out, fitted, checked for leaks, scored once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import vstack

from recsys.artifacts.folder import Artifact, require_model_folder, save_artifact
from recsys.artifacts.tables import item_table, user_table
from recsys.data.dataset import Dataset
from recsys.data.splitting import Role, Round, Split
from recsys.errors import ArtifactError, SettingsError
from recsys.evaluation.protocols.hold_out import (
    EvaluationSettings,
    batches,
    catalogue_in_words,
    contexts_of,
    copies_in_words,
    not_had,
    split_of,
)
from recsys.evaluation.protocols.leaks import LeakReport, check_leaks
from recsys.evaluation.protocols.rewinds import REWINDS, Rewind
from recsys.offpolicy.click_models.format import in_brief
from recsys.offpolicy.click_models.sources import best_clicks
from recsys.panel.panel import BASELINES, N_BASELINE, PANEL, ROLES, Panel, PanelColumns
from recsys.progress import Progress, prefixed, silent
from recsys.ranking.batch import best_rows, standardised
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, IntArray, Scorer
from recsys.scorers.phrase_weights import reference_vectors
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, Hemisphere, require_hemisphere
from recsys.text.encoder import is_chosen, make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.training.components import ComponentChoice, choose_components
from recsys.training.weights import subsets

BUDGET_BYTES = 1_500_000_000
"""Most that the scores of one role may take; a larger shop is held by candidates."""

SPLITS = ("last", "temporal", *REWINDS)
"""Ways of holding out, by name: those of `EvaluationSettings`, and replays of an earlier moment."""


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """What a panel holds out, and how much memory it may take.

    Parameters
    ----------
    evaluation : what is held out; its k plays no part
    budget_bytes : most that the scores of one role may take
    replay : name of `REWINDS`; shoppers are then put back to an earlier moment, and `evaluation.split` is "last"
    hemisphere : where the shoppers live, which says what season a month is
    """

    evaluation: EvaluationSettings = field(default_factory=lambda: EvaluationSettings(split="last"))
    budget_bytes: int = BUDGET_BYTES
    replay: str = ""
    hemisphere: Hemisphere = "north"

    def __post_init__(self) -> None:
        require_hemisphere(self.hemisphere)
        if self.budget_bytes < 1_000_000:
            raise SettingsError(f"a budget of {self.budget_bytes:,} bytes holds nobody; give at least 1,000,000")
        if self.replay and (self.replay not in REWINDS or self.evaluation.split != "last"):
            raise SettingsError(f"there is no replay {self.replay!r} of {self.evaluation.split!r} choices")

    @classmethod
    def of(
        cls,
        split: str,
        min_interactions: int = 1,
        seed: int = 0,
        budget_bytes: int = BUDGET_BYTES,
        hemisphere: Hemisphere = "north",
    ) -> Self:
        """Settings by the name of a way of holding out, of `SPLITS`."""
        if split not in SPLITS:
            raise SettingsError(f"{split!r} is no way of holding out; use one of {', '.join(SPLITS)}")
        replay = split if split in REWINDS else ""
        asked = EvaluationSettings("last" if replay else split, min_interactions, seed=seed)  # type: ignore[arg-type]
        return cls(asked, budget_bytes, replay, hemisphere)


@dataclass(frozen=True, eq=False)
class RoleScoring:
    """Scores the shoppers of one role: who is asked about, in which rounds, and what may be known of them."""

    data: Dataset
    split: Split | Rewind
    book: Phrasebook
    asked: EvaluationSettings
    budget_bytes: int
    role: Role
    chosen: ComponentChoice

    def score(
        self, arrays: dict[str, dict[str, NDArray[Any]]], tables: dict[str, pa.Table], progress: Progress
    ) -> dict[str, Any]:
        """Fill in this role's arrays and tables, round by round; returns its facts."""
        data, progress = self.data, prefixed(progress, self.role)
        rounds = list(self.split.rounds(self.role))
        positions = _positions([one.held_out.users() for one in rounds])
        columns = PanelColumns(sum(map(len, positions)), data.n_items, self.budget_bytes)
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
        columns: PanelColumns,
        positions: NDArray[np.intp],
        progress: Progress,
    ) -> None:
        train, users = one.train, one.held_out.users()
        seen, names = train.seen(), list(scorers)
        everything, draws = np.arange(self.data.n_items), np.random.default_rng([self.asked.seed, int(positions[0])])
        may_be_listed = np.isin(everything, everything if one.new_rows is None else one.new_rows)
        n_before = int((columns.rounds >= 0).sum()) - len(users)
        for start, requests in batches(self.data, train, one.held_out, users, self.asked.split):
            progress("scoring shoppers", n_before + start, len(columns.rounds))
            eligible = may_be_listed & not_had(seen, requests.user_rows)
            values = standardised(list(scorers.values()), requests, eligible)
            asked = positions[start : start + len(requests)]
            columns.put(asked.tolist(), values[:, [names.index(name) for name in COMPONENTS]], eligible)
            # Nothing is known of new products, so that simple models tell few of them apart: a draw decides.
            orders = None if one.new_rows is None else np.array([draws.permutation(everything) for _ in asked])
            for name in BASELINES:
                columns.baselines[name][asked] = _best_in(values[:, names.index(name)], eligible, orders)
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


def _best_in(scores: FloatArray, eligible: NDArray[np.bool_], orders: NDArray[np.int64] | None) -> IntArray:
    """The N_BASELINE best products of each shopper; equal ones stand by row, or as in an order of each shopper's own.

    `scores`, `eligible`, `orders`: of shape (n_users, n_items)
    """
    if orders is None:
        return best_rows(scores, eligible, N_BASELINE)
    scores, eligible = np.take_along_axis(scores, orders, axis=1), np.take_along_axis(eligible, orders, axis=1)
    places = best_rows(scores, eligible, N_BASELINE)
    rows = np.take_along_axis(orders, np.maximum(places, 0), axis=1)
    return np.asarray(np.where(places >= 0, rows, -1), np.int32)


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


def build_panel(
    data_folder: Path, out: Path, settings: PanelSettings | None = None, progress: Progress = silent
) -> Artifact:
    """Write the validation and the test shoppers of a shop as one folder.

    For validation the models know neither what validation nor what test shoppers are asked about; for test they are
    fitted again. Each time they are searched for leaks before anybody is scored.

    Raises DataError: the data breaks the canonical form, or too little of it is left to test on; LeakError: something
    held out was learned from; ArtifactError: the output folder holds something else; Cancelled: the reporter asked to
    stop.
    """
    settings = settings or PanelSettings()
    require_model_folder(out, PANEL)
    asked = settings.evaluation
    data = Dataset.read(data_folder, progress, hemisphere=settings.hemisphere)
    fingerprint, name = data.fingerprint, data.name
    data = data.core(asked.min_interactions).knowing_copies()
    split = REWINDS[settings.replay](data, asked.seed) if settings.replay else split_of(data, asked)
    # Of new products the trend knows nothing, so they cannot say how long it should be: it is as for all products.
    usual = split_of(data, asked) if settings.replay == "new_products" else split
    book = make_phrasebook(data, progress)
    how = asked.split, asked.seed, progress
    chosen = choose_components(data, usual.rounds("validation"), book, *how, among=subsets())
    arrays: dict[str, dict[str, NDArray[Any]]] = {"shop": {"vectors": reference_vectors(book, data.n_items)}}
    tables = {"items": item_table(split.whole("test"))}
    roles = {
        role: RoleScoring(data, split, book, asked, settings.budget_bytes, role, chosen).score(arrays, tables, progress)
        for role in ROLES
    }
    clicks = best_clicks(
        data_folder,
        data,
        book,
        arrays,
        {role: tables[f"shoppers_{role}"].to_pandas() for role in ROLES},
        is_temporal=asked.split == "temporal",
        seed=asked.seed,
        progress=prefixed(progress, "clicks"),
        settings=chosen.settings(),
    )
    for role, each in clicks.items():
        arrays[role] |= each.as_parts()
    sentences = [_in_words(split, asked), chosen.in_words(), copies_in_words(data), in_brief(clicks["test"])]
    facts = {
        "settings": _as_json(settings),
        "data": {"name": name, "fingerprint": fingerprint, "encoder_id": book.encoder_id, "n_items": data.n_items},
        "protocol": " ".join(sentences),
        "baselines": list(BASELINES),
        "roles": roles,
        "weights": {name: mixed.as_dict() for name, mixed in chosen.weights.items()} if chosen.engine.tried else {},
        "clicks": clicks["test"].facts,
    }
    return save_artifact(out, arrays=arrays, tables=tables, facts=facts, progress=progress, kind=PANEL)


def open_or_build(
    data_folder: Path, folder: Path, settings: PanelSettings, fingerprint: str, progress: Progress = silent
) -> tuple[Panel, Panel]:
    """The validation and test shoppers of a folder, built (see `build_panel`) unless they are from these data.

    They are built anew where another encoder is chosen now.
    """
    try:
        found = Panel.open(folder)
        data = found[0].data
        same_data = data["fingerprint"] == fingerprint and is_chosen(data["encoder_id"])
        if same_data and found[0].settings == _as_json(settings):
            return found
    except ArtifactError:
        pass  # there is none, or it is of an earlier version
    build_panel(data_folder, folder, settings, progress)
    return Panel.open(folder)


def _as_json(settings: PanelSettings) -> dict[str, Any]:
    values = asdict(settings)
    return {**values.pop("evaluation"), **values}


def _in_words(split: Split | Rewind, asked: EvaluationSettings) -> str:
    only_new = isinstance(split, Rewind) and split.of_products
    ranked = "is ranked, without what a shopper already had"
    if only_new:
        ranked = (
            "is scored, and only the new products of the part are ranked, as on a shelf of new arrivals; where simple "
            "models give equal scores, a draw for each shopper decides"
        )
    hindsight = ""
    if isinstance(split, Rewind):
        hindsight = " Only the trend and recent popularity end for everybody at the moment asked about."
    elif asked.split == "last":
        hindsight = (
            " What other shoppers did after that is learned from too, as usual with this split; only the trend and "
            "recent popularity end at the moment asked about."
        )
    knowing = "models that know neither validation nor test; what is shown for test shoppers comes from models fitted "
    knowing += "again on training and validation together"
    if isinstance(split, Rewind):
        knowing = "models that know nobody's test choice; what is shown for test shoppers comes from models that know "
        knowing += "everything else" if only_new else "everybody else whole"
    return (
        f"{split.protocol}.{hindsight} {catalogue_in_words(asked)} {ranked}. Settings are chosen on validation "
        f"shoppers, scored by {knowing}."
    )
