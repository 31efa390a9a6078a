"""A tiny sentence-transformers model on disk: a random BERT of two layers, whose vocabulary is some words."""

import json
import os
from pathlib import Path

WORDS = (
    "a the tent light warm and so soft it is noisy boils fast but dry stayed all night good pitch rain in to sturdy "
    "mug lamp bright battery dead cedar scent lovely for of blanket stove zelt leichtes ich suche ein"
)
N_DIMS = 32


def make_model_folder(folder: Path, *, languages: object = None, seed: int = 0) -> Path:
    """Write the model; `languages` is what its model card lists, None for nothing."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from transformers import BertConfig, BertModel, BertTokenizerFast

    bert = folder.parent / f"{folder.name}-bert"
    bert.mkdir(parents=True)
    letters = [*"abcdefghijklmnopqrstuvwxyz", *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *dict.fromkeys(WORDS.split())]
    (bert / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)))
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(dict.fromkeys(vocabulary)),
        hidden_size=N_DIMS,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(bert)
    BertTokenizerFast(str(bert / "vocab.txt")).save_pretrained(bert)
    model = SentenceTransformer(modules=[modules.Transformer(str(bert)), modules.Pooling(N_DIMS)], device="cpu")
    model.save(str(folder))
    front = "" if languages is None else f"language: {json.dumps(languages)}\n"
    (folder / "README.md").write_text(f"---\n{front}tags: []\n---\n\n# Tiny\n")
    return folder
