"""Less and worse text: fitted anew at each level, tuned on validation, and concluded without claiming more."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.errors import Cancelled
from recsys.evaluation.statistics.paired import Difference, differences
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.settings import FusionSettings
from recsys.studies import sparsity
from recsys.studies.format import in_words
from recsys.studies.models import SemanticRole
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.report import figure
from recsys.studies.result import Result
from recsys.studies.sparsity import CHANGES, MEANS, LevelFigures, SparsityFigures, TextShop
from recsys.studies.sparsity_texts import CLEAN, NOISES, OFF_TOPIC, SHUFFLED, SILENT, WRONG_PRODUCT, TextLevel
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.phrasebook import build_phrasebook
from recsys.training.pairs import SEMANTIC
from tests._encoder import WordEncoder

SETTINGS = ExperimentSettings(k=10)


@pytest.fixture(scope="module", autouse=True)
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparsity, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
        patch.setattr(sparsity, "SHARES", (0.0, 0.5, 1.0))
        patch.setattr(sparsity, "DOSES", (1.0,))
        yield


@pytest.fixture(scope="module")
def shop(workspace: Workspace) -> TextShop:
    return TextShop.of(workspace, SETTINGS)


def test_with_a_split_by_time_texts_are_weighed_on_the_last_window_alone(
    workspace: Workspace, temporal_folder: Path
) -> None:
    panels = Panel.open(temporal_folder)

    class ByTime(Workspace):
        def engines(self, *asked: object, **more: object) -> tuple[LiveEngine, LiveEngine]:
            return LiveEngine(panels[0]), LiveEngine(panels[1])

    by_time = ByTime(workspace.data_folder, workspace.work_folder)
    roles = SemanticRole.both(by_time, ExperimentSettings("temporal"))
    book = build_phrasebook(roles[0].data, WordEncoder())
    rows = np.flatnonzero(panels[0].rounds == panels[0].rounds.max())
    assert 0 < len(rows) < len(panels[0])
    for role, held in zip(roles, (panels[0].scores.static[rows], panels[1].scores.static), strict=True):
        found = role.scored_by(role.fit(book)).panel.scores.static
        np.testing.assert_allclose(found, held, atol=2e-3)


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    return EXPERIMENTS["sparsity"].run(workspace, SETTINGS)


def rows(result: Result, name: str) -> list[dict[str, object]]:
    return [dict(row) for table in result.tables if table.name == name for row in table.rows]


def test_clean_texts_give_the_very_scores_that_were_prepared(shop: TextShop) -> None:
    book = shop.book(CLEAN)
    for role in (shop.validation, shop.test):
        found, held = role.scored_by(role.fit(book)).panel.scores, role.engine.panel.scores
        np.testing.assert_allclose(found.static[:, SEMANTIC], held.static[:, SEMANTIC], atol=2e-3)
        np.testing.assert_array_equal(found.static[:, :SEMANTIC], held.static[:, :SEMANTIC])
        assert found.context is held.context


def scored(role: SemanticRole, shop: TextShop, level: TextLevel) -> LiveEngine:
    return role.scored_by(role.fit(shop.book(level)))


def test_weights_are_those_of_validation_at_each_level(shop: TextShop, result: Result) -> None:
    validation = shop.validation
    silent = scored(validation, shop, SILENT)

    def is_better(other: FusionSettings, chosen: FusionSettings) -> bool:
        """By more than luck, two standard errors."""
        change = validation.lists(other, silent).values["ndcg"] - validation.lists(chosen, silent).values["ndcg"]
        return bool(change.mean() > 2 * change.std() / np.sqrt(len(change)) + 1e-9)

    best = FusionSettings(**result.figures["shares"][SILENT.name]["weights"])
    plain = FusionSettings(**result.figures["plain_weights"])
    assert plain.semantic == 0
    for share in (0.0, 0.3, 1.0):
        other = FusionSettings(0.4 * (1 - share), 0.2 * (1 - share), share, 0.4 * (1 - share))
        assert not is_better(other, best)
        assert not is_better(FusionSettings(0.7 * (1 - share), 0.3 * (1 - share), 0, share), plain)


def test_every_level_has_its_row_with_paired_changes(shop: TextShop, result: Result) -> None:
    shares, noise = rows(result, "shares"), rows(result, "noise")
    assert [row["level"] for row in shares] == ["0% of texts kept", "50% of texts kept", "100% of texts kept"]
    assert [row["level"] for row in noise] == [f"100% {name}" for name in NOISES]
    clean = shop.measure(CLEAN)
    alone = FusionSettings.only("semantic")
    silent_lists, clean_lists = (shop.test.lists(alone, scored(shop.test, shop, each)) for each in (SILENT, CLEAN))
    change = differences(silent_lists, clean_lists, shop.test.engine.panel.facts)["ndcg"].change
    assert shares[0]["alone_clean"] == pytest.approx(change.mean)
    assert shares[0]["alone_clean_low"] == pytest.approx(None if np.isnan(change.low) else change.low)
    plain = shop.test.lists(shop.plain).values["ndcg"].mean()
    assert shares[2]["gain"] == pytest.approx(clean.values["mix"].mean() - plain)
    assert shares[2]["alone_clean"] is None
    assert shares[0]["alone_silent"] is None
    held = shop.test.lists(shop.steady, scored(shop.test, shop, SILENT))
    assert shares[0]["steady"] == pytest.approx(held.values["ndcg"].mean())
    assert shares[2]["steady"] == shares[2]["mix"]


def test_explanations_sum_to_the_score_at_every_level(shop: TextShop, result: Result) -> None:
    for row in [*rows(result, "shares"), *rows(result, "noise")]:
        assert float(str(row["residual"])) < 1e-5
    semantic = shop.test.fit(shop.book(CLEAN))
    assert shop.residual(semantic) < 1e-5
    semantic.item_profiles = semantic.item_profiles * np.float32(1.5)  # the parts no longer add up to them
    assert shop.residual(semantic) > 1e-4


def test_the_document_reads_back_and_every_plot_is_drawn(result: Result) -> None:
    again = Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False)))
    assert again.as_json() == result.as_json()
    assert result.conclusion[0] in in_words(again)
    assert all(figure(plot).data for plot in result.plots)
    assert [plot.name for plot in result.plots] == ["shares", "noise_alone", "noise_mix"]


def test_it_can_be_stopped_at_any_level(workspace: Workspace) -> None:
    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        if stage.startswith("50% of texts kept"):
            raise Cancelled(stage)

    with pytest.raises(Cancelled):
        EXPERIMENTS["sparsity"].run(workspace, SETTINGS, stop)


NOTHING, GAIN, LOSS = (
    Interval(0.001, -0.01, 0.01, 900),
    Interval(0.02, 0.01, 0.03, 900),
    Interval(-0.02, -0.03, -0.01, 900),
)


def difference(change: Interval, p: float) -> Difference:
    return Difference("ndcg", 0.3 + change.mean, 0.3, change, verdict_of(change, p=p), 900, p)


def level(of: TextLevel, p: float = 0.001, residual: float = 0.0, **changed: Interval) -> LevelFigures:
    return LevelFigures(
        level=of,
        weights=FusionSettings(0.5, 0.2, 0.2, 0.1),
        n_texts=100,
        n_phrases=300,
        n_listed=8.0,
        residual=residual,
        means=dict.fromkeys(MEANS, Interval(0.3, 0.29, 0.31, 900)),
        changes={name: difference(changed.get(name, NOTHING), p) for name in CHANGES},
    )


def figures(*levels: LevelFigures) -> SparsityFigures:
    shares = {each.level.name: each for each in levels if not each.level.noise}
    noises = {each.level.name: each for each in levels if each.level.noise}
    return SparsityFigures(FusionSettings(0.5, 0.2, 0, 0.3), Interval(0.3, 0.29, 0.31, 900), shares, noises)


@pytest.mark.parametrize(
    ("gain", "p", "verdict"),
    [(GAIN, 0.01, "better"), (GAIN, 0.2, "unclear"), (NOTHING, 0.01, "unclear"), (LOSS, 0.01, "worse")],
)
def test_it_pays_only_where_interval_and_p_value_agree(gain: Interval, p: float, verdict: Verdict) -> None:
    found = figures(level(CLEAN, p=p, gain=gain))
    assert found.shares[CLEAN.name].changes["gain"].verdict == verdict
    assert f"{verdict}: 100%" in sparsity.conclusion(found)[0].replace("no difference we can tell", "unclear")


def test_shares_stand_with_the_verdict_that_each_has() -> None:
    shares = [level(TextLevel("", each), gain=GAIN if each >= 0.5 else NOTHING) for each in (0.0, 0.25, 0.5, 1.0)]
    pays = sparsity.conclusion(figures(*shares))[0]
    assert "better: 50% and 100%" in pays
    assert "no difference we can tell: 0% and 25%" in pays


def test_noise_stands_with_the_verdict_that_it_has() -> None:
    found = figures(
        level(CLEAN),
        level(TextLevel(OFF_TOPIC, 0.5), alone_clean=GAIN),
        level(TextLevel(OFF_TOPIC, 1.0), alone_clean=LOSS),
        level(TextLevel(SHUFFLED, 1.0)),
    )
    harm = sparsity.conclusion(found)[-1]
    assert "worse: off topic (−0.0200)" in harm
    assert "no difference we can tell: words shuffled" in harm
    assert "better" not in harm


def test_texts_of_other_products_are_the_control() -> None:
    wrong = level(TextLevel(WRONG_PRODUCT, 1.0), alone_silent=GAIN, alone_clean=LOSS)
    control = sparsity.conclusion(figures(level(CLEAN), wrong))[1]
    assert "+0.0200 (+0.0100 to +0.0300; better) against no texts" in control
    assert "−0.0200 (−0.0300 to −0.0100; worse) against each text in its place" in control
    assert "control" not in sparsity.conclusion(figures(level(CLEAN)))[1]


def test_parts_that_do_not_sum_are_named() -> None:
    broken = replace(level(SILENT), residual=0.01)
    assert any("NOT sum to it at: 0% of texts kept" in each for each in sparsity.caveats(figures(broken), ""))
    assert not any("NOT" in each for each in sparsity.caveats(figures(level(CLEAN)), ""))


def test_the_conclusion_is_what_its_figures_say(result: Result) -> None:
    gain = result.figures["shares"][CLEAN.name]["changes"]["gain"]
    low = gain["change"]["low"]
    assert (gain["verdict"] == "better") == (low is not None and low > 0 and gain["p_corrected"] <= 0.05)
    assert len(result.conclusion) == 3
