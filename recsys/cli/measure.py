"""`recsys evaluate` and `recsys bench`: how good every model is, and how fast this machine is."""

import argparse
import importlib
import math
from typing import TYPE_CHECKING, Any

from recsys.cli.options import Commands, a_path, add_data, add_held_out, add_json, add_seed, new_command
from recsys.cli.terminal import TerminalProgress, say, say_json
from recsys.errors import InputError

if TYPE_CHECKING:
    from recsys.evaluation.statistics.significance import Interval
    from recsys.studies.evaluate import Evaluation

BENCHMARKS = ("live-metrics", "encode", "recommend", "explain", "train")

NOT_AVAILABLE = "–"
"""A cell without a number; the reason stands below the table."""

_WHY_NOT = {"ild": "no list holds two products to compare", "novelty": "no list holds a product"}


def add_evaluate(commands: Commands) -> None:
    """Add `recsys evaluate`."""
    parser = new_command(
        commands,
        "evaluate",
        run_evaluate,
        "compare components, fusion and baselines on held-out products",
        "Hold out what shoppers did last, fit every model on the rest, and see who would have listed it: "
        "precision, recall, F1, nDCG, MAP, MRR, hit rate, diversity (ILD), novelty and coverage at k, each with its "
        "95%% bootstrap interval over shoppers.",
        "--data shop --split last --min-interactions 3 --json",
    )
    add_data(parser)
    add_held_out(parser, "temporal")
    add_seed(parser, "of ties, models, intervals")
    add_json(parser)


def run_evaluate(args: argparse.Namespace) -> None:
    """Evaluate and print."""
    from recsys.evaluation.protocols.hold_out import EvaluationSettings
    from recsys.studies.evaluate import evaluate

    settings = EvaluationSettings(args.split, args.min_interactions, args.k, args.seed)
    with TerminalProgress() as progress:
        evaluation = evaluate(args.data, settings, progress)
    if args.json:
        say_json(evaluation.as_json())
    else:
        say(_table(evaluation))


def _table(evaluation: "Evaluation") -> str:
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


def _cell(interval: "Interval") -> str:
    if math.isnan(interval.mean):
        return NOT_AVAILABLE
    half = (interval.high - interval.low) / 2
    return f"{interval.mean:.4f} ±{NOT_AVAILABLE if math.isnan(half) else f'{half:.4f}'}"


def add_bench(commands: Commands) -> None:
    """Add `recsys bench`."""
    parser = new_command(
        commands,
        "bench",
        run_bench,
        "measure speed and memory on this machine",
        "Run one of the project's benchmarks: live-metrics "
        "times every list and metric of 2,000 shoppers x 5,000 products beside torch and numpy, encode "
        "compares our encoding with the plain library, recommend times one shopper's list at 10,000 and 1,000,000 "
        "products, explain times one explanation with 5,000 phrases a side, train times every stage with and without "
        "cached phrases.",
        "recommend --json",
    )
    parser.add_argument("name", choices=BENCHMARKS, help="which benchmark")
    parser.add_argument(
        "--data", type=a_path, metavar="DIR", help="of encode: data folder whose reviews are encoded (default: made up)"
    )
    parser.add_argument("--small", action="store_true", help="a size that takes seconds, to see that it runs")
    add_json(parser)


def run_bench(args: argparse.Namespace) -> None:
    """Measure and print."""
    module = importlib.import_module(f"recsys.studies.benchmarks.{args.name.replace('-', '_')}")
    options: dict[str, Any] = dict(module.SMALL) if args.small else {}
    if args.data is not None:
        if args.name != "encode":
            raise InputError(f"--data={args.data}: benchmark {args.name!r} makes its own data; only encode reads some")
        if not (args.data / "reviews.parquet").is_file():
            raise InputError(f"--data={args.data}: no reviews.parquet in it, so there is nothing to encode")
        options["data"] = args.data
    figures = module.run(**options)
    if args.json:
        say_json(figures)
    else:
        width = max(map(len, figures))
        say("\n".join(f"{name:<{width}}  {value}" for name, value in figures.items()))
