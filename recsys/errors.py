"""Every error that Shelfwise raises on purpose: each names the thing, shows the value and says what to do."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial


def quoted(value: object, most: int = 60) -> str:
    """A value in quotes, cut short, for a message.

    >>> quoted("long words", 6)
    "'long w…'"
    """
    words = str(value)
    return repr(words if len(words) <= most else words[:most] + "…")


class RecsysError(Exception):
    """Base of the project's own errors. Pages catch this class only; the command line exits with `exit_code`.

    `message` is what a person reads; its fields are the arguments that the error was raised with.
    """

    exit_code = 1
    message = "{}"

    def __str__(self) -> str:
        return self.message.format(*self.args)


class InputError(RecsysError):
    """Something a person handed over cannot be used as it is."""

    exit_code = 2


class DataError(InputError):
    """A data folder breaks the canonical form.

    Parameters
    ----------
    problem : what is wrong, in one clause
    file, column : the name of the offending file, as in the folder, and its column if it is one
    rows : the first offending rows, as (row number from 0, value shown)
    n_rows : how many rows offend in all
    remedy : what the person can do about it
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str,
        column: str | None = None,
        rows: Sequence[tuple[int, str]] = (),
        n_rows: int | None = None,
        remedy: str,
    ) -> None:
        super().__init__(problem)
        self.problem, self.file, self.column, self.remedy = problem, file, column, remedy
        self.rows = tuple(rows)
        self.n_rows = len(self.rows) if n_rows is None else n_rows

    def __reduce__(self) -> tuple[object, ...]:
        names = ("file", "column", "rows", "n_rows", "remedy")
        return partial(type(self), **{name: getattr(self, name) for name in names}), (self.problem,)

    def __str__(self) -> str:
        where = self.file if self.column is None else f"{self.file}, column {self.column!r}"
        shown = ", ".join(f"row {row}: {value}" for row, value in self.rows)
        more = self.n_rows - len(self.rows)
        if shown and more > 0:
            shown += f", and {more:,} more"
        return f"{where}: {self.problem}{f' ({shown})' if shown else ''}; {self.remedy}"


class SettingsError(InputError):
    """A setting has a value that makes no sense."""


class ContextError(InputError):
    """The data or the model does not know a circumstance of the request."""


class UnknownUserError(InputError, KeyError):
    """The shopper has no row in the model or data; raised with the id and how many are known."""

    message = "shopper {!r} is not among the {:,} known here; check the id, or describe a new shopper in words"


class UnknownItemError(InputError, KeyError):
    """The product has no row in the model or data; raised with the id and how many are known."""

    message = "product {!r} is not among the {:,} in the catalogue; check the id"


class ArtifactError(InputError):
    """A model folder is missing, damaged, foreign, or from another version."""


class NotFittedError(RecsysError):
    """A scorer was used before it was fitted or loaded; raised with its name."""

    message = "the {} scorer is not fitted yet; call fit() or load a trained model first"


class EncoderError(RecsysError):
    """The packaged sentence encoder is missing or is not the one that was published."""


class EncoderFolderError(InputError, EncoderError):
    """The folder that was chosen as the encoder holds no model that can be used, or not the one that is needed."""


class Cancelled(RecsysError):
    """A person stopped a long job and nothing was changed; raised with the stage it was at."""

    exit_code = 130
    message = "stopped while {}; what was there before is unchanged"


class LeakError(RecsysError):
    """Something that is held out was learned from, so that no figure measured on it could be believed."""

    message = "{}; nothing was measured, since every figure would flatter"


class StoreError(RecsysError):
    """What people saved cannot be read, or something new cannot be saved; what was saved before is still there."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, or is busy, right now; the same call may work a moment later."""


class PresetError(InputError):
    """A preset, or a document of presets, cannot be saved as it is."""


class UnknownPresetError(InputError, KeyError):
    """There is no such preset in this shop, or no longer; raised with its id."""

    message = "preset {!r} is not in this shop, or was deleted; choose one from the list, or restore it"


class ConflictError(RecsysError):
    """Somebody else saved or deleted a preset after it was opened here; nothing was overwritten.

    `done`: "saved" or "deleted"; `by`: whoever did that, "somebody" when they did not say.
    """

    def __init__(self, name: str, done: str, by: str, at: datetime) -> None:
        super().__init__(name, done, by, at)
        self.name, self.done, self.by, self.at = name, done, by, at

    def __str__(self) -> str:
        moment = f"{self.at.astimezone(UTC):%Y-%m-%d at %H:%M} UTC"
        remedy = "restore it" if self.done == "deleted" else "open it again and repeat your change"
        return (
            f"preset {self.name!r} was {self.done} by {self.by} on {moment}, after you opened it; nothing was"
            f" overwritten: {remedy}, or save yours under another name"
        )
