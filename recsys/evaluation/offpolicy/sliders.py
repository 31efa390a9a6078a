"""Settings of the sliders judged by a shop's own log: how much of them the log can tell, and what it tells.

Weights of the traditional and of the full mix are chosen on validation shoppers of what came before the pages that are
judged. Each mix is asked about as a list of its best products, and as policies that keep more or less close to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.offpolicy.estimators import Log, lift
from recsys.evaluation.offpolicy.judging import Estimated, Judged
from recsys.evaluation.offpolicy.logs import ClickLog
from recsys.evaluation.offpolicy.pages import middle_of
from recsys.evaluation.offpolicy.policies import SoftPolicy, top_lists
from recsys.evaluation.protocol import EvaluationSettings, choose_weights, split_of
from recsys.evaluation.significance import Interval
from recsys.progress import Progress, silent
from recsys.scorers.base import FloatArray
from recsys.settings import FusionSettings
from recsys.text.phrasebook import Phrasebook
from recsys.training.choosing import choose_context

TEMPERATURES = (0.25, 0.5, 1.0)
MAIN_TEMPERATURE = 1.0
"""One deviation of the score makes a product 2.7 times as frequent; a log of the demo's size carries it well."""

N_LISTED = 4
"""Length of the lists that are asked about."""


@dataclass(frozen=True, eq=False)
class Sliders:
    """Two mixes on judged pages.

    Parameters
    ----------
    cut_s : pages from this moment on are judged, in seconds since 1970
    weights : of "traditional" and "full"
    """

    cut_s: int
    weights: Mapping[str, FusionSettings]
    judged: Judged
    seed: int

    @classmethod
    def of(
        cls, log: ClickLog, book: Phrasebook, settings: EvaluationSettings, progress: Progress = silent
    ) -> "Sliders":
        """Choose weights on the first half of the log's time, and judge the pages of the second.

        Raises
        ------
        DataError : too little happened before the second half to choose weights on
        """
        assert log.data is not None
        cut = middle_of(log)
        before = log.data.until(cut)
        split = split_of(before, settings)
        chosen = choose_context(before, split.rounds("validation"), settings.split, settings.seed, progress)
        weights = choose_weights(before, split, book, settings, progress, chosen)
        judged = Judged.of(log, cut, book, settings.seed, progress, chosen.settings())
        return cls(cut, weights, judged, settings.seed)

    def chances(self, name: str, temperature: float) -> FloatArray:
        """Of every product on every page, under a mix as a policy: float32 of shape (n_pages, n_items)."""
        policy = SoftPolicy(self.weights[name], temperature)
        return policy.chances(self.judged.scores, self.judged.eligible)

    def lists(self, name: str) -> NDArray[np.int64]:
        """The best products of every page, item rows of shape (n_pages, N_LISTED)."""
        return top_lists(self.judged.scores, self.weights[name], self.judged.eligible, N_LISTED)

    @cached_property
    def logs(self) -> Mapping[tuple[str, float], Log]:
        """The judged impressions as each mix at each temperature sees them."""
        asked = [(name, temperature) for name in self.weights for temperature in TEMPERATURES]
        return dict(zip(asked, self.judged.log(*(self.chances(*one) for one in asked)), strict=True))

    @cached_property
    def estimated(self) -> Mapping[tuple[str, float], Estimated]:
        """What the log says of each; temperature 0 is the list itself."""
        listed = {(name, 0.0): self.judged.listed(self.lists(name)) for name in self.weights}
        return {asked: Estimated.of(log, seed=self.seed) for asked, log in {**listed, **self.logs}.items()}

    def lift(self, temperature: float) -> Interval:
        """Of the full mix over the traditional one, doubly robust."""
        return lift(self.logs["full", temperature], self.logs["traditional", temperature], seed=self.seed)
