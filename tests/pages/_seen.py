"""What a visitor of a page under AppTest sees of its HTML."""

import re
from html import unescape

from streamlit.testing.v1 import AppTest


def html(page: AppTest) -> str:
    """All HTML of the page, in order."""
    return "\n".join(element.proto.body for element in page.get("html"))


def text(page: AppTest) -> str:
    """The words of that HTML, without markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html(page))))


def listed(page: AppTest) -> list[str]:
    """Ids of the products on the cards, best first."""
    return [unescape(found) for found in re.findall(r'data-item="([^"]*)"', html(page))]


def addressed(page: AppTest) -> dict[str, str]:
    """The parameters of the address, each with its last value."""
    return {name: values[-1] if isinstance(values, list) else values for name, values in page.query_params.items()}


def effective_weights(page: AppTest) -> str:
    """What the bar of effective weights says."""
    return re.findall(r'aria-label="Effective weights: ([^"]*)"', html(page))[-1]
