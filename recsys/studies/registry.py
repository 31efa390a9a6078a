"""Every experiment by name: what it asks, and how it is run."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from recsys.errors import SettingsError
from recsys.progress import Progress, silent
from recsys.settings import FusionSettings, require_seed

if TYPE_CHECKING:
    from recsys.evaluation.protocols.hold_out import SplitName
    from recsys.studies.result import Result
    from recsys.studies.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ExperimentSettings:
    """The settings of all experiments.

    Parameters
    ----------
    split : how test shoppers are held out
    min_interactions : shoppers and products with fewer positives are dropped, repeatedly
    k : metric cut-off
    seed : of every random choice
    weights : a mix that is measured beside those that are chosen, by the experiments that take one (`clicks`)
    """

    split: "SplitName" = "last"
    min_interactions: int = 1
    k: int = 10
    seed: int = 0
    weights: FusionSettings | None = None

    def __post_init__(self) -> None:
        if self.min_interactions < 1 or self.k < 1:
            raise SettingsError(f"min_interactions={self.min_interactions} and k={self.k} must both be at least 1")
        require_seed(self.seed)

    def as_json(self) -> dict[str, str | int]:
        """The settings by name; weights in the form of `parse_weights`, and only where there are any."""
        saved = {name: value for name, value in asdict(self).items() if name != "weights"}
        if self.weights is not None:
            shares = self.weights.normalised().items()
            saved["weights"] = ",".join(f"{name}={share:.6g}" for name, share in shares if share)
        return saved


@dataclass(frozen=True, slots=True)
class Experiment:
    """One study.

    Parameters
    ----------
    name : of the command, of saved results, and of the file or package under `recsys.studies` whose `run` does it,
        imported when it is needed
    title, question : as people see them
    summary : a line of the command's help
    """

    name: str
    title: str
    summary: str
    question: str

    def run(
        self, workspace: "Workspace", settings: ExperimentSettings | None = None, progress: Progress = silent
    ) -> "Result":
        """Run it on a shop.

        Raises
        ------
        DataError, SettingsError : the data or the settings do not allow it
        Cancelled : the reporter asked to stop
        """
        begun, settings = time.monotonic(), settings or ExperimentSettings()
        module = "ablation" if self.name == "ablation" else f"{self.name}.study"
        result: Result = import_module(f"recsys.studies.{module}").run(workspace, settings, progress)
        return replace(
            result,
            experiment=self.name,
            data=result.data or workspace.facts(),
            settings={**result.settings, **settings.as_json()},
            seconds=time.monotonic() - begun,
        )


EXPERIMENTS: Mapping[str, Experiment] = {
    name: Experiment(name, title, summary, question)
    for name, title, summary, question in (
        (
            "ablation",
            "Ablation",
            "what each component is worth",
            "What is each component worth, alone and in company, and does all together beat every simple model?",
        ),
        (
            "weights",
            "Weights",
            "which mixes are best, or tied with the best",
            "Which mixes are best, how many cannot be told from the best, and does the choice hold on other shoppers?",
        ),
        (
            "context",
            "Context",
            "what moment and circumstances gain",
            "What do moment and circumstances gain, does dealing them at random lose it, and which of them matter?",
        ),
        (
            "sparsity",
            "Text sparsity",
            "how many words of reviews it takes",
            "How many words of reviews does the semantic part need to pay, and which noise in them does most harm?",
        ),
        (
            "cold",
            "New products",
            "new products, and shoppers hardly known",
            "Who serves products that nobody has bought yet, and shoppers of whom little is known, and where do words "
            "pay?",
        ),
        (
            "efficiency",
            "Efficiency",
            "what components cost to train and to serve",
            "What does each component cost to train and to serve as the catalogue grows, and what accuracy does that "
            "buy?",
        ),
        (
            "multitask",
            "Multi-task learning",
            "whether learning map and weights together pays",
            "Does learning a map of the phrases and the weights together pay, and what does diversity in the objective "
            "cost?",
        ),
        (
            "clicks",
            "Clicks",
            "what a log says of clicks under other settings",
            "What does a log of impressions say of the clicks that other settings would have, and what can it not say?",
        ),
        (
            "paper",
            "The paper's table",
            "what language adds, in the metrics of the paper",
            "What does language add to a tuned traditional recommender, in every metric of the paper at once?",
        ),
    )
}
"""In the order in which they are shown."""
