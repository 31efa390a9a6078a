"""`recsys evaluate`: how good every model is, with intervals."""

import argparse
import math
from typing import TYPE_CHECKING

from recsys.cli.options import add_data, add_held_out, add_json, add_seed
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import NOT_AVAILABLE, figure, say, say_json

if TYPE_CHECKING:
    from recsys.evaluation.statistics.significance import Interval
    from recsys.studies.evaluate import Evaluation


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "evaluate",
        help="compare components, fusion and baselines on held-out products",
        description="Hold out what shoppers did last, fit every model on the rest, and see who would have listed it: "
        "precision, recall, F1, nDCG, MAP, MRR, hit rate, diversity (ILD), novelty and coverage at k, each with its "
        "95%% bootstrap interval over shoppers.",
        epilog="example: python -m recsys evaluate --data shop --split last --min-interactions 3 --json",
    )
    add_data(parser)
    add_held_out(parser, "temporal")
    add_seed(parser, "of ties, models, intervals")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate and print."""
    from recsys.evaluation.protocols.hold_out import EvaluationSettings
    from recsys.studies.evaluate import evaluate

    settings = EvaluationSettings(args.split, args.min_interactions, args.k, args.seed)
    with TerminalProgress() as progress:
        found = evaluate(args.data, settings, progress)
    if args.json:
        say_json(found.as_json())
    else:
        say(table(found))


def table(found: "Evaluation") -> str:
    """Means with half-widths of their intervals, a row a model; below, why a number is missing."""
    metrics = list(next(iter(found.models.values())).metrics)
    width = max(17, *(len(f"{name}@{found.k}") + 2 for name in metrics))
    heading = f"{'model':<18}" + "".join(f"{f'{name}@{found.k}':>{width}}" for name in metrics)
    lines = [found.protocol, *found.notes, "", heading]
    for model, report in found.models.items():
        cells = "".join(f"{_cell(report.metrics[name]):>{width}}" for name in metrics)
        lines.append(f"{model:<18}{cells}")
    lines.append(f"\n{found.n_users:,} test shoppers; ± is half the width of the 95% interval")
    every = [(name, report.metrics[name]) for report in found.models.values() for name in metrics]
    missing = dict.fromkeys(name for name, each in every if math.isnan(each.mean))
    lines += [f"{NOT_AVAILABLE} {name}@{found.k}: {_WHY_NOT.get(name, 'nothing to find')}" for name in missing]
    if any(not each.is_given and not math.isnan(each.mean) for _, each in every):
        lines.append(f"±{NOT_AVAILABLE} too few shoppers differ for an interval")
    return "\n".join(lines)


_WHY_NOT = {"ild": "no list holds two products to compare", "novelty": "no list holds a product"}


def _cell(interval: "Interval") -> str:
    if math.isnan(interval.mean):
        return NOT_AVAILABLE
    return f"{interval.mean:.4f} ±{figure((interval.high - interval.low) / 2)}"
