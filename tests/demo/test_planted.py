"""The judge with the hidden truth: who names driving aspects hits, who names anything else does not."""

import pytest

from recsys.demo.oracle import N_TOP, planted_aspects
from recsys.errors import DataError
from tests.demo.conftest import Shop


def told(shop: Shop, n_products: int = 40) -> dict[str, list[dict[str, object]]]:
    """Phrases of reviews by product, one for each judgement, with the aspect under "aspect"."""
    truth = shop.truth
    phrases: dict[str, list[dict[str, object]]] = {}
    for row in shop.reviews.itertuples():
        for one in truth.mentions_of(row.user_id, row.item_id):
            phrases.setdefault(row.item_id, []).append(
                {
                    "kind": "review",
                    "user_id": row.user_id,
                    "item_id": row.item_id,
                    "start": one.start,
                    "end": one.end,
                    "aspect": one.aspect,
                }
            )
    return dict(list({item: said for item, said in phrases.items() if len(said) >= 2 * N_TOP}.items())[:n_products])


def explained(shop: Shop, prefer: bool) -> list[tuple[str, str, list[tuple[float, dict[str, object]]]]]:
    """One shopper's products with phrases of the leading aspect on top, or at the bottom."""
    user_id = shop.truth.user_ids[3]
    cases = []
    for item_id, phrases in told(shop).items():
        leading = shop.truth.driving_aspects(user_id, item_id)
        if leading and any(phrase["aspect"] == leading[0][0] for phrase in phrases):
            cases.append((user_id, item_id, [(float((p["aspect"] == leading[0][0]) == prefer), p) for p in phrases]))
    return cases


def test_naming_the_leading_aspect_always_hits(shop: Shop) -> None:
    found = planted_aspects(shop.folder, explained(shop, prefer=True))
    assert found["leading"]["hit_rate"] == 1.0
    assert 0 < found["leading"]["chance"] < 1
    assert found["two_leading"]["chance"] > found["leading"]["chance"]


def test_naming_everything_else_first_misses(shop: Shop) -> None:
    found = planted_aspects(shop.folder, explained(shop, prefer=False))
    assert found["leading"]["hit_rate"] < 0.2 < found["leading"]["chance"]


def test_titles_name_no_aspect_and_few_phrases_are_skipped(shop: Shop) -> None:
    user_id, item_id, phrases = explained(shop, prefer=True)[0]
    titles = [(value, {**phrase, "kind": "title"}) for value, phrase in phrases]
    found = planted_aspects(shop.folder, [(user_id, item_id, titles)])
    assert found["leading"] == {"n": 0, "n_skipped": 1}


def test_a_shop_without_a_truth_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match="there is no hidden truth here"):
        planted_aspects(tmp_path, [])
