"""The lines that DESIGN.md draws through the code, as pure functions of (path, source) that answer with complaints.

A complaint is one line that names the place and says what to do; no complaint means that the rule holds.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

MAX_LINES = 350

ROOMS: tuple[tuple[str, ...], ...] = (
    ("settings", "documents", "errors", "progress", "schema", "parallel", "cache", "files"),
    ("data",),
    ("demo",),
    ("text",),
    ("scorers",),
    ("ranking",),
    ("evaluation",),
    ("artifacts",),
    ("explanations",),
    ("serving",),
    ("training",),
    ("offpolicy",),
    ("panel",),
    ("store",),
    ("tuning",),
    ("studies",),
    ("jobs",),
    ("cli", "__main__"),
)
"""Parts of `recsys`, lowest first; each imports only from those below it, so no two packages import each other."""

NOT_FOR_SERVING = ("evaluation", "tuning", "studies")
"""Packages that what answers requests must not import, not even through others."""

UNSAFE_MODULES = frozenset({"pickle", "cPickle", "_pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"})
UNSAFE_CALLS = frozenset({"eval", "exec", "compile", "__import__"})
UNSAFE_METHODS = frozenset({"torch.load", "torch.save", "pandas.read_pickle", "pd.read_pickle"})

_TEST_MODULE = re.compile(r"tests\.[\w.{}]+\Z")
_MACHINE_PATH = re.compile(
    r"(?:^|[\s\"'=(:])(/(?:home|Users|root|work|tmp|var|opt|usr|mnt|srv|etc)(?:/[\w.-]+)+|[A-Za-z]:\\\w+)"
)


def imported_modules(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, as (line, dotted name); relative imports are made absolute.

    >>> list(imported_modules("recsys/text/a.py", "from ..data import x"))
    [(1, 'recsys.data.x')]
    """
    package = PurePosixPath(path).parent.parts
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            stem = ".".join(filter(None, (base, node.module)))
            yield from ((node.lineno, f"{stem}.{alias.name}") for alias in node.names)


def room_of(module: str) -> int | None:
    """Number of the room of a `recsys` module, 0 lowest, or None for a module outside it or not placed yet."""
    parts = module.split(".")
    if parts[0] != "recsys" or len(parts) < 2:
        return None
    return next((number for number, room in enumerate(ROOMS) if parts[1] in room), None)


def module_of(path: str) -> str:
    """Dotted name of a file.

    >>> module_of("recsys/text/__init__.py"), module_of("recsys/ranking/rank.py")
    ('recsys.text', 'recsys.ranking.rank')
    """
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def unplaced(path: str, source: str) -> list[str]:
    """A part of the engine that stands in no room."""
    module = module_of(path)
    if module == "recsys" or room_of(module) is not None:
        return []
    return [f"{path}: stands in no room; add {module.split('.')[1]!r} to ROOMS in tests/_architecture.py"]


def upward_imports(path: str, source: str) -> list[str]:
    """Imports of the engine that point from a lower package to a higher one, or to pages."""
    own = room_of(module_of(path))
    complaints = []
    for line, module in imported_modules(path, source):
        other = room_of(module)
        if module.split(".")[0] in ("pages", "app"):
            complaints.append(f"{path}:{line}: the engine imports {module}; pages call the engine, never the reverse")
        elif own is not None and other is not None and other > own:
            complaints.append(
                f"{path}:{line}: imports {module} from a higher package; move what it needs down, or this file up"
            )
    return complaints


def streamlit_imports(path: str, source: str) -> list[str]:
    """Imports of Streamlit in the engine."""
    return [
        f"{path}:{line}: the engine imports {module}; take what is needed as an argument (progress, settings) instead"
        for line, module in imported_modules(path, source)
        if module.split(".")[0] == "streamlit"
    ]


def test_imports(path: str, source: str) -> list[str]:
    """Imports of tests by what is installed without them, by statement or by name."""
    complaints = [
        f"{path}:{line}: imports {module}, which is not there where only the app is; move what it needs into recsys"
        for line, module in imported_modules(path, source)
        if module.split(".")[0] == "tests"
    ]
    return complaints + [
        f"{path}:{node.lineno}: names {node.value}; move what it needs into recsys"
        for node in ast.walk(ast.parse(source, path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _TEST_MODULE.match(node.value)
    ]


def unsafe_loading(path: str, source: str) -> list[str]:
    """Anything that could run code out of a file someone sent: pickles in all their forms, eval, exec."""
    remedy = "write arrays as .npz or .safetensors and the rest as JSON"
    complaints = [
        f"{path}:{line}: imports {module}, which runs code while loading; {remedy}"
        for line, module in imported_modules(path, source)
        if module.split(".")[0] in UNSAFE_MODULES or module in UNSAFE_METHODS
    ]
    for node in ast.walk(ast.parse(source, path)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name in UNSAFE_CALLS or name in UNSAFE_METHODS or name.endswith((".read_pickle", ".to_pickle")):
            complaints.append(f"{path}:{node.lineno}: calls {name}, which can run code out of data; {remedy}")
        for keyword in node.keywords:
            if keyword.arg == "allow_pickle" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            ):
                complaints.append(f"{path}:{node.lineno}: calls {name} with allow_pickle; leave it out; {remedy}")
    return complaints


def machine_paths(path: str, source: str) -> list[str]:
    """Absolute paths of one machine, in code, comments or text."""
    return [
        f"{path}:{number}: names {found.group(1)!r}, a path of one machine; build it from a setting or from __file__"
        for number, line in enumerate(source.splitlines(), 1)
        if (found := _MACHINE_PATH.search(line))
    ]


def long_file(path: str, source: str) -> list[str]:
    """A file that has outgrown one idea."""
    n_lines = len(source.splitlines())
    if n_lines <= MAX_LINES:
        return []
    return [f"{path}: {n_lines} lines, more than {MAX_LINES}; one idea a file: move one of them out"]


def raw_html(path: str, source: str) -> list[str]:
    """Uses of `unsafe_allow_html`, through which a review could write markup into the page."""
    return [
        f"{path}:{number}: uses unsafe_allow_html; review text is hostile: escape it, or use plain elements"
        for number, line in enumerate(source.splitlines(), 1)
        if "unsafe_allow_html" in line
    ]
