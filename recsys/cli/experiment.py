"""`recsys experiment`: the project's studies, a command each."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recsys.cli.options import Commands, a_path, add_count, add_data, add_held_out, add_json, add_seed, new_command
from recsys.cli.terminal import TerminalProgress, say, say_either, say_json
from recsys.studies.registry import EXPERIMENTS, FAITHFULNESS, QUOTES

if TYPE_CHECKING:
    from recsys.tuning.shipped import NotAvailable, TunedPreset


def add_experiment(commands: Commands) -> None:
    listed = "\n".join(f"  {name:<13} {study.summary}" for name, study in _STUDIES.items())
    parser = commands.add_parser(
        "experiment",
        help="run one of the project's studies on a data folder",
        description=f"Run one of the project's studies on a data folder:\n\n{listed}",
        epilog="example: python -m recsys experiment paper --data shop --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = "which study; `experiment NAME --help` shows its options"
    studies = parser.add_subparsers(dest="name", required=True, metavar="NAME", help=what)
    for name, study in _STUDIES.items():
        own = new_command(studies, name, study.run, None, study.description, "--data shop --json")
        add_data(own)
        study.add_options(own)
        add_seed(own, "of everything")
        add_json(own)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_held_out(parser, "last")
    parser.add_argument(
        "--out", type=a_path, metavar="DIR", help="write results (JSON), tables (CSV) and one report (HTML) here"
    )
    parser.add_argument(
        "--work", type=a_path, metavar="DIR", help="keep what is prepared here, for the next experiment"
    )
    parser.set_defaults(weights=None)


def _add_options_and_weights(parser: argparse.ArgumentParser) -> None:
    _add_options(parser)
    what = "a setting of the sliders that the log is asked about, too: collaborative=0.4,semantic=0.3"
    parser.add_argument("--weights", metavar="NAME=W,...", help=what)


def _run(args: argparse.Namespace) -> None:
    """Run one experiment, or all, and print; options are checked before the data are read."""
    from recsys.errors import DataError, SettingsError
    from recsys.files import require_writable
    from recsys.settings import parse_weights
    from recsys.studies.format import in_words
    from recsys.studies.report import Drawn, require_results_folder, write_results
    from recsys.studies.workspace import ExperimentSettings, Workspace

    weights = parse_weights(args.weights) if args.weights is not None else None
    settings = ExperimentSettings(args.split, args.min_interactions, args.k, args.seed, weights)
    is_all = args.name == "all"
    names = list(EXPERIMENTS) if is_all else [args.name]
    if args.out is not None:
        require_results_folder(args.out, names)
    if args.work is not None:
        require_writable(args.work, "what is prepared")
    results, failed, drawn = [], {}, Drawn()
    with TerminalProgress() as progress, Workspace(args.data, args.work) as workspace:
        for name in names:
            try:
                results.append(EXPERIMENTS[name].run(workspace, settings, progress))
            except (DataError, SettingsError) as problem:
                if not is_all:
                    raise
                failed[name] = str(problem)
            if args.out is not None:
                write_results(args.out, results, failed, drawn)
    if is_all and args.json:
        say_json({"results": [each.as_json() for each in results], "failed": failed})
    else:
        say_either(args.json, lambda: results[0].as_json(), lambda: "\n\n\n".join(map(in_words, results)))
        for name, why in failed.items():
            say(f"\n{name} cannot be run on these data: {why}")


def _add_faithfulness_options(parser: argparse.ArgumentParser) -> None:
    add_count(parser, "-n", 300, "recommendations tested")
    add_count(parser, "--explanations", 2000, "random explanations whose parts are summed")
    parser.add_argument(
        "--sentences",
        type=a_path,
        metavar="FILE",
        help="human-labelled sentences to hold the polarity of phrases against (Parquet: sentence, polarity, ...)",
    )


def _run_faithfulness(args: argparse.Namespace) -> None:
    from recsys.studies.faithfulness import FaithfulnessSettings
    from recsys.studies.format import in_words
    from recsys.studies.workspace import Workspace

    settings = FaithfulnessSettings(args.n, args.explanations, args.seed, args.sentences)
    with TerminalProgress() as progress, Workspace(args.data) as workspace:
        result = FAITHFULNESS.run(workspace, settings, progress)
    say_either(args.json, result.as_json, lambda: in_words(result))


def _add_quotes_options(parser: argparse.ArgumentParser) -> None:
    add_count(parser, "-n", 30, "shoppers whose lists are drawn")
    add_count(parser, "-k", 10, "length of the lists")
    what = "a model that `recsys train` made from these data; else one is trained now"
    parser.add_argument("--model", type=a_path, metavar="MODEL", help=what)


def _run_quotes(args: argparse.Namespace) -> None:
    from dataclasses import replace

    from recsys.studies.format import in_words
    from recsys.studies.quotes import CARDS, QuotesSettings, in_lines
    from recsys.studies.workspace import Workspace

    settings = QuotesSettings(args.n, args.k, args.seed, args.model)
    with TerminalProgress() as progress, Workspace(args.data) as workspace:
        result = QUOTES.run(workspace, settings, progress)

    def told() -> str:
        cards = next(table for table in result.tables if table.name == CARDS)
        others = tuple(table for table in result.tables if table is not cards)
        return f"{in_words(replace(result, tables=others))}\n\n{in_lines(cards)}"

    say_either(args.json, result.as_json, told)


def _add_preset_options(parser: argparse.ArgumentParser) -> None:
    add_held_out(parser, "last", cut_off=False)
    add_count(parser, "--trials", 60, "trials a preset")
    parser.add_argument(
        "--panel",
        type=a_path,
        metavar="PANEL",
        help="test shoppers that `recsys panel` prepared from these data, held out in its way; else they are now",
    )


def _run_presets(args: argparse.Namespace) -> None:
    from recsys.data.dataset import Dataset
    from recsys.errors import InputError
    from recsys.panel.build import PanelSettings, build_panel, open_or_build
    from recsys.panel.engine import LiveEngine
    from recsys.panel.panel import Panel
    from recsys.progress import Progress
    from recsys.tuning.search import SearchSettings
    from recsys.tuning.shipped import Engines, tune_shipped

    settings = SearchSettings(args.trials, args.seed)
    prepared = PanelSettings.of(args.split, args.min_interactions, args.seed)
    with TerminalProgress() as progress, tempfile.TemporaryDirectory(prefix="shelfwise-panel-") as folder:
        if args.panel:
            validation, test = Panel.open(args.panel)
            if Dataset.read(args.data, progress).fingerprint != test.data["fingerprint"]:
                raise InputError(f"{args.panel} was prepared from other data than {args.data}; prepare it again")
        else:
            build_panel(args.data, Path(folder) / args.split, prepared, progress)
            validation, test = Panel.open(Path(folder) / args.split)

        def replayed(name: str, report: Progress) -> Engines:
            settings = PanelSettings.of(name, test.settings["min_interactions"], test.settings["seed"])
            panels = open_or_build(args.data, Path(folder) / name, settings, str(test.data["fingerprint"]), report)
            return LiveEngine(panels[0]), LiveEngine(panels[1])

        tuned = tune_shipped(LiveEngine(validation), LiveEngine(test), progress, replayed=replayed, settings=settings)
    if args.json:
        facts = {"protocol": test.protocol, "n_validation": len(validation), "n_test": len(test)}
        say_json({**facts, "presets": [each.as_json() for each in tuned]})
    else:
        say("\n\n".join([test.protocol, *map(_preset_in_words, tuned)]))


def _preset_in_words(preset: "TunedPreset | NotAvailable") -> str:
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


class _Study(NamedTuple):
    summary: str
    description: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None] = _run


_STUDIES = {
    **{
        name: _Study(each.summary, each.question, _add_options_and_weights if name == "clicks" else _add_options)
        for name, each in EXPERIMENTS.items()
    },
    FAITHFULNESS.name: _Study(
        FAITHFULNESS.summary, FAITHFULNESS.question, _add_faithfulness_options, _run_faithfulness
    ),
    QUOTES.name: _Study(QUOTES.summary, QUOTES.question, _add_quotes_options, _run_quotes),
    "presets": _Study(
        "whether the presets of the app reach their goals",
        "Do the presets that come with the app reach their goals? Each is tuned on validation shoppers and held "
        "against equal weights on test shoppers.",
        _add_preset_options,
        _run_presets,
    ),
    "all": _Study(
        "all of these but faithfulness, quotes and presets",
        "All studies but faithfulness, quotes and presets, one after another; those that these data do not allow are "
        "named with their reason.",
        _add_options_and_weights,
    ),
}
"""In the order of the help."""
