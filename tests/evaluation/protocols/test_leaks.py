"""A leak is found wherever it is, and stops the evaluation."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Split, last_split, temporal_split
from recsys.errors import LeakError
from recsys.evaluation.protocols.hold_out import EvaluationSettings
from recsys.evaluation.protocols.leaks import LeakReport, check_leaks
from recsys.evaluation.protocols.rewinds import newcomer_rewind
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, Scorer
from recsys.studies import evaluate as evaluate_module
from recsys.text.phrasebook import Phrasebook, build_phrasebook
from tests._encoder import WordEncoder


@pytest.fixture
def book(tiny_data: Dataset) -> Phrasebook:
    """Phrases of all of the small shop, held-out reviews as well, as every evaluation reads them."""
    return build_phrasebook(tiny_data, WordEncoder())


def fitted(data: Dataset, book: Phrasebook) -> dict[str, Scorer]:
    """All components on some data."""
    return fit_scorers(COMPONENT_CLASSES, Fitting(data, book, 0))


SPLITS: dict[str, Callable[[Dataset], Split]] = {"last": last_split, "temporal": temporal_split}


@pytest.mark.parametrize("split", ["last", "temporal"])
def test_an_honest_split_passes_and_says_what_was_looked_at(tiny_data: Dataset, book: Phrasebook, split: str) -> None:
    cut = SPLITS[split](tiny_data)
    report = check_leaks(tiny_data, cut.fit_test, cut.test, split, fitted(cut.fit_test, book))  # type: ignore[arg-type]
    assert report.n_pairs == len(cut.test)
    assert report.n_phrases > 0
    assert f"none of {len(cut.test):,} held-out pairs" in report.in_words()


def test_a_held_out_review_in_the_training_data_is_found(tiny_data: Dataset, book: Phrasebook) -> None:
    cut = last_split(tiny_data)
    with pytest.raises(LeakError, match=r"held-out pairs have \d+ reviews in the training data; nothing was measured"):
        check_leaks(tiny_data, tiny_data, cut.test, "last", {})


def test_a_click_before_the_cut_is_no_secret_but_one_after_it_is(tiny: dict[str, pd.DataFrame]) -> None:
    data = Dataset.from_frames(**tiny)
    cut = temporal_split(data)
    user, item = int(cut.test.user_rows[0]), int(cut.test.item_rows[0])
    click = {
        "user_id": [data.user_ids[user]],
        "item_id": [data.item_ids[item]],
        "event": ["click"],
        "timestamp": [pd.Timestamp(int(cut.test.moments_s[0]) - 60, unit="s")],
    }
    events = pd.concat([tiny["events"], pd.DataFrame(click)], ignore_index=True)
    again = temporal_split(Dataset.from_frames(**{**tiny, "events": events}))
    whole = Dataset.from_frames(**{**tiny, "events": events})
    assert check_leaks(whole, again.fit_test, again.test, "temporal", {}).n_pairs == len(again.test)
    with pytest.raises(LeakError, match=r"held-out pairs have \d+ (reviews|events)"):
        check_leaks(whole, whole, again.test, "last", {})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("semantic", "phrases of held-out reviews are in the product profiles of semantic"),
        ("content", "held-out pairs are in the shoppers' histories of content"),
        ("collaborative", "held-out pairs are in the shoppers' histories of collaborative"),
    ],
)
def test_a_model_that_learnt_from_everything_is_found(
    tiny_data: Dataset, book: Phrasebook, name: str, said: str
) -> None:
    cut = last_split(tiny_data)
    leaky = fitted(tiny_data, book)[name]
    with pytest.raises(LeakError, match=said):
        check_leaks(tiny_data, cut.fit_test, cut.test, "last", {name: leaky})


def test_a_trend_that_reaches_past_the_cut_is_found(tiny_data: Dataset, book: Phrasebook) -> None:
    cut = temporal_split(tiny_data)
    leaky = fitted(tiny_data, book)["context"]
    with pytest.raises(LeakError, match="the trend counts what happened at or after the moment"):
        check_leaks(tiny_data, cut.fit_test, cut.test, "temporal", {"context": leaky})


def test_training_data_that_reaches_past_the_cut_is_found(tiny_data: Dataset) -> None:
    cut = temporal_split(tiny_data)
    late = HeldOut(cut.test.user_rows, cut.test.item_rows, np.zeros(len(cut.test), np.int64), cut.test.shape)
    with pytest.raises(LeakError, match="reaches past the moment"):
        check_leaks(tiny_data, cut.fit_test, late, "temporal", {})


def test_the_evaluation_looks_for_leaks_before_it_measures(
    tmp_path: object, tiny: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    from tests._data import write_folder

    assert isinstance(tmp_path, Path)
    write_folder(tmp_path / "shop", **tiny)
    monkeypatch.setattr(evaluate_module, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
    fit = evaluate_module.fit_scorers
    whole = Dataset.read(tmp_path / "shop")

    def forgetful(classes: object, fitting: Fitting, *rest: object) -> dict[str, Scorer]:
        return fit(classes, Fitting(whole, fitting.phrasebook, fitting.seed), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluate_module, "fit_scorers", forgetful)
    with pytest.raises(LeakError):
        evaluate_module.evaluate(tmp_path / "shop", EvaluationSettings("last", k=3))


def test_shoppers_who_were_put_back_have_no_later_acts(tiny_data: Dataset, book: Phrasebook) -> None:
    replay = newcomer_rewind(tiny_data)
    reports = []
    for one in replay.rounds("validation"):
        scorers = fitted(one.train, book)
        reports.append(check_leaks(tiny_data, one.train, one.held_out, "last", scorers, rewound=True))
        forgetful = tiny_data.without_pairs(one.held_out.user_rows, one.held_out.item_rows)
        with pytest.raises(LeakError, match="of shoppers who were put back to an earlier moment are later than that"):
            check_leaks(tiny_data, forgetful, one.held_out, "last", {}, rewound=True)
    report = LeakReport.together(reports)
    assert report.n_pairs == len(replay.validation)
    assert report.n_later > 0
    assert f"none of the {report.n_later:,} things that these shoppers did later" in report.in_words()


def test_a_later_review_in_a_profile_is_found(tiny_data: Dataset, book: Phrasebook) -> None:
    ann = tiny_data.user_row("ann")  # who wrote about the blanket afterwards
    one = next(each for each in newcomer_rewind(tiny_data).rounds("validation") if ann in each.held_out.user_rows)
    leaky = fitted(tiny_data.without_pairs(one.held_out.user_rows, one.held_out.item_rows), book)["semantic"]
    with pytest.raises(LeakError, match="phrases of held-out reviews are in the product profiles"):
        check_leaks(tiny_data, one.train, one.held_out, "last", {"semantic": leaky}, rewound=True)
