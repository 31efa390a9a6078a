"""Less and worse text: fitted anew at each level, tuned on validation, and told without claiming more."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.errors import Cancelled
from recsys.evaluation.statistics.paired import MeasuredLists, differences
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.settings import FusionSettings
from recsys.studies.format import in_words
from recsys.studies.plots import figure
from recsys.studies.registry import EXPERIMENTS, ExperimentSettings
from recsys.studies.result import Result
from recsys.studies.sparsity import figures as sparsity_figures
from recsys.studies.sparsity import models as sparsity_models
from recsys.studies.sparsity import products as sparsity_products
from recsys.studies.sparsity import study as sparsity
from recsys.studies.sparsity.figures import CHANGES, MEANS, Told
from recsys.studies.sparsity.models import Measured, Shop
from recsys.studies.sparsity.products import Kind
from recsys.studies.sparsity.summary import (
    by_product,
    conclusion,
    control,
    from_which_share,
    is_exact,
    pays,
    what_noise_does,
    what_texts_add,
)
from recsys.studies.sparsity.texts import CLEAN, NOISES, OFF_TOPIC, SHUFFLED, SILENT, WRONG_PRODUCT, Level
from recsys.studies.workspace import Workspace
from recsys.text.phrasebook import build_phrasebook
from recsys.training.pairs import SEMANTIC
from tests._encoder import WordEncoder

SETTINGS = ExperimentSettings(k=10)


@pytest.fixture(scope="module", autouse=True)
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparsity_models, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
        patch.setattr(sparsity, "SHARES", (0.0, 0.5, 1.0))
        patch.setattr(sparsity, "DOSES", (1.0,))
        yield


@pytest.fixture(scope="module")
def shop(workspace: Workspace) -> Shop:
    return Shop.of(workspace, SETTINGS)


def test_with_a_split_by_time_texts_are_weighed_on_the_last_window_alone(
    workspace: Workspace, temporal_folder: Path
) -> None:
    panels = Panel.open(temporal_folder)

    class ByTime(Workspace):
        def engines(self, *asked: object, **more: object) -> tuple[LiveEngine, LiveEngine]:
            return LiveEngine(panels[0]), LiveEngine(panels[1])

    shop = Shop.of(ByTime(workspace.data_folder, workspace.place), ExperimentSettings("temporal"))
    book, rows = shop.book(CLEAN), np.flatnonzero(panels[0].rounds == panels[0].rounds.max())
    assert 0 < len(rows) < len(panels[0])
    for role, held in (("validation", panels[0].scores.static[rows]), ("test", panels[1].scores.static)):
        found = shop.under(shop.fitted(book, role), role).panel.scores.static
        np.testing.assert_allclose(found, held, atol=2e-3)


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    return EXPERIMENTS["sparsity"].run(workspace, SETTINGS)


def rows(result: Result, name: str) -> list[dict[str, object]]:
    return [dict(row) for table in result.tables if table.name == name for row in table.rows]


def test_clean_texts_give_the_very_scores_that_were_prepared(shop: Shop) -> None:
    book = shop.book(CLEAN)
    for role in ("validation", "test"):
        found = shop.under(shop.fitted(book, role), role).panel.scores
        held = shop.engines[role].panel.scores
        np.testing.assert_allclose(found.static[:, SEMANTIC], held.static[:, SEMANTIC], atol=2e-3)
        np.testing.assert_array_equal(found.static[:, :SEMANTIC], held.static[:, :SEMANTIC])
        assert found.context is held.context


def test_weights_are_those_of_validation_at_each_level(shop: Shop, result: Result) -> None:
    silent = shop.under(shop.fitted(shop.book(SILENT), "validation"), "validation")
    fusion = FusionSettings(**result.figures["shares"][SILENT.name]["weights"])
    best = shop.lists(silent, fusion).values["ndcg"].mean()
    plain = FusionSettings(**result.figures["without_semantic"]["weights"])
    assert plain.semantic == 0
    for share in (0.0, 0.3, 1.0):
        other = FusionSettings(0.4 * (1 - share), 0.2 * (1 - share), share, 0.4 * (1 - share))
        assert shop.lists(silent, other).values["ndcg"].mean() <= best + 1e-9
        without = FusionSettings(0.7 * (1 - share), 0.3 * (1 - share), 0, share)
        of_plain = shop.lists(silent, plain).values["ndcg"].mean()
        assert shop.lists(silent, without).values["ndcg"].mean() <= of_plain + 1e-9


def test_every_level_has_its_row_with_paired_changes(shop: Shop, result: Result) -> None:
    shares, noise = rows(result, "shares"), rows(result, "noise")
    assert [row["level"] for row in shares] == ["0% of texts kept", "50% of texts kept", "100% of texts kept"]
    assert [row["level"] for row in noise] == [f"100% {name}" for name in NOISES]
    clean, silent = (shop.measure(level, shop.book(level)) for level in (CLEAN, SILENT))
    change = differences(silent.alone, clean.alone, shop.test.panel.facts)["ndcg"].change
    assert shares[0]["alone_clean"] == pytest.approx(change.mean)
    assert shares[0]["alone_clean_low"] == pytest.approx(None if np.isnan(change.low) else change.low)
    plain = shop.lists(shop.test, shop.plain).values["ndcg"].mean()
    assert shares[2]["gain"] == pytest.approx(clean.mix.values["ndcg"].mean() - plain)
    assert "alone_clean" not in shares[2]
    assert "alone_silent" not in shares[0]
    held = shop.lists(shop.under(shop.fitted(shop.book(SILENT), "test"), "test"), shop.steady)
    assert shares[0]["steady"] == pytest.approx(held.values["ndcg"].mean())
    assert shares[2]["steady"] == shares[2]["mix"]


def test_explanations_sum_to_the_score_at_every_level(shop: Shop, result: Result) -> None:
    for row in [*rows(result, "shares"), *rows(result, "noise")]:
        assert float(str(row["residual"])) < 1e-5
    semantic = shop.fitted(shop.book(CLEAN), "test")
    semantic.item_profiles = semantic.item_profiles * np.float32(1.5)  # the parts no longer add up to them
    assert shop.residual(semantic) > 1e-4
    measured = shop.measure(CLEAN, shop.book(CLEAN))
    broken = told(CLEAN, residual=0.01)
    assert "did NOT sum" in is_exact([broken])
    assert measured.residual < 1e-5


def test_products_are_told_apart_by_what_is_known_of_them(shop: Shop, result: Result) -> None:
    found = rows(result, "products")
    users = len(shop.test.panel)
    assert sum(row["n"] for row in found if row["known_by"] == "training interactions") == users
    assert sum(row["n"] for row in found if row["known_by"] == "reviews with text") == users
    counts = sparsity_products.counts(shop)
    train = shop.split.fit_test
    assert counts["training interactions"].sum() == len(train.positives())
    assert counts["reviews with text"].sum() == (train.reviews["text"].str.strip() != "").sum()
    lists = shop.lists(shop.under(shop.fitted(shop.book(CLEAN), "test"), "test"), FusionSettings.only("semantic"))
    row = next(row for row in found if (row["known_by"], row["how_many"]) == ("reviews with text", "3 to 9"))
    wanted = counts["reviews with text"][shop.test.panel.relevant.values]
    inside = (wanted >= 3) & (wanted <= 9)  # with the last product held out each shopper is to find one
    assert row["n"] == inside.sum()
    assert row["alone"] == pytest.approx(lists.values["ndcg"][inside].mean())


def test_the_document_reads_back_and_every_plot_is_drawn(result: Result) -> None:
    again = Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False)))
    assert again.as_json() == result.as_json()
    assert result.conclusion[0] in in_words(again)
    assert all(figure(plot).data for plot in result.plots)
    assert [plot.name for plot in result.plots] == ["shares", "noise_alone", "noise_mix", "products"]


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


def lists(value: float, n: int = 200) -> MeasuredLists:
    noise = np.random.default_rng(int(1000 * value)).normal(0, 0.02, n)
    return MeasuredLists(np.zeros((n, 1), np.int32), {"ndcg": value + noise})


def told(level: Level, alone: float = 0.3, p: float = 0.001, residual: float = 0.0, **changes: Interval) -> Told:
    measured = Measured(
        level, lists(alone), lists(0.5), FusionSettings(0.5, 0.2, 0.2, 0.1), lists(0.5), 8.0, 100, 300, residual
    )
    return Told(
        measured,
        dict.fromkeys(MEANS, Interval(alone, alone - 0.01, alone + 0.01, 900)),
        {name: changes.get(name, NOTHING) for name in CHANGES},
        dict.fromkeys(CHANGES, p),
    )


@pytest.mark.parametrize(
    ("gain", "p", "said"),
    [
        (GAIN, 0.01, "pays beyond doubt"),
        (GAIN, 0.2, "not shown to pay"),
        (NOTHING, 0.01, "not shown to pay"),
        (LOSS, 0.01, "costs more than it brings"),
    ],
)
def test_it_pays_only_where_interval_and_p_value_agree(gain: Interval, p: float, said: str) -> None:
    assert said in pays(told(CLEAN, p=p, gain=gain))


def test_no_weight_is_told_as_such() -> None:
    each = told(CLEAN)
    weightless = replace(each, measured=replace(each.measured, fusion=FusionSettings(0.5, 0.2, 0.0, 0.3)))
    assert "gives the semantic part no weight" in pays(weightless)


@pytest.mark.parametrize(
    ("paying", "said"),
    [
        ((), "At none of 4 shares of texts"),
        ((1.0, 0.5), "from 50% of texts upwards; at 25% it is no longer shown to pay"),
        ((1.0, 0.25), "from 100% of texts upwards; at 50% it is no longer shown to pay"),
        ((0.5,), "with 50% of texts but not with all of them, so no share can be named"),
        ((1.0, 0.5, 0.25, 0.0), "at every share of texts, even without any"),
    ],
)
def test_the_share_is_named_from_which_on_all_pay(paying: tuple[float, ...], said: str) -> None:
    shares = [told(Level("", each), gain=GAIN if each in paying else NOTHING) for each in (0.0, 0.25, 0.5, 1.0)]
    assert said in from_which_share(shares)


def test_what_falls_behind_is_named() -> None:
    shares = [told(SILENT, alone_clean=LOSS), told(Level("", 0.5)), told(CLEAN, alone_silent=GAIN)]
    said = what_texts_add(shares[-1], shares)
    assert "add +0.0200 (+0.0100 to +0.0300) (beyond doubt) to nDCG of the semantic part alone" in said
    assert said.endswith("against all texts, it is shown to be behind with 0% of them.")
    shares[1] = told(Level("", 0.5), alone_clean=GAIN)
    assert what_texts_add(shares[-1], shares).endswith("behind with 0% of them and ahead with 50% of them.")
    assert what_texts_add(shares[-1], shares[-1:]).endswith("no share is told from all texts.")


@pytest.mark.parametrize(
    ("second", "said"),
    [(0.299, "though it is not told apart from shuffling their words"), (0.5, "more than any other")],
)
def test_the_worst_noise_is_told_from_the_next_only_where_it_can_be(second: float, said: str) -> None:
    found = [
        told(Level(OFF_TOPIC, 1.0), 0.3, alone_clean=LOSS, alone_silent=LOSS),
        told(Level(SHUFFLED, 1.0), second, alone_clean=Interval(-0.019, -0.029, -0.01, 900)),
    ]
    harm, rest = what_noise_does(found, 0)
    assert harm.startswith("In all texts, off-topic text does most harm")
    assert said in harm
    assert "Shown to harm, too: shuffling their words" in harm
    assert rest.startswith("Worse than no texts at all: off-topic text.")
    assert "not shown to be harmed by any" in rest


def test_noise_that_does_no_harm_is_not_said_to() -> None:
    harm, rest = what_noise_does([told(Level(OFF_TOPIC, 1.0))], 0)
    assert harm == "No noise, even in all texts, is shown to harm the semantic part alone."
    assert rest.startswith("None is shown worse than no texts at all.")
    better, _ = what_noise_does([told(Level(OFF_TOPIC, 1.0), alone_clean=GAIN)], 0)
    assert better.startswith(harm)
    assert "better than clean text: off-topic text (+0.0200 (+0.0100 to +0.0300), listing products with 8.0" in better


@pytest.mark.parametrize(
    ("words", "p", "said"),
    [
        (GAIN, 0.01, "Texts are shown to help the semantic part alone find products with no training interactions"),
        (GAIN, 0.2, "not shown to help the semantic part alone find any"),
        (LOSS, 0.01, "and to keep it from finding those with no training interactions"),
        (Interval(0.02, np.nan, np.nan, 9), 0.01, "(too few shoppers tell for an interval)"),
    ],
)
def test_cold_products_are_told_of_by_their_interval(words: Interval, p: float, said: str) -> None:
    kind = Kind("training interactions", "no", 9, NOTHING, 0.1, {}, words, 0.1, 0.1, NOTHING, p, 1.0)
    (found,) = by_product([kind])
    assert said in found
    assert "helps the mix is shown for no kind of product" in found
    helped = replace(kind, gain=GAIN, p_gain=0.01)
    assert "help the mix find those with no training interactions" in by_product([helped])[0]


@pytest.mark.parametrize(
    ("left", "wrong", "still", "worth"),
    [
        (GAIN, LOSS, "which cannot come from what is said of a product", "(beyond doubt)"),
        (NOTHING, NOTHING, "is not shown to have anything over no texts", "(not beyond doubt)"),
    ],
)
def test_texts_of_other_products_are_the_control(left: Interval, wrong: Interval, still: str, worth: str) -> None:
    found = [told(Level(WRONG_PRODUCT, 1.0), 0.25, alone_silent=left, alone_clean=wrong)]
    (said,) = control(told(CLEAN), found, 0)
    assert still in said
    assert said.endswith(f"{worth}.")


def test_the_conclusion_is_what_its_sentences_say(result: Result, shop: Shop) -> None:
    clean = result.figures["shares"][CLEAN.name]
    assert ("pays beyond doubt: the mix" in result.conclusion[0]) == clean["pays"]
    assert clean["pays"] == (clean["gain"]["low"] is not None and clean["gain"]["low"] > 0 and clean["gain_p"] <= 0.05)
    plain = shop.lists(shop.test, shop.plain)
    measured = {level: shop.measure(level, shop.book(level)) for level in (CLEAN, SILENT)}
    shares = sparsity_figures.told_of(list(measured.values()), measured, plain, 0)
    kinds = sparsity_products.kinds(shop, measured[CLEAN], measured[SILENT], plain)
    assert len(conclusion(shares, [], kinds, 0)) == 5
