"""`recsys bench`: how fast, measured on this machine."""

import argparse
import importlib
import sys
from pathlib import Path

from recsys.cli.terminal import say, say_json
from recsys.errors import InputError

BENCHMARKS = ("live-metrics", "encode", "recommend", "explain", "train")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "bench",
        help="measure speed and memory on this machine",
        description="Run one of the project's benchmarks (they live in tests/benchmarks of a checkout): live-metrics "
        "times every list and metric of 2,000 shoppers x 5,000 products beside torch and numpy, encode "
        "compares our encoding with the plain library, recommend times one shopper's list at 10,000 and 1,000,000 "
        "products, explain times one explanation with 5,000 phrases a side, train times every stage with and without "
        "cached phrases.",
        epilog="example: python -m recsys bench recommend --json",
    )
    parser.add_argument("name", choices=BENCHMARKS, help="which benchmark")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    checkout = Path(__file__).resolve().parents[2]
    module = args.name.replace("-", "_")
    if not (checkout / "tests" / "benchmarks" / f"{module}.py").is_file():
        raise InputError(f"benchmark {args.name!r} lies in tests/benchmarks of a checkout, and this is none")
    sys.path.insert(0, str(checkout))
    found = importlib.import_module(f"tests.benchmarks.{module}").run()
    if args.json:
        say_json(found)
    else:
        width = max(map(len, found))
        say("\n".join(f"{name:<{width}}  {value}" for name, value in found.items()))
