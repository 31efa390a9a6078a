"""`recsys demo`: make the demo shop."""

import argparse

from recsys.cli.options import a_path
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "demo",
        help="make a demo shop as a data folder",
        description="Make a believable outdoor-and-home shop from a seed: products, shoppers with tastes, reviews in "
        "their own words, events, and logged impressions with true propensities. The hidden truth behind it lies in a "
        "file of its own that only tests and simulators read.",
        epilog="example: python -m recsys demo --out shop --items 300 --shoppers 500 --seed 7",
    )
    parser.add_argument(
        "--out", type=a_path, required=True, metavar="DIR", help="data folder to write; replaced as a whole"
    )
    parser.add_argument("--items", type=int, default=1000, metavar="N", help="products (default: %(default)s)")
    parser.add_argument(
        "--shoppers",
        type=int,
        default=1500,
        metavar="N",
        help="shoppers; events and impressions grow with them, reviews up to 200,000 (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="another seed, another shop (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Make the shop and say what is in it."""
    from recsys.demo import generate_demo

    with TerminalProgress() as progress:
        made = generate_demo(args.out, n_items=args.items, n_shoppers=args.shoppers, seed=args.seed, progress=progress)
    counts = ", ".join(f"{count:,} {name}" for name, count in made.counts.items())
    say(f"{args.out}: {counts}; made in {sum(made.seconds.values()):.1f} s")
