"""The later half of a shop's log with scores by models that knew nothing of it, in a folder.

Weights of the traditional and of the full mix, and the settings of the components, are chosen on validation shoppers of
what came before these pages.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys.artifacts.folder import Artifact, FolderKind, open_artifact, require_model_folder, save_artifact
from recsys.artifacts.tables import item_table
from recsys.data.dataset import Dataset
from recsys.demo.oracle import ClickSimulator
from recsys.errors import ArtifactError, DataError, RecsysError, SettingsError
from recsys.evaluation.protocols.hold_out import EvaluationSettings, split_of
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.estimators import LEAST_EFFECTIVE, Log, PolicyEstimate, lift
from recsys.offpolicy.logs import ClickLog, refuse_useless
from recsys.offpolicy.pages import (
    N_REFITS,
    Pages,
    ScoredPages,
    TrueClickRates,
    middle_of,
    require_earlier_likes,
    users_of,
)
from recsys.offpolicy.policies import SoftPolicy, top_lists
from recsys.progress import Progress, silent
from recsys.ranking.eligibility import CandidateFilter
from recsys.schema import IMPRESSIONS
from recsys.scorers.base import FloatArray
from recsys.settings import WHOLE_CATALOGUE, Filters, FusionSettings
from recsys.text.encoder import is_chosen, make_phrasebook
from recsys.training.components import choose_components

LOGGED_SET = FolderKind("shelfwise-judged-log", 1, "judged log", "prepare", "prepared", "recsys experiment clicks")

_USUAL = EvaluationSettings("last")

WEIGHED = (
    "Impressions are weighed by the chance of the shown product under the policy asked about over its logged "
    "propensity; intervals are 95%, over visitors."
)
MODELLED = (
    "The click model is a logistic regression, fitted in five folds of visitors so that nobody is judged by their own "
    "clicks."
)


TEMPERATURES = (0.25, 0.5, 1.0)

MAIN_TEMPERATURE = 1.0
"""One deviation of the score makes a product 2.7 times as frequent; a log of the demo's size carries it well."""

N_LISTED = 4
"""Length of the lists that are evaluated."""

NO_PLACES = f"the log does not say which products stood in the first {N_LISTED} places"


@dataclass(frozen=True, slots=True)
class MixQuery:
    """A setting of the sliders, and how closely pages follow it.

    `temperature`: as of `SoftPolicy`; 0 is the list of the best products itself; `filters`: what may be shown of what
    was available; what a shopper has is never shown again.
    """

    fusion: FusionSettings
    temperature: float = MAIN_TEMPERATURE
    filters: Filters = WHOLE_CATALOGUE


@dataclass(frozen=True, eq=False, slots=True)
class MixAnswer:
    """The estimate of a setting.

    `log`: the impressions weighed by it; None where they cannot be; `truth`: its true click rate on these pages; None
    where no simulator knows it.
    """

    asked: MixQuery
    log: Log | None
    found: PolicyEstimate
    truth: float | None


