"""The paper's multi-task objective: a linear map W of the phrase vectors and the fusion weights, learned together.

L = MSE(predicted rating, rating) + ranking term + lambda * D. The predicted rating is an affine function of the final
score. With p = softmax(s * final score) over what a shopper does not have, s learned, the ranking term is -log p of the
product that was chosen (a softmax over the whole catalogue: every other product is a negative), and D is
|sum_i p_i e_i|^2 with unit reference vectors e_i, the expected similarity of two products drawn from p. W = I + A B
starts at the identity, and its distance from it is held down.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from recsys.errors import SettingsError
from recsys.progress import Progress, silent
from recsys.scorers.base import FloatArray
from recsys.settings import FusionSettings, require_seed
from recsys.training.objective import Device, Objective, batches
from recsys.training.pairs import Pairs


@dataclass(frozen=True, slots=True)
class MultitaskSettings:
    """Settings of multi-task learning.

    Parameters
    ----------
    diversity : lambda, the weight of D
    rating, ranking : whether the term is part of the objective
    head : whether W is learned; else the weights alone
    rank : of what is added to the identity
    pull : weight of the sum of squares of what is added to the identity
    rate : step size of W; that of the few other parameters is ten times as large
    epochs : at most so many times through the pairs
    patience : epochs without a lower loss on validation after which it ends
    batch : pairs a step
    seed : of the start and of the order of the pairs
    device : "auto" takes a GPU where there is one. Not tested on a GPU; sums in another order make results there differ
        from those of the processor, and may differ from run to run
    """

    diversity: float = 0.0
    rating: bool = True
    ranking: bool = True
    head: bool = True
    rank: int = 48
    pull: float = 0.003
    rate: float = 3e-4
    epochs: int = 30
    patience: int = 4
    batch: int = 256
    seed: int = 0
    device: Device = "auto"

    def __post_init__(self) -> None:
        if not (self.diversity >= 0 and self.pull >= 0 and self.rate > 0):
            raise SettingsError(
                f"diversity={self.diversity}, pull={self.pull} and rate={self.rate} are not usable; the first two must "
                "be at least 0 and the rate above it"
            )
        if self.device not in get_args(Device):
            raise SettingsError(f"device={self.device!r} is not known; use one of {', '.join(get_args(Device))}")
        if not (self.rating or self.ranking):
            raise SettingsError("nothing says what is good; keep the rating term or the ranking term")
        if min(self.rank, self.epochs, self.patience, self.batch) < 1:
            raise SettingsError("rank, epochs, patience and batch must all be at least 1")
        require_seed(self.seed)


@dataclass(frozen=True, eq=False, slots=True)
class Learned:
    """What came out.

    Parameters
    ----------
    head : W, float32 of shape (n_dims, n_dims), for `SemanticScorer.with_head`; None where it was not learned
    fusion : the weights
    epochs : times that the pairs were gone through for it; 0 where nothing was better than the start
    losses : ranking term and diversity term on validation, before the first epoch and after each; empty without it
    """

    head: FloatArray | None
    fusion: FusionSettings
    epochs: int
    losses: tuple[float, ...] = ()


def learn(
    pairs: Pairs,
    reference: FloatArray,
    start: FusionSettings,
    settings: MultitaskSettings | None = None,
    validation: Pairs | None = None,
    progress: Progress = silent,
) -> Learned:
    """Learn W and the weights.

    Parameters
    ----------
    pairs : to learn from
    reference : float32 of shape (n_items, n_encoder_dims), unit vectors e_i, zeros without words
    start : the weights to begin with
    validation : pairs that decide when to stop, by how well they are ranked and how alike what is ranked high is;
        without them all epochs are gone through

    Raises Cancelled: the reporter asked to stop; SettingsError: a GPU is asked for where there is none.
    """
    import torch

    settings, stage = settings or MultitaskSettings(), "learning the head and the weights"
    with _one_core():
        model = Objective(pairs, reference, start, settings)
        optimiser, order = torch.optim.Adam(model.parameters()), np.random.default_rng(settings.seed)
        losses = [model.judged_on(validation)] if validation is not None else []
        best = Learned(model.learned_head(), model.fusion(), 0)
        for epoch in range(1, settings.epochs + 1):
            progress(stage, epoch - 1, settings.epochs)
            for rows in batches(order.permutation(len(pairs)), settings.batch):
                optimiser.zero_grad()
                loss = model.loss(pairs, rows, rating=settings.rating, ranking=settings.ranking) + model.distance()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                progress(stage, epoch - 1, settings.epochs)
            if validation is not None:
                losses.append(model.judged_on(validation))
                if len(losses) - 1 - int(np.argmin(losses)) >= settings.patience:
                    break
            if validation is None or int(np.argmin(losses)) == epoch:
                best = Learned(model.learned_head(), model.fusion(), epoch)
        progress(stage, settings.epochs, settings.epochs)
        return replace(best, losses=tuple(losses))


@contextmanager
def _one_core() -> Iterator[None]:
    """Steps are small: threads that meet after every operation took 30 times as long on two cores that were busy."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
