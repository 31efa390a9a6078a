"""`recsys experiment`: the project's studies, each by one command."""

import argparse
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.cli import presets
from recsys.cli.options import add_held_out
from recsys.cli.reporting import TerminalProgress
from recsys.evaluation.experiments.registry import EXPERIMENTS

if TYPE_CHECKING:
    from recsys.evaluation.faithfulness import Measured
    from recsys.evaluation.significance import Interval
    from recsys.evaluation.trust import TrustReport

NAMES = (*EXPERIMENTS, "faithfulness", "presets", "all")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "experiment",
        help="run one of the project's studies on a data folder",
        description="faithfulness: do explanations name what a score rests on? Random explanations are summed, phrases "
        "are taken away (against as many at random), the model is trained again with another seed; on a demo shop the "
        "phrases are held against the hidden truth, and with --sentences the polarity of phrases against human labels. "
        "presets: do the presets that come with the app reach their goals? Each is tuned on validation shoppers and "
        "held against equal weights on test shoppers. "
        + " ".join(f"{each.name}: {each.question}" for each in EXPERIMENTS.values()),
        epilog="example: python -m recsys experiment faithfulness --data shop --json",
    )
    parser.add_argument("name", choices=NAMES, help="which study")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="data folder (canonical Parquet)")
    add_held_out(parser, "last")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write results (JSON), tables (CSV) and one report (HTML) here"
    )
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep what is prepared here, for the next experiment")
    parser.add_argument(
        "--weights",
        metavar="NAME=W,...",
        help="with clicks: a setting of the sliders that the log is asked about, too, such as "
        "collaborative=0.4,semantic=0.3",
    )
    presets.add_options(parser)
    parser.add_argument("-n", type=int, default=300, metavar="N", help="recommendations tested (default: %(default)s)")
    parser.add_argument(
        "--explanations",
        type=int,
        default=2000,
        metavar="N",
        help="random explanations whose parts are summed (default: %(default)s)",
    )
    parser.add_argument(
        "--sentences",
        type=Path,
        metavar="FILE",
        help="human-labelled sentences to hold the polarity of phrases against (Parquet: sentence, polarity, ...)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of everything (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Study and print."""
    from recsys.errors import SettingsError

    if args.weights and args.name not in ("clicks", "all"):
        raise SettingsError(f"--weights: only the experiment clicks can be asked about a setting, not {args.name}")
    if args.name == "presets":
        presets.run(args)
        return
    if args.name in EXPERIMENTS or args.name == "all":
        _run_experiment(args)
        return
    from recsys.evaluation.trust import TrustSettings, trust

    settings = TrustSettings(args.n, args.explanations, args.seed)
    with TerminalProgress() as progress:
        found = trust(args.data, settings, args.sentences, progress)
    print(json.dumps(found.as_json(), indent=1) if args.json else in_words(found))


def _run_experiment(args: argparse.Namespace) -> None:
    from recsys.errors import DataError, SettingsError
    from recsys.evaluation.experiments.keeping import keep
    from recsys.evaluation.experiments.registry import ExperimentSettings
    from recsys.evaluation.experiments.telling import in_words as told
    from recsys.evaluation.experiments.workspace import Workspace
    from recsys.settings import parse_weights

    weights = parse_weights(args.weights) if args.weights else None
    settings = ExperimentSettings(args.split, args.min_interactions, args.k, args.seed, weights)
    names = list(EXPERIMENTS) if args.name == "all" else [args.name]
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
        print(json.dumps(documents[0] if args.name != "all" else {"results": documents, "failed": failed}, indent=1))
    else:
        print("\n\n\n".join(map(told, results)))
        for name, why in failed.items():
            print(f"\n{name} cannot be run on these data: {why}")


def in_words(found: "TrustReport") -> str:
    """The report as text."""
    exact = found.exactness
    lines = [
        found.protocol,
        "",
        f"{exact.n:,} random explanations: parts and score differ by {exact.residual:.1e} at most, a component and its "
        f"contributions by {exact.component_residual:.1e}, both sides of the words by {exact.side_residual:.1e}",
        f"{exact.n_verbatim:,} of {exact.n_quotes:,} quotes stand word for word in the review they name",
    ]
    for side, report in found.sides.items():
        lines += ["", f"phrases of the {side}: {report.n:,} recommendations, {report.n_skipped:,} with too few phrases"]
        lines += [f"  {name:<18}{_measured(measured)}" for name, measured in report.measures.items()]
    lines += ["", "trained again with another seed"]
    lines += [f"  {name:<18}{_interval(getattr(found.stability, name))}" for name in found.stability.as_json()]
    if found.planted is not None:
        lines += ["", "the demo shop's hidden truth: do the top phrases name an aspect that drove the choice?"]
        lines += [f"  {_DEFINITIONS[name]:<34}{_planted(value)}" for name, value in found.planted.items()]
    if found.polarity is not None:
        lines += ["", "praise and complaint against human labels"]
        agreement = found.polarity
        lines += [
            f"  {agreement.n_sentences:,} sentences that judge one way, {agreement.n_positive:,} of them praise",
            f"  AUC, sentences as a whole   {_interval(agreement.auc)}",
            f"  AUC, mean of their phrases  {_interval(agreement.auc_of_phrases)}",
            f"  right sign                  {_interval(agreement.accuracy)}   always praise "
            f"{agreement.share_of_majority:.3f}",
        ]
    return "\n".join(lines)


_TOO_FEW = "too few tell for an interval"
_DEFINITIONS = {
    "leading": "the leading aspect",
    "two_leading": "one of the two leading aspects",
    "fifth": "one with a fifth of the pull",
}


def _planted(found: Mapping[str, float | None]) -> str:
    if not found["n"]:
        return "no recommendation with enough phrases"
    low, high = found["low"], found["high"]
    ends = _TOO_FEW if low is None or high is None else _ends(low, high)
    return f"{found['hit_rate']:.3f} ({ends})   by chance {found['chance']:.3f}   of {found['n']:,}"


def _measured(measured: "Measured") -> str:
    return f"{_interval(measured.value)}   by chance {_interval(measured.control)}"


def _interval(interval: "Interval") -> str:
    if math.isnan(interval.mean):
        return "no value"
    return f"{interval.mean:.3f} ({_ends(interval.low, interval.high) if interval.is_given else _TOO_FEW})"


def _ends(low: float, high: float) -> str:
    return f"{low:.3f} to {high:.3f}"
