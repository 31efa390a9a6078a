"""Every subset of components: tuned on validation, measured on test, and told without claiming more."""

import json

import numpy as np
import pytest

from recsys.evaluation.statistics.paired import differences
from recsys.settings import COMPONENTS, WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.studies.format import VERDICTS, in_words, table_csv
from recsys.studies.models import chosen_weights, label, models_on, without
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import Result
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weights import name_of, subsets
from tests.benchmarks.pooled_worth import pooled


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    return EXPERIMENTS["ablation"].run(workspace, ExperimentSettings(k=10))


def test_there_is_a_model_for_every_subset_and_every_simple_one(result: Result) -> None:
    names = [row["model"] for row in result.tables[0].rows]
    assert len(names) == len(set(names)) == 15 + 4
    assert {"Popularity", "EASE", label("traditional"), "All components", *map(label, COMPONENTS)} <= set(names)
    assert [len(each) for each in subsets()] == [1] * 4 + [2] * 6 + [3] * 4 + [4]


def test_a_subset_uses_nothing_else_and_is_the_best_of_its_kind_on_validation(workspace: Workspace) -> None:
    validation, _ = workspace.engines("last", 1, 0)
    chosen = chosen_weights(validation, 10)
    for subset, fusion in chosen.items():
        assert {name for name, share in fusion.normalised().items() if share} <= set(subset)
    pair = ("content", "context")
    best = validation.measure(RankingSettings(chosen[pair], WHOLE_CATALOGUE)).lists.values["ndcg"]
    for share in np.linspace(0, 1, 6):
        other = FusionSettings(0, float(share), 0, float(1 - share))
        change = validation.measure(RankingSettings(other, WHOLE_CATALOGUE)).lists.values["ndcg"] - best
        assert change.mean() <= 2 * change.std() / np.sqrt(len(change)) + 1e-9  # by luck at most


def test_changes_are_those_of_test_shoppers_and_p_values_are_corrected(result: Result, workspace: Workspace) -> None:
    validation, test = workspace.engines("last", 1, 0)
    models = models_on(test, chosen_weights(validation, 10), 10)
    change = differences(models["ease"].lists, models["full"].lists, test.panel.facts)["ndcg"].change
    row = next(row for row in result.tables[0].rows if row["model"] == "EASE")
    assert (row["full"], row["full_low"]) == pytest.approx((change.mean, change.low))
    assert all(0 < row["full_p"] <= 1 for row in result.tables[0].rows if row["model"] != "All components")
    assert next(row for row in result.tables[0].rows if row["model"] == "All components")["full_p"] is None
    assert name_of(("collaborative", "content")) == "traditional"


def test_the_conclusion_sorts_components_by_the_verdicts_of_the_document(result: Result) -> None:
    groups = dict(part.split(": ") for part in result.conclusion[-1].split("nDCG is ")[1].removesuffix(".").split("; "))
    for component in COMPONENTS:
        verdict = result.figures["against"]["full"][without(component)]["verdict"]
        assert component in groups[VERDICTS[verdict]]
    full = result.figures["against"]["traditional"]["full"]
    assert result.conclusion[0].endswith(f"{VERDICTS[full['verdict']]}).")


def test_no_verdict_contradicts_the_interval_or_the_p_value_of_its_row(result: Result) -> None:
    for row in result.tables[0].rows:
        for reference in ("full", "traditional"):
            if row[f"{reference}_verdict"] is None:
                continue
            low, high, p = (row[f"{reference}_{name}"] for name in ("low", "high", "p"))
            above, below = low is not None and low > 0, high is not None and high < 0
            clear = (above or below) and p <= 0.05
            expected = ("better" if above else "worse") if clear else VERDICTS["unclear"]
            assert row[f"{reference}_verdict"] == expected


def test_a_result_is_kept_as_json_and_told_as_text(result: Result) -> None:
    again = Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False)))
    assert json.dumps(again.as_json()) == json.dumps(result.as_json())
    told = in_words(again)
    assert "Every model on test shoppers" in told
    assert result.conclusion[0] in told
    rows = table_csv(result.tables[0]).splitlines()
    assert len(rows) == 1 + len(result.tables[0].rows)
    assert (
        rows[0]
        .lstrip("\ufeff")
        .startswith("model,weights,ndcg,ndcg_low,ndcg_high,full,full_low,full_high,full_p,full_verdict")
    )


def test_a_component_is_worth_what_is_lost_without_it_for_each_kind_of_shopper(
    result: Result, workspace: Workspace
) -> None:
    _, test = workspace.engines("last", 1, 0)
    kinds, rows = test.panel.shoppers["activity"], next(each for each in result.tables if each.name == "worth").rows
    told = {(row["component"], row["shoppers"]): row for row in rows}
    for name in COMPONENTS:
        whole = told[name, "all"]
        assert whole["n_shoppers"] == len(kinds)
        loss = result.figures["against"]["full"][without(name)]["change"]["mean"]
        assert whole["gain"] == pytest.approx(-loss)
        parts = [told[name, kind] for kind in set(kinds)]
        assert sum(float(each["gain"]) * float(each["n_shoppers"]) for each in parts) / len(kinds) == pytest.approx(
            -loss
        )


def test_of_several_shops_every_shopper_counts_the_same() -> None:
    def document(n: int, mean: float, error: float) -> dict[str, object]:
        row = {"component": "semantic", "shoppers": "all", "n_shoppers": n, "gain": {"mean": mean}, "error": error}
        return {"worth": [row]}

    shops = [document(100, 0.02, 0.01), document(300, 0.01, 0.004)]
    mean, low, high, n = pooled(shops, "semantic", "all")
    assert (mean, n) == (pytest.approx(0.0125), 400)
    half = 1.96 * ((0.25 * 0.01) ** 2 + (0.75 * 0.004) ** 2) ** 0.5
    assert (low, high) == (pytest.approx(mean - half), pytest.approx(mean + half))
    assert pooled(shops, "semantic", "cold")[3] == 0
