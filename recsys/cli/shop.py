"""The commands on a shop's data: `recsys demo`, `train`, `panel`, `evaluate`, and `bench`, which makes its own."""

import argparse
import importlib
import math
from typing import TYPE_CHECKING, Any

from recsys.cli.options import (
    Commands,
    a_path,
    add_choice,
    add_count,
    add_data,
    add_held_out,
    add_hemisphere,
    add_json,
    add_min_interactions,
    add_out,
    add_seed,
    new_command,
)
from recsys.cli.terminal import TerminalProgress, say, say_either, say_json
from recsys.errors import InputError

if TYPE_CHECKING:
    from recsys.evaluation.statistics.significance import Interval
    from recsys.studies.evaluate import Evaluation

BENCHMARKS = ("live-metrics", "encode", "recommend", "explain", "train", "collaborative")

NOT_AVAILABLE = "–"
"""A cell without a number; the reason stands below the table."""

_WHY_NOT = {
    "ild": "no list holds two products to compare",
    "novelty": "no list holds a product",
    "personalisation": "it takes the lists of two shoppers",
}


def add_demo(commands: Commands) -> None:
    parser = new_command(
        commands,
        "demo",
        run_demo,
        "make a demo shop as a data folder",
        "Make a believable outdoor-and-home shop from a seed: products, shoppers with tastes, reviews in their own "
        "words, events, and logged impressions with true propensities. The hidden truth behind it lies in a file of "
        "its own that only tests and simulators read.",
        "--out shop --items 300 --shoppers 500 --seed 7",
    )
    add_out(parser, "DIR", "data folder to write; replaced as a whole")
    add_count(parser, "--items", 1000, "products")
    add_count(parser, "--shoppers", 1500, "shoppers; events and impressions grow with them, reviews up to 200,000")
    add_seed(parser, "another seed, another shop")


def run_demo(args: argparse.Namespace) -> None:
    from recsys.demo import generate_demo

    with TerminalProgress() as progress:
        made = generate_demo(args.out, n_items=args.items, n_shoppers=args.shoppers, seed=args.seed, progress=progress)
    counts = ", ".join(f"{count:,} {name}" for name, count in made.counts.items())
    say(f"{args.out}: {counts}; made in {made.seconds:.1f} s")


def add_train(commands: Commands) -> None:
    parser = new_command(
        commands,
        "train",
        run_train,
        "learn a model from a data folder",
        "Read and check a data folder, find and encode the phrases of its texts, fit the four components, and write "
        "the model. The earlier model in the same place stays usable until the new one is complete; stopping with "
        "Ctrl-C changes nothing. Phrases that were encoded before are taken from the cache.",
        "--data shop --out model",
    )
    add_data(parser)
    add_out(parser, "MODEL", "model folder to write")
    add_choice(
        parser,
        "--split",
        ("none", "temporal", "last"),
        "none",
        "leave out what `evaluate --min-interactions 1` tests on: the end of time, or each shopper's last product",
    )
    add_seed(parser, "same seed, same model")
    add_choice(
        parser,
        "--learn",
        ("nothing", "weights", "map"),
        "nothing",
        "learn the default weights for this shop, by the multi-task objective or from a grid, or also a map of what "
        "its words mean; each is taken only where shoppers are better served beyond doubt who did not choose it",
    )
    add_choice(
        parser,
        "--collaborative",
        ("auto", "lightfm", "item_knn", "ease"),
        "auto",
        "engine of the collaborative component: the one that serves the shop's validation shoppers best, or this one",
    )
    parser.add_argument(
        "--fixed-weights",
        action="store_true",
        help="mix the components as usual, in place of weights that the shop's validation shoppers choose",
    )
    add_hemisphere(parser)
    parser.add_argument(
        "--encoder",
        type=a_path,
        metavar="FOLDER",
        help="read texts with this sentence-transformers model (default: that of RECSYS_ENCODER, else the packaged "
        "one, which reads English)",
    )


