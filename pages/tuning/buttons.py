"""Buttons of the tuning room: one that does something, and one that hands over a file."""

from collections.abc import Callable
from typing import Any

import streamlit as st


def button(label: str, key: str, icon: str, on_click: Callable[..., None], *args: object, **more: Any) -> None:
    """Draw a button that calls `on_click(*args)`; `icon` is the name of a Material symbol."""
    st.button(label, key=key, icon=f":material/{icon}:", on_click=on_click, args=args, **more)


def download(
    label: str, key: str, file: str, mime: str, data: Callable[[], str], icon: str = "download", **more: Any
) -> None:
    """Draw a button that hands over a file, which is made only then; the page does not run again."""
    st.download_button(label, data, file, mime, key=key, icon=f":material/{icon}:", on_click="ignore", **more)
