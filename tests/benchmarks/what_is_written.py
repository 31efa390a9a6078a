"""Does the semantic component hear what is written, or how much of it?

`python -m tests.benchmarks.what_is_written --data DIR` takes some minutes for a demo shop.

Every way to hold profiles against each other is tried with the texts as they are, and with texts dealt anew among
products, which say as much as before and nothing right. Only validation shoppers are asked. The weights of the mix are
chosen on half of them and judged on the other half, over and over, so that the luck of the choice does not count. Every
way is held against the mix without the component, against a cosine, and against itself with the dealt texts. Of several
shops all shoppers are told of together, too.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.cli.terminal import TerminalProgress
from recsys.data.dataset import Dataset
from recsys.evaluation.protocols.hold_out import EvaluationSettings, batches, split_of
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.progress import Progress
from recsys.ranking.rank import Standardised
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, Requests
from recsys.scorers.phrase_metric import whitening_metric
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, Context, FusionSettings
from recsys.studies.format import interval_in_words
from recsys.studies.sparsity_texts import CLEAN, WRONG_PRODUCT, TextCorruption, TextLevel
from recsys.text.encoder import make_phrasebook
from recsys.training.components import choose_components
from recsys.training.pairs import SEMANTIC
from recsys.training.weights import ValidationScores, gains_of_weights, simplex_grid

K = 10
N_HALVINGS = 10
MOST_SEMANTIC = 0.4
COSINE = "cosine"
TEXTS = {"real": CLEAN, "dealt": TextLevel(WRONG_PRODUCT, 1.0)}

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Profiles:
    """Of one fitted component.

    Parameters
    ----------
    asked, everybody : float32 of shape (n_users, n_dims), unit length, of validation shoppers and of all
    sums, items : float32 of shape (n_items, n_dims), of products before and after they are scaled to length 1
    metric : float32 of shape (n_dims, n_dims), by which the component itself holds them against each other
    """

    asked: FloatArray
    everybody: FloatArray
    sums: FloatArray
    items: FloatArray
    metric: FloatArray

    @property
    def centred(self) -> FloatArray:
        """What sets shoppers apart from the average one."""
        return self.asked - self.everybody[self.everybody.any(axis=1)].mean(axis=0)

    def shrunk(self, share: float) -> FloatArray:
        """Products of which little is said count less, by `share` of the median length."""
        lengths = np.linalg.norm(self.sums, axis=1, keepdims=True)
        return self.sums / (lengths + np.float32(share * np.median(lengths)))


def spread(power: float) -> Callable[[Profiles], FloatArray]:
    """Directions count by their deviation among products, as `SemanticSettings.spread_power` has it."""
    return lambda found: found.asked @ whitening_metric(found.items, power) @ found.items.T


WAYS: dict[str, Callable[[Profiles], FloatArray]] = {
    COSINE: lambda found: found.asked @ found.items.T,
    "lengths of products left as they are": lambda found: found.asked @ found.sums.T,
    "products shrunk by how little is said": lambda found: found.asked @ found.shrunk(1.0).T,
    "less the average shopper": lambda found: found.centred @ found.items.T,
    "less the average shopper, shrunk": lambda found: found.centred @ found.shrunk(1.0).T,
    "spread_power 0.5": spread(0.5),
    "spread_power 1": spread(1.0),
    "spread_power 1, less the average shopper": lambda found: (
        found.centred @ whitening_metric(found.items, 1.0) @ found.items.T
    ),
    "spread_power 2": spread(2.0),
    "as it is, with what is liked together": lambda found: found.asked @ found.metric @ found.items.T,
}


def halves(n: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """To choose on and to judge on."""
    for seed in range(N_HALVINGS):
        order = np.random.default_rng(seed).permutation(n)
        yield order[: n // 2], order[n // 2 :]
        yield order[n // 2 :], order[: n // 2]


def judged(gains: Values) -> Values:
    """nDCG of every shopper under the weights that the other halves choose, float64 of shape (n_users,).

    Parameters
    ----------
    gains : float64 of shape (n_points, n_users)
    """
    total = np.zeros(gains.shape[1])
    for chosen_by, told_by in halves(gains.shape[1]):
        total[told_by] += gains[np.argmax(np.nanmean(gains[:, chosen_by], axis=1)), told_by]
    return total / N_HALVINGS


def measured(folder: Path, settings: EvaluationSettings, progress: Progress) -> dict[tuple[str, str], Values]:
    """nDCG of validation shoppers by way and texts; "mix" without the component under ("", "")."""
    data = Dataset.read(folder, progress).core(settings.min_interactions)
    split = split_of(data, settings)
    train, held_out = split.whole("validation"), split.held_out("validation")
    corruption, users = TextCorruption.of(data, split, settings.seed), held_out.users()
    book, asked = make_phrasebook(data, progress), (settings.split, settings.seed, progress)
    chosen = choose_components(data, split.rounds("validation"), book, *asked, among=())
    eligible = ~train.seen()[users].toarray().astype(bool)
    others = {name: kind for name, kind in COMPONENT_CLASSES.items() if name != "semantic"}
    scorers = fit_scorers(others, Fitting(train, None, settings.seed), progress, chosen.settings())
    values = np.zeros((len(users), len(COMPONENTS), data.n_items), np.float32)
    profiles = dict[str, Profiles]()
    for texts, level in TEXTS.items():
        book = make_phrasebook(corruption.at(level), progress)
        semantic = SemanticScorer().fit(Fitting(train, book, settings.seed))
        rows = np.arange(data.n_users, dtype=np.int32)
        everybody = semantic.user_profiles(Requests(rows, (Context(),) * len(rows)))
        profiles[texts] = Profiles(
            everybody[users], everybody, semantic.item_sums(), semantic.item_profiles, semantic.metric
        )
    for start, requests in batches(data, train, held_out, users, settings.split):
        for name, scorer in scorers.items():
            for place, raw in enumerate(scorer.score(requests), start):
                values[place, COMPONENTS.index(name)] = Standardised.of(raw[None], eligible[place]).values[0]
    grid = simplex_grid(len(COMPONENTS), 20)
    grid = grid[grid[:, SEMANTIC] <= MOST_SEMANTIC + 1e-6]
    scores, silent = ValidationScores.of(values, train, held_out, users), grid[:, SEMANTIC] == 0
    found = {("", ""): judged(gains_of_weights(scores, grid[silent], K))}
    for way, scored in WAYS.items():
        for texts, each in profiles.items():
            progress(f"{way}, {texts} texts", 0, 0)
            for place, raw in enumerate(np.asarray(scored(each), np.float32)):
                values[place, SEMANTIC] = Standardised.of(raw[None], eligible[place]).values[0]
            found[way, texts] = judged(gains_of_weights(scores, grid, K))
            only = np.array([list(FusionSettings.only("semantic").normalised().values())], np.float32)
            found[f"{way}, alone", texts] = gains_of_weights(scores, only, K)[0]
    return found


def lines(found: dict[tuple[str, str], Values]) -> Iterator[str]:
    """One a way."""
    without = found["", ""]
    yield f"mix without the component: {np.nanmean(without):.4f}"
    for way in WAYS:
        mix, alone = found[way, "real"], found[f"{way}, alone", "real"]
        yield (
            f"{way}: {np.nanmean(mix):.4f}; to the mix without {_change(mix, without)}; "
            f"to the cosine {_change(mix, found[COSINE, 'real']) if way != COSINE else '-'}; "
            f"to dealt texts {_change(mix, found[way, 'dealt'])}; alone {np.nanmean(alone):.4f}, "
            f"to dealt texts {_change(alone, found[f'{way}, alone', 'dealt'])}"
        )


def _change(new: Values, old: Values) -> str:
    return interval_in_words(ratio_intervals((new - old)[:, None])[0])


def main(argv: Sequence[str] | None = None) -> None:
    """Print what was found, shop by shop and of all together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--min-interactions", type=int, default=1)
    args = parser.parse_args(argv)
    settings, shops = EvaluationSettings("last", args.min_interactions), []
    with TerminalProgress(sys.stderr) as progress:
        for folder in args.data:
            shops.append(measured(folder, settings, progress))
            print(folder, *lines(shops[-1]), sep="\n  ", flush=True)
    if len(shops) > 1:
        together = {key: np.concatenate([shop[key] for shop in shops]) for key in shops[0]}
        print(f"all {len(shops)} shops", *lines(together), sep="\n  ")


if __name__ == "__main__":
    main()
