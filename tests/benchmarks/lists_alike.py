"""How alike lists are, and how far influence is from weights: `python -m tests.benchmarks.lists_alike MODEL [-n 300]`.

As a model is served: by its own weights and at one moment, its last, to shoppers who like something, evenly drawn.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys.evaluation.statistics.exposure import exposure_of, personalisation
from recsys.ranking.influence import by_component
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS


def main(argv: Sequence[str] | None = None) -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="what `python -m recsys train` made")
    parser.add_argument("-n", type=int, default=300, metavar="N", help="shoppers; 300 unless given")
    options = parser.parse_args(argv)
    model = Recommender.load(options.model)
    known = model.users[model.users["n_interactions"] > 0]["user_id"].to_numpy(object)
    asked = known[np.unique(np.linspace(0, len(known) - 1, options.n).astype(int))].tolist()
    told = [model.recommend(user) for user in asked]
    shares = by_component(
        np.array([[(each.influence or {}).get(name, np.nan) for name in COMPONENTS] for each in told])
    )
    for name, weight in told[0].weights.items():
        print(f"{name:14} weight {weight:.2f}, influence {shares[name]:.2f}")
    lists = np.full((len(told), max(len(each.items) for each in told)), -1, np.int32)
    for row, each in enumerate(told):
        lists[row, : len(each.items)] = [model.item_row(item.item_id) for item in each.items]
    shown = exposure_of(lists, len(model.items))
    share, n_shown = 1 - personalisation(shown), np.count_nonzero(shown.products)
    print(f"two of {len(told)} shoppers share {share:.1%} of their lists; {n_shown:,} products are on them")


if __name__ == "__main__":
    main()
