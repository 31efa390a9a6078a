"""`recsys train`: learn a model from a data folder."""

import argparse

from recsys.cli.options import a_path, add_hemisphere
from recsys.cli.reporting import TerminalProgress
from recsys.cli.terminal import say


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "train",
        help="learn a model from a data folder",
        description="Read and check a data folder, find and encode the phrases of its texts, fit the four components, "
        "and write the model. The earlier model in the same place stays usable until the new one is complete; stopping "
        "with Ctrl-C changes nothing. Phrases that were encoded before are taken from the cache.",
        epilog="example: python -m recsys train --data shop --out model",
    )
    parser.add_argument("--data", type=a_path, required=True, metavar="DIR", help="data folder (canonical Parquet)")
    parser.add_argument("--out", type=a_path, required=True, metavar="MODEL", help="model folder to write")
    parser.add_argument(
        "--split",
        choices=("none", "temporal", "last"),
        default="none",
        help="leave out what `evaluate --min-interactions 1` tests on: the end of time, or each shopper's last "
        "product (default: none)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="same seed, same model (default: %(default)s)")
    parser.add_argument(
        "--learn",
        choices=("nothing", "weights", "map"),
        default="nothing",
        help="learn the default weights for this shop, by the multi-task objective or from a grid, or also a map of "
        "what its words mean; each is taken only where shoppers are better served beyond doubt who did not choose it "
        "(default: %(default)s)",
    )
    add_hemisphere(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Train and say what was learnt."""
    from recsys.settings import FusionSettings
    from recsys.training.fit import TrainingSettings, train

    settings = TrainingSettings(split=args.split, seed=args.seed, learn=args.learn, hemisphere=args.hemisphere)
    with TerminalProgress() as progress:
        artifact = train(args.data, args.out, settings, progress)
    facts = artifact.manifest["data"]
    say(
        f"{args.out}: learnt from {facts['n_items']:,} products, {facts['n_users']:,} shoppers, "
        f"{facts['n_reviews']:,} reviews ({facts['n_phrases']:,} phrases) and {facts['n_events']:,} events; "
        f"model {artifact.model_id[:12]}"
    )
    if learning := artifact.manifest["learning"]:
        weights = FusionSettings(**learning["weights"]).normalised()
        shares = ", ".join(f"{name} {share:.0%}" for name, share in weights.items())
        say(f"{learning['in_words']} Default weights: {shares}.")
