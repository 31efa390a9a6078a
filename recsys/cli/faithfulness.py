"""`recsys experiment faithfulness`: do explanations name what a score rests on?"""

import argparse

from recsys.cli.options import a_path, add_data, add_json, add_seed
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say, say_json

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
    from recsys.studies.faithfulness.study import FaithfulnessSettings
    from recsys.studies.faithfulness.study import run as study
    from recsys.studies.format import in_words
    from recsys.studies.workspace import Workspace

    settings = FaithfulnessSettings(args.n, args.explanations, args.seed, args.sentences)
    with TerminalProgress() as progress, Workspace(args.data) as workspace:
        result = study(workspace, settings, progress)
    if args.json:
        say_json(result.as_json())
    else:
        say(in_words(result))
