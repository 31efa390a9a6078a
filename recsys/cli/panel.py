"""`recsys panel`: prepare the test shoppers of a shop for the tuning room."""

import argparse

from recsys.cli.options import (
    Commands,
    add_choice,
    add_count,
    add_data,
    add_hemisphere,
    add_min_interactions,
    add_out,
    add_seed,
    new_command,
)
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = new_command(
        commands,
        "panel",
        run,
        "prepare a shop's test shoppers for live evaluation",
        "Hold out what shoppers did last, fit every model on the rest, make sure that nothing held out was learned "
        "from, and write the component scores of all validation and test shoppers. The tuning page does this by "
        "itself; use the command to prepare a large shop beforehand, or for Python.",
        "--data shop --out panel --split last",
    )
    add_data(parser)
    add_out(parser, "PANEL", "panel")
    add_choice(
        parser,
        "--split",
        ("temporal", "last", "newcomers", "evening_mobile", "new_products"),
        "last",
        "hold out everything after a moment, or each shopper's last product; or put shoppers back to when two "
        "products of theirs were known, or to their last choice in the evening on a phone; or take all that is known "
        "of a product away, a fifth of the products at a time",
    )
    add_min_interactions(parser)
    add_hemisphere(parser)
    what = "most that the scores of one role may take; larger shops are held by candidates"
    add_count(parser, "--budget-mb", 1500, what, "MB")
    add_seed(parser, "of ties and models")


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
