"""Collaborative component: what shoppers did, by the engine that suits the shop.

An engine is LightFM, ItemKNN or EASE. LightFM is always fitted beside the one that is chosen
(`recsys.training.engine_choice`): it speaks for shoppers of whom no like is known, since only it knows regions and what
is liked in general.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from recsys.progress import Progress
from recsys.scorers.base import NO_ROW, Fitting, FloatArray, Requests, ScorePart, Scorer, ScorerState
from recsys.scorers.item_links import EASEScorer, EASESettings, ItemKNNScorer, ItemKNNSettings, ItemLinksScorer
from recsys.scorers.lightfm import LightFMScorer, LightFMSettings

EngineName = Literal["lightfm", "item_knn", "ease"]

ENGINE_CLASSES: Mapping[str, type[Scorer]] = {
    scorer.name: scorer for scorer in (LightFMScorer, ItemKNNScorer, EASEScorer)
}


@dataclass(frozen=True, slots=True)
class CollaborativeSettings:
    """The chosen engine, and the settings of each.

    The defaults are what serves most of twelve shops well; they stand where a shop has too few shoppers to choose by.
    """

    engine: EngineName = "ease"
    lightfm: LightFMSettings = field(default_factory=LightFMSettings)
    item_knn: ItemKNNSettings = field(default_factory=lambda: ItemKNNSettings(half_life_days=180.0))
    ease: EASESettings = field(default_factory=lambda: EASESettings(attribute_weight=1.0, half_life_days=180.0))

    def __post_init__(self) -> None:
        if self.engine not in get_args(EngineName):
            raise ValueError(f"engine={self.engine!r} is not known; use one of {', '.join(get_args(EngineName))}")


class CollaborativeScorer(Scorer):
    """The chosen engine for shoppers of whom a like is known, LightFM for all others."""

    name, label, SETTINGS = "collaborative", "Collaborative", CollaborativeSettings

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        wanted = dict.fromkeys(("lightfm", self.settings.engine))
        self.engines: dict[str, Scorer] = {
            name: ENGINE_CLASSES[name](getattr(self.settings, name)).fit(fitting, progress) for name in wanted
        }

    @property
    def lightfm(self) -> LightFMScorer:
        """LightFM, chosen or not."""
        engine = self.engines["lightfm"]
        assert isinstance(engine, LightFMScorer)
        return engine

    @property
    def links(self) -> ItemLinksScorer | None:
        """The chosen engine if it links products to products, else None."""
        engine = self.engines[self.settings.engine]
        return engine if isinstance(engine, ItemLinksScorer) else None

    @property
    def features(self) -> frozenset[str]:
        """Names of the attributes ("brand:Northpeak") and regions ("region:north") that can be left out."""
        return self.lightfm.features

    def _is_linked(self, user_rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether the chosen engine speaks for each shopper, and it is not LightFM."""
        links = self.links
        if links is None:
            return np.zeros(len(user_rows), bool)
        n_likes = np.diff(links.likes.indptr)
        return np.asarray((user_rows != NO_ROW) & (n_likes[user_rows] > 0))

    def _score(self, requests: Requests) -> FloatArray:
        linked = self._is_linked(requests.user_rows)
        if not linked.any():
            return self.lightfm.score(requests)
        assert self.links is not None
        scores = self.links.score(requests)
        others = np.flatnonzero(~linked)
        if len(others):
            scores[others] = self.lightfm.score(requests.some(others))
        return scores

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        linked = self._is_linked(requests.user_rows[request : request + 1])[0]
        engine = self.links if linked and self.links is not None else self.lightfm
        return engine.contributions(requests, request, item_row)

    def _state(self) -> ScorerState:
        states = {name: engine.state() for name, engine in self.engines.items()}
        arrays = {f"{name}.{key}": array for name, state in states.items() for key, array in state.arrays.items()}
        return ScorerState(
            arrays, {"settings": asdict(self.settings), **{name: state.meta for name, state in states.items()}}
        )

    def _restore(self, state: ScorerState) -> None:
        settings: Mapping[str, Any] = state.meta["settings"]
        self.settings = CollaborativeSettings(
            settings["engine"],
            LightFMSettings(**settings["lightfm"]),
            ItemKNNSettings(**settings["item_knn"]),
            EASESettings(**settings["ease"]),
        )
        self.engines = {}
        for name in dict.fromkeys(("lightfm", self.settings.engine)):
            arrays = {key.removeprefix(f"{name}."): a for key, a in state.arrays.items() if key.startswith(f"{name}.")}
            self.engines[name] = ENGINE_CLASSES[name].from_state(ScorerState(arrays, state.meta[name]))
