"""Multi-task learning: a linear map W of the phrase vectors and the fusion weights, by one objective.

L = MSE(predicted rating, rating) + ranking term + lambda * D. The predicted rating is an affine function of the final
score. With p = softmax(s * final score) over what a shopper does not have, s learned, the ranking term is -log p of the
chosen product (every other product is a negative), and D is |sum_i p_i e_i|^2 with unit reference vectors e_i, the
expected similarity of two products drawn from p. W = I + A B starts at the identity, and its distance from it is held
down.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from recsys.errors import SettingsError
from recsys.parallel import one_thread
from recsys.progress import Progress, silent
from recsys.ranking.rank import LEAST_LEAD, N_BEST
from recsys.scorers.base import FloatArray
from recsys.scorers.phrase_weights import LEAST_LENGTH
from recsys.settings import COMPONENTS, FusionSettings, require_seed
from recsys.training.pairs import SEMANTIC, Pairs

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LEAST_WEIGHT = 0.01
"""A component that starts with less could hardly be found again: a softmax moves small shares slowly."""

Device = Literal["auto", "cpu", "cuda"]


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
class MultitaskResult:
    """The result of multi-task learning.

    `head`: W, float32 of shape (n_dims, n_dims), for `SemanticScorer.with_head`; None where it was not learned;
    `epochs`: times that the pairs were gone through for it; 0 where nothing was better than the start; `losses`:
    ranking term and diversity term on validation, before the first epoch and after each; empty without it.
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
) -> MultitaskResult:
    """Learn W and the weights.

    `reference`: float32 of shape (n_items, n_encoder_dims), unit vectors e_i, zeros without words; `validation`: pairs
    that decide when to stop, by how well they are ranked and how alike what is ranked high is; without them all epochs
    are gone through.

    Raises Cancelled: the reporter asked to stop; SettingsError: a GPU is asked for where there is none.
    """
    import torch

    settings, stage = settings or MultitaskSettings(), "learning the head and the weights"
    with one_thread():
        model = Objective(pairs, reference, start, settings)
        optimiser, order = torch.optim.Adam(model.parameters()), np.random.default_rng(settings.seed)
        losses = [model.judged_on(validation)] if validation is not None else []
        best = MultitaskResult(model.learned_head(), model.fusion(), 0)
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
                best = MultitaskResult(model.learned_head(), model.fusion(), epoch)
        progress(stage, settings.epochs, settings.epochs)
        return replace(best, losses=tuple(losses))


def device_of(name: Device) -> "torch.device":
    """The device of a name; "auto" is the first GPU, if any. Raises SettingsError: "cuda" without a GPU."""
    import torch

    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise SettingsError("device='cuda', but PyTorch finds no GPU here; use 'cpu', or 'auto' for a GPU if there is")
    return torch.device("cuda:0" if there and name != "cpu" else "cpu")


