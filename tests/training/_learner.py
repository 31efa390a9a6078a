"""The learner's own arithmetic, to be held against the component's."""

import numpy as np
import torch

from recsys.settings import FusionSettings
from recsys.training.left_out import Pairs
from recsys.training.multitask import MultitaskSettings, _Model


def semantic_scores(pairs: Pairs, head: np.ndarray | None = None) -> np.ndarray:
    """Raw semantic scores of all pairs over the catalogue, of shape (n_pairs, n_items)."""
    n_items, n_dims = pairs.items.shape
    model = _Model(pairs, np.zeros((n_items, 1), np.float32), FusionSettings(), MultitaskSettings())
    mapped = torch.eye(n_dims) if head is None else torch.from_numpy(head)
    with torch.no_grad():
        return model.semantic(pairs, np.arange(len(pairs)), mapped.to(model.device)).cpu().numpy()
