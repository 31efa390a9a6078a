"""Nothing that a shop's texts hold can command a terminal, whatever command prints it."""

import io
import json
import logging
import re
from pathlib import Path

import pandas as pd
import pytest

from recsys.cli.terminal import SafeFormatter, TerminalProgress, one_line, safe, say_json, shortened
from tests._data import write_folder
from tests.cli._run import run

COMMANDS = ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x9d8;;x\x9c", "\r", "\b" * 9, "\x7f", "\x00", "\x0e", "\x85"]
TURNING = ["\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c"]
HIDDEN = ["\u200b", "\ufeff", "\u2060", "\xad", "\u2028", "\u2029", "\U000e0041", "\ud800", "\ufff9"]
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@pytest.mark.parametrize("text", [*COMMANDS, *TURNING, *HIDDEN], ids=ascii)
def test_what_a_terminal_obeys_or_hides_is_written_out(text: str) -> None:
    for printed in (safe(f"pay{text}pal"), one_line(f"pay{text}pal"), shortened(f"pay{text}pal", 80)):
        assert not UNSAFE.search(printed)
        assert printed != "paypal"
        assert printed.startswith("pay")
        assert printed.endswith("pal")


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_joiners_stay_where_words_and_emoji_need_them(joiner: str) -> None:
    assert safe(f"pay{joiner}pal") == f"pay\\u{ord(joiner):04x}pal"
    assert safe(f"{joiner}a b{joiner}") == f"\\u{ord(joiner):04x}a b\\u{ord(joiner):04x}"
    for text in ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"):
        assert safe(text) == text


@pytest.mark.parametrize("text", ["Zelt für zwei", "日本語", "עברית", "a\nb", "naïve ±0.5 – “so”", "❤️", "e\u0301"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert safe(text) == text
    assert safe(safe(text)) == text


def test_lines_stay_lines_and_cells_stay_cells() -> None:
    assert safe("a\r\nb\tc") == "a\nb c"
    assert one_line("a\r\n\n  2  forged\x0bx\u2028y") == "a   2  forged x y"
    assert shortened("a" * 50, 10) == "a" * 9 + "…"


@pytest.mark.parametrize("text", [*COMMANDS, *TURNING, *HIDDEN, "\u200d", "日本", '"\\\n'], ids=ascii)
def test_json_is_verbatim_and_yet_safe(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say_json({text: [text, {"pay": f"pay{text}pal"}], "number": 1.5, "none": None})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {text: [text, {"pay": f"pay{text}pal"}], "number": 1.5, "none": None}
    assert not UNSAFE.search(printed)


def test_logs_and_progress_are_safe() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "odd value %s", ("\x1b[2J",), None)
    assert SafeFormatter("%(message)s").format(record) == "odd value \\x1b[2J"
    stream = io.StringIO()
    with TerminalProgress(stream) as progress:
        progress("reading \x1b]0;x\x07\nforged", 1, 2)
    assert not UNSAFE.search(stream.getvalue().rstrip("\n"))
    assert stream.getvalue().count("\n") == 1


ESC = "\x1b[31mred\x1b[0m \x07 bell great \x9b2J \u202egnp.exe tent"


@pytest.fixture(scope="module")
def hostile(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small shop in which ids, titles, attributes and reviews hold commands, with its model."""
    folder = tmp_path_factory.mktemp("hostile")
    tables = {name: pd.read_parquet(place / "shop" / f"{name}.parquet") for name in ("items", "reviews", "events")}
    for name, columns in (("items", ("title", "brand", "category", "description")), ("reviews", ("text", "title"))):
        for column in columns:
            tables[name][column] = ESC + " " + tables[name][column].astype(str)
    for table in tables.values():
        table["item_id"] = "\x1b[1m" + table["item_id"].astype(str)
    for name in ("reviews", "events"):
        tables[name]["user_id"] = "\x9b" + tables[name]["user_id"].astype(str)
    write_folder(folder / "shop", **tables)
    trained = run("train", "--data", folder / "shop", "--out", folder / "model")
    assert trained.status == 0, trained.err
    assert not UNSAFE.search(trained.out + trained.err.replace("\n", ""))
    return folder


def test_no_command_prints_what_a_terminal_obeys(hostile: Path) -> None:
    shop, model = hostile / "shop", hostile / "model"
    events = pd.read_parquet(shop / "events.parquet")
    user, item = events["user_id"].value_counts().index[0], events["item_id"][0]
    who = ("--model", model, "--user", user)
    for arguments in (
        ("recommend", *who),
        ("recommend", *who, "--json"),
        ("recommend", *who, "--text", ESC),
        ("explain", *who, "--item", item),
        ("evaluate", "--data", shop, "--split", "last"),
        ("experiment", "faithfulness", "--data", shop, "-n", 4, "--explanations", 4),
        ("recommend", "--model", model, "--user", ESC),
        ("recommend", "--model", f"{model}{ESC}".replace("\x00", ""), "--user", "u"),
        ("explain", *who, "--item", ESC),
        ("explain", *who, "--item", item, "--without", ESC),
        ("recommend", *who, "--context", f"device={ESC}"),
        ("recommend", *who, "--weights", f"{ESC}=1"),
        ("train", "--data", f"{ESC}/shop", "--out", hostile / "other"),
        ("train", "--data", shop, "--out", model, ESC),
        (ESC,),
    ):
        said = run(*arguments)
        printed = said.out + said.err
        assert printed
        assert not UNSAFE.search(printed.replace("\n", "")), arguments
        if "--json" in arguments:
            assert (
                ESC in json.dumps(json.loads(said.out), ensure_ascii=False).encode().decode() or "\\u001b" in said.out
            )
