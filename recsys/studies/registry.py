"""Every experiment by name: what it asks, and how it is run."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
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
    """What all experiments can be told.

    Parameters
    ----------
    split : how test shoppers are held out
    min_interactions : shoppers and products with fewer positives are dropped, repeatedly
    k : metric cut-off
    seed : of every random choice
    weights : a mix that is asked about beside those that are chosen, by the experiments that can be asked (`clicks`)
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
        """As a result keeps them, by name; weights in the form of `parse_weights`, and only where there are any."""
        told = {name: value for name, value in asdict(self).items() if name != "weights"}
        if self.weights is not None:
            shares = self.weights.normalised().items()
            told["weights"] = ",".join(f"{name}={share:.6g}" for name, share in shares if share)
        return told


Run = Callable[["Workspace", ExperimentSettings, Progress], "Result"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """
    Parameters
    ----------
    name : of the command and of saved results
    title, question : as people see them
    summary : a line of the command's help
    module : under `recsys.studies`, whose `run` does it; imported when it is needed
    """

    name: str
    title: str
    summary: str
    question: str
    module: str

    def run(
        self, workspace: "Workspace", settings: ExperimentSettings | None = None, progress: Progress = silent
    ) -> "Result":
        """Run it on a shop.

        Raises
        ------
        DataError, SettingsError : the data or the settings do not allow it
        Cancelled : the reporter asked to stop
        """
        run: Run = import_module(f"recsys.studies.{self.module}").run
        return run(workspace, settings or ExperimentSettings(), progress)


EXPERIMENTS: Mapping[str, Experiment] = {
    each.name: each
    for each in (
        Experiment(
            "ablation",
            "Ablation",
            "what each component is worth",
            "What is each component worth, alone and in company, and does all together beat every simple model?",
            "ablation",
        ),
        Experiment(
            "weights",
            "Weights",
            "which mixes are best, or tied with the best",
            "Which mixes are best, how many cannot be told from the best, and does the choice hold on other shoppers?",
            "weights.study",
        ),
        Experiment(
            "context",
            "Context",
            "what moment and circumstances gain",
            "What do moment and circumstances gain, does dealing them at random lose it, and which of them matter?",
            "context.study",
        ),
        Experiment(
            "sparsity",
            "Text sparsity",
            "how many words of reviews it takes",
            "How many words of reviews does the semantic part need to pay, and which noise in them does most harm?",
            "sparsity.study",
        ),
        Experiment(
            "cold",
            "New products",
            "new products, and shoppers hardly known",
            "Who serves products that nobody has bought yet, and shoppers of whom little is known, and where do words "
            "pay?",
            "cold.study",
        ),
        Experiment(
            "efficiency",
            "Efficiency",
            "what components cost to train and to serve",
            "What does each component cost to train and to serve as the catalogue grows, and what accuracy does that "
            "buy?",
            "efficiency.study",
        ),
        Experiment(
            "multitask",
            "Multi-task learning",
            "whether learning map and weights together pays",
            "Does learning a map of the phrases and the weights together pay, and what does diversity in the objective "
            "cost?",
            "multitask.study",
        ),
        Experiment(
            "clicks",
            "Clicks",
            "what a log says of clicks under other settings",
            "What does a log of impressions say of the clicks that other settings would have, and what can it not say?",
            "clicks.study",
        ),
        Experiment(
            "paper",
            "The paper's table",
            "what language adds, in the metrics of the paper",
            "What does language add to a tuned traditional recommender, in every metric of the paper at once?",
            "paper.study",
        ),
    )
}
"""In the order in which they are shown."""
