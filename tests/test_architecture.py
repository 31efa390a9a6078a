"""The code keeps the lines that DESIGN.md draws; each rule is also shown a file that breaks it."""

import re
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import _architecture as rules

ROOT = Path(__file__).resolve().parents[1]
RAW_HTML_ALLOWED: frozenset[str] = frozenset()
"""Files that may use `unsafe_allow_html`; each would need its reason beside it."""

Rule = Callable[[str, str], list[str]]


def sources(*roots: str) -> list[tuple[str, str]]:
    """(path from the root, text) of every Python file under the given folders and files."""
    files: list[Path] = []
    for root in roots:
        place = ROOT / root
        files += sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.is_file() else []
    return [(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]


def complaints(rule: Rule, *roots: str) -> str:
    """What a rule says about every file, one complaint a line; empty when all is well."""
    found = sources(*roots)
    assert found, f"no Python file under {roots}"
    return "\n".join(line for path, source in found for line in rule(path, source))


def test_every_part_of_the_engine_stands_in_a_room() -> None:
    assert not (said := complaints(rules.unplaced, "recsys")), said


def test_imports_point_one_way() -> None:
    assert not (said := complaints(rules.upward_imports, "recsys")), said


def test_what_answers_requests_needs_no_evaluation() -> None:
    modules = {rules.module_of(path): (path, source) for path, source in sources("recsys")}
    seen, todo = set(), [name for name in modules if name.startswith("recsys.serving")]
    while todo:
        name = todo.pop()
        if name in modules and name not in seen:
            seen.add(name)
            for _, found in rules.imported_modules(*modules[name]):
                todo += [found, found.rpartition(".")[0]]
    wrong = sorted(name for name in seen if name.split(".")[1:2] and name.split(".")[1] in rules.NOT_FOR_SERVING)
    assert "recsys.ranking.rank" in seen
    assert not wrong, f"recsys.serving imports {', '.join(wrong)}"


def test_the_engine_knows_no_streamlit() -> None:
    assert not (said := complaints(rules.streamlit_imports, "recsys")), said


def test_the_app_knows_no_tests() -> None:
    assert not (said := complaints(rules.test_imports, "recsys", "pages", "app.py")), said


def test_nothing_can_run_code_out_of_a_file() -> None:
    assert not (said := complaints(rules.unsafe_loading, "recsys", "pages", "app.py")), said


def test_no_file_names_a_path_of_one_machine() -> None:
    assert not (said := complaints(rules.machine_paths, "recsys", "pages", "app.py")), said


def test_no_file_outgrows_one_idea() -> None:
    assert not (said := complaints(rules.long_file, "recsys", "pages", "app.py")), said


def test_no_page_writes_raw_html() -> None:
    found = [
        line
        for path, source in sources("recsys", "pages", "app.py")
        if path not in RAW_HTML_ALLOWED
        for line in rules.raw_html(path, source)
    ]
    assert not found, "\n".join(found)


def required_modules() -> dict[str, set[str]]:
    """Modules that each line of requirements.txt brings, by the name of the distribution in small letters."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = {found.group().lower() for line in lines if (found := re.match(r"[A-Za-z0-9][\w-]*", line))}
    brought: dict[str, set[str]] = {name: set() for name in names}
    for module, distributions in packages_distributions().items():
        for distribution in distributions:
            if distribution.lower() in names:
                brought[distribution.lower()].add(module)
    return brought


def test_the_app_imports_only_what_requirements_name_and_they_name_nothing_else() -> None:
    brought = required_modules()
    own = {"recsys", "pages", "app"}
    imported = {
        module.split(".")[0]: f"{path}:{line}"
        for path, source in sources("recsys", "pages", "app.py")
        for line, module in rules.imported_modules(path, source)
    }
    known = own | set(sys.stdlib_module_names) | set().union(*brought.values())
    missing = [
        f"{place}: imports {module}, which requirements.txt does not name"
        for module, place in imported.items()
        if module not in known
    ]
    unused = [
        f"requirements.txt: nothing imports {name}"
        for name, modules in brought.items()
        if not modules & imported.keys()
    ]
    assert not missing + unused, "\n".join(missing + unused)


BREACHES: list[tuple[Rule, str, str, str]] = [
    (rules.unplaced, "recsys/misc/helpers.py", "", "stands in no room"),
    (rules.upward_imports, "recsys/data/dataset.py", "from recsys.scorers import base", "higher package"),
    (rules.upward_imports, "recsys/data/dataset.py", "from ..scorers.base import Scorer", "higher package"),
    (
        rules.upward_imports,
        "recsys/scorers/ease.py",
        "def f():\n    import recsys.ranking.rank",
        "recsys/scorers/ease.py:2",
    ),
    (
        rules.upward_imports,
        "recsys/ranking/rank.py",
        "from recsys.serving import recommender",
        "recsys.serving.recommender",
    ),
    (rules.upward_imports, "recsys/cli.py", "from pages._shared import state", "never the reverse"),
    (rules.streamlit_imports, "recsys/ranking/rank.py", "import streamlit as st", "the engine imports streamlit"),
    (
        rules.streamlit_imports,
        "recsys/ranking/rank.py",
        "from streamlit.runtime import caching",
        "the engine imports streamlit",
    ),
    (rules.test_imports, "recsys/cli/bench.py", "from tests.benchmarks import encode", "imports tests.benchmarks"),
    (rules.test_imports, "app.py", 'import_module("tests.benchmarks.x")', "names tests.benchmarks.x"),
    (rules.unsafe_loading, "pages/home.py", "import pickle", "imports pickle"),
    (rules.unsafe_loading, "pages/home.py", "from joblib import load", "imports joblib"),
    (rules.unsafe_loading, "recsys/a.py", "from torch import load", "imports torch.load"),
    (rules.unsafe_loading, "recsys/a.py", "np.load(path, allow_pickle=True)", "allow_pickle"),
    (rules.unsafe_loading, "recsys/a.py", "np.load(path, allow_pickle=trusted)", "allow_pickle"),
    (rules.unsafe_loading, "recsys/a.py", "pd.read_pickle(path)", "calls pd.read_pickle"),
    (rules.unsafe_loading, "recsys/a.py", "torch.load(path)", "calls torch.load"),
    (rules.unsafe_loading, "app.py", "eval(text)", "calls eval"),
    (rules.unsafe_loading, "app.py", "exec(text)", "calls exec"),
    (rules.machine_paths, "recsys/a.py", 'HERE = "/home/someone/shop"', "/home/someone/shop"),
    (rules.machine_paths, "recsys/a.py", "# see C:\\data", "a path of one machine"),
    (rules.long_file, "recsys/a.py", "x = 1\n" * (rules.MAX_LINES + 1), "351 lines"),
    (rules.raw_html, "pages/home.py", "st.markdown(text, unsafe_allow_html=True)", "review text is hostile"),
]


@pytest.mark.parametrize(
    ("rule", "path", "source", "said"), BREACHES, ids=lambda value: getattr(value, "__name__", None)
)
def test_the_rule_complains_about_a_breach(rule: Rule, path: str, source: str, said: str) -> None:
    assert said in "\n".join(rule(path, source))


ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.unplaced, "recsys/__init__.py", ""),
    (
        rules.upward_imports,
        "recsys/ranking/rank.py",
        "from recsys.scorers.base import Scorer",
    ),
    (rules.upward_imports, "recsys/scorers/ease.py", "from .base import Scorer"),
    (rules.unsafe_loading, "recsys/a.py", "np.load(path, allow_pickle=False)\nre.compile(words)\nmodel.eval()"),
    (rules.machine_paths, "recsys/a.py", '"/_stcore/health"\n"and/or 3/4"\n"per user/item"'),
    (rules.long_file, "recsys/a.py", "x = 1\n" * rules.MAX_LINES),
]


@pytest.mark.parametrize(("rule", "path", "source"), ALLOWED, ids=lambda value: getattr(value, "__name__", None))
def test_the_rule_is_silent_where_all_is_well(rule: Rule, path: str, source: str) -> None:
    assert rule(path, source) == []
