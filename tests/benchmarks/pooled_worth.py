"""What each component is worth over several shops together: `python -m tests.benchmarks.pooled_worth RESULT.json ...`.

Reads what `recsys experiment ablation --json` printed of each. Every test shopper counts the same; shops are drawn from
as strata, so the variance of the mean is the weighted sum of theirs.
"""

import json
import sys
from pathlib import Path

Z = 1.96


def pooled(documents: list[dict], component: str, shoppers: str) -> tuple[float, float, float, int]:
    """Mean gain of nDCG with a 95% interval, and by how many shoppers; NaN where no shop has such shoppers."""
    rows = [
        row
        for document in documents
        for row in document["worth"]
        if (row["component"], row["shoppers"]) == (component, shoppers)
    ]
    n = sum(row["n_shoppers"] for row in rows)
    if not n:
        return (float("nan"),) * 3 + (0,)
    mean = sum(row["n_shoppers"] * row["gain"]["mean"] for row in rows) / n
    error = sum((row["n_shoppers"] * row["error"]) ** 2 for row in rows) ** 0.5 / n
    return mean, mean - Z * error, mean + Z * error, n


def main(paths: list[str]) -> None:
    documents = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    kinds = dict.fromkeys((row["component"], row["shoppers"]) for each in documents for row in each["worth"])
    for component, shoppers in kinds:
        mean, low, high, n = pooled(documents, component, shoppers)
        print(f"{component:14} {shoppers:5} {mean:+.4f} ({low:+.4f} to {high:+.4f}), {n:,} shoppers")


if __name__ == "__main__":
    main(sys.argv[1:])
