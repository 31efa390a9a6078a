"""Any setting asked about on a judged log: kept and opened again, filtered, refused, and held against the truth."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.artifacts.folder import open_artifact
from recsys.errors import ArtifactError, DataError, SettingsError
from recsys.evaluation.protocols.hold_out import EvaluationSettings
from recsys.offpolicy import logged_set
from recsys.offpolicy.estimators import estimate, lift
from recsys.offpolicy.logged_set import (
    LOGGED_SET,
    N_LISTED,
    LoggedEvaluationSet,
    MixQuery,
    build_logged_set,
    open_or_build_logged_set,
)
from recsys.offpolicy.pages import ScoredPages
from recsys.offpolicy.policies import Simulator, SoftPolicy
from recsys.settings import Filters, FusionSettings
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder

MIX = FusionSettings(0.2, 0.1, 0.4, 0.3)


@pytest.fixture(scope="module", autouse=True)
def quick_words() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logged_set, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
        yield patch


@pytest.fixture(scope="module")
def kept(panel_folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The judged log of the small demo shop, in its folder."""
    out = tmp_path_factory.mktemp("judged") / "log"
    build_logged_set(panel_folders[0].parent / "shop", out)
    return out


@pytest.fixture(scope="module")
def sliders(kept: Path) -> LoggedEvaluationSet:
    return LoggedEvaluationSet.open(kept)


def test_what_is_kept_is_what_was_judged(
    kept: Path, sliders: LoggedEvaluationSet, judged: ScoredPages, simulator: Simulator
) -> None:
    opened = sliders.judged
    assert (opened.eligible == judged.eligible).all()
    assert (opened.folds == judged.folds).all()
    assert opened.pages.contexts() == judged.pages.contexts()
    assert opened.pages.shown["click"].tolist() == judged.pages.shown["click"].tolist()
    assert set(sliders.weights) == {"traditional", "full"}
    assert sliders.weights["traditional"].semantic == 0
    assert open_artifact(kept, LOGGED_SET).manifest["n_impressions"] > len(opened.pages.shown)
    assert sliders.truth is not None
    assert (sliders.truth.utilities == simulator.truth.utilities).all()
    assert not [each for each in kept.iterdir() if each.suffix == ".pkl"]


def test_an_answer_is_the_estimate_of_its_policy_beside_the_truth(sliders: LoggedEvaluationSet) -> None:
    answer = sliders.answer(MixQuery(MIX))
    chances = SoftPolicy(MIX).probabilities(sliders.judged.scores, sliders.judged.eligible)
    (log,) = sliders.judged.log(chances)
    assert answer.found.estimates == estimate(log)
    assert sliders.truth is not None
    assert answer.truth == pytest.approx(sliders.truth.rate(chances))
    told = answer.found.estimates["dr"]
    assert told.low < answer.truth < told.high


def test_the_truth_is_the_mean_over_impressions_of_the_chances_of_a_click(
    sliders: LoggedEvaluationSet, simulator: Simulator
) -> None:
    pages, truth = sliders.judged.pages, sliders.truth
    assert truth is not None
    chances = sliders.probabilities(MixQuery(MIX))
    rows = range(0, len(pages.shown), 97)
    shown = pages.shown.iloc[list(rows)]
    rates = simulator.judge.rates(truth.utilities[shown["page"]], shown["position"].to_numpy()[:, None])
    by_hand = (chances[shown["page"]] * rates).sum(1)
    only = replace(truth, pages=replace(pages, shown=shown.reset_index(drop=True)))
    assert only.rate(chances) == pytest.approx(float(by_hand.mean()), rel=1e-5)


def test_a_list_is_refused_with_the_reason_and_gives_no_lift(sliders: LoggedEvaluationSet) -> None:
    as_list, soft = sliders.answer(MixQuery(MIX, 0.0)), sliders.answer(MixQuery(MIX))
    assert "what the log tells of this policy is worth" in as_list.found.refusal
    assert not as_list.found.estimates
    assert as_list.truth is not None
    assert soft.truth is not None
    assert as_list.truth > soft.truth
    assert sliders.lift(as_list, soft) is None
    assert sliders.lift(soft, as_list) is None
    same = sliders.lift(soft, soft)
    assert same is not None
    assert same.mean == 0