@dataclass(frozen=True, eq=False)
class LoggedEvaluationSet:
    """What estimates of any setting of the sliders rest on, and the estimates.

    Parameters
    ----------
    log_id : names the content
    cut_s : the moment of the first page, in seconds since 1970
    weights : of "traditional" and "full", chosen before that moment
    items : the catalogue
    facts : of the data and the settings, as saved
    truth : what a demo shop's simulator knows of the pages, or None
    """

    log_id: str
    cut_s: int
    weights: Mapping[str, FusionSettings]
    judged: ScoredPages
    seed: int
    items: pd.DataFrame
    facts: Mapping[str, Any] = field(default_factory=dict)
    truth: TrueClickRates | None = None

    @property
    def start(self) -> str:
        """The day of the first page."""
        return f"{datetime.fromtimestamp(self.cut_s, UTC):%Y-%m-%d}"

    def protocol(self) -> str:
        """Describe what was done."""
        return (
            f"{len(self.judged.pages):,} pages from {self.start} on, judged by models fitted {N_REFITS} times on what "
            "came before. A policy fills three quarters of places by chance that grows with the score (softmax, "
            f"temperature in deviations of it) and a quarter by any product. {WEIGHED} {MODELLED}"
        )

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a folder; raises ArtifactError where it cannot be used."""
        artifact = open_artifact(Path(folder), LOGGED_SET)
        with artifact.restored():
            return cls._of(artifact)

    @classmethod
    def _of(cls, artifact: Artifact) -> Self:
        facts, arrays = artifact.manifest, artifact.arrays("pages")
        pages = Pages(artifact.table("shown").to_pandas(), artifact.table("pages_table").to_pandas())
        judged = ScoredPages(pages, arrays["scores"], arrays["eligible"].astype(bool), arrays["folds"])
        items = artifact.table("items").to_pandas()
        if judged.scores.shape[::2] != (len(pages), len(items)):
            raise ValueError(f"scores of shape {judged.scores.shape}")
        return cls(
            log_id=artifact.model_id[:16],
            cut_s=int(facts["cut_s"]),
            weights={name: FusionSettings(**each) for name, each in facts["weights"].items()},
            judged=judged,
            seed=int(facts["settings"]["seed"]),
            items=items,
            facts={name: facts[name] for name in ("data", "settings")},
            truth=TrueClickRates(pages, arrays["utilities"]) if "utilities" in arrays else None,
        )

    def answer(self, query: MixQuery) -> MixAnswer:
        """Estimate a setting; raises SettingsError as `eligible` does."""
        if query.temperature:
            probabilities = self.probabilities(query)
            log: Log | None = self.judged.log(probabilities)[0]
            known = self.truth.rate(probabilities) if self.truth else None
        else:
            lists = self.lists(query)
            log = self.judged.listed(lists)
            known = float(self.truth.rates_of_lists(lists).mean()) if self.truth else None
        found = PolicyEstimate.of(log, seed=self.seed) if log else PolicyEstimate({}, NO_PLACES, None)
        return MixAnswer(query, log, found, known)

    def lift(self, new: MixAnswer, old: MixAnswer) -> Interval | None:
        """Compute the relative change of the click rate between settings (`estimators.lift`); None where refused."""
        if new.log is None or old.log is None or new.found.refusal or old.found.refusal:
            return None
        return lift(new.log, old.log, self.seed)

    def probabilities(self, query: MixQuery) -> FloatArray:
        """Probabilities of `SoftPolicy`, float32 of shape (n_pages, n_items), for a temperature above 0."""
        policy = SoftPolicy(query.fusion, query.temperature)
        return policy.probabilities(self.judged.scores, self.eligible(query.filters))

    def lists(self, query: MixQuery) -> NDArray[np.int64]:
        """The best products of every page, item rows of shape (n_pages, N_LISTED)."""
        return top_lists(self.judged.scores, query.fusion, self.eligible(query.filters), N_LISTED)

    def eligible(self, filters: Filters) -> NDArray[np.bool_]:
        """Mark what could be shown on each page, bool (n_pages, n_items); raises SettingsError where one is empty."""
        shown_again = replace(filters, include_seen=True)
        eligible = self.judged.eligible & self._candidates.eligible(shown_again, np.empty(0, np.int32))
        empty = int((~eligible.any(1)).sum())
        if empty:
            raise SettingsError(
                f"on {empty:,} of {len(eligible):,} logged pages nothing that these filters leave was on the shelf; "
                "filter less"
            )
        return eligible

    @cached_property
    def _candidates(self) -> CandidateFilter:
        return CandidateFilter.of(self.items)


def build_logged_set(
    folder: Path, out: Path, settings: EvaluationSettings = _USUAL, progress: Progress = silent
) -> Artifact:
    """Choose weights on the first half of the log's time, score the pages of the second, and save both.

    Raises DataError: there is no log, its second half cannot carry any estimate, or too little happened before that to
    choose weights on; ArtifactError: the output folder holds something else.
    """
    require_model_folder(out, LOGGED_SET)
    whole = Dataset.read(folder, progress)
    log = ClickLog.of(whole.core(settings.min_interactions))
    assert log.data is not None
    data, cut = log.data, middle_of(log)
    before = data.until(cut)
    _refuse_in_vain(log, cut, before)
    book = make_phrasebook(data, progress)
    split = split_of(before, settings)
    asked = settings.split, settings.seed, progress
    chosen = choose_components(before, split.rounds("validation"), book, *asked, k=settings.k)
    judged = ScoredPages.of(log, cut, book, settings.seed, progress, chosen.settings())
    eligible = judged.eligible.astype(np.uint8)
    arrays: dict[str, NDArray[Any]] = {"scores": judged.scores, "eligible": eligible, "folds": judged.folds}
    if (truth := _truth(folder, data, judged.pages)) is not None:
        arrays["utilities"] = truth.utilities
    tables = {"shown": _table(judged.pages.shown), "pages_table": _table(judged.pages.table)}
    tables["items"] = item_table(before)
    facts = {
        "data": {"name": data.name, "fingerprint": whole.fingerprint, "encoder_id": book.encoder_id},
        "settings": asdict(settings),
        "cut_s": cut,
        "n_impressions": len(log.impressions),
        "weights": {name: each.as_dict() for name, each in chosen.weights.items()},
    }
    return save_artifact(out, arrays={"pages": arrays}, tables=tables, facts=facts, progress=progress, kind=LOGGED_SET)


def _refuse_in_vain(log: ClickLog, cut_s: int, before: Dataset) -> None:
    """Raise DataError, before any work, where every estimate would be refused or nothing could be learned."""
    later = log.impressions[log.impressions["time_s"] >= cut_s]
    n_clicks = int(later["click"].sum())
    require_earlier_likes(before)
    if len(later) < LEAST_EFFECTIVE or n_clicks < FEWEST_TELLING:
        few = f"the second half of the log has {len(later):,} impressions and {n_clicks:,} clicks; at least "
        few += f"{LEAST_EFFECTIVE} and {FEWEST_TELLING} are needed"
        raise DataError(few, file=IMPRESSIONS.file, remedy="bring a longer log")
    refuse_useless(later)


def open_or_build_logged_set(
    folder: Path, out: Path, settings: EvaluationSettings, fingerprint: str, progress: Progress = silent
) -> LoggedEvaluationSet:
    """Open the set of a folder, built (see `build_logged_set`) unless it is of these data and settings."""
    try:
        found = LoggedEvaluationSet.open(out)
        data = found.facts["data"]
        same_data = data["fingerprint"] == fingerprint and is_chosen(data.get("encoder_id", ""))
        if same_data and found.facts["settings"] == asdict(settings):
            return found
    except ArtifactError:
        pass  # there is none, or it is of an earlier version
    build_logged_set(folder, out, settings, progress)
    return LoggedEvaluationSet.open(out)


def _truth(folder: Path, data: Dataset, pages: Pages) -> TrueClickRates | None:
    try:
        return TrueClickRates.of(ClickSimulator.open(folder, data.item_ids.tolist()), pages, users_of(pages, data))
    except RecsysError:
        return None  # it is no demo shop, or no longer the one that the truth is of


def _table(frame: pd.DataFrame) -> pa.Table:
    plain = frame.assign(**{name: frame[name].astype(str) for name in ("device", "region", "policy") if name in frame})
    return pa.Table.from_pandas(plain, preserve_index=False).replace_schema_metadata(None)
