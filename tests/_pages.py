"""Which pages there are, so that a test of "every page" never misses one."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = "Home"


def page_files() -> dict[str, Path]:
    """Entry file of every page by its name: Home is `app.py`, the others are the files of `pages/`, in their order.

    A number and separator before the name order the files and are no part of it, as in Streamlit's own rule.
    """
    named = {file.stem.lstrip("0123456789").lstrip("_- "): file for file in sorted((ROOT / "pages").glob("*.py"))}
    return {HOME: ROOT / "app.py", **{name: file for name, file in named.items() if name and name != "init__"}}


def page_address(name: str) -> str:
    """Where a server shows a page.

    >>> page_address("Home"), page_address("Recommendations")
    ('/', '/Recommendations')
    """
    return "/" if name == HOME else f"/{name}"