def run_train(args: argparse.Namespace) -> None:
    from recsys.settings import FusionSettings
    from recsys.text.unread import in_words
    from recsys.training.fit import TrainingSettings, train

    settings = TrainingSettings(
        split=args.split,
        seed=args.seed,
        learn=args.learn,
        engine=None if args.collaborative == "auto" else args.collaborative,
        choose_weights=not args.fixed_weights,
        hemisphere=args.hemisphere,
        encoder="" if args.encoder is None else str(args.encoder),
    )
    with TerminalProgress() as progress:
        artifact = train(args.data, args.out, settings, progress)
    facts = artifact.manifest["data"]
    say(
        f"{args.out}: learnt from {facts['n_items']:,} products, {facts['n_users']:,} shoppers, "
        f"{facts['n_reviews']:,} reviews ({facts['n_phrases']:,} phrases) and {facts['n_events']:,} events; "
        f"model {artifact.model_id[:12]}"
    )
    say(f"texts are read with {facts['encoder_id']}, which reads {in_words(facts['reads'])}")
    chosen, learning = artifact.manifest["chosen"], artifact.manifest["learning"]
    weights = FusionSettings(**(learning or chosen)["weights"]).normalised()
    say(chosen["engine"]["in_words"])
    if learning:
        say(learning["in_words"])
    say(f"Default weights: {', '.join(f'{name} {share:.0%}' for name, share in weights.items())}.")


def add_panel(commands: Commands) -> None:
    parser = new_command(
        commands,
        "panel",
        run_panel,
        "prepare a shop's test shoppers for live evaluation",
        "Hold out what shoppers did last, fit every model on the rest, make sure that nothing held out was learned "
        "from, and write the component scores of all validation and test shoppers. The tuning page does this by "
        "itself; use the command to prepare a large shop beforehand, or for Python.",
        "--data shop --out panel --split last",
    )
    add_data(parser)
    add_out(parser, "PANEL", "panel folder to write")
    add_choice(
        parser,
        "--split",
        ("temporal", "last", "newcomers", "evening_mobile", "new_products"),
        "last",
        "hold out everything after a moment, or each shopper's last product; or put shoppers back to when two "
        "products of theirs were known, or to their last choice in the evening on a phone; or take all that is known "
        "of a product away, a fifth of the products at a time",
    )
    add_min_interactions(parser)
    add_hemisphere(parser)
    what = "most that the scores of one role may take; larger shops are held by candidates"
    add_count(parser, "--budget-mb", 1500, what, "MB")
    add_seed(parser, "of ties and models")


def run_panel(args: argparse.Namespace) -> None:
    from recsys.panel.build import PanelSettings, build_panel
    from recsys.panel.panel import Panel

    budget_bytes = args.budget_mb * 1_000_000
    settings = PanelSettings.of(args.split, args.min_interactions, args.seed, budget_bytes, args.hemisphere)
    with TerminalProgress() as progress:
        build_panel(args.data, args.out, settings, progress)
    validation, test = Panel.open(args.out)
    held = "all products" if test.scores.is_whole else f"at most {test.scores.widths.max():,} candidates a shopper"
    say(f"{args.out}: {len(validation):,} validation and {len(test):,} test shoppers, {held}")
    say(test.leak_check)


def add_evaluate(commands: Commands) -> None:
    parser = new_command(
        commands,
        "evaluate",
        run_evaluate,
        "compare components, fusion and baselines on held-out products",
        "Hold out what shoppers did last, fit every model on the rest, and see who would have listed it: "
        "precision, recall, F1, nDCG, MAP, MRR, hit rate, diversity (ILD), novelty, coverage and personalisation at k, "
        "each with its 95%% bootstrap interval over shoppers.",
        "--data shop --split last --min-interactions 3 --json",
    )
    add_data(parser)
    add_held_out(parser, "temporal")
    add_seed(parser, "of ties, models, intervals")
    add_json(parser)


