"""Buttons and switches as all pages draw them: icons of one family, choices bound to the address."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st


def button(label: str, key: str, icon: str, on_click: Callable[..., object], *args: object, **more: Any) -> bool:
    """Draw a button that calls `on_click(*args)`; `icon` is the name of a Material symbol, "" for none."""
    drawn = f":material/{icon}:" if icon else None
    return st.button(label, key=key, icon=drawn, on_click=on_click, args=args, **more)


def download(
    label: str, key: str, file: str, mime: str, data: Callable[[], str], icon: str = "download", **more: Any
) -> None:
    """Draw a button that hands over a file, which is made only then; the page does not run again."""
    st.download_button(label, data, file, mime, key=key, icon=f":material/{icon}:", on_click="ignore", **more)


def switch(label: str, options: Sequence[str], key: str, default: str = "", **more: Any) -> str:
    """Draw a control of which one option is always chosen, held in the address; the first stands at the start."""
    default = default or options[0]
    chosen = st.segmented_control(label, options, default=default, required=True, key=key, bind="query-params", **more)
    return chosen or default
