"""The command line: `python -m recsys COMMAND`. Results go to stdout, progress and logs to stderr.

A failure prints one line on stderr and exits with 2 (bad input), 130 (stopped by a person) or 1 (anything else).
"""

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

import recsys
from recsys.cli import experiment, recommend, shop
from recsys.cli.terminal import SafeFormatter, one_line, say_error
from recsys.errors import Cancelled, RecsysError

_DESCRIPTION = """\
Shelfwise: recommendations from what shoppers did, what products are, what people wrote, and the moment.

A first tour, from nothing to a list:
  python -m recsys demo --out shop                          make a demo shop
  python -m recsys train --data shop --out model            learn from it
  python -m recsys recommend --model model --user u00001    ten products for one shopper
  python -m recsys recommend --model model --text "a warm, quiet tent for two"
  python -m recsys explain --model model --user u00001 --item p0001
  python -m recsys evaluate --data shop                     how good it is, beside simple baselines
  streamlit run app.py                                      all of it in the browser
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other failure does."""

    def parse_known_args(self, *args: Any, **options: Any) -> Any:
        """Let the command that was given an option it does not have say so, and not the first parser of all."""
        found, unknown = super().parse_known_args(*args, **options)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{one_line(f'{self.prog}: {message}; see `{self.prog} --help`')}\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    parser: argparse.ArgumentParser = _Parser(
        prog="python -m recsys", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"Shelfwise {recsys.__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="also log what happens inside, on stderr")
    commands = parser.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for add_command in (
        shop.add_demo,
        shop.add_train,
        recommend.add_recommend,
        recommend.add_explain,
        shop.add_evaluate,
        shop.add_panel,
        experiment.add_experiment,
        shop.add_bench,
    ):
        add_command(commands)
    return parser


def _suit_output(stream: TextIO | None, *, is_json: bool) -> None:
    """JSON is UTF-8 wherever it goes; a terminal that lacks a letter of a table gets a question mark for it."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8" if is_json else None, errors="strict" if is_json else "replace")


def _require_encoder(folder: str) -> None:
    """Refuse a folder that holds no encoder before a command starts to work."""
    from recsys.text.encoder import chosen_encoder

    chosen_encoder(folder)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    args = build_parser().parse_args(argv)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO if args.verbose else logging.WARNING, handlers=[handler])
    _suit_output(sys.stdout, is_json=getattr(args, "json", False))
    try:
        if getattr(args, "reads_texts", False):
            _require_encoder(str(getattr(args, "encoder", None) or ""))
        args.run(args)
        if sys.stdout is not None:  # it was closed by whoever started us
            sys.stdout.flush()
    except RecsysError as error:
        say_error(f"recsys {args.command}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say_error(f"recsys {args.command}: {Cancelled('working')}")
        return Cancelled.exit_code
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep the interpreter from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        say_error(f"recsys {args.command}: {error.filename or 'the system'}: {error.strerror or error}")
        return 1
    return 0
