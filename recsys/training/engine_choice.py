"""The engine of the collaborative component, and its settings, chosen in few rungs on a shop's validation shoppers.

An engine is judged by the list that it gives together with the other components, not alone: what only repeats what the
trend or the attributes say already is worth little there. The others are mixed as serves best without it, and it joins
at several weights, of which the best counts. Where none is better than the usual engine beyond doubt, that stays.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.parallel import usable_cores
from recsys.progress import Progress, silent
from recsys.scorers.base import Fitting, FloatArray, Scorer
from recsys.scorers.collaborative import ENGINE_CLASSES, CollaborativeSettings, EngineName
from recsys.scorers.item_links import EASEScorer, ItemKNNScorer, ItemLinksScorer
from recsys.scorers.lightfm import LightFMScorer, LightFMSettings
from recsys.settings import COMPONENTS
from recsys.training.validation import ValidationShoppers
from recsys.training.weights import gains_of_weights, ndcg_of_weights, simplex_grid

K = 10
"""Cut-off of the nDCG by which engines are chosen."""

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8)
"""Weights at which an engine joins the other components."""

N_STEPS = 5
"""The other components are mixed by a grid of so many steps."""

LIGHTFM_STARTS = tuple(LightFMSettings(n_dims=dims, learning_rate=rate) for dims in (16, 64) for rate in (0.01, 0.03))
FIRST_RUNG, SECOND_RUNG, N_SECOND = 10, 30, 2
"""Epochs of all of `LIGHTFM_STARTS`, then of the best N_SECOND of them."""

MOST_ERRORS = 2.0
"""What looks better by less, in standard errors of the paired difference, may be luck."""

HALF_LIVES_DAYS = (180.0, 30.0, None)
ATTRIBUTE_WEIGHTS = (1.0, 0.0)

MANY_ITEMS = 4_000
"""Of more products EASE takes minutes, and is tried with the first of the attribute weights alone."""

GOES_BY: Mapping[EngineName, str] = {
    "lightfm": "what each shopper and each kind of product have shown to go together",
    "item_knn": "what the same shoppers like",
    "ease": "what the same shoppers like, and by which products are alike",
}
"""What each engine learns from, in words."""

STAGE = "choosing the collaborative engine"

COLLABORATIVE = COMPONENTS.index("collaborative")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine chosen for a shop.

    Parameters
    ----------
    settings : of the component
    tried : by engine, nDCG@K of the list with the best settings of it on validation shoppers, the best share chosen by
        them too; empty where they were too few, and the defaults stand
    n_shoppers : by whom it was chosen
    is_asked : a person asked for the engine, whatever serves best
    n_items : products of the shop, of which EASE holds the most liked ones alone where they are too many
    """

    settings: CollaborativeSettings = field(default_factory=CollaborativeSettings)
    tried: Mapping[str, float] = field(default_factory=dict)
    n_shoppers: int = 0
    is_asked: bool = False
    n_items: int = 0

    @property
    def name(self) -> EngineName:
        """Of the chosen engine."""
        return self.settings.engine

    def in_words(self) -> str:
        """A sentence for protocols.

        >>> EngineChoice().in_words()
        'The collaborative component is EASE with its default settings: too few validation shoppers to choose by.'
        """
        label = ENGINE_CLASSES[self.name].label
        if not self.tried:
            return (
                f"The collaborative component is {label} with its default settings: too few validation shoppers to "
                f"choose by.{self._left_out()}"
            )
        figures = ", ".join(f"{ENGINE_CLASSES[name].label} {ndcg:.4f}" for name, ndcg in self.tried.items())
        why = ", which stays unless another is better beyond doubt" if self._is_usual else ""
        why = ", as was asked for" if self.is_asked else why
        return (
            f"The collaborative component is {label} ({in_words(self.settings)}){why}: by nDCG@{K} of whole lists for "
            f"{self.n_shoppers:,} validation shoppers ({figures}).{self._left_out()}"
        )

    def in_brief(self) -> str:
        """The same for whoever uses the shop, without figures.

        >>> EngineChoice().in_brief()
        '“Collaborative” is EASE here: it goes by what the same shoppers like, and by which products are alike.'
        """
        words = f"“Collaborative” is {ENGINE_CLASSES[self.name].label} here: it goes by {GOES_BY[self.name]}"
        others = " and ".join(ENGINE_CLASSES[name].label for name in self.tried if name != self.name)
        if self.is_asked:
            words += ", as was asked for."
        elif not others:
            words += "."
        else:
            served = "served them no better beyond doubt" if self._is_usual else "served them worse"
            words += f". {others} were tried on {self.n_shoppers:,} shoppers and {served}."
        return words + self._left_out()

    def _left_out(self) -> str:
        held = self.settings.ease.max_items
        if self.name != "ease" or self.n_items <= held:
            return ""
        return (
            f" It links the {held:,} most liked of {self.n_items:,} products; the others gain and lose nothing by it."
        )

    @property
    def _is_usual(self) -> bool:
        return self.name == CollaborativeSettings().engine

    def as_json(self) -> dict[str, Any]:
        """For manifests and reports."""
        return {
            "engine": self.name,
            "label": ENGINE_CLASSES[self.name].label,
            "settings": asdict(getattr(self.settings, self.name)),
            "validation_ndcg": dict(self.tried),
            "n_shoppers": self.n_shoppers,
            "is_asked": self.is_asked,
            "in_words": self.in_words(),
            "in_brief": self.in_brief(),
        }


