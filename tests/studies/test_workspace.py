"""What cannot be done is said before any work."""

from pathlib import Path

import pytest

from recsys.errors import SettingsError
from recsys.panel.panel import holds_all
from recsys.studies import workspace as workspace_module
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.workspace import ExperimentSettings, Workspace


class Untouched(Workspace):
    """Nothing is to be prepared."""

    def engines(self, *_: object, **__: object) -> tuple:  # type: ignore[type-arg]
        raise AssertionError("test shoppers are prepared")


@pytest.mark.parametrize("name", ["context", "sparsity", "multitask", "cold"])
@pytest.mark.parametrize("split", ["last", "temporal"])
def test_studies_that_need_scores_of_all_products_refuse_a_shop_that_is_too_large_before_any_work(
    panel_folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, name: str, split: str
) -> None:
    monkeypatch.setattr(workspace_module, "BUDGET_BYTES", 100_000)
    place = Untouched(panel_folders[0].parent / "shop", panel_folders[0].parent)
    said = (
        r"the scores of all \d+ products for all \d+ validation shoppers do not fit in memory, and (other|another|new)"
    )
    with pytest.raises(SettingsError, match=said):
        EXPERIMENTS[name].run(place, ExperimentSettings(split=split))  # type: ignore[arg-type]


def test_a_budget_holds_four_components_of_four_bytes() -> None:
    assert holds_all(100, 50, 100 * 50 * 16)
    assert not holds_all(100, 50, 100 * 50 * 16 - 1)
    assert holds_all(0, 50, 0)
