"""Metrics by ranx, uncompiled and in a process of its own: compiling them takes a minute, running them no time."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

_CODE = """
import json, sys
import numpy as np
from ranx import Qrels, Run, evaluate
qrels, run, metrics = json.load(sys.stdin)
both = Qrels(qrels), Run(run)
found = {metric: np.atleast_1d(evaluate(*both, metric, return_mean=False)).tolist() for metric in metrics}
print(json.dumps({metric: dict(zip(sorted(qrels), values, strict=True)) for metric, values in found.items()}))
"""


def ranx_values(
    qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Mapping[str, float]], metrics: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Every metric, such as "ndcg@10", of every query, by name of both; ranx answers in the order of sorted names."""
    said = subprocess.run(
        [sys.executable, "-c", _CODE],
        input=json.dumps([qrels, run, list(metrics)]),
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(said.stdout))
