"""`recsys recommend`: the list for one shopper."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from recsys.cli.options import Commands, add_request, new_command
from recsys.cli.terminal import one_line, say, say_error, say_json, shortened
from recsys.ranking.results import Recommendation, require_someone
from recsys.settings import (
    COMPONENTS,
    FusionSettings,
    RankingSettings,
    parse_context,
    parse_weights,
)

if TYPE_CHECKING:
    from recsys.serving.recommender import Recommender

LONGEST_TITLE = 44


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = new_command(
        commands,
        "recommend",
        run,
        "list products for one shopper",
        "Rank the catalogue for a known shopper, or for a new one who only says what they like.",
        "--model model --user u00001 --context device=mobile,hour=20",
        '--model model --text "light boots that stay dry" -n 5',
    )
    add_request(parser)


def run(args: argparse.Namespace) -> None:
    """Rank and print."""
    from recsys.serving.recommender import Recommender

    settings = request_of(args)
    model = Recommender.load(args.model)
    context = parse_context(args.context, model.info.hemisphere)
    ranked = model.recommend(args.user, args.text, context, with_weights(settings, args, model))
    say_notes(ranked.notes)
    if args.json:
        say_json(ranked.as_json())
    else:
        say(table(ranked, args.n))


def request_of(args: argparse.Namespace) -> RankingSettings:
    """Settings that the options ask for; they and the circumstances are checked before a model is opened."""
    require_someone(args.user, args.text)
    parse_context(args.context)
    weights = parse_weights(args.weights) if args.weights is not None else FusionSettings()
    return RankingSettings(fusion=weights, n=args.n, diversity=args.diversity, method=args.method)


def with_weights(settings: RankingSettings, args: argparse.Namespace, model: "Recommender") -> RankingSettings:
    """The settings with the weights of the model, unless weights were given."""
    return settings if args.weights is not None else replace(settings, fusion=model.start_weights(args.user))


def say_notes(notes: Sequence[str]) -> None:
    """What a person should know about an answer, on stderr."""
    for note in notes:
        say_error(f"note: {note}")


def table(ranked: Recommendation, n: int) -> str:
    """A list as text, with what each component adds; an empty list says why.

    Parameters
    ----------
    n : how many products were asked for
    """
    if not ranked.items:
        return f"No product: {ranked.notes[-1]}."
    ids, titles = [one_line(item.item_id) for item in ranked.items], [one_line(item.title) for item in ranked.items]
    id_width, width = (max(len(heading), *map(len, cells)) for heading, cells in (("item", ids), ("product", titles)))
    width = min(width, LONGEST_TITLE)
    head = f"{'rank':>4}  {'item':<{id_width}}  {'product':<{width}}  {'score':>7}  "
    lines = [head + "  ".join(f"{name:>13}" for name in COMPONENTS)]
    for item, item_id in zip(ranked.items, ids, strict=True):
        shares = "  ".join(f"{item.components[name]:>+13.3f}" for name in COMPONENTS)
        title = shortened(item.title, width)
        lines.append(f"{item.rank:>4}  {item_id:<{id_width}}  {title:<{width}}  {item.score:>+7.3f}  {shares}")
    if len(ranked.items) < n:
        lines.append(f"no other product may be listed ({n} were asked for)")
    return "\n".join(lines)
