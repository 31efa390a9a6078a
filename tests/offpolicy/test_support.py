"""Logs that can say nothing of other policies are refused with the reason, before any work; rates stay rates."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from recsys.data.dataset import Dataset
from recsys.errors import DataError
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import log_job_at, start_log_job
from recsys.offpolicy import logged_set
from recsys.offpolicy.estimators import Log, estimate, known_rate, lift, support, wilson_interval
from recsys.offpolicy.logged_set import build_logged_set
from recsys.offpolicy.logs import ClickLog, open_log, require_usable_log, why_useless
from recsys.offpolicy.policies import estimate_logged, policy_pairs
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.workspace import Workspace
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder

Frames = dict[str, pd.DataFrame]
Change = Callable[[pd.DataFrame], pd.DataFrame]

USELESS: dict[str, tuple[Change, str]] = {
    "only clicked rows": (lambda log: log[log["click"] == 1], "every one of the .* was clicked"),
    "all called clicked": (lambda log: log.assign(click=1), "every one of the 600 .* was clicked"),
    "no click": (lambda log: log.assign(click=0), "none of the 600 .* was clicked"),
    "only rows without a click": (lambda log: log[log["click"] == 0], "none of the .* was clicked"),
    "propensity 1": (lambda log: log.assign(propensity_score=1.0), "all 600 logged propensities are 1"),
    "propensity 1, whole numbers": (lambda log: log.assign(propensity_score=1), "all 600 logged propensities are 1"),
    "propensity nearly 1": (lambda log: log.assign(propensity_score=np.float32(0.9999999)), "propensities are 1"),
    "one product": (lambda log: log.assign(item_id="mug"), "600 logged impressions are of one product"),
}
BROKEN: dict[str, tuple[Change, str]] = {
    "a propensity of 0": (lambda log: _one(log, "propensity_score", 0.0), "propensity_score.*above 0, at most 1"),
    "a propensity above 1": (lambda log: _one(log, "propensity_score", 1.5), "propensity_score.*above 0, at most 1"),
    "a propensity in percent": (lambda log: log.assign(propensity_score=12.5), "propensity_score.*above 0, at most 1"),
    "a negative propensity": (lambda log: _one(log, "propensity_score", -0.1), "propensity_score.*above 0, at most 1"),
    "no propensity": (lambda log: _one(log, "propensity_score", np.nan), "propensity_score"),
    "an infinite propensity": (lambda log: _one(log, "propensity_score", np.inf), "propensity_score.*above 0"),
    "clicks are counted": (lambda log: _one(log, "click", 3), "column 'click'"),
    "a click is missing": (lambda log: _one(log.assign(click=log["click"].astype(float)), "click", np.nan), "'click'"),
    "a time is missing": (lambda log: _one(log, "timestamp", pd.NaT), "column 'timestamp'"),
    "no rows": (lambda log: log.iloc[:0], "the file has no rows|no logged impressions"),
}
USABLE: dict[str, Change] = {
    "as it is": lambda log: log,
    "no positions": lambda log: log.drop(columns="position"),
    "positions unknown": lambda log: log.assign(position=-1),
    "nobody is known": lambda log: log.assign(user_id=None),
    "one moment": lambda log: log.assign(timestamp=log["timestamp"].iloc[0]),
    "one page": lambda log: log.assign(timestamp=log["timestamp"].iloc[0], user_id="ann", device="mobile"),
    "one policy without a name": lambda log: log.assign(policy=""),
    "one shopper": lambda log: log.assign(user_id="ann"),
    "before everything else": lambda log: log.assign(timestamp=log["timestamp"] - pd.Timedelta(days=900)),
    "after everything else": lambda log: log.assign(timestamp=log["timestamp"] + pd.Timedelta(days=300)),
    "one policy always shows the same": lambda log: log.assign(
        propensity_score=np.where(log["policy"] == "a", 1.0, log["propensity_score"])
    ),
}


def _one(log: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    changed = log.reset_index(drop=True)
    changed.loc[7, column] = value
    return changed


@pytest.fixture
def frames(tiny: Frames) -> Frames:
    """The small shop with a log of 600 impressions by two policies, one in five of them clicked."""
    rng, n = np.random.default_rng(0), 600
    log = pd.DataFrame(
        {
            "timestamp": pd.Timestamp("2024-04-01", tz="UTC") + pd.to_timedelta(np.arange(n) // 4, unit="h"),
            "item_id": rng.choice(tiny["items"]["item_id"].to_numpy(object), n),
            "click": (rng.random(n) < 0.2).astype(int),
            "propensity_score": 0.125,
            "user_id": np.repeat(rng.choice(["ann", "ben", "cleo", "dora", "eli"], n // 4), 4),
            "position": np.tile([1, 2, 3, 4], n // 4),
            "policy": np.repeat(rng.choice(["a", "b"], n // 4), 4),
            "device": "mobile",
        }
    )
    return {**tiny, "impressions": log}


def written(frames: Frames, folder: Path) -> Path:
    """The data folder of these tables."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in frames.items():
        table.to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize("kind", USELESS)
