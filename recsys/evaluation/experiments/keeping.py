"""Results on disk: a JSON document each, every table as CSV, and one report of all."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from recsys.errors import InputError
from recsys.evaluation.experiments.report import report_html
from recsys.evaluation.experiments.result import Result
from recsys.evaluation.experiments.telling import table_csv


def keep(folder: Path, results: Sequence[Result], failed: Mapping[str, str] | None = None) -> None:
    """Write all results; each file is replaced in one step, so whoever is stopped leaves whole ones.

    Raises
    ------
    InputError : the folder cannot be written to
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in results:
            _write(folder / f"{each.experiment}.json", json.dumps(each.as_json(), indent=1))
            for table in each.tables:
                _write(folder / f"{each.experiment}-{table.name}.csv", table_csv(table))
        _write(folder / "report.html", report_html(results, failed or {}))
    except OSError as problem:
        raise InputError(f"{folder}: results cannot be kept there ({problem.strerror}); choose another --out") from None


def read_results(folder: Path) -> dict[str, Result]:
    """Results that were kept, by experiment; what cannot be read, or was written by another version, is left out."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            result = Result.from_json(json.loads(path.read_text()))
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
        found[result.experiment] = result
    return found


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