def run_evaluate(args: argparse.Namespace) -> None:
    from recsys.evaluation.protocols.hold_out import EvaluationSettings
    from recsys.studies.evaluate import evaluate

    settings = EvaluationSettings(args.split, args.min_interactions, args.k, args.seed)
    with TerminalProgress() as progress:
        evaluation = evaluate(args.data, settings, progress)
    say_either(args.json, evaluation.as_json, lambda: _table(evaluation))


def _table(evaluation: "Evaluation") -> str:
    """Means with half-widths of their intervals, a row a model; below, why a number is missing."""
    names = list(next(iter(evaluation.models.values())))
    headings = [f"{name}@{evaluation.k}" for name in names]
    width = max(17, *(len(heading) + 2 for heading in headings))
    lines = [evaluation.protocol, *evaluation.notes, ""]
    rows = {model: [_cell(each) for each in metrics.values()] for model, metrics in evaluation.models.items()}
    for model, row in ({"model": headings} | rows).items():
        lines.append(f"{model:<18}" + "".join(f"{cell:>{width}}" for cell in row))
    lines.append(f"\n{evaluation.n_users:,} test shoppers; ± is half the width of the 95% interval")
    cells = [pair for row in rows.values() for pair in zip(names, row, strict=True)]
    missing = dict.fromkeys(name for name, cell in cells if cell == NOT_AVAILABLE)
    lines += [f"{NOT_AVAILABLE} {name}@{evaluation.k}: {_WHY_NOT.get(name, 'nothing to find')}" for name in missing]
    if any(cell.endswith(f"±{NOT_AVAILABLE}") for _, cell in cells):
        lines.append(f"±{NOT_AVAILABLE} too few shoppers differ for an interval")
    return "\n".join(lines)


def _cell(interval: "Interval") -> str:
    if math.isnan(interval.mean):
        return NOT_AVAILABLE
    half = (interval.high - interval.low) / 2
    return f"{interval.mean:.4f} ±{NOT_AVAILABLE if math.isnan(half) else f'{half:.4f}'}"


def add_bench(commands: Commands) -> None:
    parser = new_command(
        commands,
        "bench",
        run_bench,
        "measure speed and memory on this machine",
        "Run one of the project's benchmarks: live-metrics "
        "times every list and metric of 2,000 shoppers x 5,000 products beside torch and numpy, encode "
        "compares our encoding with the plain library, recommend times one shopper's list at 10,000 and 1,000,000 "
        "products, explain times one explanation with 5,000 phrases a side, train times every stage with and without "
        "cached phrases, collaborative fits each engine at 1,000 to 50,000 products.",
        "recommend --json",
    )
    parser.add_argument("name", choices=BENCHMARKS, help="which benchmark")
    parser.add_argument(
        "--data", type=a_path, metavar="DIR", help="of encode: data folder whose reviews are encoded (default: made up)"
    )
    parser.add_argument("--small", action="store_true", help="a size that takes seconds, to see that it runs")
    add_json(parser)


def run_bench(args: argparse.Namespace) -> None:
    module = importlib.import_module(f"recsys.studies.benchmarks.{args.name.replace('-', '_')}")
    options: dict[str, Any] = dict(module.SMALL) if args.small else {}
    if args.data is not None:
        if args.name != "encode":
            raise InputError(f"--data={args.data}: benchmark {args.name!r} makes its own data; only encode reads some")
        if not (args.data / "reviews.parquet").is_file():
            raise InputError(f"--data={args.data}: no reviews.parquet in it, so there is nothing to encode")
        options["data"] = args.data
    figures = module.run(**options)
    if args.json:
        say_json(figures)
    else:
        width = max(map(len, figures))
        say("\n".join(f"{name:<{width}}  {value}" for name, value in figures.items()))
