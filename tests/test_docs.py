"""What README and docs say holds: links lead somewhere, commands exist and the cheap ones run, code blocks run."""

import re
import shlex
import textwrap
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from recsys.cli import build_parser
from recsys.serving.recommender import Recommender
from tests.cli._run import run
from tests.cli.conftest import place  # noqa: F401  (a fixture)

ROOT = Path(__file__).resolve().parents[1]
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MOST_WORDS = 1_500
"""A page is read in five minutes; a table counts its cells."""
CHEAP = ("demo", "train", "recommend", "explain", "evaluate", "panel")
"""Commands that take seconds on a tiny shop; studies and benchmarks run small in tests of their own."""

_CODE = re.compile(r"`([^`\n]+)`|^(?: {4}|\t)(.+)$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PYTHON = re.compile(r"^( *)```python\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)


@cache
def parsers() -> dict[str, ArgumentParser]:
    """The parser of each command."""
    (commands,) = (action for action in build_parser()._actions if isinstance(action, _SubParsersAction))
    return dict(commands.choices)


def code_of(text: str) -> Iterator[str]:
    """Lines of code blocks, indented or fenced, and code within a sentence."""
    for block in _FENCE.findall(text):
        yield from block.splitlines()
    for inline, indented in _CODE.findall(_FENCE.sub("", text)):
        yield inline or indented


def commands_of(text: str) -> Iterator[list[str]]:
    """What is given to `python -m recsys`, or to a command that is only named; `a|b` counts as both.

    >>> list(commands_of("see `python -m recsys bench encode|train` and `train --learn map`, not `train`"))
    [['bench', 'encode'], ['bench', 'train'], ['train', '--learn', 'map']]
    """
    for code in code_of(text):
        words = shlex.split(code.split("  #")[0], comments=True) if code.count('"') % 2 == 0 else []
        at = words.index("recsys") if "recsys" in words else -1
        if at == 0 or (at > 0 and words[at - 1] == "-m"):
            words = words[at + 1 :]
        elif not (words and words[0] in parsers() and any(word.startswith("--") for word in words)):
            continue
        if words:
            yield from map(list, product(*(word.split("|") for word in words)))


def scripts_of(text: str) -> Iterator[list[str]]:
    """What follows `python -m tests.`: the script and its arguments."""
    for code in code_of(text):
        if found := re.match(r"python -m tests\.(\S+)(.*)", code):
            yield [found[1], *found[2].split()]


def named() -> list[tuple[str, list[str]]]:
    """Every command of every paper, once."""
    found = {
        (" ".join(words)): (paper.name, words) for paper in PAPERS for words in commands_of(paper.read_text("utf-8"))
    }
    return list(found.values())


def completed(words: list[str]) -> list[str]:
    """With the options that a mention in a sentence leaves out."""
    given = words[1:]
    actions = parsers()[words[0]]._actions
    open_ones = [each for each in actions if given and given[-1] in each.option_strings and each.nargs is None]
    given += [str(next(iter(each.choices or "1"))) for each in open_ones]
    for action in actions:
        if action.required and not set(action.option_strings) & set(given):
            given += [action.option_strings[0], "X"] if action.option_strings else []
    return [words[0], *given]


@pytest.mark.parametrize(
    ("paper", "words"), named(), ids=lambda each: " ".join(each) if isinstance(each, list) else each
)
def test_a_command_of_the_papers_is_understood(paper: str, words: list[str]) -> None:
    if words == ["COMMAND", "--help"]:
        words = ["train", "--help"]
    assert words[0] in parsers(), f"{paper}: there is no command {words[0]!r}"
    if "--help" in words:
        assert run(*words).status == 0
    else:
        build_parser().parse_args(completed(words))


def test_the_papers_name_commands_at_all() -> None:
    assert {words[0] for _, words in named()} >= {"demo", "train", "recommend", "explain", "evaluate", "experiment"}


@pytest.mark.parametrize(
    "code", ["recsys trian --data DIR", "recsys train --data DIR --out M --learnt x", "bench speed"]
)
def test_a_command_that_is_wrong_is_noticed(code: str) -> None:
    words = next(commands_of(f"`{code}`"), code.split())
    with pytest.raises((SystemExit, KeyError)):
        build_parser().parse_args(completed(words))


def test_scripts_of_the_papers_exist_and_know_their_options() -> None:
    for paper in PAPERS:
        for name, *arguments in scripts_of(paper.read_text("utf-8")):
            script = ROOT / "tests" / f"{name.replace('.', '/')}.py"
            assert script.is_file(), f"{paper.name}: there is no {name}"
            source = script.read_text("utf-8")
            assert all(f'"{option}"' in source for option in arguments if option.startswith("--")), (
                f"{paper.name}: {name}"
            )


def anchors_of(text: str) -> set[str]:
    """Names of the headings of a page, as links to them are written.

    >>> sorted(anchors_of("# A page\\n\\n## Your own shop, now"))
    ['a-page', 'your-own-shop-now']
    """
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.relative_to(ROOT).as_posix())
def test_links_lead_to_what_is_there(paper: Path) -> None:
    for link in _LINK.findall(paper.read_text("utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (paper.parent / path).resolve() if path else paper
        assert target.exists(), f"{paper.name} links to {link}, which is not there"
        if anchor:
            assert anchor in anchors_of(target.read_text("utf-8")), f"{paper.name}: {link} names no heading"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.relative_to(ROOT).as_posix())
def test_a_page_is_read_in_five_minutes(paper: Path) -> None:
    n_words = len(paper.read_text("utf-8").split())
    assert n_words <= MOST_WORDS, f"{paper.name} has {n_words} words"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


def test_files_that_the_papers_name_exist() -> None:
    for paper in PAPERS:
        for code in code_of(paper.read_text("utf-8")):
            for name in re.findall(r"(?<![\w/.-])((?:recsys|pages|tests|scripts|docs)/[\w/]+\.(?:py|md))", code):
                assert (ROOT / name).is_file(), f"{paper.name} names {name}, which is not there"


@pytest.mark.slow
def test_python_code_of_the_papers_runs(place: Path) -> None:  # noqa: F811
    model = place / "model"
    names = {"MODEL": model, "USER": Recommender.load(model).users["user_id"].iloc[0]}
    blocks = [textwrap.dedent(code) for paper in PAPERS for _, code in _PYTHON.findall(paper.read_text("utf-8"))]
    assert blocks
    for block in blocks:
        exec(block, dict(names))


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [words for _, words in named() if words[0] in CHEAP and completed(words) == words],
    ids=lambda words: " ".join(words),
)
def test_a_cheap_command_of_the_papers_runs(words: list[str], place: Path, tmp_path: Path) -> None:  # noqa: F811
    model = Recommender.load(place / "model")
    stand_ins = {
        "--data": place / "shop",
        "--model": place / "model",
        "--out": tmp_path / "out",
        "--user": model.users["user_id"].iloc[0],
        "--item": model.items["item_id"].iloc[0],
        "--min-interactions": 1,
    }
    given = [stand_ins.get(option, word) for option, word in zip(["", *words], words, strict=False)]
    small = ["--items", 60, "--shoppers", 60] if words[0] == "demo" else []
    done = run(*given, *small)
    assert done.status == 0, done.err
    assert done.out
