"""`recsys panel`: prepare the test shoppers of a shop for the tuning room."""

import argparse

from recsys.cli.options import a_path, add_hemisphere, add_min_interactions
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "panel",
        help="prepare a shop's test shoppers for live evaluation",
        description="Hold out what shoppers did last, fit every model on the rest, make sure that nothing held out was "
        "learned from, and write the component scores of all validation and test shoppers. The tuning room does this "
        "by itself; use the command to prepare a large shop beforehand, or for Python.",
        epilog="example: python -m recsys panel --data shop --out panel --split last",
    )
    parser.add_argument("--data", type=a_path, required=True, metavar="DIR", help="data folder (canonical Parquet)")
    parser.add_argument("--out", type=a_path, required=True, metavar="PANEL", help="panel folder to write")
    parser.add_argument(
        "--split",
        choices=("temporal", "last", "newcomers", "evening_mobile", "new_products"),
        default="last",
        help="hold out everything after a moment, or each shopper's last product; or put shoppers back to when two "
        "products of theirs were known, or to their last choice in the evening on a phone; or take all that is known "
        "of a product away, a fifth of the products at a time (default: %(default)s)",
    )
    add_min_interactions(parser)
    add_hemisphere(parser)
    parser.add_argument(
        "--budget-mb",
        type=int,
        default=1500,
        metavar="MB",
        help="most that the scores of one role may take; larger shops are held by candidates (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of ties and models (default: %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Prepare and say what was prepared."""
    from recsys.panel.build import PanelSettings, build_panel
    from recsys.panel.panel import Panel

    settings = PanelSettings.of(
        args.split, args.min_interactions, args.seed, args.budget_mb * 1_000_000, args.hemisphere
    )
    with TerminalProgress() as progress:
        build_panel(args.data, args.out, settings, progress)
    validation, test = Panel.open(args.out)
    held = "all products" if test.scores.is_whole else f"at most {test.scores.widths.max():,} candidates a shopper"
    say(f"{args.out}: {len(validation):,} validation and {len(test):,} test shoppers, {held}")
    say(test.leak_check)
