"""Compiled loops on all cores: one lock around each call, only the call inside, and sessions that do not wait."""

import ast
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import Scenario, Segment
from recsys.scorers.base import FloatArray, Requests
from recsys.settings import WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.tuning.weight_map import weight_map
from tests._panels import panel_folders

__all__ = ["panel_folders"]  # a fixture

ROOT = Path(__file__).resolve().parents[1]
LOCK = "cores_for"
SHARED = "recsys.ranking.kernels"
PATIENCE_S = 300


def _is_parallel(node: ast.expr, aliases: Mapping[str, bool] = {}) -> bool:
    """Whether a decorator, or what makes one, compiles for all cores."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, False)
    return isinstance(node, ast.Call) and any(
        each.arg == "parallel" and not (isinstance(each.value, ast.Constant) and each.value.value is False)
        for each in node.keywords
    )


def parallel_kernels(source: str) -> set[str]:
    """Names of the functions of a file that are compiled for all cores.

    >>> parallel_kernels("p = numba.njit(parallel=True)\\n@p\\ndef f(x): pass\\n@numba.njit\\ndef g(x): pass")
    {'f'}
    >>> parallel_kernels("from recsys.ranking.kernels import in_parallel as p\\n@p\\ndef f(x): pass")
    {'f'}
    """
    tree, found = ast.parse(source), set()
    aliases = {
        target.id: _is_parallel(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == SHARED]
    aliases |= {each.asname or each.name: True for node in imports for each in node.names if each.name == "in_parallel"}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_is_parallel(each, aliases) for each in node.decorator_list):
            found.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _is_parallel(node.value.func):
            found |= {each.id for each in node.targets if isinstance(each, ast.Name)}
    return found


def unlocked(path: str, source: str, known: set[str]) -> list[str]:
    """Calls of kernels outside of the lock, and work inside of it that is no such call.

    Parameters
    ----------
    known : dotted names of the kernels of all files
    """
    tree, complaints, allowed = ast.parse(source), [], set()
    names = {name: name for name in parallel_kernels(source)}  # dotted names by what they are called here
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Import):
            names |= {each.asname or each.name: each.name for each in node.names}
    kernels = known | parallel_kernels(source)
    lasts = {name.rpartition(".")[2] for name in kernels} | set(names)

    def is_kernel(node: ast.Call) -> bool:
        if getattr(node.func, "attr", getattr(node.func, "id", "")) not in lasts:
            return False
        owner, _, last = ast.unparse(node.func).rpartition(".")
        return (f"{names.get(owner, owner)}.{last}" if owner else names.get(last, "")) in kernels

    def calls(node: ast.AST) -> Iterator[ast.Call]:
        return (each for each in ast.walk(node) if isinstance(each, ast.Call))

    for node in ast.walk(tree):
        if isinstance(node, ast.With) and any(
            isinstance(each.context_expr, ast.Call) and ast.unparse(each.context_expr.func).split(".")[-1] == LOCK
            for each in node.items
        ):
            for statement in node.body:
                for call in calls(statement):
                    if is_kernel(call):
                        allowed.add(call)
                    else:
                        complaints.append(f"{path}:{call.lineno}: {ast.unparse(call.func)} holds the cores")
    complaints += [
        f"{path}:{call.lineno}: {ast.unparse(call.func)} runs on all cores without {LOCK}"
        for call in calls(tree)
        if is_kernel(call) and call not in allowed
    ]
    return complaints


def product_files() -> dict[str, str]:
    """Source by path."""
    paths = [ROOT / "app.py", *(ROOT / "recsys").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def test_every_parallel_loop_runs_under_the_one_lock_and_nothing_else_does() -> None:
    files = product_files()
    known = {
        f"{path.removesuffix('.py').replace('/', '.')}.{name}"
        for path, source in files.items()
        for name in parallel_kernels(source)
    }
    assert len(known) >= 10
    assert not [each for path, source in files.items() for each in unlocked(path, source, known)]
    assert sum(f"def {LOCK}(" in source for source in files.values()) == 1


_KERNEL = "p = numba.njit(parallel=True)\n@p\ndef loop(x): pass\n"


@pytest.mark.parametrize(
    ("source", "n"),
    [
        (_KERNEL + "loop(1)", 1),
        (_KERNEL + "with cores_for():\n    loop(1)", 0),
        (_KERNEL + "with threads.cores_for(8):\n    loop(1)", 0),
        (_KERNEL + "with cores_for():\n    loop(slow())", 1),
        (_KERNEL + "with cores_for():\n    x = slow()\n    loop(x)", 1),
        (_KERNEL + "with other():\n    loop(1)", 1),
        ("from a import loop as l\nl(1)", 1),
        ("from a import loop\nwith cores_for():\n    loop(1)", 0),
        ("import a\na.loop(1)", 1),
        ("import c.a as there\nfrom c import a\nthere.loop(1), a.loop(1)", 0),
        ("from c import loop\nloop(1)", 0),
        ("self.loop(1)", 0),
        ("@numba.njit(parallel=True, cache=True)\ndef loop(x): pass\ndef f():\n    return loop(2)", 1),
        ("fast = numba.njit(parallel=True)(slow)\nfast(1)", 1),
        ("@numba.njit(parallel=False)\ndef other(x): pass\nother(1)", 0),
    ],
)
def test_the_rule_sees_a_breach(source: str, n: int) -> None:
    assert len(unlocked("b.py", source, {"a.loop"})) == n


@pytest.fixture(scope="module")
def panel(panel_folders: tuple[Path, Path]) -> Panel:
    return Panel.open(panel_folders[0])[1]


class _Held:
    """A real context scorer that waits in the middle of scoring until it is let go."""

    def __init__(self, scorer: object) -> None:
        self._scorer = scorer
        self.begun, self.let_go, self.n_calls = threading.Event(), threading.Event(), 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._scorer, name)

    def score(self, requests: Requests) -> FloatArray:
        self.n_calls += 1
        self.begun.set()
        assert self.let_go.wait(PATIENCE_S)
        return self._scorer.score(requests)  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def held(panel: Panel) -> Iterator[tuple[LiveEngine, _Held]]:
    """An engine whose scores of other circumstances take as long as the test wants."""
    engine = LiveEngine(panel)
    engine.warm_up()
    before = panel.context_scorers
    scorers = tuple(_Held(each) for each in before)
    object.__setattr__(panel, "context_scorers", scorers)
    try:
        yield engine, scorers[0]
    finally:
        for each in scorers:
            each.let_go.set()
        object.__setattr__(panel, "context_scorers", before)


def other_moment(panel: Panel) -> Scenario:
    """A circumstance that the shop's data tell apart, and that is not everybody's own."""
    name, lifts = next(iter(panel.context_scorers[0].lifts.items()))
    return Scenario.of(**{name: lifts[0][0]})


@pytest.mark.parametrize("what", ["lists", "map", "context"])
def test_a_slider_does_not_wait_for_another_sessions_circumstances(
    panel: Panel, held: tuple[LiveEngine, _Held], what: str
) -> None:
    engine, scorer = held
    scenario, order = other_moment(panel), []

    def slow() -> None:
        if what == "lists":
            engine.measure(RankingSettings(filters=WHOLE_CATALOGUE, n=5), scenario)
        elif what == "map":
            weight_map(engine, 5, WHOLE_CATALOGUE, scenario, Segment(), ("ndcg",))
        else:
            engine.candidates(scenario)
        order.append("slow")

    with ThreadPoolExecutor(5) as pool:
        waiting = pool.submit(slow)
        assert scorer.begun.wait(PATIENCE_S)
        mixes = np.random.default_rng(0).dirichlet(np.ones(4), 4)
        sliders = [
            pool.submit(engine.measure, RankingSettings(FusionSettings(*mix), WHOLE_CATALOGUE, 5, diversity=variety))
            for mix in mixes
            for variety in (0.0, 0.3)
        ]
        for each in sliders:
            each.result(PATIENCE_S)  # the other session is still at it: nobody has let it go
        order.append("sliders")
        scorer.let_go.set()
        for each in panel.context_scorers:
            each.let_go.set()
        waiting.result(PATIENCE_S)
    assert order == ["sliders", "slow"]


def test_sessions_that_imagine_the_same_at_once_wait_for_one_of_them(
    panel: Panel, held: tuple[LiveEngine, _Held]
) -> None:
    engine, scorer = held
    scenario = other_moment(panel)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(engine.candidates, scenario) for _ in range(4)]
        assert scorer.begun.wait(PATIENCE_S)
        for each in panel.context_scorers:
            each.let_go.set()
        found = [each.result(PATIENCE_S) for each in asked]
    assert all(each.context is found[0].context for each in found)
    n_chunks = -(-int((panel.rounds == 0).sum()) // 128)
    assert scorer.n_calls == n_chunks


_AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from recsys.offpolicy.policies import SoftPolicy, top_lists
from recsys.training.weights import ValidationScores, gains_of_weights, simplex_grid
from recsys.settings import FusionSettings
rng = np.random.default_rng(0)
values = rng.normal(size=(60, 4, 900)).astype(np.float32)
may = np.ones((60, 900), bool)
scores = ValidationScores(values, may, np.arange(60, dtype=np.int32), rng.integers(0, 900, 60).astype(np.int32))
grid = simplex_grid(4, 6)
def gains(_): return gains_of_weights(scores, grid, 10).sum()
def lists(_): return float(top_lists(values, FusionSettings(), may, 4).sum())
def chances(_): return float(SoftPolicy(FusionSettings()).probabilities(values, may).sum(dtype=np.float64))
alone = [each(0) for each in (gains, lists, chances)]
with ThreadPoolExecutor(9) as pool:
    for _ in range(4):
        found = [list(pool.map(each, range(6))) for each in (gains, lists, chances)]
        mixed = [pool.submit(each, 0) for each in (gains, lists, chances) * 6]
        assert [each.result() for each in mixed] == alone * 6
        assert all(value == one for values, one in zip(found, alone) for value in values)
print("whole")
"""


def test_loops_of_all_kinds_at_once_neither_end_the_process_nor_change_an_answer() -> None:
    """With numba's own threads, which end the process where two parallel loops meet."""
    done = subprocess.run(
        [sys.executable, "-c", _AT_ONCE],
        cwd=ROOT,
        env={**os.environ, "NUMBA_THREADING_LAYER": "workqueue"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr
