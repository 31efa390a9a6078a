"""Commands and the options that several of them share, worded the same everywhere."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, get_args

from recsys.settings import COMPONENTS, HEMISPHERES, DiversityMethod

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def new_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], None],
    summary: str | None,
    description: str,
    *examples: str,
) -> argparse.ArgumentParser:
    """A command without options yet.

    `summary`: what it does, for the list of commands; None where the list is written elsewhere.
    `examples`: its own arguments, as one would type them.
    """
    about: dict[str, Any] = {} if summary is None else {"help": summary}
    parser = commands.add_parser(name, description=description, **about)
    heading = "example: " if len(examples) == 1 else "examples: "
    parser.epilog = heading + f"\n{' ' * len(heading)}".join(f"{parser.prog} {example}" for example in examples)
    if len(examples) > 1:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run)
    return parser


def a_path(text: str) -> Path:
    """A path that somebody gave; an empty one, as of an unset variable, would be the folder that we run in."""
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty name; give a path")
    return Path(text)


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=a_path, required=True, metavar="DIR", help="data folder (canonical Parquet)")
    parser.set_defaults(reads_texts=True)


def add_out(parser: argparse.ArgumentParser, metavar: str, what: str) -> None:
    parser.add_argument("--out", type=a_path, required=True, metavar=metavar, help=what)


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def add_count(parser: argparse.ArgumentParser, name: str, default: int, what: str, metavar: str = "N") -> None:
    parser.add_argument(name, type=int, default=default, metavar=metavar, help=f"{what} (default: %(default)s)")


def add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    add_count(parser, "--seed", 0, what, "S")


def add_choice(parser: argparse.ArgumentParser, name: str, choices: tuple[str, ...], default: str, what: str) -> None:
    parser.add_argument(name, choices=choices, default=default, help=f"{what} (default: %(default)s)")


def add_held_out(parser: argparse.ArgumentParser, split: str, *, cut_off: bool = True) -> None:
    """What is held out (`split` is the default), how dense the data have to be, and the metric cut-off."""
    what = "hold out everything after a moment, or each shopper's last product"
    add_choice(parser, "--split", ("temporal", "last"), split, what)
    add_min_interactions(parser)
    if cut_off:
        add_count(parser, "-k", 10, "metric cut-off", "K")


def add_min_interactions(parser: argparse.ArgumentParser) -> None:
    add_count(parser, "--min-interactions", 1, "drop shoppers and products with fewer positives, repeatedly")


def add_hemisphere(parser: argparse.ArgumentParser) -> None:
    what = "where the shop's shoppers live, which says what season a month is"
    add_choice(parser, "--hemisphere", HEMISPHERES, "north", what)


def add_request(parser: argparse.ArgumentParser) -> None:
    """Model, shopper, weights, circumstances and diversity, and how the answer is printed."""
    parser.add_argument("--model", type=a_path, required=True, metavar="MODEL", help="model folder that `train` wrote")
    parser.add_argument("--user", metavar="ID", help="a shopper the model knows")
    parser.add_argument("--text", default="", metavar="WORDS", help="what a new shopper says (or a known one adds)")
    parser.add_argument(
        "--weights",
        metavar="NAME=W,...",
        help=f"weights of {', '.join(COMPONENTS)}; what is not named counts for nothing (default: the model's, or for "
        "a new shopper those that let the words lead)",
    )
    parser.add_argument(
        "--context",
        default="",
        metavar="NAME=V,...",
        help="circumstances: device, region, hour, daypart, weekday, season, month, date (default: nothing known)",
    )
    parser.add_argument("--diversity", type=float, default=0.0, metavar="D", help="from 0 to 1 (default: %(default)s)")
    add_choice(parser, "--method", get_args(DiversityMethod), "mmr", "of diversity")
    add_count(parser, "-n", 10, "list length")
    add_json(parser)
