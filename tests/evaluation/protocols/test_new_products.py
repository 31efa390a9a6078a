"""Products put back to the day they came: nothing that anybody did with them is known, and everything else is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import Role, last_split
from recsys.errors import DataError, LeakError
from recsys.evaluation.protocols.leaks import check_leaks
from recsys.evaluation.protocols.rewinds import N_FOLDS, new_product_rewind
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, Requests
from recsys.settings import Context
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder

ROLES: tuple[Role, Role] = ("validation", "test")


def pairs(data: Dataset) -> set[tuple[int, int]]:
    """Who did anything with what."""
    return set(zip(data.interactions()["user_row"], data.interactions()["item_row"], strict=True))


def test_the_last_product_is_asked_about_and_the_one_before_it_for_validation(tiny_data: Dataset) -> None:
    replay, split = new_product_rewind(tiny_data), last_split(tiny_data)
    for role in ROLES:
        asked, expected = replay.held_out(role), split.held_out(role)
        assert sorted(zip(asked.user_rows, asked.item_rows, strict=True)) == sorted(
            zip(expected.user_rows, expected.item_rows, strict=True)
        )
    assert replay.n_skipped == split.n_skipped


@pytest.mark.parametrize("role", ROLES)
def test_every_shopper_is_asked_once_by_models_that_know_nothing_of_that_product(
    tiny_data: Dataset, role: Role
) -> None:
    replay = new_product_rewind(tiny_data)
    asked = []
    for one in replay.rounds(role):
        assert one.new_rows is not None
        assert set(one.held_out.item_rows) <= set(one.new_rows)
        for table in (one.train.reviews, one.train.events, one.train.impressions):
            assert not np.isin(table["item_row"], one.new_rows).any()
        asked += one.held_out.user_rows.tolist()
    assert sorted(asked) == sorted(replay.held_out(role).user_rows.tolist())


def test_parts_are_of_equal_size_and_every_product_is_new_once(tiny_data: Dataset) -> None:
    sizes = np.bincount(new_product_rewind(tiny_data, 5).fold_of, minlength=N_FOLDS)
    assert sizes.max() - sizes.min() <= 1
    assert sizes.sum() == tiny_data.n_items


def test_what_else_came_before_is_known_and_nothing_later_of_the_shoppers_asked(tiny_data: Dataset) -> None:
    acts = tiny_data.interactions()
    for one in new_product_rewind(tiny_data).rounds("test"):
        assert one.new_rows is not None
        moments = dict(zip(one.held_out.user_rows, one.held_out.moments_s, strict=True))
        known = pairs(one.train)
        for user, item, time in zip(acts["user_row"], acts["item_row"], acts["time_s"], strict=True):
            if item in one.new_rows or time > moments.get(user, time):
                assert (user, item) not in known
            elif time < moments.get(user, time + 1):
                assert (user, item) in known


def test_while_validating_nobodys_test_choice_is_known(tiny_data: Dataset) -> None:
    replay = new_product_rewind(tiny_data)
    hidden = set(zip(replay.test.user_rows, replay.test.item_rows, strict=True))
    for one in replay.rounds("validation"):
        assert not hidden & pairs(one.train)


def test_simple_models_know_no_more_of_a_new_product_than_that_it_is_there(tiny_data: Dataset) -> None:
    one = next(iter(new_product_rewind(tiny_data).rounds("test")))
    assert one.new_rows is not None
    for name, scorer in fit_scorers(BASELINE_CLASSES, Fitting(one.train)).items():
        scores = scorer.score(Requests(one.held_out.users(), (Context(),) * len(one.held_out.users())))
        assert not scores[:, one.new_rows].any(), name


def test_an_honest_round_passes_and_counts_what_may_not_be_known(tiny_data: Dataset) -> None:
    book = build_phrasebook(tiny_data, WordEncoder())
    one = next(iter(new_product_rewind(tiny_data).rounds("test")))
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(one.train, book))
    report = check_leaks(tiny_data, one.train, one.held_out, "last", scorers, True, one.new_rows)
    taken = sum(np.isin(table["item_row"], one.new_rows).sum() for table in (tiny_data.reviews, tiny_data.events))
    assert report.n_new == taken > 0
    assert f"none of the {taken:,} things that anybody did with the new products" in report.in_words()


@pytest.mark.parametrize("name", ["collaborative", "content", "semantic", "context"])
def test_a_model_that_knows_what_others_did_with_a_new_product_is_found(tiny_data: Dataset, name: str) -> None:
    book = build_phrasebook(tiny_data, WordEncoder())
    one = next(iter(new_product_rewind(tiny_data).rounds("test")))
    assert one.new_rows is not None
    knowing = tiny_data.without_pairs(one.held_out.user_rows, one.held_out.item_rows)
    leaky = fit_scorers({name: COMPONENT_CLASSES[name]}, Fitting(knowing, book))
    with pytest.raises(LeakError, match=rf"products that are taken for new .* {name}|phrases of held-out reviews"):
        check_leaks(tiny_data, one.train, one.held_out, "last", leaky, False, one.new_rows)


@pytest.mark.parametrize("table", ["reviews", "events", "impressions"])
def test_a_single_act_with_a_new_product_in_the_training_data_is_found(tiny_data: Dataset, table: str) -> None:
    one = next(iter(new_product_rewind(tiny_data).rounds("test")))
    others = getattr(tiny_data, table)
    rows = others["item_row"].unique()
    leaked = np.setdiff1d(rows, one.held_out.item_rows)[:1]
    clean = tiny_data.without_pairs(one.held_out.user_rows, one.held_out.item_rows)
    if not len(leaked):
        pytest.skip(f"the small shop has no {table}")
    with pytest.raises(LeakError, match=f"{table[:-1]}s of products that are taken for new"):
        check_leaks(tiny_data, _only(clean, table), one.held_out, "last", {}, False, leaked)


def _only(data: Dataset, table: str) -> Dataset:
    """Without what happened in any other table."""
    names = ("reviews", "events", "impressions")
    return replace(data, **{name: getattr(data, name).iloc[:0] for name in names if name != table})


def test_too_little_data_is_refused(tiny: dict[str, pd.DataFrame]) -> None:
    data = Dataset.from_frames(tiny["items"], tiny["reviews"].iloc[:2])
    with pytest.raises(DataError, match="no shopper has 3 positives among at least 5 products"):
        new_product_rewind(data)
