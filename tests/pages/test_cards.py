"""Cards show what they are given, exactly, and nothing of it can act."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._shared import cards
from pages._shared.cards import ProductCard, esc, list_html, safe_image_url, score_html, weights_html
from recsys.explanations.documents import Document
from recsys.serving.quotes import Quote
from recsys.text.masking import pseudonym

HOSTILE = "<script>alert(1)</script>\" onload='x' [a](javascript:alert(1)) \u202egnp.exe\u202c & \x00 <b>"
PARTS = {"collaborative": 0.75, "content": -0.25, "semantic": 0.5, "context": 0.0}


class Tags(HTMLParser):
    """Collects elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def said(text: str, user_id: str = "u1", rating: float = float("nan")) -> Quote:
    """A phrase of a review."""
    return Quote(
        text, Document("review", 0, "t1", "", user_id, rating, None, text, (0,), ((0, len(text)),)), 0, len(text)
    )


def card(**changes: object) -> ProductCard:
    """A card with everything on it."""
    facts: dict[str, object] = {
        "rank": 1,
        "item_id": "t1",
        "title": "Ridge tent",
        "score": 1.0,
        "components": PARTS,
        "category": "Tents",
        "brand": "Tern",
        "price": 129.5,
        "mean_rating": 4.25,
        "n_ratings": 1200,
        "quote": said("Dry inside", rating=5.0),
    }
    return ProductCard(**facts | changes)  # type: ignore[arg-type]


@given(st.text())
def test_any_text_is_content_and_never_markup(text: str) -> None:
    shown = Tags(list_html([card(title=text, brand=text, category=text, quote=said(text, text), item_id=text)], text))
    plain = Tags(list_html([card(title="a", brand="a", category="a", quote=said("a"), item_id="a")], "a"))
    names = {"script", "img", "iframe", "a", "b", "svg", "style", "object", "form"}
    assert not names & {tag for tag, _ in shown.seen}
    known = {name for _, attributes in plain.seen for name in attributes}
    assert {name for _, attributes in shown.seen for name in attributes} <= known


def test_hostile_text_is_shown_as_it_was_written_without_its_tricks() -> None:
    assert Tags(f"<p>{esc(HOSTILE)}</p>").text == HOSTILE.replace("\u202e", "").replace("\u202c", "").replace(
        "\x00", ""
    )


def test_words_of_data_stand_in_their_own_direction() -> None:
    html = list_html([card(title="שלום")], "List")
    assert '<bdi dir="auto">שלום</bdi>' in html


def test_a_card_says_what_it_shows() -> None:
    text = Tags(list_html([card()], "List")).text
    for said in (
        "Rank 1",
        "Ridge tent",
        "Tents",
        "Tern",
        "129.50",
        "4.2",
        "(1,200)",
        "Dry inside",
        f"{pseudonym('u1')}, review · 5★",
    ):
        assert said in text


def test_a_bar_can_be_read_aloud_and_puts_what_speaks_against_on_the_other_side() -> None:
    tags = Tags(score_html(1.0, PARTS, low=0.5, high=1.5)).seen
    bar = next(attributes for tag, attributes in tags if attributes.get("role") == "img")
    assert bar["aria-label"] == "Score 1.00: Collaborative +0.75, Content −0.25, Semantic +0.50, Context 0.00"
    classes = [attributes.get("class") or "" for _, attributes in tags]
    low, high = classes.index("sw-bar-side sw-bar-low"), classes.index("sw-bar-side sw-bar-high")
    assert classes[low + 1 : high] == ["sw-seg sw-c-content"]
    assert [name for name in classes[high + 1 :] if "sw-seg" in name] == [
        "sw-seg sw-c-collaborative",
        "sw-seg sw-c-semantic",
    ]


def test_bars_of_one_list_share_one_scale() -> None:
    html = list_html([card(components={"collaborative": 2.0}), card(components={"collaborative": 1.0})], "List")
    assert html.count('class="sw-seg sw-c-collaborative" style="flex-basis:100.000%"') == 1
    assert html.count('class="sw-seg sw-c-collaborative" style="flex-basis:50.000%"') == 1


def test_the_largest_part_of_a_score_is_named_and_the_parts_add_up() -> None:
    text = Tags(score_html(1.0, PARTS, low=0.5, high=1.5)).text
    assert "most from ● Collaborative" in text
    assert text.endswith("Score1.00")


@pytest.mark.parametrize(
    ("move", "said"),
    [(2, "up 2 places since the last change"), (-1, "down 1 place since the last change"), ("new", "new"), (0, "=")],
)
def test_moves_are_said(move: int | str, said: str) -> None:
    assert said in list_html([card(move=move)], "List")


def test_nothing_is_said_of_moves_before_anything_changed() -> None:
    assert "sw-move" not in list_html([card(move=None)], "List")


def test_what_is_unknown_is_left_out() -> None:
    html = list_html([card(category=None, brand=None, price=None, mean_rating=None, n_ratings=0, quote=None)], "List")
    assert "sw-fact" in html
    assert "nan" not in html.lower()
    assert not any(name in html for name in ("sw-price", "sw-star", "sw-quote"))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:image/svg+xml,x",
        "//host/x.png",
        "file:///x.png",
        "http://",
        "",
        None,
        "http://[",
        7,
    ],
)
def test_a_picture_that_is_no_web_address_is_not_loaded(url: object) -> None:
    assert safe_image_url(url) is None  # type: ignore[arg-type]
    assert "<img" not in list_html([card(image_url=url)], "List")


def test_a_picture_on_the_web_is_shown() -> None:
    assert '<img src="https://shop.example/a.png?x=1&amp;y=2"' in list_html(
        [card(image_url="https://shop.example/a.png?x=1&y=2")], "List"
    )


def test_weights_are_shown_as_shares() -> None:
    html = weights_html({"collaborative": 0.5, "content": 0.0, "semantic": 0.45, "context": 0.05})
    assert 'aria-label="Effective weights: Collaborative 50%, Content 0%, Semantic 45%, Context 5%"' in html
    assert "sw-seg sw-c-content" not in html
    assert Tags(html).text.replace("\n", "") == "● Collaborative 50%■ Content 0%◆ Semantic 45%▲ Context 5%"


def test_what_decides_a_list_stands_beside_the_weights() -> None:
    weights = {"collaborative": 0.5, "content": 0.0, "semantic": 0.25, "context": 0.25}
    decided = {"collaborative": 0.2, "content": 0.0, "semantic": 0.146, "context": 0.654}
    html = weights_html(weights, "Effective weights", decided, "this list")
    assert 'aria-label="What decides this list: Collaborative 20%, Content 0%, Semantic 15%, Context 65%"' in html
    said = Tags(html).text.replace("\n", "")
    assert "▲ Context 25% decides 65%" in said
    assert "■ Content 0%◆" in said  # what has no weight decides nothing
    assert "decides" not in weights_html(weights, influence=None)


def test_cold_and_missing_products_are_marked() -> None:
    html = list_html([card(is_cold=True, available=False, places_diversified=-2)], "List")
    for said in ("new product", "not available", "variety −2", "its score is unchanged"):
        assert said in html


def test_the_module_has_one_door_for_data() -> None:
    assert cards.esc('"<&') == "&quot;&lt;&amp;"