class Objective:
    """The parameters, and the objective of some pairs as a function of them."""

    def __init__(self, pairs: Pairs, reference: FloatArray, start: FusionSettings, settings: MultitaskSettings) -> None:
        self.device = device_of(settings.device)
        self.settings = settings
        n_dims = pairs.items.shape[1]
        rank = min(settings.rank, n_dims)
        random = np.random.default_rng(settings.seed).standard_normal((n_dims, rank)) / np.sqrt(n_dims)
        shares = np.maximum(list(start.factors().values()), LEAST_WEIGHT)
        rated = pairs.ratings[~np.isnan(pairs.ratings)]
        self.down = self._parameter(random)
        self.up = self._parameter(np.zeros((rank, n_dims)))
        self.logits = self._parameter(np.log(shares))
        self.log_scale = self._parameter(np.array(0.0))
        self.affine = self._parameter(np.array([rated.mean() if len(rated) else 0.0, 0.0]))
        self.reference = self._sent(reference)

    def parameters(self) -> list[dict[str, object]]:
        """What is learned, as an optimiser takes it."""
        return [
            {"params": [self.down, self.up] if self.settings.head else [], "lr": self.settings.rate},
            {"params": [self.logits, self.log_scale, self.affine], "lr": 10 * self.settings.rate},
        ]

    def head(self) -> "Tensor":
        """W, of shape (n_dims, n_dims)."""
        import torch

        identity = torch.eye(len(self.down), device=self.device)
        return identity + self.down @ self.up if self.settings.head else identity

    def distance(self) -> "Tensor":
        """What is held down: how far W is from the identity."""
        return self.settings.pull * (self.down @ self.up).square().sum()

    def learned_head(self) -> FloatArray | None:
        """W as it is now; None where it is not learned."""
        if not self.settings.head:
            return None
        return np.asarray(self.head().detach().cpu().numpy())

    def fusion(self) -> FusionSettings:
        """The weights as they are now."""
        shares = self.logits.detach().double().softmax(0).tolist()
        return FusionSettings.of_factors(shares)

    def semantic(self, pairs: Pairs, rows: NDArray[np.intp], head: "Tensor") -> "Tensor":
        """Raw semantic scores of some pairs over the catalogue, of shape (n_rows, n_items)."""
        items = _unit(self._sent(pairs.items) @ head)
        shares = self._sent(pairs.shares[rows].toarray())
        against = _unit(shares @ items + self._sent(pairs.own[rows]) @ head) @ self._sent(pairs.metric)
        asked = pairs.asked[rows]
        left = _unit(self._sent(pairs.items[asked] - pairs.said[rows]) @ head)
        return (against @ items.T).scatter(
            1, self._sent(asked.astype(np.int64)).unsqueeze(1), (against * left).sum(1, keepdim=True)
        )

    def final(self, pairs: Pairs, rows: NDArray[np.intp]) -> tuple["Tensor", "Tensor"]:
        """Final scores of some pairs, of shape (n_rows, n_items), and s."""
        import torch

        semantic = _standardised(self.semantic(pairs, rows, self.head()), self._sent(pairs.hidden[rows].toarray()))
        scores = self._sent(pairs.scores[rows])
        others = torch.tensor([name != "semantic" for name in COMPONENTS], device=self.device)
        weights = self.logits.softmax(0)
        final = torch.einsum("k,pki->pi", weights * others, scores) + weights.select(0, SEMANTIC) * semantic
        return final, self.log_scale.exp()

    def loss(self, pairs: Pairs, rows: NDArray[np.intp], *, rating: bool, ranking: bool) -> "Tensor":
        """Mean objective of some pairs, without what is held down."""
        import torch

        final, scale = self.final(pairs, rows)
        at = self._sent(pairs.asked[rows].astype(np.int64)).unsqueeze(1)
        hidden = self._sent(pairs.hidden[rows].toarray())
        log_chances = (scale * final).masked_fill(hidden, -torch.inf).log_softmax(1)
        total = final.new_zeros(())
        liked = self._sent(pairs.liked[rows])
        if ranking:
            total = total - (log_chances.gather(1, at).squeeze(1) * liked).sum() / max(len(rows), 1)
        rated = np.flatnonzero(~np.isnan(pairs.ratings[rows]))
        if rating and len(rated):
            level, slope = self.affine.unbind()
            predicted = level + slope * final.gather(1, at).squeeze(1).index_select(0, self._sent(rated))
            total = total + (predicted - self._sent(pairs.ratings[rows][rated])).square().mean()
        if self.settings.diversity > 0:
            # With s held, or D would be lowered by chance in place of order: everything a little, at a smaller s.
            shown = (scale.detach() * final).masked_fill(hidden, -torch.inf).softmax(1)
            total = total + self.settings.diversity * (shown @ self.reference).square().sum(1).mean()
        return total

    def judged_on(self, pairs: Pairs) -> float:
        """Mean objective of held-out pairs, whose stars say nothing: they were held out because they were liked."""
        import torch

        parts = list(batches(np.arange(len(pairs)), 512))
        with torch.no_grad():
            losses = [float(self.loss(pairs, rows, rating=False, ranking=True)) for rows in parts]
        return float(np.average(losses, weights=[len(rows) for rows in parts]))

    def _parameter(self, values: NDArray[np.floating]) -> "Tensor":
        import torch

        return torch.tensor(values, dtype=torch.float32, device=self.device, requires_grad=True)

    def _sent(self, values: NDArray[np.generic]) -> "Tensor":
        import torch

        return torch.from_numpy(np.array(values)).to(self.device)


def batches(rows: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    """The rows in parts of one size, each sorted."""
    for start in range(0, len(rows), size):
        yield np.sort(rows[start : start + size])


def _unit(vectors: "Tensor") -> "Tensor":
    """Rows of length 1, or 0 where they say nothing, as `phrase_weights.unit` has it."""
    import torch

    lengths = vectors.square().sum(1, keepdim=True).clamp_min(1e-20).sqrt()
    return torch.where(lengths > LEAST_LENGTH, vectors / lengths, torch.zeros_like(vectors))


def _standardised(raw: "Tensor", hidden: "Tensor") -> "Tensor":
    """As `rank.Standardised` has it, by what is not hidden."""
    import torch

    n_counting = hidden.logical_not().sum(1, keepdim=True)
    mean = raw.masked_fill(hidden, 0).sum(1, keepdim=True) / n_counting
    n_best = (n_counting // 2).clamp(1, N_BEST)  # as `rank.n_best`
    best = raw.masked_fill(hidden, -torch.inf).topk(min(N_BEST, raw.shape[1]), dim=1).values
    among = torch.arange(best.shape[1], device=raw.device) < n_best
    lead = best.masked_fill(among.logical_not(), 0).sum(1, keepdim=True) / n_best - mean
    telling = lead > LEAST_LEAD * mean.abs().clamp_min(LEAST_LEAD)
    return torch.where(telling, (raw - mean) / lead.clamp_min(1e-20), torch.zeros_like(raw))
