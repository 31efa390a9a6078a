"""`recsys bench`: how fast, measured on this machine."""

import argparse
import importlib
from pathlib import Path
from typing import Any

from recsys.cli.terminal import say, say_json
from recsys.errors import InputError

BENCHMARKS = ("live-metrics", "encode", "recommend", "explain", "train")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "bench",
        help="measure speed and memory on this machine",
        description="Run one of the project's benchmarks: live-metrics "
        "times every list and metric of 2,000 shoppers x 5,000 products beside torch and numpy, encode "
        "compares our encoding with the plain library, recommend times one shopper's list at 10,000 and 1,000,000 "
        "products, explain times one explanation with 5,000 phrases a side, train times every stage with and without "
        "cached phrases.",
        epilog="example: python -m recsys bench recommend --json",
    )
    parser.add_argument("name", choices=BENCHMARKS, help="which benchmark")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="of encode: data folder whose reviews are encoded (default: made up)"
    )
    parser.add_argument("--small", action="store_true", help="a size that takes seconds, to see that it runs")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    module = importlib.import_module(f"recsys.studies.benchmarks.{args.name.replace('-', '_')}")
    options: dict[str, Any] = dict(module.SMALL) if args.small else {}
    if args.data is not None:
        if args.name != "encode":
            raise InputError(f"--data={args.data}: benchmark {args.name!r} makes its own data; only encode reads some")
        if not (args.data / "reviews.parquet").is_file():
            raise InputError(f"--data={args.data}: no reviews.parquet in it, so there is nothing to encode")
        options["data"] = args.data
    found = module.run(**options)
    if args.json:
        say_json(found)
    else:
        width = max(map(len, found))
        say("\n".join(f"{name:<{width}}  {value}" for name, value in found.items()))