def test_only_places_that_lists_have_count_for_them(sliders: LoggedEvaluationSet) -> None:
    lists = sliders.lists(MixQuery(MIX, 0.0))
    log = sliders.judged.listed(lists)
    assert log is not None
    shown = sliders.judged.pages.shown
    deeper = replace(sliders.judged.pages, shown=shown.assign(position=shown["position"] + 2))
    fewer = replace(sliders.judged, pages=deeper).listed(lists)
    assert fewer is not None
    assert len(fewer) == (deeper.shown["position"] <= N_LISTED).sum() < len(log)
    unknown = replace(sliders.judged.pages, shown=shown.assign(position=-1))
    judged = replace(sliders.judged, pages=unknown)
    assert judged.listed(lists) is None
    answer = replace(sliders, judged=judged, truth=None).answer(MixQuery(MIX, 0.0))
    assert "does not say which products stood in the first 4 places" in answer.found.refusal
    assert answer.found.support is None


def test_lists_that_a_log_carries_are_compared_by_weighted_clicks(sliders: LoggedEvaluationSet) -> None:
    new, old = (sliders.answer(MixQuery(each, 0.0)) for each in (MIX, FusionSettings.only("collaborative")))
    believed = [replace(each, found=replace(each.found, refusal="")) for each in (new, old)]
    assert new.log is not None
    assert old.log is not None
    found = sliders.lift(*believed)
    assert found is not None
    assert found.mean == lift(new.log, old.log, "ips").mean


def test_the_closer_a_setting_is_followed_the_less_of_the_log_counts(sliders: LoggedEvaluationSet) -> None:
    worth = [sliders.answer(MixQuery(MIX, each)).found.support for each in (1.0, 0.5, 0.25)]
    effective = [each.n_effective for each in worth if each is not None]
    assert effective == sorted(effective, reverse=True)


def test_filters_hold_on_every_page(sliders: LoggedEvaluationSet) -> None:
    items = sliders.items
    common = items["category"].value_counts().index[:6]
    asked = MixQuery(MIX, filters=Filters(only_available=True, categories=frozenset(common)))
    may = (items["category"].isin(common) & items["available"]).to_numpy()
    assert (sliders.probabilities(asked)[:, ~may] == 0).all()
    lists = sliders.lists(asked)
    assert lists.shape[1] == N_LISTED
    assert may[lists[lists >= 0]].all()


def test_filters_that_leave_a_page_empty_are_refused(sliders: LoggedEvaluationSet) -> None:
    rare = sliders.items.query("available")["category"].value_counts().index[-1]
    bare = replace(sliders.judged, eligible=sliders.judged.eligible & (np.arange(len(sliders.items)) < 3))
    with pytest.raises(SettingsError, match="logged pages nothing that these filters leave was on the shelf"):
        replace(sliders, judged=bare).answer(MixQuery(MIX, filters=Filters(categories=frozenset({rare}))))


def test_without_a_hidden_truth_none_is_told(
    panel_folders: tuple[Path, Path], sliders: LoggedEvaluationSet, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    for file in (panel_folders[0].parent / "shop").glob("*.parquet"):
        (shop / file.name).symlink_to(file)
    build_logged_set(shop, tmp_path / "out")
    found = LoggedEvaluationSet.open(tmp_path / "out").answer(MixQuery(MIX))
    assert found.truth is None
    assert found.found.estimates == sliders.answer(MixQuery(MIX)).found.estimates


def test_it_is_made_anew_only_for_other_data_or_settings(
    kept: Path, panel_folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, settings = panel_folders[0].parent / "shop", EvaluationSettings("last")
    made: list[EvaluationSettings] = []
    build: Callable[..., object] = lambda folder, out, settings, progress: made.append(settings)  # noqa: E731
    monkeypatch.setattr(logged_set, "build_logged_set", build)
    fingerprint = LoggedEvaluationSet.open(kept).facts["data"]["fingerprint"]
    assert open_or_build_logged_set(shop, kept, settings, fingerprint).log_id == LoggedEvaluationSet.open(kept).log_id
    assert not made
    open_or_build_logged_set(shop, kept, settings, "other data")
    open_or_build_logged_set(shop, kept, EvaluationSettings("last", seed=1), fingerprint)
    assert [each.seed for each in made] == [0, 1]


def test_a_damaged_folder_says_what_to_do(kept: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no prepared judged log here"):
        LoggedEvaluationSet.open(tmp_path)
    manifest = json.loads((kept / "manifest.json").read_text())
    other = tmp_path / "other"
    other.mkdir()
    for file in kept.iterdir():
        (other / file.name).symlink_to(file)
    (other / "manifest.json").unlink()
    (other / "manifest.json").write_text(json.dumps({**manifest, "weights": {"full": {"colour": 1}}}))
    with pytest.raises(ArtifactError, match=r"do not fit together .* prepare it again"):
        LoggedEvaluationSet.open(other)


def test_a_shop_without_a_log_is_refused(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    for name in ("items", "reviews", "events"):
        tiny[name].to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(DataError, match="there are no logged impressions"):
        build_logged_set(tmp_path, tmp_path / "out")
