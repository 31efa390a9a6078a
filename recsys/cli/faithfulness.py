"""`recsys experiment faithfulness`: do explanations name what a score rests on?"""

import argparse
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from recsys.cli.options import a_path, add_data, add_json, add_seed
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import NOT_AVAILABLE, figure, say, say_json

if TYPE_CHECKING:
    from recsys.evaluation.statistics.significance import Interval
    from recsys.studies.faithfulness.measures import Measured
    from recsys.studies.faithfulness.study import TrustReport

SUMMARY = "whether explanations name what scores rest on"
DESCRIPTION = (
    "Do explanations name what a score rests on? Random explanations are summed, phrases are taken away (against as "
    "many at random), the model is trained again with another seed; on a demo shop the phrases are held against the "
    "hidden truth, and with --sentences the polarity of phrases against human labels."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this study."""
    add_data(parser)
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
        type=a_path,
        metavar="FILE",
        help="human-labelled sentences to hold the polarity of phrases against (Parquet: sentence, polarity, ...)",
    )
    add_seed(parser, "of everything")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Study and print."""
    from recsys.studies.faithfulness.study import TrustSettings, trust

    settings = TrustSettings(args.n, args.explanations, args.seed)
    with TerminalProgress() as progress:
        found = trust(args.data, settings, args.sentences, progress)
    if args.json:
        say_json(found.as_json())
    else:
        say(in_words(found))


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
    return (
        f"{figure(found['hit_rate'], '.3f')} ({ends})   by chance {figure(found['chance'], '.3f')}   of {found['n']:,}"
    )


def _measured(measured: "Measured") -> str:
    return f"{_interval(measured.value)}   by chance {_interval(measured.control)}"


def _interval(interval: "Interval") -> str:
    if math.isnan(interval.mean):
        return f"{NOT_AVAILABLE} (nothing to measure)"
    return f"{interval.mean:.3f} ({_ends(interval.low, interval.high) if interval.is_given else _TOO_FEW})"


def _ends(low: float, high: float) -> str:
    return f"{low:.3f} to {high:.3f}"
