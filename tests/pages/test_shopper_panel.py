"""What is known of a shopper beside the list."""

import pytest

from pages.recommendations.page import stars_html


@pytest.mark.parametrize(
    ("rating", "filled"),
    [
        (5, "★★★★★"), (4, "★★★★"), (1, "★"), (2.5, "★★½"), (3.5, "★★★½"), (4.5, "★★★★½"),
        (3.2, "★★★"), (3.3, "★★★½"), (4.75, "★★★★★"), (0, ""), (7, "★★★★★"),
    ],
)  # fmt: skip
def test_stars_are_filled_to_the_nearest_half(rating: float, filled: str) -> None:
    html = stars_html(rating)
    on, off = html.split('<span class="sw-stars-off">')
    assert on.rsplit(">", 1)[1] == filled
    assert len(filled) + off.count("★") == 5
    assert f"{rating:g} of 5 stars" in html
