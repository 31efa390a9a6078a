"""Settings and records as JSON documents, read and written through their own classes by pydantic.

Fields of these classes use the types below, and the classes are decorated `@with_config(DOCUMENT)`.
"""

import functools
import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, Strict, TypeAdapter, ValidationError

from recsys.errors import SettingsError, quoted

_T = TypeVar("_T")

Number = Annotated[float, Strict(), PlainSerializer(float)]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Texts = Annotated[frozenset[str], PlainSerializer(sorted)]
"""Types of fields in documents: no text passes for a number, and no number for a flag; sets are written in order."""

DOCUMENT = ConfigDict(extra="forbid", allow_inf_nan=False)
"""Configuration of every document: unknown names and infinite numbers are refused."""

_WANTED = {
    **dict.fromkeys(("float_type", "finite_number"), "a number"),
    **dict.fromkeys(("tuple_type", "list_type", "frozen_set_type"), "a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "dataclass_type", "model_type"), "a JSON object"),
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
}
_MOST_FAULTS = 3


_adapter: Callable[[Any], TypeAdapter[Any]] = functools.cache(TypeAdapter)


class Form(BaseModel):
    """A document with fixed keys that has no record class of its own."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


def to_json(record: object, *, exclude_none: bool = False) -> Any:
    """Settings or a record as JSON values, as `from_json` reads them; NaN becomes null.

    >>> from recsys.settings import FusionSettings
    >>> to_json(FusionSettings(1, 0, 0, 0))
    {'collaborative': 1.0, 'content': 0.0, 'semantic': 0.0, 'context': 0.0}
    """
    return json.loads(_adapter(type(record)).dump_json(record, exclude_none=exclude_none))


def from_json(kind: type[_T], document: object, what: str = "") -> _T:
    """Settings or a record from JSON values; a key that is left out has its default.

    >>> from recsys.settings import RankingSettings
    >>> from_json(RankingSettings, {"n": 5, "fusion": {"content": 0.2}}).fusion.content
    0.2

    `what`: the document, as messages name it.
    Raises SettingsError, ContextError: a key is not known, or a value is of the wrong kind or makes no sense.
    """
    try:
        read: _T = _adapter(kind).validate_python(document)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        more = f"; and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        said = "; ".join(_fault(fault, what) for fault in faults[:_MOST_FAULTS])
        raise SettingsError(said + more) from None
    return read


def _fault(fault: Any, what: str) -> str:
    *inside, name = ("", *map(str, fault["loc"]))
    where = ".".join(filter(None, (what, *inside)))
    start = f"{where}: " if where else ""
    if fault["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"{start}{quoted(name)} is not known; leave it out"
    if fault["type"] in ("missing", "missing_argument"):
        return f"{start}{name} is missing; give it"
    wanted = _WANTED.get(fault["type"]) or fault["msg"].removeprefix("Input should be ")
    return f"{start}{name or 'it'}={quoted(fault['input'])} is not usable; give {wanted}"
