"""Answers that pages keep: shared by all sessions, and no more of them than their room in bytes can hold."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from recsys.cache import ByteCache, n_bytes
from recsys.ranking.results import ScoredRequest

P = ParamSpec("P")
T = TypeVar("T")


def bounded(most_bytes: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function answers, the latest asked for longest, while all of it takes at most so many bytes.

    Arguments whose name begins with an underscore are no part of the key; a model stands there with its id, a scored
    request with what was asked, and all others have to be hashable. Answers are shared and must not be changed.
    Sessions that ask for the same at once wait for one of them; errors are not kept.

    Parameters
    ----------
    most_bytes : the newest answer is kept even if it alone takes more
    """

    def keeping(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)
        name = f"{function.__module__}.{function.__qualname__}"
        names = [each for each in signature.parameters if not each.startswith("_")]

        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            key = tuple(_key(bound.arguments[each]) for each in names)
            found: T = room(name, most_bytes).of(key, lambda: function(*args, **kwargs))
            return found

        return answer

    return keeping


@st.cache_resource(show_spinner=False)
def room(name: str, most_bytes: int) -> ByteCache[Any, Any]:
    """What is kept of one function; one a function, so nothing here grows with what is asked."""
    return ByteCache(most_bytes, n_bytes)


def _key(argument: object) -> object:
    if isinstance(argument, ScoredRequest):
        return argument.user_id, argument.words, argument.context, argument.ablated
    return getattr(argument, "model_id", argument)