def test_a_useless_log_is_refused_with_the_reason_before_the_work(kind: str, frames: Frames, tmp_path: Path) -> None:
    change, reason = USELESS[kind]
    folder = written({**frames, "impressions": change(frames["impressions"])}, tmp_path)
    with pytest.raises(DataError, match=reason):
        ClickLog.of(Dataset.read(folder))
    stages: list[str] = []
    with Workspace(folder) as workspace, pytest.raises(DataError, match=reason):
        EXPERIMENTS["clicks"].run(workspace, progress=lambda stage, *_: stages.append(stage))
    with pytest.raises(DataError, match=reason):
        build_logged_set(folder, tmp_path / "out", progress=lambda stage, *_: stages.append(stage))
    assert {stage.split(" ")[0] for stage in stages} == {"reading", "checking"}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [*USELESS, *BROKEN])
def test_no_process_is_started_for_a_log_that_cannot_be_used(kind: str, frames: Frames, tmp_path: Path) -> None:
    change, reason = (USELESS | BROKEN)[kind]
    folder = written({**frames, "impressions": change(frames["impressions"])}, tmp_path / "shop")
    with pytest.raises(DataError, match=reason):
        require_usable_log(folder)
    home = AppPaths(tmp_path / "home", chosen_data=folder)
    with pytest.raises(DataError, match=reason):
        start_log_job(home)
    assert log_job_at(home).status().state == "waiting"
    assert not home.path.exists()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_log_is_refused_by_file_and_column(kind: str, frames: Frames, tmp_path: Path) -> None:
    change, reason = BROKEN[kind]
    folder = written({**frames, "impressions": change(frames["impressions"])}, tmp_path)
    with pytest.raises(DataError, match=reason):
        open_log(folder)


@pytest.mark.parametrize("kind", [*USELESS, *BROKEN])
def test_a_bandit_log_is_held_to_the_same(kind: str, frames: Frames, tmp_path: Path) -> None:
    change, reason = (USELESS | BROKEN)[kind]
    log = change(frames["impressions"].rename(columns={"policy": "behavior_policy"}))
    log.to_parquet(tmp_path / "impressions.parquet")
    pd.DataFrame({"item_id": frames["items"]["item_id"]}).to_parquet(tmp_path / "items.parquet")
    with pytest.raises(DataError, match=reason):
        open_log(tmp_path)


