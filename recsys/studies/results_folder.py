"""Results on disk: a JSON document each, every table as CSV, and one report of all."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from recsys.errors import InputError
from recsys.files import replace_file, require_writable
from recsys.studies.format import table_csv
from recsys.studies.report import is_report, report_html
from recsys.studies.result import Result

_REPORT = "report.html"


def require_results_folder(folder: Path, names: Iterable[str]) -> None:
    """Raise InputError unless results of these experiments can be kept here without replacing anything else.

    A result that is there already names its tables; where there is none, no table of its name may be there either.
    """
    require_writable(folder, "the results")
    own = _own(folder)
    wanted = {_REPORT}
    for name in names:
        wanted.add(f"{name}.json")
        if f"{name}.json" not in own:
            wanted |= {path.name for path in folder.glob(f"{name}-*.csv")}
    _require_own(folder, wanted - own)


def write_results(folder: Path, results: Sequence[Result], failed: Mapping[str, str] | None = None) -> None:
    """Write all results; each file is replaced in one step, so whoever is stopped leaves whole ones.

    Raises InputError where the folder cannot be written to, or holds other files of the same names.
    """
    texts = {name: text for each in results for name, text in _texts(each)}
    texts[_REPORT] = report_html(results, failed or {})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_own(folder, texts.keys() - _own(folder))
        for name, text in texts.items():
            replace_file(folder / name, text.encode())
    except OSError as problem:
        raise InputError(f"{folder}: results cannot be kept there ({problem.strerror}); choose another --out") from None


def read_results(folder: Path) -> dict[str, Result]:
    """Results that were kept, by experiment; what cannot be read, or was written by another version, is left out."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        if (result := _read(path)) is not None:
            found[result.experiment] = result
    return found


def _texts(result: Result) -> Iterable[tuple[str, str]]:
    # The document comes first: it says which tables are its own.
    yield f"{result.experiment}.json", json.dumps(result.as_json(), indent=1)
    yield from ((f"{result.experiment}-{table.name}.csv", table_csv(table)) for table in result.tables)


def _own(folder: Path) -> set[str]:
    """Names of the files of a folder that experiments wrote: results, their tables, the report; never a link."""
    own = {_REPORT} if is_report(folder / _REPORT) else set()
    for path in folder.glob("*.json"):
        result = _read(path)
        if result is not None and path.name == f"{result.experiment}.json":
            own |= {path.name, *(f"{result.experiment}-{table.name}.csv" for table in result.tables)}
    return {name for name in own if not (folder / name).is_symlink()}


def _require_own(folder: Path, others: Iterable[str]) -> None:
    for name in sorted(others):
        if (folder / name).exists() or (folder / name).is_symlink():
            raise InputError(
                f"{folder} holds {name}, which no experiment wrote and which would be replaced; choose another --out, "
                "or move it away"
            )


def _read(path: Path) -> Result | None:
    try:
        return Result.from_json(json.loads(path.read_text()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
