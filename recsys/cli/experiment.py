"""`recsys experiment`: the project's studies, a command each."""

import argparse
from collections.abc import Callable

from recsys.cli import presets
from recsys.cli.options import a_path, add_count, add_data, add_held_out, add_json, add_seed
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say, say_json
from recsys.studies.registry import EXPERIMENTS, FAITHFULNESS


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, with a command of its own for every study."""
    listed = "\n".join(f"  {name:<13} {summary}" for name, (summary, _, _) in _STUDIES.items())
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
    for name, (_, description, add_options) in _STUDIES.items():
        example = f"example: python -m recsys experiment {name} --data shop --json"
        study = studies.add_parser(name, description=description, epilog=example)
        add_options(study)
        if name in ("clicks", "all"):
            study.add_argument(
                "--weights",
                metavar="NAME=W,...",
                help="a setting of the sliders that the log is asked about, too: collaborative=0.4,semantic=0.3",
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


def _add_faithfulness_options(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_count(parser, "-n", 300, "recommendations tested")
    add_count(parser, "--explanations", 2000, "random explanations whose parts are summed")
    parser.add_argument(
        "--sentences",
        type=a_path,
        metavar="FILE",
        help="human-labelled sentences to hold the polarity of phrases against (Parquet: sentence, polarity, ...)",
    )
    add_seed(parser, "of everything")
    add_json(parser)
    parser.set_defaults(run=run_faithfulness)


_STUDIES: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    **{name: (each.summary, each.question, _add_options) for name, each in EXPERIMENTS.items()},
    FAITHFULNESS.name: (FAITHFULNESS.summary, FAITHFULNESS.question, _add_faithfulness_options),
    "presets": (presets.SUMMARY, presets.DESCRIPTION, presets.add_options),
    "all": (
        "all of these but faithfulness and presets",
        "All studies but faithfulness and presets, one after another; those that these data do not allow are named "
        "with their reason.",
        _add_options,
    ),
}
"""Summary, description and options by name, in the order of the help."""


def run(args: argparse.Namespace) -> None:
    """Study and print; options are checked before the data are read."""
    from recsys.errors import DataError, SettingsError
    from recsys.files import require_writable
    from recsys.settings import parse_weights
    from recsys.studies.format import in_words
    from recsys.studies.results_folder import require_results_folder, write_results
    from recsys.studies.workspace import ExperimentSettings, Workspace

    weights = parse_weights(args.weights) if args.weights is not None else None
    settings = ExperimentSettings(args.split, args.min_interactions, args.k, args.seed, weights)
    is_all = args.name == "all"
    names = list(EXPERIMENTS) if is_all else [args.name]
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
                if not is_all:
                    raise
                failed[name] = str(problem)
            if args.out is not None:
                write_results(args.out, results, failed)
    if args.json:
        documents = [each.as_json() for each in results]
        say_json({"results": documents, "failed": failed} if is_all else documents[0])
    else:
        say("\n\n\n".join(map(in_words, results)))
        for name, why in failed.items():
            say(f"\n{name} cannot be run on these data: {why}")


def run_faithfulness(args: argparse.Namespace) -> None:
    """Study the explanations and print."""
    from recsys.studies.faithfulness.study import FaithfulnessSettings
    from recsys.studies.format import in_words
    from recsys.studies.workspace import Workspace

    settings = FaithfulnessSettings(args.n, args.explanations, args.seed, args.sentences)
    with TerminalProgress() as progress, Workspace(args.data) as workspace:
        result = FAITHFULNESS.run(workspace, settings, progress)
    if args.json:
        say_json(result.as_json())
    else:
        say(in_words(result))
