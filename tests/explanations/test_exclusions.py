"""What can be struck, under which names, and that everything that is scored again follows."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recsys.data.dataset import Dataset
from recsys.errors import InputError, UnknownItemError
from recsys.explanations.documents import MAX_EXCLUSIONS, current_name, require_few, text_of
from recsys.scorers.base import NO_EXCLUSIONS, Exclusions
from recsys.serving.recommender import Recommender
from recsys.settings import Context, Filters, FusionSettings, RankingSettings
from tests.explanations._cases import Shop, approx, named, summed
from tests.serving.test_recommender import LATER, make_model

ALL = RankingSettings(filters=Filters(include_seen=True, only_available=False), n=8)


def left_out(model: Recommender, *names: str) -> Exclusions:
    return model.scores("ann", ablated=names).requests.exclusions[0]


def spoken(model: Recommender, places: tuple[int, ...]) -> list[str]:
    return [source["text"] for source in model.documents.sources(places)]


def test_a_review_or_one_phrase_of_it_can_be_struck(model: Recommender) -> None:
    assert spoken(model, left_out(model, "r0").phrases) == ["Light to carry.", "Stayed dry all night!"]
    assert spoken(model, left_out(model, "r0.16").phrases) == ["Stayed dry all night!"]
    assert left_out(model, "r0", "r0.16") == left_out(model, "r0")


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("t:tent-2", ["Ridge tent for two"]),
        ("d:tent-2", ["Light tent.", "Rainproof to 3,000 mm."]),
        ("d.12:tent-2", ["Rainproof to 3,000 mm."]),
        ("a.0:tent-2", ["Tents, light, rainproof"]),
    ],
)
def test_what_a_product_says_of_itself_can_be_struck(model: Recommender, name: str, texts: list[str]) -> None:
    assert spoken(model, left_out(model, name).phrases) == texts
    token, start, row = name[0], name[1:].partition(":")[0], model.item_row("tent-2")
    older = f"{token}{row}{start}"
    assert left_out(model, older) == left_out(model, name)
    named = (older, name, "r0.16", "c:trend")
    assert [current_name(each, model.documents) for each in named] == [name, name, "r0.16", "c:trend"]


def test_links_to_texts_hold_when_the_model_is_trained_again_on_another_catalogue(tmp_path: Path) -> None:
    """Products come and go, and their rows move; a name means the same text or is refused, whatever the id holds."""
    ids = ["plain", "a.7", "12", "d.3:x", "r1", "with space", "new\nline", "שלום", "t0", ":"]
    items = pd.DataFrame({"item_id": ids, "title": [f"Thing {n}" for n in range(len(ids))]})
    items["description"] = [f"First of {n}. Second of {n}." for n in range(len(ids))]
    reviews = pd.DataFrame(
        [("u", item_id, 5, pd.Timestamp("2026-01-01T10:00Z"), f"Nice {item_id}!") for item_id in (ids[0], ids[3])],
        columns=["user_id", "item_id", "rating", "timestamp", "text"],
    )
    shops = [items, items.iloc[::-1], items.iloc[2:].assign(title="Other")]
    models = [
        make_model(Dataset.from_frames(shop, reviews[reviews["item_id"].isin(shop["item_id"])]), tmp_path / str(n))
        for n, shop in enumerate(shops)
    ]
    for number, item_id in enumerate(ids):
        for name, texts in (
            (f"d:{item_id}", [f"First of {number}.", f"Second of {number}."]),
            (f"d.{len(f'First of {number}.') + 1}:{item_id}", [f"Second of {number}."]),
        ):
            for model in models:
                if item_id in set(model.items["item_id"]):
                    found = model.scores("u", ablated=[name]).requests.exclusions[0]
                    assert spoken(model, found.phrases) == texts
                    assert current_name(name, model.documents) == name
                else:
                    with pytest.raises(InputError, match="not a text or phrase that this model has read"):
                        model.scores("u", ablated=[name])


@pytest.mark.parametrize("name", ["d:tent-9", "d.1:tent-2", "t.9:", "t999", "d3.4", "r0.1", "x:tent-2"])
def test_a_name_of_nothing_has_no_newer_name(model: Recommender, name: str) -> None:
    assert current_name(name, model.documents) == name
    assert text_of(name, model.documents) is None


def test_all_other_names_say_what_they_leave_out(model: Recommender) -> None:
    names = ("f:brand:Alder", "f:term:tent", "f:region:north", "i:stove", "h:mug", "c:device", "c:trend")
    found = left_out(model, *names)
    assert found == Exclusions(
        items=(model.item_row("mug"),),
        features=frozenset({"brand:Alder", "term:tent", "region:north", f"product:{model.item_row('stove')}"}),
        circumstances=frozenset({"device", "trend"}),
    )
    assert left_out(model) == NO_EXCLUSIONS


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "r",
            "r1.",
            "r-1",
            "r1.2.3",
            "x3",
            "R1",
            "17",
            "r1 ",
            " r1",
            "r0.16\n",
            "r9999999999",
            ":",
            "d:",
            "d.0:",
            "d.:mug",
            "r:0",
            "D:mug",
        ),
        *("f:", "f:colour", "f:brand:", "f:product:2", "f:product:999", "f:product:x"),
        *("i:", "h:", "c:", "c:moment", "c:Trend", "q:x"),
    ],
)
def test_a_name_of_no_known_form_is_refused(model: Recommender, name: str) -> None:
    message = (
        f'{name!r} names nothing that can be struck; use a name that `explain --json` gives as "strike", such as '
        "r17.40 or c:trend"
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        model.scores("ann", ablated=["r0", name])


@pytest.mark.parametrize(
    "name",
    [
        "r13",
        "r999999999",
        "r9",
        "r0.1",
        "d5",
        "d6",
        "d8",
        "t8",
        "a999",
        "t0.3",
        "d:boat",
        "t:boat",
        "t.3:mug",
        "t.0: mug",
    ],
)
def test_a_text_or_phrase_that_the_model_has_not_read_is_named(model: Recommender, name: str) -> None:
    message = f"{name!r} is not a text or phrase that this model has read; it may be of another model"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        model.scores("ann", ablated=[name])


@pytest.mark.parametrize("kind", ["i", "h"])
def test_a_product_that_is_not_in_the_catalogue_is_named(model: Recommender, kind: str) -> None:
    with pytest.raises(UnknownItemError, match="product 'boat' is not among the 8 in the catalogue"):
        model.scores("ann", ablated=[f"{kind}:boat"])


def test_so_many_things_can_be_struck_at_once_and_no_more(model: Recommender) -> None:
    names = [f"f:term:w{n}" for n in range(MAX_EXCLUSIONS)]
    require_few([*names, *names])
    with pytest.raises(InputError, match=r"^201 things are struck; at most 200 can be at once, restore some$"):
        model.scores("ann", ablated=[*names, "c:trend"])


@pytest.mark.parametrize("name", ["f:brand:Nowhere", "f:term:zyx", "f:region:moon"])
def test_an_attribute_word_or_region_that_no_component_knows_is_named(model: Recommender, name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}' is not an attribute, word or region that this model knows"):
        model.scores("ann", ablated=[name])


@examples(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), n=st.integers(1, 12), user=st.integers(0, 249))
def test_the_order_and_repeats_of_names_change_nothing(shop: Shop, seed: int, n: int, user: int) -> None:
    rng, user_id = np.random.default_rng(seed), shop.model.users["user_id"][user]
    names = shop.some_strikes(rng, n, user_id)
    shuffled = [names[at] for at in rng.permutation(len(names))] + names[:2]
    first, second = (shop.model.scores(user_id, ablated=each) for each in (names, shuffled))
    assert first.ablated == second.ablated == tuple(sorted(set(names)))
    assert first.requests.exclusions == second.requests.exclusions
    np.testing.assert_array_equal(first.standardised.values, second.standardised.values)


def test_every_name_that_an_explanation_gives_can_be_struck(shop: Shop) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        scored = shop.request(rng, n_strikes=0)
        item_id = shop.data.item_ids[int(rng.integers(shop.data.n_items))]
        found = shop.model.explain(scored, item_id)
        assert len(named(found.contributions)) == len(found.contributions)
        names = list(dict.fromkeys(named(found.contributions) + named(found.shopper_phrases)))
        for start in range(0, len(names), MAX_EXCLUSIONS):
            shop.model.ablate(scored, names[start : start + MAX_EXCLUSIONS])
        for name in rng.choice(names, 10, replace=False).tolist():
            after = shop.model.explain(shop.model.ablate(scored, [name]), item_id)
            # What is struck is not there any more, under whichever component it counted.
            assert name not in named(after.contributions) + named(after.shopper_phrases)
            assert after.ablated == (name,)


def test_what_is_struck_is_scored_and_ranked_again_everywhere(shop: Shop) -> None:
    rng = np.random.default_rng(2)
    for _ in range(12):
        scored = shop.request(rng, n_strikes=6)
        ranked = shop.model.rank(scored, ALL)
        again = shop.model.scores(scored.user_id, scored.words, scored.context, scored.ablated)
        assert shop.model.rank(again, ALL) == ranked
        for item in ranked.items:
            found = shop.model.explain(scored, item.item_id, ALL)
            assert (found.score, found.position.rank) == (item.score, item.rank)
            assert summed(found.contributions) + found.baseline == approx(item.score)


def test_striking_starts_from_the_whole_request_each_time(model: Recommender) -> None:
    plain = model.scores("ann", "warm and light", Context.at(LATER, device="mobile"))
    one = model.ablate(plain, ["r0", "c:trend"])
    assert model.ablate(one, []).requests == plain.requests
    np.testing.assert_array_equal(model.ablate(one, []).standardised.values, plain.standardised.values)
    np.testing.assert_array_equal(
        model.ablate(one, ["h:stove"]).standardised.values, model.ablate(plain, ["h:stove"]).standardised.values
    )
    assert model.ablate(one, ["h:stove"]).ablated == ("h:stove",)


def test_without_a_phrase_the_product_loses_about_what_the_phrase_added(shop: Shop) -> None:
    """Striking also changes the length that the others are divided by, so sizes differ but large shares keep signs."""
    semantic, rng = RankingSettings(FusionSettings(0, 0, 1, 0)), np.random.default_rng(3)
    for user_id in shop.users["hot"][:6]:
        scored = shop.model.scores(user_id)
        item_id = shop.data.item_ids[int(rng.integers(shop.data.n_items))]
        found = shop.model.explain(scored, item_id, semantic)
        part = max(found.of("semantic"), key=lambda part: part.value)
        left = shop.model.explain(shop.model.ablate(scored, [part.source["strike"]]), item_id, semantic)
        assert left.components["semantic"] < found.components["semantic"]


def test_a_struck_circumstance_counts_as_not_stated(model: Recommender) -> None:
    stated = Context(device="mobile", region="north")
    for user, words in (("ann", ""), (None, "a warm blanket")):
        struck = model.scores(user, words, stated, ["c:device", "c:region"])
        np.testing.assert_array_equal(struck.standardised.values, model.scores(user, words).standardised.values)


def test_striking_everything_leaves_catalogue_order(model: Recommender, tiny_data: object) -> None:
    everything = [f"{kind}:{item_id}" for kind in "ta" for item_id in model.items["item_id"]]
    everything += [f"d:{item.item_id}" for item in model.items.itertuples() if item.description]
    everything += [f"r{number}" for number in range(13) if number != 9]
    scored = model.scores("ann", ablated=everything)
    semantic = RankingSettings(FusionSettings(0, 0, 1, 0), ALL.filters, n=8)
    assert [item.item_id for item in model.rank(scored, semantic).items] == model.items["item_id"].tolist()
    assert any("semantic cannot tell products apart" in note or "semantic" in note for note in scored.notes)
    assert model.quotes(scored, ["mug"]) == (None,)
    found = model.explain(scored, "mug", semantic)
    assert (found.contributions, found.shopper_phrases, found.score) == ((), (), 0)
