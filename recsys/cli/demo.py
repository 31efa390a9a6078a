"""`recsys demo`: make the demo shop."""

import argparse

from recsys.cli.options import Commands, a_path, add_count, add_seed, new_command
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = new_command(
        commands,
        "demo",
        run,
        "make a demo shop as a data folder",
        "Make a believable outdoor-and-home shop from a seed: products, shoppers with tastes, reviews in their own "
        "words, events, and logged impressions with true propensities. The hidden truth behind it lies in a file of "
        "its own that only tests and simulators read.",
        "--out shop --items 300 --shoppers 500 --seed 7",
    )
    parser.add_argument(
        "--out", type=a_path, required=True, metavar="DIR", help="data folder to write; replaced as a whole"
    )
    add_count(parser, "--items", 1000, "products")
    add_count(parser, "--shoppers", 1500, "shoppers; events and impressions grow with them, reviews up to 200,000")
    add_seed(parser, "another seed, another shop")


def run(args: argparse.Namespace) -> None:
    """Make the shop and say what is in it."""
    from recsys.demo import generate_demo

    with TerminalProgress() as progress:
        made = generate_demo(args.out, n_items=args.items, n_shoppers=args.shoppers, seed=args.seed, progress=progress)
    counts = ", ".join(f"{count:,} {name}" for name, count in made.counts.items())
    say(f"{args.out}: {counts}; made in {made.seconds:.1f} s")
