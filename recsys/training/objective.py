"""The multi-task objective of `multitask` as a function of what is learned: the map, the weights, two scales."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from recsys.errors import SettingsError
from recsys.ranking.fusion import LEAST_SPREAD
from recsys.scorers.base import FloatArray
from recsys.scorers.phrase_weights import LEAST_LENGTH
from recsys.settings import COMPONENTS, FusionSettings
from recsys.training.pairs import SEMANTIC, Pairs

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from recsys.training.multitask import MultitaskSettings

LEAST_WEIGHT = 0.01
"""A component that starts with less could hardly be found again: a softmax moves small shares slowly."""

Device = Literal["auto", "cpu", "cuda"]


def device_of(name: Device) -> "torch.device":
    """Where to compute; "auto" is the first GPU where there is one, else the processor.

    Raises SettingsError: "cuda" where PyTorch finds no GPU.
    """
    import torch

    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise SettingsError("device='cuda', but PyTorch finds no GPU here; use 'cpu', or 'auto' for a GPU if there is")
    return torch.device("cuda:0" if there and name != "cpu" else "cpu")


class Objective:
    """The parameters, and the objective of some pairs as a function of them."""

    def __init__(
        self, pairs: Pairs, reference: FloatArray, start: FusionSettings, settings: "MultitaskSettings"
    ) -> None:
        self.device = device_of(settings.device)
        self.settings = settings
        n_dims = pairs.items.shape[1]
        rank = min(settings.rank, n_dims)
        random = np.random.default_rng(settings.seed).standard_normal((n_dims, rank)) / np.sqrt(n_dims)
        shares = np.maximum(list(start.normalised().values()), LEAST_WEIGHT)
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
        return FusionSettings(**dict(zip(COMPONENTS, shares, strict=True)))

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

        semantic = _standardised(self.semantic(pairs, rows, self.head()))
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


def _standardised(raw: "Tensor") -> "Tensor":
    """As `fusion.Standardised` has it."""
    import torch

    mean = raw.mean(1, keepdim=True)
    spread = (raw - mean).square().mean(1, keepdim=True).clamp_min(1e-20).sqrt()
    telling = spread > LEAST_SPREAD * mean.abs().clamp_min(LEAST_SPREAD)
    return torch.where(telling, (raw - mean) / spread, torch.zeros_like(raw))
