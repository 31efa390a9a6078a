"""Learned weights and a learned map are taken where they serve shoppers better beyond doubt, and nowhere else."""

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import Round
from recsys.errors import Cancelled
from recsys.evaluation.asking import batches
from recsys.evaluation.definitions import ndcg_at_k
from recsys.evaluation.weights import ValidationScores
from recsys.fusion import Standardised, fuse
from recsys.progress import silent
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.settings import COMPONENTS, FusionSettings
from recsys.text.phrasebook import Phrasebook, build_phrasebook
from recsys.training import fusion_choice
from recsys.training.choosing import rounds_of_all
from recsys.training.fusion_choice import (
    GRID,
    LEARNED,
    MAP,
    MAP_GRID,
    USUAL,
    Fusion,
    FusionChoice,
    choose_fusion,
    nothing_learned,
)
from tests._encoder import WordEncoder
from tests.training.test_choosing import shop

N_USERS = 400
USUAL_WEIGHTS = FusionSettings(0.4, 0.2, 0.3, 0.1)
LIKED = np.random.default_rng(0).uniform(size=N_USERS) < 0.3


@pytest.fixture(scope="module")
def data() -> Dataset:
    """A shop in which the day decides what is bought."""
    return shop(of_the_day=True)


@pytest.fixture(scope="module")
def book(data: Dataset) -> Phrasebook:
    return build_phrasebook(data, WordEncoder())


@pytest.fixture(scope="module")
def asked(data: Dataset) -> Round:
    return rounds_of_all(data)[-1]


@pytest.fixture(scope="module")
def found(data: Dataset, book: Phrasebook, asked: Round) -> FusionChoice:
    return choose_fusion(data, asked, book, "last", USUAL_WEIGHTS, with_map=True)


def measured(data: Dataset, asked: Round, book: Phrasebook, weights: FusionSettings) -> float:
    """Mean nDCG@10 of whole lists, by the plain definition."""
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(asked.train, book))
    users, relevant, owned = asked.held_out.users(), asked.held_out.relevant(), asked.train.owned()
    values = []
    for start, requests in batches(data, asked.train, asked.held_out, users, "last"):
        raw = np.stack([scorers[name].score(requests) for name in COMPONENTS], axis=1)
        for user, each in zip(users[start : start + len(requests)].tolist(), raw, strict=True):
            scores = fuse(Standardised.of(each).values, weights)
            had = np.flatnonzero(owned[[user]].toarray()[0])
            ranked = [row for row in np.argsort(-scores, kind="stable").tolist() if row not in had]
            values.append(ndcg_at_k(ranked, np.flatnonzero(relevant[[user]].toarray()[0]).tolist(), 10))
    return float(np.mean(values))


def test_weight_goes_to_what_choices_are_made_by(found: FusionChoice) -> None:
    assert found.name != USUAL
    assert found.fusion.weights.normalised()["context"] > 0.4
    assert found.n_pairs > 0
    assert found.n_shoppers == 220
    assert found.epochs[LEARNED] > 0


def test_everything_is_judged_as_lists_are_made(
    found: FusionChoice, data: Dataset, asked: Round, book: Phrasebook
) -> None:
    first = found.compared[0]
    assert first.name == LEARNED
    assert first.base == pytest.approx(measured(data, asked, book, USUAL_WEIGHTS), abs=1e-6)
    assert first.ndcg == pytest.approx(measured(data, asked, book, first.settings.weights), abs=1e-6)
    assert first.change.mean == pytest.approx(first.ndcg - first.base)


def test_the_same_twice(found: FusionChoice, data: Dataset, asked: Round, book: Phrasebook) -> None:
    again = choose_fusion(data, asked, book, "last", USUAL_WEIGHTS, with_map=True)
    assert again.as_json() == found.as_json()


def test_weights_can_be_had_by_sliders(found: FusionChoice) -> None:
    for each in found.compared:
        percent = [100 * weight for weight in each.settings.weights.as_dict().values()]
        assert percent == pytest.approx([round(weight) for weight in percent], abs=1e-4)
        assert sum(percent) == pytest.approx(100, abs=1e-4)


def test_a_map_is_tried_only_where_it_is_asked_for(data: Dataset, asked: Round, book: Phrasebook) -> None:
    found = choose_fusion(data, asked, book, "last", USUAL_WEIGHTS)
    assert {each.name for each in found.compared} == {LEARNED, GRID}
    assert found.fusion.head is None


