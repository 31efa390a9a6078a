"""Learned weights and a learned map are taken where they serve shoppers better beyond doubt, and nowhere else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Round, last_split, temporal_split
from recsys.errors import Cancelled
from recsys.evaluation.protocols.hold_out import batches, not_had
from recsys.ranking.rank import Standardised, fuse
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, FusionSettings
from recsys.text.phrasebook import Phrasebook, build_phrasebook
from recsys.training import learned_fusion
from recsys.training.context_settings import ContextChoice, choose_context
from recsys.training.learned_fusion import (
    GRID,
    LEARNED,
    MAP,
    MAP_GRID,
    USUAL,
    Fusion,
    FusionChoice,
    Values,
    choose_fusion,
    learned_map,
    nothing_learned,
)
from recsys.training.multitask import MultitaskResult
from recsys.training.pairs import Pairs
from recsys.training.weights import ValidationScores
from tests._encoder import WordEncoder
from tests._metric_definitions import ndcg_at_k
from tests.training.test_context_settings import N_ITEMS, shop

N_USERS = 400
USUAL_WEIGHTS = FusionSettings(0.4, 0.2, 0.3, 0.1)
LIKED = np.random.default_rng(0).uniform(size=N_USERS) < 0.3


@pytest.fixture(scope="module")
def data() -> Dataset:
    """A shop in which the day decides what is bought."""
    return shop(of_the_day=True, n_users=440)


@pytest.fixture(scope="module")
def book(data: Dataset) -> Phrasebook:
    return build_phrasebook(data, WordEncoder())


@pytest.fixture(scope="module")
def asked(data: Dataset) -> list[Round]:
    return list(last_split(data).rounds("test"))


@pytest.fixture(scope="module")
def settings(data: Dataset, asked: list[Round]) -> Mapping[str, Any]:
    """Of the components, as the rounds choose them; the engine is the usual one."""
    return choose_context(data, asked, "last").settings()


@pytest.fixture(scope="module")
def found(data: Dataset, book: Phrasebook, asked: list[Round], settings: Mapping[str, Any]) -> FusionChoice:
    return choose_fusion(data, asked, book, "last", USUAL_WEIGHTS, with_map=True, settings=settings)


def measured(data: Dataset, asked: Round, book: Phrasebook, weights: FusionSettings, users: list[int]) -> list[float]:
    """nDCG@10 of whole lists, by the plain definition, with the context component as the other shoppers choose it."""
    others = asked.held_out.only(~np.isin(asked.held_out.user_rows, users))
    settings = choose_context(data, [Round(asked.train, others)], "last").settings()
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(asked.train, book), settings=settings)
    relevant, owned = asked.held_out.relevant(), asked.train.seen()
    values, rows = [], np.array(users, np.int32)
    for start, requests in batches(data, asked.train, asked.held_out, rows, "last"):
        raw = np.stack([scorers[name].score(requests) for name in COMPONENTS], axis=1)
        for user, each in zip(users[start : start + len(requests)], raw, strict=True):
            scores = fuse(Standardised.of(each, not_had(owned, np.array([user]))[0]).values, weights)
            had = np.flatnonzero(owned[[user]].toarray()[0])
            ranked = [row for row in np.argsort(-scores, kind="stable").tolist() if row not in had]
            values.append(ndcg_at_k(ranked, np.flatnonzero(relevant[[user]].toarray()[0]).tolist(), 10))
    return values


def test_weight_goes_to_what_choices_are_made_by(found: FusionChoice) -> None:
    assert found.name != USUAL
    # The day decides, which the context knows; and so products of one day go together, which others may know as well.
    weights = found.fusion.weights.normalised()
    assert weights["context"] > 3 * USUAL_WEIGHTS.context
    assert weights["content"] < USUAL_WEIGHTS.content
    assert found.n_pairs > 0
    assert found.n_shoppers == 440
    assert found.epochs[LEARNED] > 0


def test_everything_is_judged_as_lists_are_made(
    found: FusionChoice, data: Dataset, asked: list[Round], book: Phrasebook
) -> None:
    users = asked[-1].held_out.users()
    halves = np.random.default_rng(0).permutation(len(users)) % 2
    by_half = [measured(data, asked[-1], book, USUAL_WEIGHTS, users[halves == half].tolist()) for half in (0, 1)]
    first = found.compared[0]
    assert first.name == LEARNED
    assert first.base == pytest.approx(np.mean([*by_half[0], *by_half[1]]), abs=1e-6)
    assert first.change.mean == pytest.approx(first.ndcg - first.base)


def test_nobody_judges_what_they_chose_and_the_second_run_is_the_same(
    found: FusionChoice,
    data: Dataset,
    asked: list[Round],
    book: Phrasebook,
    settings: Mapping[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everyone, seen = set(asked[-1].held_out.users().tolist()), list[tuple[str, set[int]]]()

    def choosing(data: Dataset, rounds: list[Round], *rest: object) -> ContextChoice:
        seen.append(("context", set(rounds[-1].held_out.users().tolist())))
        return choose_context(data, rounds, *rest)  # type: ignore[arg-type]

    def pairs(train: Dataset, held_out: HeldOut, *rest: object) -> Pairs:
        seen.append(("stopping", set(held_out.users().tolist())))
        return held_out_pairs(train, held_out, *rest)  # type: ignore[arg-type]

    def judging(scores: ValidationScores, weights: FusionSettings) -> Values:
        seen.append(("judging", {len(scores.values)}))
        return ndcg_of(scores, weights)

    held_out_pairs, ndcg_of = learned_fusion.held_out_pairs, learned_fusion.ndcg_of
    monkeypatch.setattr(learned_fusion, "choose_context", choosing)
    monkeypatch.setattr(learned_fusion, "held_out_pairs", pairs)
    monkeypatch.setattr(learned_fusion, "ndcg_of", judging)
    again = choose_fusion(data, asked, book, "last", USUAL_WEIGHTS, settings=settings)
    of_context = [users for what, users in seen if what == "context"]
    of_stopping = [users for what, users in seen if what == "stopping"]
    assert of_context == of_stopping[:2]
    first, second, both = of_stopping
    assert not first & second
    assert first | second == both == everyone
    assert len(first) >= 200  # enough to choose settings of the context component
    sizes = [size for what, (size, *_) in seen if what == "judging"]
    assert sizes == [len(second)] * 3 + [len(first)] * 3
    # A map is tried only where it is asked for; what is tried without one is the same in both runs.
    assert [each.name for each in again.compared] == [LEARNED, GRID]
    for one, other in zip(again.compared, found.compared, strict=False):
        assert one.p < other.p or one.p == other.p == 1
        assert replace(one, p=0) == replace(other, p=0)


def test_weights_can_be_had_by_sliders(found: FusionChoice) -> None:
    for each in found.compared:
        percent = [100 * weight for weight in each.settings.weights.as_dict().values()]
        assert percent == pytest.approx([round(weight) for weight in percent], abs=1e-4)
        assert sum(percent) == pytest.approx(100, abs=1e-4)


def test_too_few_shoppers_decide_nothing(
    data: Dataset, asked: list[Round], book: Phrasebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned_fusion, "FEWEST_SHOPPERS", 441)
    found = choose_fusion(data, asked, book, "last", USUAL_WEIGHTS)
    assert found.name == USUAL
    assert found.fusion.weights == USUAL_WEIGHTS
    assert not found.compared
    assert found.in_words() == "Nothing could be learned: fewer than 441 shoppers to judge by."
    monkeypatch.setattr(learned_fusion, "FEWEST_SHOPPERS", 440)
    monkeypatch.setattr(learned_fusion, "MAX_FLOATS", 1000)
    assert "so many products that" in choose_fusion(data, asked, book, "last").in_words()
    assert "to hide some of it" in choose_fusion(data, [], book, "last").in_words()


def test_without_settings_the_components_are_chosen_by_the_same_shoppers(
    data: Dataset, asked: list[Round], book: Phrasebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Chosen(Exception):
        """What was asked for is seen."""

    def choosing(everything: Dataset, rounds: list[Round], *rest: object, **_: object) -> None:
        assert everything is data
        assert rest[:3] == (book, "last", 7)
        assert [set(one.held_out.users()) for one in rounds] == [set(asked[-1].held_out.users())]
        raise Chosen

    monkeypatch.setattr(learned_fusion, "choose_components", choosing)
    with pytest.raises(Chosen):
        choose_fusion(data, asked, book, "last", USUAL_WEIGHTS, 7)


def test_it_can_be_stopped(data: Dataset, asked: list[Round], book: Phrasebook, settings: Mapping[str, Any]) -> None:
    def stop(stage: str, done: int = 0, total: int = 0) -> None:
        if stage == "learning the head and the weights":
            raise Cancelled(stage)

    with pytest.raises(Cancelled):
        choose_fusion(data, asked, book, "last", progress=stop, settings=settings)


def test_a_map_is_learned_again_on_the_axes_of_the_model(
    found: FusionChoice, data: Dataset, asked: list[Round], book: Phrasebook
) -> None:
    semantic = SemanticScorer().fit(Fitting(data, book))
    with_map = replace(found, fusion=Fusion(found.fusion.weights, with_map=True), epochs={MAP: 2})
    head = learned_map(data, semantic, book, with_map)
    assert head is not None
    assert head.shape == (semantic.space.n_dims,) * 2
    assert np.abs(head - np.eye(len(head))).max() > 1e-4
    without = replace(found, fusion=Fusion(found.fusion.weights))
    assert learned_map(data, semantic, book, without) is None


def test_as_many_shoppers_are_drawn_as_scores_are_held_of(asked: list[Round], monkeypatch: pytest.MonkeyPatch) -> None:
    held_out = asked[-1].held_out
    assert len(learned_fusion._drawn(held_out, N_ITEMS, 0)) == len(held_out)
    twice = HeldOut(
        np.repeat(held_out.user_rows, 2),
        np.repeat(held_out.item_rows, 2),
        np.repeat(held_out.moments_s, 2),
        held_out.shape,
    )
    monkeypatch.setattr(learned_fusion, "MAX_FLOATS", 100 * 4 * len(COMPONENTS) * N_ITEMS)
    drawn = learned_fusion._drawn(twice, N_ITEMS, 0)
    assert len(drawn) == 100
    assert len(drawn.users()) == 50
    assert set(drawn.users()) != set(learned_fusion._drawn(twice, N_ITEMS, 1).users())


def test_where_time_splits_a_shopper_may_have_several_pairs(
    data: Dataset, book: Phrasebook, settings: Mapping[str, Any]
) -> None:
    rounds = list(temporal_split(data, 0.3, 0.3).rounds("validation"))
    held_out = rounds[-1].held_out
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learned_fusion, "FEWEST_SHOPPERS", 20)
        found = choose_fusion(data, rounds, book, "temporal", USUAL_WEIGHTS, settings=settings)
    assert found.n_shoppers == len(held_out.users()) < len(held_out)
    assert {each.name for each in found.compared} == ({LEARNED, GRID} if found.epochs[LEARNED] else {GRID})


def choice(gains: dict[str, float]) -> FusionChoice:
    """What is chosen where some shoppers gain, and as many lose a little by nothing but chance."""
    tried = {
        name: Fusion(FusionSettings(1, 1 + place, 1, 1), name in (MAP, MAP_GRID)) for place, name in enumerate(gains)
    }
    noise = np.random.default_rng(1).normal(0, 0.02, (len(gains), N_USERS))
    values = {name: LIKED * gain + chance for (name, gain), chance in zip(gains.items(), noise, strict=True)}
    return learned_fusion._best(tried, values, 0, FusionChoice(USUAL, tried[USUAL], (), 10, N_USERS))


def test_each_is_held_against_what_was_taken_before() -> None:
    found = choice({USUAL: 0.2, LEARNED: 0.3, GRID: 0.3, MAP: 0.25, MAP_GRID: 0.4})
    assert found.name == MAP_GRID
    assert [each.is_better for each in found.compared] == [True, False, False, True]
    assert [each.base for each in found.compared] == pytest.approx([0.054, 0.081, 0.081, 0.081], abs=0.005)
    assert found.gain is not None
    assert found.gain.mean == pytest.approx(found.compared[-1].ndcg - found.compared[0].base)
    assert f"judged by the other, such a setting changes nDCG@10 by {found.gain.mean:+.4f}" in found.in_words()
    assert "with a map of what words mean that was learned from 10 choices and ratings" in found.in_words()


def test_a_map_has_to_be_better_than_the_same_without_it() -> None:
    found = choice({USUAL: 0.2, LEARNED: 0.24, GRID: 0.2, MAP: 0.245, MAP_GRID: 0.2})
    alone = {each.name: each for each in found.compared}
    assert alone[MAP].base == pytest.approx(alone[LEARNED].ndcg)
    assert not alone[MAP].is_better
    assert not found.fusion.with_map


def test_what_all_shoppers_together_do_not_learn_is_not_tried(
    data: Dataset,
    asked: list[Round],
    book: Phrasebook,
    settings: Mapping[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def learning(*rest: object) -> MultitaskResult:
        """Halves learn, all together do not."""
        judged = rest[4]
        assert isinstance(judged, Pairs)
        return MultitaskResult(np.eye(3, dtype=np.float32), FusionSettings.only("context"), int(len(judged) < 440))

    monkeypatch.setattr(learned_fusion, "learn", learning)
    monkeypatch.setattr(SemanticScorer, "with_head", lambda self, head: self)
    found = choose_fusion(data, asked, book, "last", USUAL_WEIGHTS, with_map=True, settings=settings)
    assert [each.name for each in found.compared] == [GRID]


def test_what_chance_explains_is_not_taken() -> None:
    found = choice({USUAL: 0.2, LEARNED: 0.2, GRID: 0.2})
    assert found.name == USUAL
    assert found.in_words() == (
        "The usual weights stay: nothing that was learned from 10 choices and ratings serves shoppers better beyond "
        f"doubt, judged by choices of {N_USERS} of them that were hidden meanwhile."
    )


def test_more_tries_need_more_proof() -> None:
    values = {USUAL: np.zeros(N_USERS), LEARNED: np.where(np.arange(N_USERS) < 6, 1.0, 0.0)}
    tried = {name: Fusion(FusionSettings()) for name in values}
    start = FusionChoice(USUAL, tried[USUAL])
    one = learned_fusion._best(tried, values, 0, start).compared[0]
    many = {f"other {n}": np.zeros(N_USERS) for n in range(3)}
    among = learned_fusion._best(
        tried | {name: Fusion(FusionSettings()) for name in many}, values | many, 0, start
    ).compared[0]
    assert among.p == pytest.approx(4 * one.p)


def test_nothing_to_learn_from_is_said() -> None:
    told = nothing_learned(USUAL_WEIGHTS, "nobody likes two products").as_json()
    assert told["chosen"] == USUAL
    assert told["weights"] == USUAL_WEIGHTS.as_dict()
