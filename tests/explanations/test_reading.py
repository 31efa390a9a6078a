"""Both sides as texts to be read: whole, verbatim, in one order while a person strikes, with the right numbers."""

import numpy as np
import pytest

from recsys.explanations.reading import N_PARTNERS, N_TEXTS, TextContributions
from recsys.ranking.rank import ScoredRequest
from recsys.scorers.base import NO_ROW
from recsys.serving.recommender import Recommender
from recsys.settings import RankingSettings
from tests.explanations._cases import Shop, approx


def texts(reading: TextContributions) -> list[list[tuple[str, str]]]:
    return [
        [(text.document.name(), text.document.text) for text in side] for side in (reading.shopper, reading.product)
    ]


def check(shop_or_model: Recommender, scored: ScoredRequest, item_id: str) -> TextContributions:
    """The values are those of the explanation, whatever is struck, and every offset is right."""
    reading, found = shop_or_model.read(scored, item_id), shop_or_model.explain(scored, item_id)
    assert reading.total == approx(found.components["semantic"])
    for side, parts in ((reading.shopper, found.shopper_phrases), (reading.product, found.of("semantic"))):
        told = {part.source.get("strike"): part.value for part in parts if part.source.get("strike")}
        typed = [part.value for part in parts if part.source["kind"] == "words"]
        for text in side:
            assert text.value == approx(sum(phrase.value for phrase in text.phrases))
            starts = [phrase.start for phrase in text.phrases]
            assert starts == sorted(starts)
            for phrase in text.phrases:
                assert text.document.text[phrase.start : phrase.end].strip()
                # Where words tell no products apart, an explanation has no phrases at all.
                assert not parts or phrase.ablated == (bool(phrase.name) and phrase.name not in told)
                assert len(phrase.partners) <= N_PARTNERS
                if phrase.ablated:
                    assert (phrase.value, phrase.partners) == (0, ())
                elif phrase.name:
                    assert phrase.value == approx(told.get(phrase.name, 0.0))
            if text.document.kind == "words":
                assert sorted(phrase.value for phrase in text.phrases) == pytest.approx(sorted(typed), abs=1e-5)
    for side, others in ((reading.shopper, reading.product), (reading.product, reading.shopper)):
        for text in side:
            for phrase in text.phrases:
                sizes = [abs(partner.value) for partner in phrase.partners]
                assert sizes == sorted(sizes, reverse=True)
                for partner in phrase.partners:
                    assert not others[partner.text].phrases[partner.phrase].ablated
    return reading


def test_the_texts_are_whole_and_their_phrases_carry_the_shares(model: Recommender) -> None:
    for user, words in (("ann", ""), ("0042", ""), (None, "Light and warm. For a mug?"), ("eli", "dry tent")):
        for item_id in ("tent-2", "mug", "00123"):
            reading = check(model, model.scores(user, words), item_id)
            assert sum(text.value for text in reading.product) == approx(reading.total)
            assert sum(text.value for text in reading.shopper) == approx(reading.total)
            assert reading.n_product_texts == len(reading.product)
            assert reading.n_shopper_texts == len(reading.shopper)


def test_typed_words_come_first_and_cannot_be_struck(model: Recommender) -> None:
    words = "Light and warm. For a mug?"
    reading = check(model, model.scores("ann", words), "mug")
    first = reading.shopper[0]
    assert (first.document.kind, first.document.text, first.document.name()) == ("words", words, "")
    assert [words[phrase.start : phrase.end] for phrase in first.phrases] == ["Light and warm.", "For a mug?"]
    assert {phrase.name for phrase in first.phrases} == {""}
    assert all(text.document.kind != "words" for text in (*reading.shopper[1:], *reading.product))


def test_words_that_say_nothing_are_no_text(model: Recommender) -> None:
    reading = model.read(model.scores("ann", "?!"), "mug")
    kinds = [text.document.kind for text in reading.shopper]
    assert kinds.count("words") + sum(kind != "words" for kind in kinds) == reading.n_shopper_texts


