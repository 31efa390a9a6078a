"""Records as JSON documents and back, checked by pydantic and by the records themselves."""

import json
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from recsys.errors import SettingsError

T = TypeVar("T")


class Form(BaseModel):
    """A document whose keys and kinds of values are fixed."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_json(record: Any) -> dict[str, Any]:
    """The document of a dataclass: NaN becomes null, and a field that is None is left out."""
    kind: Any = type(record)
    document: dict[str, Any] = json.loads(_adapter(kind).dump_json(record, exclude_none=True))
    return document


def from_json(kind: type[T], document: object) -> T:
    """What a document holds.

    Raises
    ------
    SettingsError : it has another form, or a value makes no sense; the message names the first fault

    >>> from_json(dict[str, int], {"n": "ten"})
    Traceback (most recent call last):
    recsys.errors.SettingsError: n='ten' is not usable: input should be a valid integer, unable to parse string as an \
integer
    """
    known: Any = kind
    try:
        found: T = _adapter(known).validate_python(document)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        where, msg = ".".join(map(str, fault["loc"])), fault["msg"].partition(" or instance of ")[0]
        given = "" if fault["type"] == "missing" else f"={fault['input']!r:.60}"
        raise SettingsError(f"{where or 'the document'}{given} is not usable: {msg[:1].lower()}{msg[1:]}") from None
    return found