def in_words(settings: CollaborativeSettings) -> str:
    """The settings of the chosen engine, short.

    >>> in_words(CollaborativeSettings("ease"))
    'attributes at 1, half-life of likes 180 days'
    """
    if settings.engine == "lightfm":
        of = settings.lightfm
        return f"{of.n_dims} dimensions, {of.n_epochs} epochs at {of.learning_rate:g}"
    links = settings.ease if settings.engine == "ease" else settings.item_knn
    half_life = (
        "likes of any age alike"
        if links.half_life_days is None
        else f"half-life of likes {links.half_life_days:g} days"
    )
    return f"attributes at {settings.ease.attribute_weight:g}, {half_life}" if settings.engine == "ease" else half_life


def choose_engine(
    shoppers: ValidationShoppers, only: EngineName | None = None, progress: Progress = silent
) -> tuple[EngineChoice, Sequence[Scorer]]:
    """Choose on validation shoppers; also the chosen one, fitted on what each round knows.

    Another setting of an engine than the usual one (of LightFM: the quickest), and then another engine than the usual
    one, is taken where its lists are better, shopper by shopper, by more than MOST_ERRORS standard errors: of fifteen
    that are tried some look better by luck. `only`: the engine that a person has chosen; its settings alone are chosen.
    """
    usual, trials = CollaborativeSettings(), _Trials(shoppers, progress)
    trials.item_links()
    trials.lightfm(is_wanted=only == "lightfm")
    best = {name: _better_than_first(each) for name, each in trials.found.items()}
    others = [each for name, each in best.items() if name != usual.engine]
    chosen = best[only] if only else _better_than_first([best[usual.engine], *others])
    settings = replace(usual, **{name: getattr(each.settings, name) for name, each in best.items()})
    settings = replace(settings, engine=chosen.settings.engine)
    ndcg = {name: best[name].ndcg for name in ENGINE_CLASSES}
    n_items = shoppers.fittings[0].data.n_items
    return EngineChoice(settings, ndcg, shoppers.n_different, only is not None, n_items), chosen.scorers


@dataclass(frozen=True, eq=False, slots=True)
class _Candidate:
    """Settings, the scorers of all rounds, and nDCG@K of every shopper's list, float64 of shape (n_users,)."""

    settings: CollaborativeSettings
    scorers: Sequence[Scorer]
    gains: NDArray[np.float64]

    @property
    def ndcg(self) -> float:
        """The mean of `gains`."""
        return float(self.gains.mean())


def is_clearly_better(one: _Candidate, other: _Candidate) -> bool:
    """Whether lists are better, shopper by shopper, by more than MOST_ERRORS standard errors."""
    change = one.gains - other.gains
    return bool(change.mean() > MOST_ERRORS * change.std() / np.sqrt(len(change)))


def _better_than_first(candidates: Sequence[_Candidate]) -> _Candidate:
    best = max(candidates, key=lambda each: each.ndcg)
    return best if is_clearly_better(best, candidates[0]) else candidates[0]


class _Judge:
    """nDCG of lists that hold an engine beside the other components, whose mix is fixed."""

    def __init__(self, shoppers: ValidationShoppers) -> None:
        values, others = shoppers.scores.values, [at for at in range(len(COMPONENTS)) if at != COLLABORATIVE]
        points = simplex_grid(len(others), N_STEPS)
        grid = np.zeros((len(points), len(COMPONENTS)), np.float32)
        grid[:, others] = points
        mix = grid[int(np.argmax(ndcg_of_weights(shoppers.scores, grid, K)))]
        self._both = np.zeros((len(values), 2, values.shape[2]), np.float32)
        for at in others:
            self._both[:, 0] += mix[at] * values[:, at]
        self._scores = replace(shoppers.scores, values=self._both)
        self._grid = np.array([(1 - share, share) for share in SHARES], np.float32)

    def gains(self, scores: FloatArray) -> NDArray[np.float64]:
        """Of everybody at the best share, (n_users,), by an engine's standardised scores of (n_users, n_items)."""
        self._both[:, 1] = scores
        gains = gains_of_weights(self._scores, self._grid, K)
        gains = gains[:, ~np.isnan(gains[0])]
        return np.asarray(gains[int(np.argmax(gains.mean(axis=1)))])


