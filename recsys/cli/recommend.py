"""`recsys recommend` and `recsys explain`: the list for one shopper, and one product's score as arithmetic."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from recsys.cli.options import Commands, add_request, new_command
from recsys.cli.terminal import one_line, say_either, say_error, shortened
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings, parse_context, parse_weights

if TYPE_CHECKING:
    from recsys.explanations.decompose import Contribution, Explanation
    from recsys.ranking.rank import Recommendation
    from recsys.serving.recommender import Recommender

_LONGEST_TITLE = 44
_MOST_PARTS = 8


def add_recommend(commands: Commands) -> None:
    parser = new_command(
        commands,
        "recommend",
        run_recommend,
        "list products for one shopper",
        "Rank the catalogue for a known shopper, or for a new one who only says what they like.",
        "--model model --user u00001 --context device=mobile,hour=20",
        '--model model --text "light boots that stay dry" -n 5',
    )
    add_request(parser)


def run_recommend(args: argparse.Namespace) -> None:
    from recsys.serving.recommender import Recommender

    settings = _request_of(args)
    model = Recommender.load(args.model)
    context = parse_context(args.context, model.info.hemisphere)
    ranked = model.recommend(args.user, args.text, context, _with_weights(settings, args, model))
    _say_notes(ranked.notes)
    say_either(args.json, ranked.as_json, lambda: _table(ranked, args.n))


def add_explain(commands: Commands) -> None:
    parser = new_command(
        commands,
        "explain",
        run_explain,
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


def run_explain(args: argparse.Namespace) -> None:
    from recsys.serving.recommender import Recommender

    settings = _request_of(args)
    model = Recommender.load(args.model)
    model.item_row(args.item)  # refused, if it is not there, before the encoder is loaded
    context = parse_context(args.context, model.info.hemisphere)
    scored = model.scores(args.user, args.text, context, args.without)
    explanation = model.explain(scored, args.item, _with_weights(settings, args, model))
    _say_notes(explanation.notes)
    say_either(args.json, explanation.as_json, lambda: _arithmetic(explanation))


def _request_of(args: argparse.Namespace) -> RankingSettings:
    """Settings that the options ask for; they and the circumstances are checked before a model is opened."""
    from recsys.ranking.rank import require_someone

    require_someone(args.user, args.text)
    parse_context(args.context)
    weights = parse_weights(args.weights) if args.weights is not None else FusionSettings()
    return RankingSettings(fusion=weights, n=args.n, diversity=args.diversity, method=args.method)


def _with_weights(settings: RankingSettings, args: argparse.Namespace, model: "Recommender") -> RankingSettings:
    """The settings with the weights of the model, unless weights were given."""
    return settings if args.weights is not None else replace(settings, fusion=model.start_weights(args.user))


def _say_notes(notes: Sequence[str]) -> None:
    for note in notes:
        say_error(f"note: {note}")


def _table(ranked: "Recommendation", n: int) -> str:
    """A list of up to `n` products with what each component adds; an empty list says why."""
    if not ranked.items:
        return f"No product: {ranked.notes[-1]}."
    ids, titles = [one_line(item.item_id) for item in ranked.items], [one_line(item.title) for item in ranked.items]
    id_width, width = (max(len(heading), *map(len, cells)) for heading, cells in (("item", ids), ("product", titles)))
    width = min(width, _LONGEST_TITLE)
    head = f"{'rank':>4}  {'item':<{id_width}}  {'product':<{width}}  {'score':>7}  "
    lines = [head + "  ".join(f"{name:>13}" for name in COMPONENTS)]
    for item, item_id in zip(ranked.items, ids, strict=True):
        shares = "  ".join(f"{item.components[name]:>+13.3f}" for name in COMPONENTS)
        title = shortened(item.title, width)
        lines.append(f"{item.rank:>4}  {item_id:<{id_width}}  {title:<{width}}  {item.score:>+7.3f}  {shares}")
    lines += _weights(ranked, len(head))
    if len(ranked.items) < n:
        lines.append(f"no other product may be listed ({n} were asked for)")
    return "\n".join(lines)


def _weights(ranked: "Recommendation", width: int) -> list[str]:
    """Under the columns of components their weights and, where anything does, what share of this list they decide."""
    rows = {"weight": ranked.weights} | ({"decides this list": ranked.influence} if ranked.influence else {})
    return [""] + [
        f"{f'{label} ':>{width}}" + "  ".join(f"{share:>13.0%}" for share in shares.values())
        for label, shares in rows.items()
    ]


def _arithmetic(explanation: "Explanation") -> str:
    """Where the product stands, then every component with what matters most in it."""
    lines = [f"{one_line(explanation.title)}: score {explanation.score:+.3f}, {_rank(explanation)}", ""]
    lines.append(f"{explanation.baseline:>+9.3f}  baseline: what the average product gathers is taken off")
    for name in COMPONENTS:
        parts, average = explanation.of(name), explanation.averages[name]
        lines.append(f"{explanation.components[name]:>+9.3f}  {name} (average product {average:+.3f})")
        lines += [f"{part.value:>+15.3f}  {_label(part)}" for part in islice(parts, _MOST_PARTS)]
        if len(parts) > _MOST_PARTS:
            rest = sum(part.value for part in parts[_MOST_PARTS:])
            lines.append(f"{rest:>+15.3f}  {len(parts) - _MOST_PARTS:,} more")
    lines += [f"{'-' * 9}", f"{explanation.score:>+9.3f}  score"]
    return "\n".join(lines)


def _rank(explanation: "Explanation") -> str:
    position = explanation.position
    if position.not_eligible:
        return f"cannot be listed: {position.not_eligible}"
    by_score = f"rank {position.rank_by_score:,} of {position.n_candidates:,} by score"
    if position.rank is None:
        return f"{by_score}, not among the first {position.n}"
    return by_score if position.rank == position.rank_by_score else f"{by_score}, rank {position.rank} after diversity"


def _label(part: "Contribution") -> str:
    if part.component != "semantic":
        return one_line(part.label)
    return f"“{shortened(' '.join(part.label.split()), 90)}” ({part.source['kind']})"
