"""What `recsys train --learn` is worth: what it takes for a shop, and what that changes for shoppers it never saw.

`python -m tests.benchmarks.learned_fusion --data DIR [DIR ...]` takes about a minute for a demo shop.

Everything is learned and chosen on what validation may know. Then components are fitted again for the test, and nDCG@10
of test shoppers under the usual weights is held against that under everything that was tried, taken or not. Of several
shops all shoppers are told of together, too.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recsys.cli.terminal import TerminalProgress
from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut
from recsys.evaluation.protocols.hold_out import EvaluationSettings, SplitName, split_of, standardised_scores
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, Scorer
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies.format import interval_in_words, mix_in_words
from recsys.text.encoder import make_phrasebook
from recsys.training.components import choose_components
from recsys.training.learned_fusion import (
    LEARNED,
    USUAL,
    Fusion,
    FusionChoice,
    Values,
    choose_fusion,
    learned_map,
    ndcg_of,
)
from recsys.training.weights import ValidationScores

TAKEN = "what was taken"
WITH_MAP = "learned weights, with the map"


def scores_of(
    scorers: Mapping[str, Scorer],
    data: Dataset,
    train: Dataset,
    held_out: HeldOut,
    split: SplitName,
    progress: Progress = silent,
) -> FloatArray:
    """Standardised scores of the shoppers of `held_out`, float32 of shape (n_users, n_scorers, n_items)."""
    stage = "scoring shoppers to judge by"
    return standardised_scores(list(scorers.values()), data, train, held_out, held_out.users(), split, stage, progress)


def swapped(values: FloatArray, name: str, scores: FloatArray) -> FloatArray:
    """A copy of scores of all components with those of one in place of what was there, (n_users, 1, n_items)."""
    answer = np.array(values)
    answer[:, [COMPONENTS.index(name)]] = scores
    return answer


@dataclass(frozen=True, eq=False, slots=True)
class Worth:
    """Of one shop.

    Parameters
    ----------
    seconds : that learning and choosing took
    ndcg : of test shoppers, float64 of shape (n_users,), by what was tried, with `USUAL` and `TAKEN`
    """

    choice: FusionChoice
    seconds: float
    ndcg: Mapping[str, Values]


def worth(folder: Path, settings: EvaluationSettings, progress: Progress, *, with_map: bool) -> Worth:
    """Learn and choose for one shop, then look at its test shoppers."""
    data = Dataset.read(folder, progress).core(settings.min_interactions)
    split, book = split_of(data, settings), make_phrasebook(data, progress)
    rounds, asked_as, seed = list(split.rounds("validation")), settings.split, settings.seed
    chosen = choose_components(data, rounds, book, asked_as, seed, progress, among=()).settings()
    begun = time.monotonic()
    choice = choose_fusion(
        data, rounds, book, asked_as, seed=seed, progress=progress, with_map=with_map, settings=chosen
    )
    seconds = time.monotonic() - begun
    (test,) = split.rounds("test")
    users = test.held_out.users()
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(test.train, book, seed), progress, chosen)
    values = scores_of(scorers, data, test.train, test.held_out, asked_as, progress)
    known = ValidationScores.of(values, test.train, test.held_out, users)
    mapped, semantic = known, scorers["semantic"]
    assert isinstance(semantic, SemanticScorer)
    forced = replace(choice, fusion=replace(choice.fusion, with_map=True))
    head = learned_map(test.train, semantic, book, forced, None, chosen, seed, progress)
    if head is not None:
        under = {"semantic": semantic.with_head(head)}
        again = scores_of(under, data, test.train, test.held_out, asked_as, progress)
        mapped = replace(known, values=swapped(values, "semantic", again))
    every = {USUAL: Fusion(FusionSettings())} | {each.name: each.settings for each in choice.compared}
    every |= {TAKEN: choice.fusion}
    if head is not None:
        every |= {WITH_MAP: replace(every[LEARNED], with_map=True)}
    return Worth(
        choice,
        seconds,
        {name: ndcg_of(mapped if each.with_map else known, each.weights) for name, each in every.items()},
    )


def lines(found: Worth) -> Iterator[str]:
    """What was chosen on validation, and what everything that was tried is worth on test."""
    yield f"{found.choice.in_words()} It took {found.seconds:.0f} s."
    for each in found.choice.compared:
        yield (
            f"{each.name} (as all choose it: {mix_in_words(each.settings.weights)}); as halves choose and judge it on "
            f"validation: {interval_in_words(each.change)}, p {each.p:.3f}{', taken' if each.is_better else ''}"
        )
    yield from changes(found.ndcg)


def changes(ndcg: Mapping[str, Values]) -> Iterator[str]:
    """Changes of nDCG on test."""
    usual = ndcg[USUAL]
    for name, values in ndcg.items():
        if name != USUAL:
            change = ratio_intervals((values - usual)[:, None])[0]
            means = f"{np.nanmean(values):.4f}, usual {np.nanmean(usual):.4f}"
            yield f"on test, {name}: {means}, change {interval_in_words(change)}"
    if WITH_MAP in ndcg:
        change = ratio_intervals((ndcg[WITH_MAP] - ndcg[LEARNED])[:, None])[0]
        yield f"on test, the map alone, with the learned weights: {interval_in_words(change)}"


def main(argv: Sequence[str] | None = None) -> None:
    """Print what was found, shop by shop and of all together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--split", choices=("last", "temporal"), default="last")
    parser.add_argument("--min-interactions", type=int, default=1)
    parser.add_argument("--map", action="store_true", help="learn a map, too")
    args = parser.parse_args(argv)
    settings, shops = EvaluationSettings(args.split, args.min_interactions), list[Worth]()
    with TerminalProgress(sys.stderr) as progress:
        for folder in args.data:
            shops.append(worth(folder, settings, progress, with_map=args.map))
            print(folder, *lines(shops[-1]), sep="\n  ", flush=True)
    if len(shops) > 1:
        names = [name for name in shops[0].ndcg if all(name in each.ndcg for each in shops)]
        together = {name: np.concatenate([each.ndcg[name] for each in shops]) for name in names}
        print(f"all {len(shops)} shops", *changes(together), sep="\n  ")


if __name__ == "__main__":
    main()
