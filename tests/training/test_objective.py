"""The objective and its gradient, held against plain numpy; and where it is computed."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from recsys.data.dataset import Dataset
from recsys.errors import SettingsError
from recsys.ranking.rank import Standardised
from recsys.scorers.base import Fitting
from recsys.scorers.phrase_weights import unit
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings
from recsys.text.phrasebook import build_phrasebook
from recsys.training import multitask
from recsys.training.multitask import MultitaskSettings, Objective, device_of, learn
from recsys.training.pairs import SEMANTIC, Pairs, training_pairs
from tests._encoder import WordEncoder
from tests.training._learner import planted

START = FusionSettings(0.4, 0.1, 0.3, 0.2)
SETTINGS = MultitaskSettings(diversity=0.7, rank=3, pull=0.2, seed=4, device="cpu")
NAMES = ("down", "up", "logits", "log_scale", "affine")
Values = Mapping[str, np.ndarray]


@pytest.fixture
def pairs(tiny_data: Dataset) -> Pairs:
    """With own words, likes, what is hidden, and stars for some."""
    semantic = SemanticScorer().fit(Fitting(tiny_data, build_phrasebook(tiny_data, WordEncoder())))
    pairs = training_pairs(tiny_data, semantic)
    assert 0 < np.isnan(pairs.ratings).sum() < len(pairs)
    return pairs


def somewhere(model: Objective) -> Values:
    """Moves every parameter off its start."""
    random, found = np.random.default_rng(8), {}
    for name in NAMES:
        parameter = getattr(model, name)
        found[name] = np.asarray(parameter.detach().numpy() + 0.3 * random.standard_normal(parameter.shape))
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(found[name]))
    return found


def by_hand(pairs: Pairs, reference: np.ndarray, given: Values, s_of: Values) -> float:
    """The whole objective of all pairs, one at a time; in D, s is that of other parameters, which are held."""
    head = np.eye(len(given["down"])) + given["down"] @ given["up"]
    ranking, errors, diversity = 0.0, [], 0.0
    for place, asked in enumerate(pairs.asked):
        items = unit(pairs.items.astype(np.float64) @ head)
        profile = pairs.shares[[place]].toarray()[0] @ items + pairs.own[place] @ head
        profile = unit(profile[None])[0] @ pairs.metric
        raw = items @ profile
        raw[asked] = unit(((pairs.items[asked] - pairs.said[place]) @ head)[None])[0] @ profile
        weights = np.exp(given["logits"])
        weights /= weights.sum()
        scores = pairs.scores[place].astype(np.float64)
        hidden = pairs.hidden[[place]].toarray()[0]
        scores[SEMANTIC] = Standardised.of(raw[None], ~hidden).values[0]
        final = weights @ scores
        ranking -= np.log(_likely(final, given["log_scale"], hidden)[asked]) * pairs.liked[place]
        shown = _likely(final, s_of["log_scale"], hidden)
        diversity += np.square(shown @ reference).sum()
        if not np.isnan(pairs.ratings[place]):
            errors.append(given["affine"][0] + given["affine"][1] * final[asked] - pairs.ratings[place])
    loss = (ranking + SETTINGS.diversity * diversity) / len(pairs) + np.square(errors).mean()
    return float(loss + SETTINGS.pull * np.square(head - np.eye(len(head))).sum())


def _likely(final: np.ndarray, log_s: float, hidden: np.ndarray) -> np.ndarray:
    odds = np.exp(np.exp(log_s) * final) * ~hidden
    return odds / odds.sum()


def test_objective_and_gradient_are_those_of_plain_arithmetic(pairs: Pairs) -> None:
    reference = unit(np.random.default_rng(1).standard_normal((len(pairs.items), 5)).astype(np.float32))
    model = Objective(pairs, reference, START, SETTINGS)
    given = somewhere(model)
    loss = model.loss(pairs, np.arange(len(pairs)), rating=True, ranking=True) + model.distance()
    assert loss.item() == pytest.approx(by_hand(pairs, reference, given, given), rel=1e-4)
    loss.backward()
    for name, places in {"logits": range(4), "affine": range(2), "up": range(0, 60, 17)}.items():
        slopes = getattr(model, name).grad.numpy().ravel()
        for place in places:
            ends = []
            for step in (-1e-4, 1e-4):
                moved = {**given, name: given[name].copy()}
                moved[name].flat[place] += step
                ends.append(by_hand(pairs, reference, moved, given))
            assert slopes[place] == pytest.approx((ends[1] - ends[0]) / 2e-4, rel=0.01, abs=2e-4), (name, place)


def test_the_learner_puts_scores_on_the_scale_of_lists() -> None:
    """With some of the products hidden, many or all but a few, ties, and components that tell nothing apart."""
    random = np.random.default_rng(5)
    raw = random.standard_normal((9, 40)).astype(np.float32)
    raw[1], raw[2] = 3.25, np.nextafter(np.float32(1000), np.float32([0, 2000] * 20))
    raw[3] = random.integers(0, 3, 40)
    raw[4, 11] = 500
    hidden = random.random((9, 40)) < 0.3
    hidden[5] = False
    for row, n_counting in ((6, 1), (7, 2), (8, 13)):
        hidden[row] = np.arange(40) >= n_counting
    raw[hidden] += 50  # what a shopper has is nearest
    found = multitask._standardised(torch.from_numpy(raw), torch.from_numpy(hidden)).numpy()
    for row in range(9):
        expected = Standardised.of(raw[[row]], ~hidden[row]).values[0]
        np.testing.assert_allclose(found[row], expected, rtol=1e-5, atol=1e-5)
    assert [not found[row].any() for row in range(9)] == [False, True, True, False, False, False, True, False, False]


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    some = planted(20, 1)
    with pytest.raises(SettingsError, match="device='cuda', but PyTorch finds no GPU here; use 'cpu', or 'auto'"):
        learn(some, unit(some.items), START, MultitaskSettings(device="cuda"))
    assert device_of("auto").type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [device_of(each).type for each in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


def test_nothing_is_left_on_the_processor_where_a_gpu_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walked with tensors that know their device and hold no numbers; gradients cannot be walked without a GPU."""
    monkeypatch.setattr(multitask, "device_of", lambda name: torch.device("cuda:0"))
    some, rows = planted(40, 1), np.arange(30)
    settings = MultitaskSettings(diversity=1.0, rank=4)
    with FakeTensorMode(), torch.no_grad():
        model = Objective(some, unit(some.items), START, settings)
        loss = model.loss(some, rows, rating=True, ranking=True) + model.distance()
        assert (loss.device.type, loss.shape) == ("cuda", ())
        here = Objective._sent
        monkeypatch.setattr(Objective, "_sent", lambda self, values: here(self, values).cpu())
        with pytest.raises(RuntimeError, match="two devices"):
            model.loss(some, rows, rating=True, ranking=True)
