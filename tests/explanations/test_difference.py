"""Product against product: the difference of two scores, part by part."""

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.explanations.comparisons import difference
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, Filters, FusionSettings, RankingSettings
from tests.explanations._cases import Shop, approx, settings

MESSAGE = r"^the two explanations answer different requests; explain both under the same settings$"


def test_parts_sum_to_components_and_those_to_the_difference_of_the_scores(shop: Shop) -> None:
    rng = np.random.default_rng(21)
    for _ in range(12):
        scored, asked = shop.request(rng), settings(rng)
        items = rng.choice(shop.data.item_ids.to_numpy(object), 2, replace=False)
        first, second = (shop.model.explain(scored, item_id, asked) for item_id in items)
        found = difference(first, second)
        assert found.score == first.score - second.score
        assert sum(found.components.values()) == approx(found.score)
        for name in COMPONENTS:
            assert sum(part.value for part in found.of(name)) == approx(found.components[name])
            assert sum(part.first for part in found.of(name)) == approx(first.components[name])
            assert sum(part.second for part in found.of(name)) == approx(second.components[name])
            sizes = [abs(part.value) for part in found.of(name)]
            assert sizes == sorted(sizes, reverse=True)
        turned = difference(second, first)
        assert turned.score == -found.score
        assert turned.components == {name: -value for name, value in found.components.items()}
        assert sorted(part.value for part in turned.parts) == pytest.approx(sorted(-part.value for part in found.parts))


def test_a_product_against_itself_differs_in_nothing(model: Recommender) -> None:
    found = difference(*(model.explain(model.scores("ann"), "mug") for _ in range(2)))
    assert found.score == 0
    assert {part.value for part in found.parts} == {0.0}


def test_what_both_have_stands_against_each_other_and_what_one_has_alone(model: Recommender) -> None:
    scored = model.scores("ann", context=Context(device="mobile"))
    found = difference(model.explain(scored, "tent-4"), model.explain(scored, "mug"))
    device = next(part for part in found.of("context") if part.example.label == "device: mobile")
    assert device.first
    assert device.second
    phrases = {part.example.label: part for part in found.of("semantic")}
    assert phrases["Room for all of us, and dry."].second == 0
    assert phrases["Enamel mug"].first == 0


@pytest.mark.parametrize(
    ("user", "words", "context", "weights", "struck"),
    [
        ("ben", "", Context(), (0, 0, 0, 1), ()),
        ("ann", "warm", Context(), (0, 0, 0, 1), ()),
        ("ann", "", Context(device="mobile"), (1, 0, 0, 0), ()),
        ("ann", "", Context(), (0, 0, 0, 2), ("c:device",)),
        ("ann", "", Context(), (0, 0, 1, 1), ()),
    ],
)
def test_different_requests_are_not_compared(
    model: Recommender, user: str, words: str, context: Context, weights: tuple[float, ...], struck: tuple[str, ...]
) -> None:
    base = (1, 0, 0, 0) if weights == (1, 0, 0, 0) else (0, 0, 0, 1)
    first = model.explain(model.scores("ann"), "mug", RankingSettings(FusionSettings(*base)))
    second = model.explain(
        model.scores(user, words, context, struck), "lamp", RankingSettings(FusionSettings(*weights))
    )
    with pytest.raises(InputError, match=MESSAGE):
        difference(first, second)


def test_the_length_of_the_list_and_its_filters_do_not_matter(model: Recommender) -> None:
    scored = model.scores("ann")
    first = model.explain(scored, "mug", RankingSettings(n=3))
    second = model.explain(scored, "lamp", RankingSettings(filters=Filters(include_seen=True), diversity=0.5))
    assert difference(first, second).score == first.score - second.score
