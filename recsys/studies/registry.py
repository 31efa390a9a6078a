"""Every experiment by name: what it asks, and how it is run."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from recsys.progress import Progress, silent

if TYPE_CHECKING:
    from recsys.studies.faithfulness import FaithfulnessSettings
    from recsys.studies.quotes import QuotesSettings
    from recsys.studies.result import Result
    from recsys.studies.workspace import ExperimentSettings, Workspace


@dataclass(frozen=True, slots=True)
class Experiment:
    """One study, by the name of the command, of saved results, and of the module here whose `run` does it.

    `title` and `question` are as people see them, `summary` is a line of the command's help.
    """

    name: str
    title: str
    summary: str
    question: str

    def run(
        self,
        workspace: "Workspace",
        settings: "ExperimentSettings | FaithfulnessSettings | QuotesSettings | None" = None,
        progress: Progress = silent,
    ) -> "Result":
        """Run it on a shop; raises DataError or SettingsError where it cannot be, Cancelled where it is stopped."""
        from recsys.studies.workspace import ExperimentSettings

        begun, settings = time.monotonic(), settings or ExperimentSettings()
        result: Result = import_module(f"recsys.studies.{self.name}").run(workspace, settings, progress)
        return replace(
            result,
            experiment=self.name,
            data=result.data or workspace.facts(),
            settings={**result.settings, **settings.as_json()},
            seconds=time.monotonic() - begun,
        )


FAITHFULNESS = Experiment(
    "faithfulness",
    "Faithfulness",
    "whether explanations name what scores rest on",
    "Do explanations name what a score rests on? Random explanations are summed, phrases are taken away (against as "
    "many at random), the model is trained again with another seed; on a demo shop the phrases are held against the "
    "hidden truth, and with --sentences the polarity of phrases against human labels.",
)
"""It has settings of its own, so `experiment all` and the page are without it."""

QUOTES = Experiment(
    "quotes",
    "Quotes",
    "what stands on cards as a reason, for a person to judge",
    "What stands on cards as a reason to buy? The first products of random shoppers are drawn with their quotes: how "
    "often a customer speaks, how often a quote is in another language, a complaint or a fragment, how many "
    "differ, and every card, for a person to judge.",
)
"""It has settings of its own, too."""

_ALL = (
    Experiment(
        "ablation",
        "Ablation",
        "what each component is worth",
        "What is each component worth, alone and in company, and does all together beat every simple model?",
    ),
    Experiment(
        "weights",
        "Weights",
        "which mixes are best, or tied with the best",
        "Which mixes are best, how many cannot be told from the best, and does the choice hold on other shoppers?",
    ),
    Experiment(
        "context",
        "Context",
        "what moment and circumstances gain",
        "What do moment and circumstances gain, does dealing them at random lose it, and which of them matter?",
    ),
    Experiment(
        "sparsity",
        "Text sparsity",
        "how many words of reviews it takes",
        "How many words of reviews does the semantic part need to pay, and which noise in them does most harm?",
    ),
    Experiment(
        "cold",
        "New products",
        "new products, and shoppers hardly known",
        "Who serves products that nobody has bought yet, and shoppers of whom little is known, and where do words pay?",
    ),
    Experiment(
        "efficiency",
        "Efficiency",
        "what components cost to train and to serve",
        "What does each component cost to train and to serve as the catalogue grows, and what accuracy does that buy?",
    ),
    Experiment(
        "multitask",
        "Multi-task learning",
        "whether learning map and weights together pays",
        "Does learning a map of the phrases and the weights together pay, and what does diversity in the objective "
        "cost?",
    ),
    Experiment(
        "clicks",
        "Clicks",
        "what a log says of clicks under other settings",
        "What does a log of impressions say of the clicks that other settings would have, and what can it not say?",
    ),
    Experiment(
        "paper",
        "The paper's table",
        "what language adds, in the metrics of the paper",
        "What does language add to a tuned traditional recommender, in every metric of the paper at once?",
    ),
)

EXPERIMENTS: Mapping[str, Experiment] = {each.name: each for each in _ALL}
"""By name, in the order in which they are shown."""
