"""`recsys experiment`: the project's studies, a command each."""

import argparse
from collections.abc import Callable, Sequence

from recsys.cli import faithfulness, presets
from recsys.cli.options import a_path, add_data, add_held_out, add_json, add_seed
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say, say_json
from recsys.studies.registry import EXPERIMENTS

_ALL = "all of these but faithfulness and presets"
_ALL_DESCRIPTION = (
    "All studies but faithfulness and presets, one after another; those that these data do not allow are named with "
    "their reason."
)


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, with a command of its own for every study."""
    summaries = {name: each.summary for name, each in EXPERIMENTS.items()}
    summaries |= {"faithfulness": faithfulness.SUMMARY, "presets": presets.SUMMARY, "all": _ALL}
    listed = "\n".join(f"  {name:<13} {summary}" for name, summary in summaries.items())
    parser = commands.add_parser(
        "experiment",
        help="run one of the project's studies on a data folder",
        description=f"Run one of the project's studies on a data folder:\n\n{listed}",
        epilog="example: python -m recsys experiment paper --data shop --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    studies = parser.add_subparsers(
        dest="name",
        required=True,
        metavar="NAME",
        help="which study; `experiment NAME --help` shows its options",
    )
    for name, each in EXPERIMENTS.items():
        _add(studies, name, each.question, _add_options)
    _add(studies, "faithfulness", faithfulness.DESCRIPTION, faithfulness.add_options)
    _add(studies, "presets", presets.DESCRIPTION, presets.add_options)
    _add(studies, "all", _ALL_DESCRIPTION, _add_options)


def _add(
    studies: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    description: str,
    add_options: Callable[[argparse.ArgumentParser], None],
) -> None:
    parser = studies.add_parser(
        name,
        description=description,
        epilog=f"example: python -m recsys experiment {name} --data shop --json",
    )
    add_options(parser)
    if name in ("clicks", "all"):
        parser.add_argument(
            "--weights",
            metavar="NAME=W,...",
            help="a setting of the sliders that the log is asked about, too, such as collaborative=0.4,semantic=0.3",
        )


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_held_out(parser, "last")
    add_seed(parser, "of everything")
    parser.add_argument(
        "--out", type=a_path, metavar="DIR", help="write results (JSON), tables (CSV) and one report (HTML) here"
    )
    parser.add_argument(
        "--work", type=a_path, metavar="DIR", help="keep what is prepared here, for the next experiment"
    )
    add_json(parser)
    parser.set_defaults(run=run, weights=None)


def run(args: argparse.Namespace) -> None:
    """Study and print; what is asked for is checked before the data are read."""
    from recsys.errors import DataError, SettingsError
    from recsys.files import require_writable
    from recsys.settings import parse_weights
    from recsys.studies.format import in_words
    from recsys.studies.registry import ExperimentSettings
    from recsys.studies.results_folder import keep, require_results_folder
    from recsys.studies.workspace import Workspace

    weights = parse_weights(args.weights) if args.weights is not None else None
    settings = ExperimentSettings(args.split, args.min_interactions, args.k, args.seed, weights)
    names: Sequence[str] = list(EXPERIMENTS) if args.name == "all" else [args.name]
    if args.out is not None:
        require_results_folder(args.out, names)
    if args.work is not None:
        require_writable(args.work, "what is prepared")
    results, failed = [], {}
    with TerminalProgress() as progress, Workspace(args.data, args.work) as workspace:
        for name in names:
            try:
                results.append(EXPERIMENTS[name].run(workspace, settings, progress))
            except (DataError, SettingsError) as problem:
                if args.name != "all":
                    raise
                failed[name] = str(problem)
            if args.out is not None:
                keep(args.out, results, failed)
    if args.json:
        documents = [each.as_json() for each in results]
        say_json(documents[0] if args.name != "all" else {"results": documents, "failed": failed})
    else:
        say("\n\n\n".join(map(in_words, results)))
        for name, why in failed.items():
            say(f"\n{name} cannot be run on these data: {why}")