@pytest.mark.parametrize("kind", USABLE)
def test_an_odd_log_is_judged_or_refused_and_every_rate_is_one(
    kind: str, frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logged_set, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
    folder = written({**frames, "impressions": USABLE[kind](frames["impressions"])}, tmp_path / "shop")
    log = open_log(folder)
    for asked, used in policy_pairs(log):
        found = estimate_logged(log, asked, used)
        assert found.known is not None
        for each in (*found.estimates.values(), found.known):
            assert 0 <= each.low <= each.mean <= each.high <= 1 or np.isnan(each.low)
    if kind == "one policy always shows the same":
        assert "propensities are 1" in estimate_logged(log, "b", "a").refusal
    with Workspace(folder) as workspace:
        if kind == "one policy without a name":
            with pytest.raises(DataError, match="no setting of the sliders could be judged"):
                EXPERIMENTS["clicks"].run(workspace)
            return
        found = EXPERIMENTS["clicks"].run(workspace)
    rows = found.figures["clicks"]["policies"]
    rates = [
        rate for row in rows for each in (*row["estimates"].values(), row["known"]) if each for rate in each.values()
    ]
    assert all(rate is None or 0 <= rate <= 1 for rate in rates)
    is_judged = any(row["log"] == "the shop's log" for row in rows)
    assert is_judged == (kind == "after everything else")  # else too little is known of the time before
    assert any("No setting of the sliders could be judged" in each for each in found.caveats) != is_judged


def test_a_second_half_that_cannot_carry_any_estimate_is_refused_before_the_work(
    frames: Frames, tmp_path: Path
) -> None:
    stages: list[str] = []
    for name, log in {
        "short": frames["impressions"].iloc[:40],
        "late": frames["impressions"].assign(timestamp=frames["impressions"]["timestamp"] - pd.Timedelta(days=900)),
    }.items():
        folder = written({**frames, "impressions": log}, tmp_path / name)
        with pytest.raises(DataError, match=r"at least 200 and 10 are needed|nothing was liked or bought before"):
            build_logged_set(folder, tmp_path / "out", progress=lambda stage, *_: stages.append(stage))
    assert {stage.split(" ")[0] for stage in stages} == {"reading", "checking"}


def test_an_impression_that_was_logged_twice_counts_once(frames: Frames) -> None:
    log = frames["impressions"]
    twice = Dataset.from_frames(**{**frames, "impressions": pd.concat([log, log, log.iloc[:5]])})
    found, once = ClickLog.of(twice), ClickLog.of(Dataset.from_frames(**frames))
    assert (len(found.impressions), found.n_repeated, once.n_repeated) == (600, 605, 0)
    pd.testing.assert_frame_equal(found.impressions, once.impressions)
    unknown = Dataset.from_frames(**{**frames, "impressions": pd.concat([log, log]).assign(user_id=None)})
    assert ClickLog.of(unknown).n_repeated == 0  # it may have been somebody else


def test_a_log_of_clicks_alone_is_no_known_rate_above_1() -> None:
    visitors = np.repeat(np.arange(60), 5)
    found = known_rate(np.ones(300), visitors)
    assert (found.mean, found.high) == (1, 1)
    assert found.low == pytest.approx(binomtest(60, 60).proportion_ci(method="wilson").low)
    nobody = known_rate(np.zeros(300), visitors)
    assert (nobody.mean, nobody.low) == (0, 0)
    assert nobody.high == pytest.approx(1 - found.low)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (1, 2000), (1999, 2000)])
def test_wilsons_interval_is_that_of_an_independent_library(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson_interval(k / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilsons_interval_of_few_clicks_holds_a_rate_that_comes_in_clusters() -> None:
    """Half of the visitors' clicks come together; 95% of intervals hold the rate of 0.004, or more."""
    rng, held, given = np.random.default_rng(0), 0, 0
    visitors = np.repeat(np.arange(300), 4)
    for _ in range(400):
        one = np.repeat(rng.random(300) < 0.002, 4) | (rng.random(1200) < 0.002)
        found = known_rate(one.astype(float), visitors)
        given += not np.isnan(found.low)
        held += found.low <= 1 - 0.998**2 <= found.high
    assert given == 400
    assert held / given >= 0.95


@pytest.mark.parametrize("seed", range(12))
def test_every_estimator_stays_in_the_range_of_its_figure(seed: int) -> None:
    rng, n = np.random.default_rng(seed), int(np.random.default_rng(seed).integers(5, 400))
    propensity = rng.beta(0.3, 2, n).clip(1e-4, 1)
    clicks, visitors = (rng.random(n) < rng.beta(4, 0.3)).astype(float), rng.integers(0, max(2, n // 3), n)
    q, other = rng.beta(0.2, 0.2, (2, n)), rng.random(n)
    new = Log(clicks, propensity, rng.beta(0.3, 1, n), visitors, q[0], q[1])
    old = Log(clicks, propensity, other, visitors, q[0], 1 - q[1])
    for found in (*estimate(new).values(), *estimate(old).values(), known_rate(clicks, visitors)):
        assert 0 <= found.mean <= 1
        assert 0 <= found.low <= found.mean <= found.high <= 1 or np.isnan(found.low)
    change = lift(new, old)
    assert np.isnan(change.mean) or change.mean >= -1
    assert np.isnan(change.low) or -1 <= change.low <= change.high


def test_an_interval_wholly_above_1_is_not_given() -> None:
    rng, n = np.random.default_rng(0), 4000
    log = Log((rng.random(n) < 0.8).astype(float), np.full(n, 0.1), np.full(n, 0.9), np.arange(n))
    found = estimate(log)["ips"]
    assert found.mean == 1
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_what_one_policy_cannot_say_refuses_its_estimates_alone() -> None:
    rng, n = np.random.default_rng(0), 1000
    clicks = (rng.random(n) < 0.2).astype(float)
    certain = Log(clicks, np.ones(n), np.full(n, 0.5), np.arange(n))
    assert "propensities are 1" in support(certain).refusal
    assert why_useless(clicks, np.full(n, 0.5)) == ("", "")
