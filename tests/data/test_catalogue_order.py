"""The order of the rows of items.parquet means nothing: not for data, not for scores, lists and figures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.dataset import Dataset
from recsys.data.validation import in_drawn_order
from recsys.evaluation.protocols.hold_out import EvaluationSettings, SplitName
from recsys.ranking.rank import Standardised, rank
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, Requests
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, RankingSettings
from recsys.studies import evaluate as evaluate_module
from recsys.studies.evaluate import evaluate
from recsys.text.phrasebook import build_phrasebook
from recsys.training.fit import TrainingSettings, train
from tests._data import write_folder
from tests._encoder import WordEncoder

Tables = dict[str, pd.DataFrame]


def shuffled(tables: Tables, seed: int) -> Tables:
    """The same shop with its products in another order."""
    return {**tables, "items": tables["items"].sample(frac=1, random_state=seed).reset_index(drop=True)}


@given(st.permutations(["a", "b", "A", "ä", "00123", "123", "\u200b", "a b"]))
@settings(max_examples=50, deadline=None)
def test_the_order_follows_from_the_ids_alone(ids: list[str]) -> None:
    drawn = in_drawn_order(pd.DataFrame({"item_id": pd.Series(ids, dtype=object), "n": range(len(ids))}))
    assert drawn["item_id"].tolist() == in_drawn_order(pd.DataFrame({"item_id": sorted(ids)}))["item_id"].tolist()
    assert [ids[place] for place in drawn["n"]] == drawn["item_id"].tolist()


def test_the_order_has_nothing_to_do_with_that_of_the_file() -> None:
    ids = [f"P{number:05d}" for number in range(2000)]
    places = in_drawn_order(pd.DataFrame({"item_id": ids, "n": range(2000)}))["n"].to_numpy()
    assert abs(np.corrcoef(places, np.arange(2000))[0, 1]) < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_a_shop_in_another_order_is_the_same_shop(tiny: Tables, seed: int) -> None:
    one, other = Dataset.from_frames(**tiny), Dataset.from_frames(**shuffled(tiny, seed))
    assert one.fingerprint == other.fingerprint
    pd.testing.assert_frame_equal(one.items, other.items)
    pd.testing.assert_frame_equal(one.interactions(), other.interactions())


def test_every_model_scores_and_lists_the_same(tiny: Tables) -> None:
    found = []
    for tables in (tiny, shuffled(tiny, 1)):
        data = Dataset.from_frames(**tables)
        fitting = Fitting(data, build_phrasebook(data, WordEncoder()))
        scorers = fit_scorers({**BASELINE_CLASSES, **COMPONENT_CLASSES}, fitting)
        requests = Requests(np.arange(data.n_users, dtype=np.int32), (Context(),) * data.n_users)
        scores = {name: scorer.score(requests) for name, scorer in scorers.items()}
        lists = [
            rank(
                Standardised.of(np.stack([scores[name][user] for name in COMPONENTS])).values,
                RankingSettings(n=5),
                np.ones(data.n_items, bool),
                np.zeros((data.n_items, 1), np.float32),
            ).item_rows
            for user in range(data.n_users)
        ]
        found.append((scores, [data.item_ids[each].tolist() for each in lists]))
    (one, listed), (other, listed_again) = found
    for name, scores in one.items():
        np.testing.assert_array_equal(scores, other[name], err_msg=name)
    assert listed == listed_again


@pytest.mark.parametrize("split", ["last", "temporal"])
def test_an_evaluation_finds_the_same(
    tiny: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split: SplitName
) -> None:
    monkeypatch.setattr(evaluate_module, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
    found = []
    for name, tables in (("one", tiny), ("other", shuffled(tiny, 2))):
        write_folder(tmp_path / name, **tables)
        found.append(evaluate(tmp_path / name, EvaluationSettings(split, k=3)).as_json())
    assert found[0] == found[1]


def test_a_model_recommends_the_same(tiny: Tables, tmp_path: Path) -> None:
    found = []
    for name, tables in (("one", tiny), ("other", shuffled(tiny, 3))):
        write_folder(tmp_path / name, **tables)
        train(tmp_path / name, tmp_path / f"model-{name}", TrainingSettings())
        model = Recommender.load(tmp_path / f"model-{name}")
        listed = [model.recommend(user_id, settings=RankingSettings(n=5)) for user_id in ("ann", "0042")]
        found.append([[(each.item_id, each.score) for each in one.items] for one in listed])
    assert found[0] == found[1]
