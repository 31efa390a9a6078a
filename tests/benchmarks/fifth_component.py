"""Would a simple model earn a place as a fifth component? `python -m tests.benchmarks.fifth_component --data DIR`.

The weights of the four components are found on validation shoppers, by local search from the mix that `evaluate`
chooses; then each simple model is offered beside them, and the search goes on from there. Test shoppers are looked at
once, with what was found.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.cli.terminal import TerminalProgress
from recsys.data.dataset import Dataset
from recsys.data.splitting import Role, Split
from recsys.evaluation.protocols.hold_out import EvaluationSettings, split_of, standardised_scores
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.progress import Progress
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.settings import COMPONENTS
from recsys.studies.format import interval_in_words
from recsys.text.encoder import make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.training.context_settings import ContextChoice, choose_context
from recsys.training.weights import ValidationScores, choose_weights, gains_of_weights

NAMES = (*COMPONENTS, *BASELINE_CLASSES)
STEPS = (0.1, 0.05, 0.025, 0.0125)

Weights = NDArray[np.float32]


def scored(
    data: Dataset,
    split: Split,
    role: Role,
    book: Phrasebook,
    chosen: ContextChoice,
    settings: EvaluationSettings,
    progress: Progress,
) -> ValidationScores:
    """Standardised scores of all models, in the order of `NAMES`."""
    train, held_out = split.whole(role), split.held_out(role)
    classes = {**COMPONENT_CLASSES, **BASELINE_CLASSES}
    scorers = fit_scorers(classes, Fitting(train, book, settings.seed), progress, chosen.settings())
    users = held_out.users()
    in_order = [scorers[name] for name in NAMES]
    values = standardised_scores(in_order, data, train, held_out, users, settings.split, "scoring shoppers", progress)
    return ValidationScores.of(values, train, held_out, users)


def searched(scores: ValidationScores, start: Weights, free: list[int], k: int) -> Weights:
    """The best weights that steps of one weight at a time lead to, finer and finer."""
    best = start
    quality = gains_of_weights(scores, best[None], k)[0].mean()
    for step in STEPS:
        while True:
            tried = [
                best + np.float32(sign * step) * np.eye(len(NAMES), dtype=np.float32)[n]
                for n in free
                for sign in (1, -1)
            ]
            tried = [np.maximum(each, 0) for each in tried if np.maximum(each, 0).any()]
            found = gains_of_weights(scores, np.stack(tried), k).mean(axis=1)
            if found.max() <= quality + 1e-6:
                break
            best, quality = tried[int(found.argmax())], found.max()
    return best


def main() -> None:
    """Print one line a simple model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--min-interactions", type=int, default=1)
    parser.add_argument("--split", choices=("last", "temporal"), default="last")
    args = parser.parse_args()
    settings = EvaluationSettings(args.split, args.min_interactions)
    with TerminalProgress(sys.stderr) as progress:
        data = Dataset.read(args.data, progress).core(settings.min_interactions)
        split, book = split_of(data, settings), make_phrasebook(data, progress)
        chosen = choose_context(data, split.rounds("validation"), settings.split, settings.seed, progress)
        weights = choose_weights(data, split, book, settings, progress, chosen.settings())["full"].normalised()
        roles: tuple[Role, Role] = ("validation", "test")
        validation, test = (scored(data, split, role, book, chosen, settings, progress) for role in roles)
    start = np.array([weights.get(name, 0.0) for name in NAMES], np.float32)
    free = list(range(len(COMPONENTS)))
    four = searched(validation, start, free, settings.k)
    before = [gains_of_weights(each, four[None], settings.k)[0] for each in (validation, test)]
    print(f"four components: nDCG {before[0].mean():.4f} on validation, {before[1].mean():.4f} on test; {_mix(four)}")
    for place, name in enumerate(BASELINE_CLASSES, len(COMPONENTS)):
        five = searched(validation, four, [*free, place], settings.k)
        after = [gains_of_weights(each, five[None], settings.k)[0] for each in (validation, test)]
        changes = [ratio_intervals((new - old)[:, None])[0] for new, old in zip(after, before, strict=True)]
        known, found = map(interval_in_words, changes)
        print(f"with {name}: {known} on validation, {found} on test; {_mix(five)}")


def _mix(weights: Weights) -> str:
    shares = weights / weights.sum()
    return ", ".join(f"{name} {share:.1%}" for name, share in zip(NAMES, shares, strict=True) if share)


if __name__ == "__main__":
    main()
