"""What a shop's validation shoppers choose: settings of the components, and how they are mixed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recsys.data.dataset import Dataset
from recsys.data.splitting import Round, last_split
from recsys.errors import DataError
from recsys.evaluation.protocols.hold_out import SplitName
from recsys.progress import Progress, silent
from recsys.scorers.collaborative import CollaborativeSettings, EngineName
from recsys.scorers.context import ContextSettings
from recsys.settings import COMPONENTS, FusionSettings
from recsys.text.phrasebook import Phrasebook
from recsys.training.context_settings import FEWEST_SHOPPERS, ContextChoice, choose_context
from recsys.training.engine_choice import EngineChoice, K, choose_engine
from recsys.training.validation import ValidationShoppers
from recsys.training.weights import TRADITIONAL, Subset, choose_weights

_USUAL = FusionSettings()
USUAL_WEIGHTS: Mapping[str, FusionSettings] = {
    "traditional": FusionSettings(_USUAL.collaborative, _USUAL.content, 0, 0),
    "full": _USUAL,
}
"""Of the models that have weights, where nobody could choose."""


@dataclass(frozen=True, slots=True)
class ComponentChoice:
    """What validation shoppers chose.

    Parameters
    ----------
    context, engine : settings of components
    weights : of "traditional", "full" and others that were asked for; the usual ones where nobody could choose
    """

    context: ContextChoice = field(default_factory=lambda: ContextChoice(ContextSettings()))
    engine: EngineChoice = field(default_factory=EngineChoice)
    weights: Mapping[str, FusionSettings] = field(default_factory=lambda: dict(USUAL_WEIGHTS))

    def settings(self) -> Mapping[str, Any]:
        """By component, as `fit_scorers` takes them."""
        return {**self.context.settings(), "collaborative": self.engine.settings}

    def in_words(self) -> str:
        """A sentence or two for protocols."""
        return f"{self.context.in_words()} {self.engine.in_words()}"

    def as_json(self) -> dict[str, Any]:
        """For a manifest."""
        return {"context": self.context.in_words(), "engine": self.engine.as_json()}


def choose_components(
    data: Dataset,
    rounds: Iterable[Round],
    book: Phrasebook,
    split: SplitName,
    seed: int = 0,
    progress: Progress = silent,
    engine: EngineName | None = None,
    *,
    k: int = K,
    among: Sequence[Subset] = (TRADITIONAL, COMPONENTS),
) -> ComponentChoice:
    """Choose the context's settings by that component alone, then the engine by the list as a whole, then weights.

    Parameters
    ----------
    data : everything; only circumstances are read from it
    rounds : of validation; whoever is asked in several counts in each
    engine : one that a person has chosen
    k : of the nDCG by which weights are chosen
    among : the sets of components that get weights; where there are none, weights are the usual ones

    Raises LeakError: something held out was learned from.
    """
    rounds = list(rounds)
    context = choose_context(data, rounds, split, seed, progress)
    if sum(len(each.held_out.users()) for each in rounds) < FEWEST_SHOPPERS:
        usual = CollaborativeSettings()
        settings = replace(usual, engine=engine or usual.engine)
        return ComponentChoice(context, EngineChoice(settings, is_asked=engine is not None, n_items=data.n_items))
    shoppers = ValidationShoppers.of(data, rounds, book, split, context.settings(), seed, progress)
    found, scorers = choose_engine(shoppers, engine, progress)
    shoppers = shoppers.with_component("collaborative", scorers)
    if not among:
        return ComponentChoice(context, found)
    scores, served = shoppers.contenders(data, split, seed, progress), shoppers.served()
    return ComponentChoice(context, found, choose_weights(scores, k, progress, served, among))


def choose_for_all(data: Dataset, book: Phrasebook, seed: int = 0, progress: Progress = silent) -> ComponentChoice:
    """Choose for models that learn from everything: by what shoppers chose last but one.

    Their last choices stay unseen, so that the tuning page can measure the model's weights by them.
    """
    try:
        rounds = list(last_split(data, seed).rounds("validation"))
    except DataError:  # nobody has chosen enough to hide some of it
        rounds = []
    return choose_components(data, rounds, book, "last", seed, progress)
