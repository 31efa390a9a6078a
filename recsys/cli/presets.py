"""`recsys experiment presets`: do the presets that come with the app reach their goals on choices not tuned on?"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.cli.options import a_path, add_data, add_json, add_min_interactions, add_seed, add_split
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say, say_json

if TYPE_CHECKING:
    from recsys.tuning.shipped import NotAvailable, TunedPreset


SUMMARY = "whether the presets of the app reach their goals"
DESCRIPTION = (
    "Do the presets that come with the app reach their goals? Each is tuned on validation shoppers and held against "
    "equal weights on test shoppers."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this study."""
    add_data(parser)
    add_split(parser, "last")
    add_min_interactions(parser)
    parser.add_argument("--trials", type=int, default=60, metavar="N", help="trials a preset (default: %(default)s)")
    parser.add_argument(
        "--panel",
        type=a_path,
        metavar="PANEL",
        help="test shoppers that `recsys panel` prepared from these data, held out in its way; else they are now",
    )
    add_seed(parser, "of everything")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Tune, measure and print."""
    from recsys.data.dataset import Dataset
    from recsys.errors import InputError
    from recsys.panel.build import PanelSettings, build_panel, open_or_build
    from recsys.panel.engine import LiveEngine
    from recsys.panel.panel import Panel
    from recsys.progress import Progress
    from recsys.tuning.search_result import SearchSettings
    from recsys.tuning.shipped import Engines, tune_shipped

    settings = SearchSettings(args.trials, args.seed)
    prepared = PanelSettings.of(args.split, args.min_interactions, args.seed)
    with TerminalProgress() as progress, tempfile.TemporaryDirectory(prefix="shelfwise-panel-") as place:
        if args.panel:
            validation, test = Panel.open(args.panel)
            if Dataset.read(args.data, progress).fingerprint != test.data["fingerprint"]:
                raise InputError(f"{args.panel} was prepared from other data than {args.data}; prepare it again")
        else:
            build_panel(args.data, Path(place) / args.split, prepared, progress)
            validation, test = Panel.open(Path(place) / args.split)

        def replayed(name: str, report: Progress) -> Engines:
            asked = PanelSettings.of(name, test.settings["min_interactions"], test.settings["seed"])
            found = open_or_build(args.data, Path(place) / name, asked, str(test.data["fingerprint"]), report)
            return LiveEngine(found[0]), LiveEngine(found[1])

        found = tune_shipped(LiveEngine(validation), LiveEngine(test), progress, replayed=replayed, settings=settings)
    if args.json:
        facts = {"protocol": test.protocol, "n_validation": len(validation), "n_test": len(test)}
        say_json({**facts, "presets": [each.as_json() for each in found]})
    else:
        say(f"{test.protocol}\n\n{in_words(found)}")


def in_words(found: "Sequence[TunedPreset | NotAvailable]") -> str:
    """A paragraph a preset."""
    return "\n\n".join(_paragraph(each) for each in found)


def _paragraph(preset: "TunedPreset | NotAvailable") -> str:
    from recsys.evaluation.metrics import format as fmt
    from recsys.evaluation.metrics.registry import METRICS
    from recsys.tuning.goals import describe_constraint, describe_goal
    from recsys.tuning.shipped import NotAvailable, change_text

    if isinstance(preset, NotAvailable):
        return f"{preset.intention.name}: not in this shop\n  {preset.reason}"
    found, goal = preset.found, preset.found.goal
    settings, change = found.settings, found.against_equal[goal.metric]
    weights = ", ".join(f"{name} {share:.0%}" for name, share in settings.fusion.normalised().items())
    variety = f"variety {settings.diversity:g} by {settings.method}" if settings.diversity else "no variety"
    new, old = (fmt.value(goal.metric, value) for value in (change.new, change.old))
    lines = [
        f"{preset.intention.name}: {describe_goal(goal)}",
        f"  {weights}, {variety}; settings within one standard error of the best by {found.n_users['validation']:,} "
        f"validation shoppers: {found.n_tied:,}",
        f"  {METRICS[goal.metric].at(goal.k)} of {found.n_users['test']:,} test shoppers: {new}, with equal weights "
        f"{old}; change {change_text(change)}: {change.verdict}",
    ]
    for kept in found.kept:
        metric, room = kept.constraint.metric, kept.room
        inside = f"{fmt.change(metric, room.mean)} ({fmt.interval(metric, room.low, room.high)})"
        value = fmt.value(metric, kept.value)
        lines.append(f"  {describe_constraint(kept.constraint)}: {kept.answer}, with {value}; inside by {inside}")
    if preset.is_replayed:
        lines.append(f"  these shoppers are {preset.intention.asked}: {preset.protocol}")
    return "\n".join(lines)
