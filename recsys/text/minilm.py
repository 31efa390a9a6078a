"""The forward pass of the packaged sentence encoder (a six-layer BERT), in plain torch.

Importing sentence-transformers takes as long as encoding two thousand phrases; and as a batch holds phrases of one
token length only, there is no padding and no mask. This module imports torch: import it late.

References
----------
Devlin et al. (2019), arXiv 1810.04805; Wang et al. (2020), arXiv 2002.10957; Reimers & Gurevych (2019),
arXiv 1908.10084.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

N_DIMS = 384
_N_LAYERS, _N_HEADS, _EPSILON = 6, 12, 1e-12

_Affine = tuple[Tensor, Tensor]


class MiniLM:
    """all-MiniLM-L6-v2: mean of the last layer over the tokens, scaled to unit length.

    `dtype`: of the arithmetic; sums within a layer norm or a matrix product are in float32 by torch.
    """

    def __init__(self, weights: Path, dtype: torch.dtype) -> None:
        tensors = load_file(weights)

        def affine(*names: str) -> _Affine:
            weight = torch.cat([tensors[f"{name}.weight"] for name in names])
            bias = torch.cat([tensors[f"{name}.bias"] for name in names])
            return weight.to(dtype), bias.to(dtype)

        self._dtype = dtype
        self._words = tensors["embeddings.word_embeddings.weight"]
        # Phrases are one segment each, so the segment embedding is a constant that can ride on the positions.
        self._positions = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._embedding_norm = affine("embeddings.LayerNorm")
        self._layers = [_Layer(f"encoder.layer.{layer}", affine) for layer in range(_N_LAYERS)]

    def encode(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Encode phrases of equal token length, int64 of shape (n_phrases, n_tokens), with start and end tokens.

        Returns float32 of shape (n_phrases, N_DIMS), unit length.
        """
        n_phrases, n_tokens = token_ids.shape
        with torch.inference_mode():
            embedded = self._words[torch.from_numpy(token_ids)] + self._positions[:n_tokens]
            state = _norm(embedded.to(self._dtype).view(-1, N_DIMS), self._embedding_norm)
            for layer in self._layers:
                state = layer(state, n_phrases, n_tokens)
            pooled = state.view(n_phrases, n_tokens, N_DIMS).float().mean(1)
            vectors: NDArray[np.float32] = F.normalize(pooled, dim=1).numpy()
        return vectors


class _Layer:
    """One transformer layer, after-norm; query, key and value share one matrix product."""

    def __init__(self, name: str, affine: Callable[..., _Affine]) -> None:
        self._query_key_value = affine(*(f"{name}.attention.self.{part}" for part in ("query", "key", "value")))
        self._attended = affine(f"{name}.attention.output.dense")
        self._attended_norm = affine(f"{name}.attention.output.LayerNorm")
        self._wide = affine(f"{name}.intermediate.dense")
        self._narrow = affine(f"{name}.output.dense")
        self._norm = affine(f"{name}.output.LayerNorm")

    def __call__(self, state: Tensor, n_phrases: int, n_tokens: int) -> Tensor:
        parts = F.linear(state, *self._query_key_value).view(n_phrases, n_tokens, 3, _N_HEADS, N_DIMS // _N_HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        heads = F.scaled_dot_product_attention(query, key, value)
        attended = F.linear(heads.transpose(1, 2).reshape(-1, N_DIMS), *self._attended)
        state = _norm(state + attended, self._attended_norm)
        widened = F.gelu(F.linear(state, *self._wide))
        return _norm(state + F.linear(widened, *self._narrow), self._norm)


def _norm(state: Tensor, affine: _Affine) -> Tensor:
    return F.layer_norm(state, (N_DIMS,), *affine, _EPSILON)
