"""`--help` teaches, and what is mistyped is answered in one line."""

import argparse
import subprocess
import sys

import pytest

import recsys
from recsys.cli import build_parser
from recsys.settings import COMPONENTS
from tests.cli._run import run

COMMANDS = ("demo", "train", "recommend", "explain", "evaluate", "panel", "experiment", "bench")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_says_what_it_does_and_shows_an_example(command: str) -> None:
    said = run(command, "--help")
    assert (said.status, said.err) == (0, "")
    assert f"python -m recsys {command} " in said.out.split("example", 1)[1]
    assert "usage: python -m recsys" in said.out


def test_every_option_says_what_it_does() -> None:
    (commands,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert tuple(commands.choices) == COMMANDS
    for name, parser in commands.choices.items():
        for action in parser._actions:
            assert action.help, f"{name} {action.dest} has no help"


def test_the_first_help_is_a_tour_of_every_command() -> None:
    said = run("--help")
    assert said.status == 0
    for command in COMMANDS:
        assert f"  {command}" in said.out
    for step in (
        "recsys demo --out shop",
        "recsys train --data shop",
        "recsys recommend --model",
        "streamlit run app.py",
    ):
        assert step in said.out


def test_the_help_of_recommend_names_every_component() -> None:
    said = " ".join(run("recommend", "--help").out.split())
    assert ", ".join(COMPONENTS) in said


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").out == f"Shelfwise {recsys.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "python -m recsys: the following arguments are required: COMMAND; see `python -m recsys --help`"),
        (("recomend",), "argument COMMAND: invalid choice: 'recomend'"),
        (("bench", "speed"), "python -m recsys bench: argument name: invalid choice: 'speed' (choose from"),
        (("train", "--data", "shop"), "python -m recsys train: the following arguments are required: --out; see"),
        (("demo", "--out", "x", "--items", "many"), "argument --items: invalid int value: 'many'; see"),
        (("evaluate", "--data", "x", "--split", "random"), "argument --split: invalid choice: 'random'"),
        (("recommend", "--model", "m", "--method", "max"), "argument --method: invalid choice: 'max'"),
    ],
)
def test_what_is_mistyped_is_answered_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    said = run(*arguments)
    assert (said.status, said.out) == (2, "")
    assert message in said.err
    assert said.err.count("\n") == 1


def test_what_a_command_needs_is_imported_when_it_runs() -> None:
    code = "import sys, recsys.cli; print(*{'numpy', 'pandas', 'torch', 'numba'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
