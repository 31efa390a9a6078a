"""`recsys explain`: why a product stands where it stands for one shopper, as arithmetic."""

import argparse
from itertools import islice

from recsys.cli.options import Commands, add_request, new_command
from recsys.cli.recommend import request_of, say_notes, with_weights
from recsys.cli.terminal import one_line, say, say_json, shortened
from recsys.explanations.records import Contribution, Explanation
from recsys.settings import COMPONENTS, parse_context

_SHOWN = 8


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = new_command(
        commands,
        "explain",
        run,
        "take one product's score apart",
        "Show what puts a product where it stands for a shopper: baseline and components sum to the score, and the "
        "contributions of a component sum to it. Quotes are verbatim.",
        "--model model --user u00001 --item p0001 --json",
        "--model model --user u00001 --item p0001 --without r17.40",
    )
    add_request(parser)
    parser.add_argument("--item", required=True, metavar="ID", help="the product, listed or not")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help='leave something out as if it had never been there: a "strike" name of the JSON, such as r17.40 (a '
        "phrase), r17 (a review), f:brand:X (an attribute), c:trend (a circumstance), h:ID (a product of the history); "
        "may be given again",
    )


def run(args: argparse.Namespace) -> None:
    """Explain and print."""
    from recsys.serving.recommender import Recommender

    settings = request_of(args)
    model = Recommender.load(args.model)
    model.item_row(args.item)  # refused, if it is not there, before the encoder is loaded
    context = parse_context(args.context, model.info.hemisphere)
    scored = model.scores(args.user, args.text, context, args.without)
    found = model.explain(scored, args.item, with_weights(settings, args, model))
    say_notes(found.notes)
    if args.json:
        say_json(found.as_json())
    else:
        say(in_words(found))


def in_words(found: Explanation) -> str:
    """An explanation as text: where the product stands, then every component with what matters most in it."""
    lines = [f"{one_line(found.title)}: score {found.score:+.3f}, {rank_in_words(found)}", ""]
    lines.append(f"{found.baseline:>+9.3f}  baseline: what the average product gathers is taken off")
    for name in COMPONENTS:
        parts = found.of(name)
        lines.append(f"{found.components[name]:>+9.3f}  {name} (average product {found.averages[name]:+.3f})")
        lines += [f"{part.value:>+15.3f}  {_label(part)}" for part in islice(parts, _SHOWN)]
        if len(parts) > _SHOWN:
            rest = sum(part.value for part in parts[_SHOWN:])
            lines.append(f"{rest:>+15.3f}  {len(parts) - _SHOWN:,} more")
    lines += [f"{'-' * 9}", f"{found.score:>+9.3f}  score"]
    return "\n".join(lines)


def rank_in_words(found: Explanation) -> str:
    """The place on the list, and what moved it."""
    standing = found.position
    if standing.not_eligible:
        return f"cannot be listed: {standing.not_eligible}"
    said = f"rank {standing.rank_by_score:,} of {standing.n_candidates:,} by score"
    if standing.rank is None:
        return f"{said}, not among the first {standing.n}"
    return said if standing.rank == standing.rank_by_score else f"{said}, rank {standing.rank} after diversity"


def _label(part: Contribution) -> str:
    if part.component != "semantic":
        return one_line(part.label)
    return f"“{shortened(' '.join(part.label.split()), 90)}” ({part.source['kind']})"
