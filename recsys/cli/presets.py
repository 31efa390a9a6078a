"""`recsys experiment presets`: do the presets that come with the app reach their goals on choices not tuned on?"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.cli.reporting import TerminalProgress

if TYPE_CHECKING:
    from recsys.evaluation.live.found import Kept
    from recsys.evaluation.live.shipped import NotAvailable, ShippedPreset
    from recsys.evaluation.significance import Interval


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this study alone."""
    group = parser.add_argument_group("presets")
    group.add_argument("--trials", type=int, default=60, metavar="N", help="trials a preset (default: %(default)s)")
    group.add_argument(
        "--panel", type=Path, metavar="PANEL", help="test shoppers that `recsys panel` prepared; else they are now"
    )


def run(args: argparse.Namespace) -> None:
    """Tune, measure and print."""
    from recsys.evaluation.live.build import PanelSettings, build_panel, open_or_build
    from recsys.evaluation.live.engine import LiveEngine
    from recsys.evaluation.live.panel import Panel
    from recsys.evaluation.live.search import SearchSettings
    from recsys.evaluation.live.shipped import Engines, tune_shipped
    from recsys.progress import Progress

    settings = SearchSettings(args.trials, args.seed)
    with TerminalProgress() as progress, tempfile.TemporaryDirectory(prefix="shelfwise-panel-") as place:
        panel = args.panel or Path(place) / args.split
        if not args.panel:
            build_panel(args.data, panel, PanelSettings.of(args.split, args.min_interactions, args.seed), progress)
        validation, test = Panel.open(panel)

        def replayed(name: str, report: Progress) -> Engines:
            asked = PanelSettings.of(name, test.settings["min_interactions"], test.settings["seed"])
            found = open_or_build(args.data, Path(place) / name, asked, str(test.data["fingerprint"]), report)
            return LiveEngine(found[0]), LiveEngine(found[1])

        found = tune_shipped(LiveEngine(validation), LiveEngine(test), progress, replayed=replayed, settings=settings)
    if args.json:
        facts = {"protocol": test.protocol, "n_validation": len(validation), "n_test": len(test)}
        print(json.dumps({**facts, "presets": [each.as_json() for each in found]}, indent=1))
    else:
        print(test.protocol, in_words(found), sep="\n\n")


def in_words(found: "Sequence[ShippedPreset | NotAvailable]") -> str:
    """A paragraph a preset."""
    return "\n\n".join(_paragraph(each) for each in found)


def _paragraph(preset: "ShippedPreset | NotAvailable") -> str:
    from recsys.evaluation.live.shipped import NotAvailable

    if isinstance(preset, NotAvailable):
        return f"{preset.intention.name}: not in this shop\n  {preset.reason}"
    found, goal = preset.found, preset.goal
    settings, change = found.settings, found.against_equal[goal.metric]
    shares = settings.fusion.normalised()
    weights = ", ".join(f"{name} {shares[name]:.0%}" for name in shares)
    variety = f"variety {settings.diversity:g} by {settings.method}" if settings.diversity else "no variety"
    lines = [
        f"{preset.intention.name}: {goal.in_words()}",
        f"  {weights}, {variety}; settings within one standard error of the best by {found.n_users['validation']:,} "
        f"validation shoppers: {found.n_tied:,}",
        f"  {goal.metric}@{goal.k} of {found.n_users['test']:,} test shoppers: {change.new:.4f}, with equal weights "
        f"{change.old:.4f}; change {_interval(change.change)}: {change.verdict}",
    ]
    lines += [f"  {_kept(each)}" for each in found.kept]
    if preset.is_replayed:
        lines.append(f"  these shoppers are {preset.intention.asked}: {preset.protocol}")
    return "\n".join(lines)


def _kept(kept: "Kept") -> str:
    side = "at least" if kept.constraint.at_least else "at most"
    return (
        f"{kept.constraint.metric} {kept.value:.4f}, has to be {side} {kept.allowed:.4f}; room {_interval(kept.room)}: "
        f"{kept.answer}"
    )


def _interval(interval: "Interval") -> str:
    if not interval.is_given:
        return f"{interval.mean:+.4f} (too few shoppers tell for an interval)"
    return f"{interval.mean:+.4f} ({interval.low:+.4f} to {interval.high:+.4f})"