def test_texts_keep_their_places_while_a_person_strikes(model: Recommender) -> None:
    plain = model.scores("ann", "warm")
    before = model.read(plain, "stove")
    some = [text.phrases[0].name for text in (*before.product, *before.shopper) if text.phrases[0].name]
    for struck in ([some[0]], some[:3], ["h:blanket"], ["r1"], [text.document.name() for text in before.product]):
        scored = model.ablate(plain, struck)
        now = check(model, scored, "stove")
        assert texts(now) == texts(before)
        assert any(phrase.ablated for side in (now.shopper, now.product) for text in side for phrase in text.phrases)
    assert now.total == 0
    assert all(phrase.ablated for text in now.product for phrase in text.phrases)


def test_only_what_is_struck_is_marked(model: Recommender) -> None:
    described = "d.0:tent-2"
    scored = model.scores("ann", ablated=["r0.16", described])
    reading = check(model, scored, "tent-2")
    marked = {p.name for side in (reading.shopper, reading.product) for text in side for p in text.phrases if p.ablated}
    assert marked == {"r0.16", described}


def test_large_sides_show_the_texts_that_move_most_and_count_all(shop: Shop) -> None:
    rng = np.random.default_rng(5)
    for user_id in shop.users["hot"][:3]:
        for row in rng.integers(shop.data.n_items, size=2).tolist():
            item_id = shop.data.item_ids[row]
            for struck in ([], shop.some_strikes(rng, 5, user_id)):
                scored = shop.model.scores(user_id, "a quiet stove", ablated=struck)
                reading = check(shop.model, scored, item_id)
                assert len(reading.shopper) == N_TEXTS + 1
                assert reading.n_shopper_texts > N_TEXTS + 1
            moved = [
                sum(abs(phrase.value) for phrase in text.phrases)
                for text in shop.model.read(shop.model.scores(user_id), item_id).shopper
            ]
            assert moved == pytest.approx(sorted(moved, reverse=True), abs=1e-5)


def test_partners_carry_the_product_of_the_pair(shop: Shop) -> None:
    scored = shop.model.scores(shop.users["hot"][0])
    for row in (3, 50, 111):
        item_id = shop.data.item_ids[row]
        reading = shop.model.read(scored, item_id)
        shopper, product = shop.model.explainer.sides(scored, row)
        here, there = (
            {name: at for at, name in enumerate(shop.model.explainer.exclusion_names(side.places))}
            for side in (shopper, product)
        )
        cosine = float(product.values(shopper).sum())
        for text in reading.product:
            for phrase in text.phrases:
                assert phrase.partners
                for partner in phrase.partners:
                    other = reading.shopper[partner.text].phrases[partner.phrase]
                    one, two = here[other.name], there[phrase.name]
                    expected = (
                        shopper.coefficients[one]
                        * product.coefficients[two]
                        * (shopper.vectors[one] @ shopper.metric @ product.vectors[two])
                        * reading.total
                        / cosine
                    )
                    assert partner.value == pytest.approx(expected, rel=1e-2, abs=1e-6)


def test_polarity_reaches_every_phrase_but_typed_ones(model: Recommender) -> None:
    judged = model.explainer.polarity(np.array([0, NO_ROW, 5]))
    assert judged[1] == 0
    assert (judged[[0, 2]] == model.explainer.polarity(np.array([0, 5]))).all()
    model.explainer.polarity = lambda places: np.where(
        places == NO_ROW, 0, np.linspace(-1, 1, len(places), dtype=np.float32)
    )
    reading = model.read(model.scores("ann", "warm"), "stove", RankingSettings())
    assert {phrase.polarity for phrase in reading.shopper[0].phrases} == {0}
    told = [phrase.polarity for text in reading.product for phrase in text.phrases]
    np.testing.assert_allclose(told, np.linspace(-1, 1, len(told)), atol=1e-6)
