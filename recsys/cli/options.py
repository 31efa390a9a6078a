"""Options that several commands share, said the same way everywhere."""

import argparse

from recsys.settings import HEMISPHERES


def add_held_out(parser: argparse.ArgumentParser, split: str) -> None:
    """What is held out, and at how many places it is looked for.

    Parameters
    ----------
    split : the default
    """
    parser.add_argument(
        "--split",
        choices=("temporal", "last"),
        default=split,
        help="hold out everything after a moment, or each shopper's last product (default: %(default)s)",
    )
    add_min_interactions(parser)
    parser.add_argument("-k", type=int, default=10, metavar="K", help="metric cut-off (default: %(default)s)")


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
