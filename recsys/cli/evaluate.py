"""`recsys evaluate`: how good every model is, with intervals."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.cli.options import add_held_out
from recsys.cli.reporting import TerminalProgress

if TYPE_CHECKING:
    from recsys.evaluation.protocol import Evaluation


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
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="data folder (canonical Parquet)")
    add_held_out(parser, "temporal")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="of ties, models, intervals (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate and print."""
    from recsys.evaluation.protocol import EvaluationSettings, evaluate

    settings = EvaluationSettings(args.split, args.min_interactions, args.k, args.seed)
    with TerminalProgress() as progress:
        found = evaluate(args.data, settings, progress)
    print(json.dumps(found.as_json(), indent=1) if args.json else table(found))


def table(found: "Evaluation") -> str:
    """Means with half-widths of their intervals, a row a model."""
    metrics = list(next(iter(found.models.values())).metrics)
    heading = f"{'model':<18}" + "".join(f"{f'{name}@{found.k}':>17}" for name in metrics)
    lines = [found.protocol, *found.notes, "", heading]
    for model, report in found.models.items():
        cells = "".join(
            f"{interval.mean:>9.4f} ±{(interval.high - interval.low) / 2:.4f}"[:17].rjust(17)
            for interval in report.metrics.values()
        )
        lines.append(f"{model:<18}{cells}")
    lines.append(f"\n{found.n_users:,} test shoppers; ± is half the width of the 95% interval")
    return "\n".join(lines)
