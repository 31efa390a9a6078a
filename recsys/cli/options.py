"""Options that several commands share, said the same way everywhere."""

import argparse
from pathlib import Path

from recsys.settings import HEMISPHERES


def a_path(text: str) -> Path:
    """A path that somebody gave; an empty one, as of an unset variable, would be the folder that we run in."""
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty name; give a path")
    return Path(text)


def add_data(parser: argparse.ArgumentParser) -> None:
    """The shop."""
    parser.add_argument("--data", type=a_path, required=True, metavar="DIR", help="data folder (canonical Parquet)")


def add_json(parser: argparse.ArgumentParser) -> None:
    """One JSON document instead of text."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    """Where random choices start."""
    parser.add_argument("--seed", type=int, default=0, metavar="S", help=f"{what} (default: %(default)s)")


def add_held_out(parser: argparse.ArgumentParser, split: str) -> None:
    """What is held out, and at how many places it is looked for.

    Parameters
    ----------
    split : the default
    """
    add_split(parser, split)
    add_min_interactions(parser)
    parser.add_argument("-k", type=int, default=10, metavar="K", help="metric cut-off (default: %(default)s)")


def add_split(parser: argparse.ArgumentParser, split: str) -> None:
    """What is held out; `split` is the default."""
    parser.add_argument(
        "--split",
        choices=("temporal", "last"),
        default=split,
        help="hold out everything after a moment, or each shopper's last product (default: %(default)s)",
    )


def add_hemisphere(parser: argparse.ArgumentParser) -> None:
    """Where the shoppers live."""
    parser.add_argument(
        "--hemisphere",
        choices=HEMISPHERES,
        default="north",
        help="where the shop's shoppers live, which says what season a month is (default: %(default)s)",
    )


def add_min_interactions(parser: argparse.ArgumentParser) -> None:
    """How dense the data have to be."""
    parser.add_argument(
        "--min-interactions",
        type=int,
        default=1,
        metavar="N",
        help="drop shoppers and products with fewer positives, repeatedly (default: %(default)s)",
    )
