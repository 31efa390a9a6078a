"""A planted shop to learn from, and the learner's own arithmetic, to be held against the component's."""

import numpy as np
import torch
from scipy import sparse

from recsys.scorers.phrase_weights import unit
from recsys.settings import COMPONENTS, FusionSettings
from recsys.training.multitask import MultitaskSettings, Objective
from recsys.training.pairs import Pairs

N_ITEMS, N_DIMS, N_TELLING = 60, 8, 2


def planted(n_pairs: int, seed: int) -> Pairs:
    """Shoppers choose by the first two dimensions of what they wrote; the others speak louder and mean nothing."""
    shop, random = np.random.default_rng(0), np.random.default_rng(seed)
    loud = np.where(np.arange(N_DIMS) < N_TELLING, 0.5, 1.0)
    items = (shop.standard_normal((N_ITEMS, N_DIMS)) * loud).astype(np.float32)
    own = (random.standard_normal((n_pairs, N_DIMS)) * loud).astype(np.float32)
    pull = 12 * own[:, :N_TELLING] @ items[:, :N_TELLING].T + random.gumbel(size=(n_pairs, N_ITEMS))
    asked = pull.argmax(1).astype(np.int32)
    noise = random.standard_normal((n_pairs, len(COMPONENTS), N_ITEMS)).astype(np.float32)
    nothing = sparse.csr_array((n_pairs, N_ITEMS), dtype=np.float32)
    chosen = unit(own) @ unit(items).T
    ratings = np.where(chosen[np.arange(n_pairs), asked] > 0, 5, 4).astype(np.float32)
    ratings[::3] = np.nan
    return Pairs(
        items=items,
        metric=np.eye(N_DIMS, dtype=np.float32),
        shares=nothing,
        own=own,
        asked=asked,
        said=np.zeros_like(own),
        scores=noise,
        hidden=nothing.astype(bool),
        liked=np.ones(n_pairs, bool),
        ratings=ratings,
    )


def semantic_scores(pairs: Pairs, head: np.ndarray | None = None) -> np.ndarray:
    """Raw semantic scores of all pairs over the catalogue, of shape (n_pairs, n_items)."""
    n_items, n_dims = pairs.items.shape
    model = Objective(pairs, np.zeros((n_items, 1), np.float32), FusionSettings(), MultitaskSettings())
    mapped = torch.eye(n_dims) if head is None else torch.from_numpy(head)
    with torch.no_grad():
        return model.semantic(pairs, np.arange(len(pairs)), mapped.to(model.device)).cpu().numpy()
