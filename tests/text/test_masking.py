"""Quotes of other shoppers lead to nobody, and stay readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.text.masking import HIDDEN, Piece, mask_personal, masked_segments, personal_spans, pseudonym
from tests._timing import cpu_seconds


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ann.b+shop@mail.example.org", "email"),
        ("ann @ example.com", "email"),
        ("https://evil.example/x?y=1", "link"),
        ("http://a.b", "link"),
        ("www.example.org/path", "link"),
        ("example.com", "link"),
        ("+44 20 7946 0958", "phone"),
        ("(020) 7946-0958", "phone"),
        ("0170/1234567", "phone"),
        ("0170 - 123 45 67", "phone"),
        ("0170 1234567 0171 7654321", "phone"),
        ("ann at example dot org", "email"),
        ("ann (at) example (dot) org", "email"),
        ("ann[at]example.co.uk", "email"),
        ("ann dot b at mail dot example dot com", "email"),
        ("ann at gmail.com", "email"),
        ("ann@example dot org", "email"),
        ("ann\uff20example\uff0eorg", "email"),
        ("o'brien@example.org", "email"),
        ("4111 1111 1111 1111", "card"),
        ("4111-1111-1111-1111", "card"),
        ("378282246310005", "card"),
        ("4111 1111 1111 1111 12/27", "card"),
        ("4111 1111 1111 1112", "phone"),
        ("DE89 3704 0044 0532 0130 00", "account"),
        ("GB82WEST12345698765432", "account"),
        ("no93 8601 1117 947", "account"),
    ],
)
def test_a_way_to_a_person_is_hidden_and_the_rest_stays(text: str, kind: str) -> None:
    assert mask_personal(f"Dry inside. Ask {text} for more") == f"Dry inside. Ask {HIDDEN[kind]} for more"


@pytest.mark.parametrize(
    "text",
    [
        "Bought 2026-05-31, lasted 3 years",
        "31.05.2026 was wet",
        "129.00 for 65 litres, 1,250 g",
        "10/10 would buy again",
        "IPX7 and 1234567 lumens",
        "e.g. rain. The zip broke",
        "2 x 3 x 4",
        "Rained on 31.05.2026 10:30",
        "2 tents @ 129.00 each",
        "slept at home. No rain",
        "we met at the dot com office",
        "awww...so cute",
    ],
)
def test_sizes_prices_and_dates_stay(text: str) -> None:
    assert mask_personal(text) == text


INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
PERSONAL = (
    "ann.b@example.org",
    "https://evil.example/x",
    "www.example.xyz",
    "example.com",
    "+44 20 7946 0958",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "ann at example dot org",
)


@given(st.sampled_from(PERSONAL), st.data())
def test_invisible_characters_hide_nothing_from_the_mask(personal: str, data: st.DataObject) -> None:
    gaps = st.lists(st.text(INVISIBLE, max_size=2), min_size=len(personal) - 1, max_size=len(personal) - 1)
    written = personal[0] + "".join(gap + sign for gap, sign in zip(data.draw(gaps), personal[1:], strict=True))
    kind = personal_spans(personal)[0][2]
    assert mask_personal(f"Ask {written} now") == f"Ask {HIDDEN[kind]} now"


@pytest.mark.parametrize("personal", ["www.example.xyz", "example.com", "https://a.example", "0170 1234567"])
def test_invisible_characters_do_not_glue_an_address_to_a_word(personal: str) -> None:
    assert personal not in mask_personal(f"see\u200b{personal}\u200bgreat")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("\uff10\uff11\uff17\uff10\u3000\uff11\uff12\uff13\uff14\uff15\uff16\uff17!", "[number hidden]!"),
        ("call\u200b01701234567", "call\u200b[number hidden]"),
        ("ann\u0301@example.org", "[email hidden]"),
        ("ann@example.or\u0301g\u0301, dry", "[email hidden], dry"),
        ("(0170 1234567)", "([number hidden])"),
        ("DE88 3704 0044 0532 0130 00", "DE[number hidden]"),
        ("https://example.org/ann@x.org dry", "[link hidden] dry"),
        ("ann@a.org, bob@b.org", "[email hidden], [email hidden]"),
        ("ann@a.orgbob@b.org", "[email hidden][email hidden]"),
        ("example.com4111 1111 1111 1111", "[link hidden][card hidden]"),
    ],
)
def test_what_is_hidden_ends_where_it_should(text: str, masked: str) -> None:
    assert mask_personal(text) == masked


def test_spans_are_places_in_the_text_as_it_was_written() -> None:
    text = "\u200bH\u00f6 \U0001f44d\U0001f3fd: ann\u200d@example.org, 4111\u00ad1111 1111 1111"
    assert [(text[start:end], kind) for start, end, kind in personal_spans(text)] == [
        ("ann\u200d@example.org", "email"),
        ("4111\u00ad1111 1111 1111", "card"),
    ]


ADDRESS_LIKE = (
    "a",
    "a@",
    "a.",
    "a-",
    "@a.a ",
    "a@a.",
    "www.",
    "http://",
    "(at)",
    "a at ",
    "a at a dot ",
    "a.com ",
    " ",
)
NUMBER_LIKE = ("1", "1 ", "1.", "1-1-", "2026-05-31", "12345678x", "+(", "DE89", "DE89 3704 ", "4111 1111 1111 1111 ")
BEYOND_ASCII = ("\u200b", "1\u200b", "a\u0301", "\ufdfa", "\uff11", "\uff20a.")


@pytest.mark.parametrize(
    "piece",
    [*ADDRESS_LIKE, *NUMBER_LIKE, *BEYOND_ASCII],
)
def test_hostile_repetition_is_masked_in_linear_time(piece: str) -> None:
    text = (piece * 200_000)[:200_000]
    small = cpu_seconds(lambda: mask_personal(f"ann@{text[:25_000]}@example.org"))
    large = cpu_seconds(lambda: mask_personal(f"ann@{text}@example.org"))
    assert large < 25 * max(small, 0.01), "eight times the text should take about eight times as long"
    assert "ann@example.org" not in mask_personal(f"{text} ann@example.org")


def test_a_very_long_text_is_masked_quickly() -> None:
    assert mask_personal("a" * 200_000 + " " + "1 " * 100_000).startswith("aaa")


def test_a_span_across_phrases_is_shown_once_and_wholly_hidden() -> None:
    text = "Dry. Call 0170 1234567. Light"
    assert masked_segments(text, [(0, 4), (5, 14), (15, 23), (24, 29)]) == [
        Piece("Dry.", 0, hidden=False),
        Piece(" ", None, hidden=False),
        Piece("Call ", 1, hidden=False),
        Piece("[number hidden]", 1, hidden=True),
        Piece(".", 2, hidden=False),
        Piece(" ", None, hidden=False),
        Piece("Light", 3, hidden=False),
    ]


def test_a_span_that_begins_between_phrases_belongs_to_the_phrase_it_reaches() -> None:
    assert masked_segments("ann@example.org", [(4, 11)]) == [Piece("[email hidden]", 0, hidden=True)]


@pytest.mark.parametrize("phrases", [[(0, 9)], [(2, 1)], [(-1, 2)], [(0, 2), (1, 3)], [(2, 3), (0, 1)]])
def test_phrases_out_of_order_are_refused(phrases: list[tuple[int, int]]) -> None:
    with pytest.raises(
        ValueError, match=r"phrase \d is \(.*\) in a text of 4 characters.*give phrases in reading order"
    ):
        masked_segments("Dry.", phrases)


RIGHT_TO_LEFT = ("\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\u202eabc\u202c", "\u2067")
EMOJI = ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3")
WORDS = (" ", ". ", "@", "Dry", "0170", "W" * 300, "e\u0301\u0327", "\ufdfa", "\x00")
TRICKY = st.lists(
    st.sampled_from((*PERSONAL, *INVISIBLE, *RIGHT_TO_LEFT, *EMOJI, *WORDS)) | st.text(max_size=8), max_size=12
).map("".join)


@st.composite
def texts_with_phrases(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    text = draw(TRICKY)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return text, list(zip(cuts[::2], cuts[1::2], strict=False))


@given(texts_with_phrases())
def test_pieces_together_are_the_masked_text(drawn: tuple[str, list[tuple[int, int]]]) -> None:
    text, phrases = drawn
    pieces = masked_segments(text, phrases)
    assert "".join(piece.text for piece in pieces) == mask_personal(text)
    assert all(piece.text for piece in pieces)
    assert [piece.text for piece in pieces if piece.hidden] == [HIDDEN[kind] for _, _, kind in personal_spans(text)]


@given(texts_with_phrases())
def test_phrases_keep_their_order_and_their_visible_characters(drawn: tuple[str, list[tuple[int, int]]]) -> None:
    text, phrases = drawn
    pieces = masked_segments(text, phrases)
    named = [piece.phrase for piece in pieces if piece.phrase is not None]
    assert named == sorted(named)
    hidden = {place for start, end, _ in personal_spans(text) for place in range(start, end)}
    for n, (start, end) in enumerate(phrases):
        visible = "".join(text[place] for place in range(start, end) if place not in hidden)
        assert "".join(piece.text for piece in pieces if piece.phrase == n and not piece.hidden) == visible


@given(TRICKY)
def test_spans_are_ordered_and_within_the_text(text: str) -> None:
    places = [place for start, end, kind in personal_spans(text) for place in (start, end) if kind in HIDDEN]
    assert places == sorted(places)
    assert all(start < end for start, end, _ in personal_spans(text))
    assert not places or 0 <= places[0] <= places[-1] <= len(text)


def test_a_pseudonym_is_steady_and_is_not_the_id() -> None:
    names = [pseudonym(f"shopper-{n}") for n in range(200)]
    assert names == [pseudonym(f"shopper-{n}") for n in range(200)]
    assert len(set(names)) > 190
    assert not any("shopper" in name for name in names)
