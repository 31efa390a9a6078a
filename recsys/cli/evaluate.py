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
        evaluation = evaluate(args.data, settings, progress)
    if args.json:
        say_json(evaluation.as_json())
    else:
        say(table(evaluation))


def table(evaluation: "Evaluation") -> str:
    """Means with half-widths of their intervals, a row a model; below, why a number is missing."""
    names = list(next(iter(evaluation.models.values())))
    headings = [f"{name}@{evaluation.k}" for name in names]
    width = max(17, *(len(heading) + 2 for heading in headings))
    lines = [evaluation.protocol, *evaluation.notes, ""]
    rows = {model: [_cell(each) for each in metrics.values()] for model, metrics in evaluation.models.items()}
    for model, row in ({"model": headings} | rows).items():
        lines.append(f"{model:<18}" + "".join(f"{cell:>{width}}" for cell in row))
    lines.append(f"\n{evaluation.n_users:,} test shoppers; ± is half the width of the 95% interval")
    cells = [pair for row in rows.values() for pair in zip(names, row, strict=True)]
    missing = dict.fromkeys(name for name, cell in cells if cell == NOT_AVAILABLE)
    lines += [f"{NOT_AVAILABLE} {name}@{evaluation.k}: {_WHY_NOT.get(name, 'nothing to find')}" for name in missing]
    if any(cell.endswith(f"±{NOT_AVAILABLE}") for _, cell in cells):
        lines.append(f"±{NOT_AVAILABLE} too few shoppers differ for an interval")
    return "\n".join(lines)


_WHY_NOT = {"ild": "no list holds two products to compare", "novelty": "no list holds a product"}


def _cell(interval: "Interval") -> str:
    if math.isnan(interval.mean):
        return NOT_AVAILABLE
    return f"{interval.mean:.4f} ±{figure((interval.high - interval.low) / 2)}"