def test_too_few_shoppers_decide_nothing(
    data: Dataset, asked: Round, book: Phrasebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fusion_choice, "FEWEST_SHOPPERS", 221)
    found = choose_fusion(data, asked, book, "last", USUAL_WEIGHTS)
    assert found.name == USUAL
    assert found.fusion.weights == USUAL_WEIGHTS
    assert not found.compared
    assert found.in_words().startswith("Nothing could be learned: fewer than 221 shoppers")


def test_it_can_be_stopped(data: Dataset, asked: Round, book: Phrasebook) -> None:
    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        if stage == "learning the head and the weights":
            raise Cancelled(stage)

    with pytest.raises(Cancelled):
        choose_fusion(data, asked, book, "last", progress=stop)


def test_a_mix_of_the_grid_is_judged_by_shoppers_that_it_was_not_chosen_by() -> None:
    halves = np.random.default_rng(7).permutation(N_USERS) % 2
    values = np.zeros((N_USERS, len(COMPONENTS), 30), np.float32)
    values[:, :, 1:] = 1
    # What serves one half harms the other.
    values[halves == 0, :2, 0] = 9, -9
    values[halves == 1, :2, 0] = -9, 9
    everyone = np.arange(N_USERS, dtype=np.int32)
    scores = ValidationScores(values, np.ones((N_USERS, 30), bool), everyone, np.zeros(N_USERS, np.int32))
    best, judged = fusion_choice._of_grid(scores, 7, silent)
    assert judged.max() == 0
    assert fusion_choice.ndcg_of(scores, best).mean() == pytest.approx(0.5, abs=0.1)


def choice(gains: dict[str, float]) -> FusionChoice:
    """What is chosen where some shoppers gain, and as many lose a little by nothing but chance."""
    heads = {MAP: np.eye(3, dtype=np.float32), MAP_GRID: np.eye(3, dtype=np.float32)}
    tried = {name: Fusion(FusionSettings(1, 1 + place, 1, 1), heads.get(name)) for place, name in enumerate(gains)}
    noise = np.random.default_rng(1).normal(0, 0.02, (len(gains), N_USERS))
    values = {name: LIKED * gain + chance for (name, gain), chance in zip(gains.items(), noise, strict=True)}
    return fusion_choice._best(tried, values, 0, FusionChoice(USUAL, tried[USUAL], (), 10, N_USERS))


def test_each_is_held_against_what_was_taken_before() -> None:
    found = choice({USUAL: 0.2, LEARNED: 0.3, GRID: 0.3, MAP: 0.25, MAP_GRID: 0.4})
    assert found.name == MAP_GRID
    assert [each.is_better for each in found.compared] == [True, False, False, True]
    assert [each.base for each in found.compared] == pytest.approx([0.054, 0.081, 0.081, 0.081], abs=0.005)
    assert found.gain is not None
    assert found.gain.mean == pytest.approx(found.compared[-1].ndcg - found.compared[0].base)
    assert "from that of the usual weights" in found.in_words()
    assert "with a map of what words mean that was learned from 10 choices" in found.in_words()


def test_what_chance_explains_is_not_taken() -> None:
    found = choice({USUAL: 0.2, LEARNED: 0.2, GRID: 0.2})
    assert found.name == USUAL
    assert found.in_words() == (
        f"Nothing that was learned from 10 choices serves better beyond doubt on {N_USERS} shoppers whose choice was "
        "hidden meanwhile."
    )


def test_more_tries_need_more_proof() -> None:
    values = {USUAL: np.zeros(N_USERS), LEARNED: np.where(np.arange(N_USERS) < 6, 1.0, 0.0)}
    tried = {name: Fusion(FusionSettings()) for name in values}
    start = FusionChoice(USUAL, tried[USUAL])
    one = fusion_choice._best(tried, values, 0, start).compared[0]
    many = {f"other {n}": np.zeros(N_USERS) for n in range(3)}
    among = fusion_choice._best(
        tried | {name: Fusion(FusionSettings()) for name in many}, values | many, 0, start
    ).compared[0]
    assert among.p == pytest.approx(4 * one.p)


def test_nothing_to_learn_from_is_said() -> None:
    assert nothing_learned(USUAL_WEIGHTS).as_json()["chosen"] == USUAL
