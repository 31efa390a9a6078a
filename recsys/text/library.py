"""The phrases of a shop with their vectors, encoded once on this machine and never again."""

from recsys.data.dataset import Dataset
from recsys.progress import Progress, silent
from recsys.text.cache import EmbeddingCache
from recsys.text.encoder import PhraseEncoder
from recsys.text.phrasebook import Phrasebook, build_phrasebook


def make_phrasebook(data: Dataset, progress: Progress = silent) -> Phrasebook:
    """Find, encode and collect the phrases of a data set, with the packaged encoder and the cache on disk."""
    return build_phrasebook(data, PhraseEncoder(cache=EmbeddingCache()), progress)
