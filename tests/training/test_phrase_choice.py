"""How phrases are weighed is changed only where another way is better beyond doubt, shopper by shopper."""

from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split
from recsys.errors import Cancelled
from recsys.evaluation.protocols.requests import batches
from recsys.scorers.base import Fitting
from recsys.scorers.phrase_weights import SemanticSettings
from recsys.scorers.semantic import SemanticScorer
from recsys.text.phrasebook import build_phrasebook
from recsys.training.paired_gain import Values, compare
from recsys.training.phrase_choice import (
    ALTERNATIVES,
    DEFAULT,
    candidates,
    choose_on,
    choose_phrase_weights,
    ndcg_of_shoppers,
)
from tests._encoder import WordEncoder
from tests._metric_definitions import ndcg_at_k

N_USERS = 400
USUAL = SemanticSettings()
NOISE = np.random.default_rng(0).normal(0, 0.05, (len(ALTERNATIVES) + 1, N_USERS))


class Planted:
    """Shoppers to whom some settings are worth something, the same noise for the same settings."""

    def __init__(self, together: Callable[[list[float]], float] = sum, **worth: float) -> None:
        self.worth, self.together, self.asked = worth, together, list[SemanticSettings]()

    def __call__(self, settings: SemanticSettings) -> Values:
        self.asked.append(settings)
        usual, changed = asdict(USUAL), asdict(settings)
        gains = [0.0, *(worth for name, worth in self.worth.items() if changed[name] != usual[name])]
        return 0.3 + self.together(gains) + NOISE[(len(self.asked) - 1) % len(NOISE)]


def test_every_alternative_changes_one_thing() -> None:
    found = candidates()
    assert next(iter(found)) == DEFAULT
    assert len(found) == len(ALTERNATIVES) + 1 == len({tuple(asdict(each).values()) for each in found.values()})
    for name, each in found.items():
        changed = [setting for setting, value in asdict(each).items() if value != asdict(USUAL)[setting]]
        assert len(changed) == (name != DEFAULT), name


def test_an_alternative_that_is_the_default_already_is_not_tried() -> None:
    name, change = next(iter(ALTERNATIVES.items()))
    assert name not in candidates(replace(USUAL, **change))


def test_the_default_stays_where_nothing_is_better_beyond_doubt() -> None:
    choice = choose_phrase_weights(Planted())
    assert (choice.settings, choice.names, choice.combined) == (USUAL, (), ())
    assert [each.name for each in choice.compared] == list(ALTERNATIVES)


def test_what_is_better_in_every_single_comparison_may_still_be_luck() -> None:
    gain = np.zeros(N_USERS)
    gain[:14] = 0.5
    gain[14:18] = -0.5
    one = compare({DEFAULT: USUAL, "a": USUAL}, {DEFAULT: np.zeros(N_USERS), "a": gain}, DEFAULT)[0]
    assert one.change.low > 0
    assert one.is_better
    many = {f"other {place}": USUAL for place in range(17)}
    measured = {name: np.zeros(N_USERS) for name in many}
    among = compare({DEFAULT: USUAL, "a": USUAL} | many, measured | {DEFAULT: np.zeros(N_USERS), "a": gain}, DEFAULT)[0]
    assert among.change == one.change
    assert among.p == pytest.approx(min((1 + len(many)) * one.p, 1))
    assert not among.is_better


def test_what_is_better_is_combined() -> None:
    choice = choose_phrase_weights(Planted(own_weight=0.05, complaint_weight=0.02))
    assert len(choice.names) == 2
    assert choice.names[0].startswith("own words")
    assert choice.names[1].startswith("complaints")
    changed = {name for name, value in asdict(choice.settings).items() if value != asdict(USUAL)[name]}
    assert changed == {"own_weight", "complaint_weight"}


def test_what_adds_nothing_to_the_best_does_not_join() -> None:
    choice = choose_phrase_weights(Planted(max, own_weight=0.05, complaint_weight=0.05))
    assert len(choice.names) == 1
    assert choice.combined
    assert not any(each.is_better for each in choice.combined)


def test_it_tells_progress_and_can_be_stopped() -> None:
    planted = Planted()

    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        if done == 3:
            raise Cancelled(stage)

    with pytest.raises(Cancelled):
        choose_phrase_weights(planted, progress=stop)
    assert len(planted.asked) == 3


def test_ndcg_is_that_of_its_definition(tiny_data: Dataset) -> None:
    split = last_split(tiny_data)
    scorer = SemanticScorer().fit(Fitting(split.fit_validation, build_phrasebook(tiny_data, WordEncoder())))
    found = ndcg_of_shoppers(scorer, tiny_data, split.fit_validation, split.validation, "last", 3)
    users = split.validation.users()
    owned, relevant = split.fit_validation.owned().toarray(), split.validation.relevant().toarray()
    ((_, requests),) = batches(tiny_data, split.fit_validation, split.validation, users, "last")
    scores = np.where(owned[users], -np.inf, scorer.score(requests))
    expected = [
        ndcg_at_k([str(row) for row in np.argsort(-own, kind="stable")], [str(row) for row in np.flatnonzero(held)], 3)
        for own, held in zip(scores, relevant[users], strict=True)
    ]
    assert len(found) == len(users) > 1
    np.testing.assert_allclose(found, expected)
    assert found.max() > 0


def test_a_shop_is_asked_about_what_was_hidden_from_the_component(tiny_data: Dataset) -> None:
    split, book = last_split(tiny_data), build_phrasebook(tiny_data, WordEncoder())
    (asked,) = split.rounds("validation")
    found = choose_on(tiny_data, asked, book, "last")
    scorer = SemanticScorer().fit(Fitting(split.fit_validation, book))
    values = ndcg_of_shoppers(scorer, tiny_data, split.fit_validation, split.validation, "last")
    assert [each.base for each in found.compared] == pytest.approx([values.mean()] * len(ALTERNATIVES))
    assert found.settings == SemanticSettings()  # six shoppers leave much doubt
