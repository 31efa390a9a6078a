"""`recsys recommend`: the list for one shopper."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from recsys.results import Recommendation
from recsys.settings import COMPONENTS, DiversityMethod, RankingSettings, parse_context, parse_weights

if TYPE_CHECKING:
    from recsys.recommender import Recommender


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "recommend",
        help="list products for one shopper",
        description="Rank the catalogue for a known shopper, or for a new one who only says what they like.",
        epilog="examples: python -m recsys recommend --model model --user u00001 --context device=mobile,hour=20\n"
        '          python -m recsys recommend --model model --text "light boots that stay dry" -n 5',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_request_options(parser)
    parser.add_argument("-n", type=int, default=10, metavar="N", help="list length (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.set_defaults(run=run)


def add_request_options(parser: argparse.ArgumentParser) -> None:
    """Who is asked about, under which weights and circumstances."""
    parser.add_argument("--model", type=Path, required=True, metavar="MODEL", help="model folder that `train` wrote")
    parser.add_argument("--user", metavar="ID", help="a shopper the model knows")
    parser.add_argument("--text", default="", metavar="WORDS", help="what a new shopper says (or a known one adds)")
    parser.add_argument(
        "--weights",
        metavar="NAME=W,...",
        help=f"weights of {', '.join(COMPONENTS)}; what is not named counts for nothing (default: the model's, or for "
        "a new shopper those that let the words lead)",
    )
    parser.add_argument(
        "--context",
        default="",
        metavar="NAME=V,...",
        help="circumstances: device, region, hour, daypart, weekday, season, month, date (default: nothing known)",
    )
    parser.add_argument("--diversity", type=float, default=0.0, metavar="D", help="from 0 to 1 (default: %(default)s)")
    parser.add_argument(
        "--method", choices=get_args(DiversityMethod), default="mmr", help="of diversity (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> None:
    """Rank and print."""
    from recsys.recommender import Recommender

    parse_context(args.context)  # what is mistyped is said before the model is opened
    model = Recommender.load(args.model)
    context = parse_context(args.context, model.info.hemisphere)
    ranked = model.recommend(args.user, args.text, context, settings_of(args, model))
    for note in ranked.notes:
        print(f"note: {note}", file=sys.stderr)
    print(ranked.to_json() if args.json else table(ranked))


def settings_of(args: argparse.Namespace, model: "Recommender") -> RankingSettings:
    """The settings that the options ask for; weights are the model's unless given."""
    weights = parse_weights(args.weights) if args.weights else model.start_weights(args.user)
    return RankingSettings(fusion=weights, n=args.n, diversity=args.diversity, method=args.method)


def table(ranked: Recommendation) -> str:
    """A list as text, with what each component adds."""
    width = max((len(item.title) for item in ranked.items), default=5)
    width = min(max(width, 5), 44)
    lines = [f"{'rank':>4}  {'product':<{width}}  {'score':>7}  " + "  ".join(f"{name:>13}" for name in COMPONENTS)]
    for item in ranked.items:
        title = item.title if len(item.title) <= width else item.title[: width - 1] + "…"
        shares = "  ".join(f"{item.components[name]:>+13.3f}" for name in COMPONENTS)
        lines.append(f"{item.rank:>4}  {title:<{width}}  {item.score:>+7.3f}  {shares}")
    return "\n".join(lines)