class _Trials:
    """Everything that is tried, engine by engine; `found` holds it in order, the usual settings of item links first."""

    def __init__(self, shoppers: ValidationShoppers, progress: Progress) -> None:
        self.shoppers, self.progress, self.judge = shoppers, progress, _Judge(shoppers)
        is_large = shoppers.fittings[0].data.n_items > MANY_ITEMS
        self.attribute_weights = ATTRIBUTE_WEIGHTS[: 1 if is_large else None]
        self.n_all = len(LIGHTFM_STARTS) + N_SECOND + len(HALF_LIVES_DAYS) * (1 + len(self.attribute_weights))
        self.found: dict[str, list[_Candidate]] = {name: [] for name in ENGINE_CLASSES}

    def _tell(self) -> None:
        self.progress(STAGE, sum(map(len, self.found.values())), self.n_all)

    def _add(self, settings: CollaborativeSettings, scorers: Sequence[Scorer]) -> None:
        gains = self.judge.gains(self.shoppers.scores_of(scorers))
        self.found[settings.engine].append(_Candidate(settings, scorers, gains))
        self._tell()

    def item_links(self) -> None:
        """Try EASE and ItemKNN."""
        usual, fittings = CollaborativeSettings(), self.shoppers.fittings
        self._tell()
        for weight in self.attribute_weights:
            of_weight = replace(usual.ease, attribute_weight=weight)
            ease = [EASEScorer(of_weight).fit(each) for each in fittings]
            for days in HALF_LIVES_DAYS:
                settings = replace(usual, engine="ease", ease=replace(of_weight, half_life_days=days))
                self._add(settings, _faded(ease, self.shoppers, days))
        knn = [ItemKNNScorer(usual.item_knn).fit(each) for each in fittings]
        for days in HALF_LIVES_DAYS:
            settings = replace(usual, engine="item_knn", item_knn=replace(usual.item_knn, half_life_days=days))
            self._add(settings, _faded(knn, self.shoppers, days))

    def lightfm(self, is_wanted: bool) -> None:
        """Try LightFM in two rungs, the second unless it is clearly behind already and nobody has asked for it."""

        def fitted(task: tuple[LightFMSettings, Fitting]) -> Scorer:
            return LightFMScorer(task[0]).fit(task[1])

        def trained(task: tuple[Scorer, Fitting]) -> Scorer:
            assert isinstance(task[0], LightFMScorer)
            return task[0].trained_on(task[1], SECOND_RUNG)

        fittings, starts = self.shoppers.fittings, [replace(each, n_epochs=FIRST_RUNG) for each in LIGHTFM_STARTS]
        self._rung(fitted, [(settings, each) for settings in starts for each in fittings], len(starts))
        others = [each for name in self.found if name != "lightfm" for each in self.found[name]]
        first = sorted(self.found["lightfm"], key=lambda each: -each.ndcg)[:N_SECOND]
        if is_wanted or not is_clearly_better(max(others, key=lambda each: each.ndcg), first[0]):
            both = [pair for each in first for pair in zip(each.scorers, fittings, strict=True)]
            self._rung(trained, both, N_SECOND)
        self.progress(STAGE, self.n_all, self.n_all)

    def _rung(self, run: Callable[[Any], Scorer], tasks: Sequence[Any], n_candidates: int) -> None:
        """Run LightFM for every candidate and round, on all cores: each model takes one."""
        n_rounds = len(tasks) // n_candidates
        with ThreadPoolExecutor(usable_cores()) as pool:
            scorers = list(pool.map(run, tasks))
        for start in range(0, len(scorers), n_rounds):
            own = scorers[start : start + n_rounds]
            self._add(CollaborativeSettings("lightfm", lightfm=own[0].settings), own)


def _faded(
    scorers: Sequence[ItemLinksScorer], shoppers: ValidationShoppers, half_life_days: float | None
) -> list[Scorer]:
    both = zip(scorers, shoppers.fittings, strict=True)
    return [scorer.with_likes(fitting.data, half_life_days) for scorer, fitting in both]
