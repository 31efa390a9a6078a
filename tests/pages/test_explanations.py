"""The explanation page: the numbers are the engine's, and arguing with them changes score, place, list and address."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import words
from pages._shared.charts import LOOKS
from pages._shared.shopper import TargetUser
from pages._shared.view import Choices
from pages.explanations import ablation, bars, naming, parts, sheet
from pages.explanations.product import ExplanationContext
from recsys.explanations.decompose import Contribution, Explanation
from recsys.explanations.documents import names_over
from recsys.serving.recommender import Recommender
from recsys.serving.results import to_csv
from recsys.settings import COMPONENTS, Context, Filters, FusionSettings, RankingSettings
from tests.pages._seen import html, text
from tests.pages.conftest import OpenPage

PAGE = "Explanations"


def made(
    model: Recommender, shopper: str, settings: RankingSettings, names: tuple[str, ...] = (), item: str = ""
) -> ExplanationContext:
    """A case as the page makes it."""
    before = model.scores(shopper)
    now = model.ablate(before, names) if names else before
    item = item or model.rank(before, settings).items[0].item_id
    original = model.explain(before, item, settings)
    explanation = model.explain(now, item, settings) if names else original
    user = TargetUser(shopper, "")
    return ExplanationContext(
        model, Choices.of(model), user, Context(), settings, item, before, now, explanation, original
    )


def score_shown(page: AppTest) -> str:
    """The score in the head."""
    return str(re.findall(r'class="sw-product-number">([^<]*)<', html(page))[-1])


def lists_shown(page: AppTest) -> list[list[str]]:
    """Product ids of each list of the effect panel, best first."""
    found = re.findall(r'<ol class="sw-mini".*?</ol>', html(page), flags=re.DOTALL)
    return [[unescape(item) for item in re.findall(r'data-listed="([^"]*)"', each)] for each in found]


def test_the_numbers_on_the_page_are_the_engines(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    found = made(model, shopper, settings).explanation
    page = open_page(PAGE, query={"shopper": shopper})
    seen = text(page)
    assert score_shown(page) == f"{found.score:.2f}"
    assert f"1st of {found.position.n_candidates:,} by score" in seen
    for name in COMPONENTS:
        page.button_group(key="open").set_value(LOOKS[name].label).run()
        seen = text(page)
        assert f"This product {words.signed(found.components[name], 4)}" in seen
        assert f"The average product {words.signed(found.averages[name], 4)}" in seen
        assert words.signed(found.against_average[name], 4) in seen
        for part in found.of(name)[: parts.N_FIRST]:
            assert " ".join(naming.label_of(part).split()) in seen
            assert words.signed(part.value, 4) in seen
    assert lists_shown(page) == [[item.item_id for item in model.rank(model.scores(shopper), settings).items]]


def test_any_product_can_be_asked_about_by_title_or_id(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    item_id, title = model.items["item_id"].iloc[7], model.items["title"].iloc[7]
    page = open_page(PAGE, query={"shopper": shopper, "item": str(item_id)})
    assert page.selectbox(key="product").value == item_id
    assert f'sw-product-title"><bdi dir="auto">{title}' in unescape(html(page)).replace("&amp;", "&")
    page.selectbox(key="product").set_value(model.items["item_id"].iloc[8]).run()
    assert page.query_params["item"] == model.items["item_id"].iloc[8]


def test_a_product_that_cannot_be_listed_says_why(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    owned = str(model.items["item_id"].iloc[int(model.scores(shopper).seen_rows[0])])
    page = open_page(PAGE, query={"shopper": shopper, "item": owned})
    assert "Cannot be listed: the shopper already has it" in text(page)


def test_an_unknown_product_is_named_and_the_rest_of_the_link_counts(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper, "item": "<b>nothing", "semantic": "80"})
    assert "item = '<b>nothing': not a title or id among" in text(page)
    assert "<b>nothing" not in html(page)
    assert page.slider(key="semantic").value == 80
    assert score_shown(page)


def test_an_unknown_shopper_is_named(open_page: OpenPage) -> None:
    page = open_page(PAGE, query={"shopper": "nobody<b>"})
    assert "Shopper 'nobody<b>' is not among the" in text(page)
    assert "nobody<b>" not in html(page)


def test_striking_changes_score_place_list_and_address(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    found = made(model, shopper, settings).explanation
    name = str(found.of("semantic")[0].source["strike"])
    page = open_page(PAGE, query={"shopper": shopper})
    page.button_group(key="open").set_value("Semantic").run()
    before = score_shown(page)
    assert page.checkbox(key="tick_semantic_0").value
    page.checkbox(key="tick_semantic_0").uncheck().run()
    now = made(model, shopper, settings, (name,))
    assert page.query_params["strike"] == name
    assert score_shown(page) == f"{now.explanation.score:.2f}" != before
    assert f"Score {before} → becomes {now.explanation.score:.2f}" in text(page)
    assert lists_shown(page)[1] == [item.item_id for item in model.rank(now.now, settings).items]
    assert not page.checkbox(key="tick_semantic_0").value
    page.button(key="restore_0").click().run()
    assert "strike" not in page.query_params
    assert score_shown(page) == before


def test_a_link_carries_what_is_struck_and_one_click_restores_all(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    case = made(model, shopper, settings)
    names = tuple(str(case.explanation.of(name)[0].source["strike"]) for name in ("collaborative", "context"))
    page = open_page(PAGE, query={"shopper": shopper, "strike": list(names)})
    assert score_shown(page) == f"{made(model, shopper, settings, names).explanation.score:.2f}"
    assert "2 things left out" in text(page)
    page.button(key="restore_all").click().run()
    assert score_shown(page) == f"{case.explanation.score:.2f}"
    assert "things left out" not in text(page)


def test_strikes_that_this_model_does_not_know_are_dropped_with_a_notice(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    page = open_page(PAGE, query={"shopper": shopper, "strike": ["c:trend", "r999999999.5", "<i>", "t3", "t999999"]})
    assert "strike = 'r999999999.5'" in text(page)
    assert "strike = '<i>'" in text(page)
    # Older links name a product's texts by its row: read while there is such a row, and named by the id from then on.
    assert "strike = 't999999'" in text(page)
    titled = f"t:{model.items['item_id'].iloc[3]}"
    assert titled in page.query_params["strike"]
    assert "t3" not in page.query_params["strike"]
    assert score_shown(page) == f"{made(model, shopper, settings, ('c:trend', titled)).explanation.score:.2f}"


def test_restoring_a_phrase_of_a_struck_review_restores_the_review() -> None:
    assert names_over("r17.40") == ("r17.40", "r17")
    part = Contribution("semantic", "Dry.", 0.1, {"kind": "review", "strike": "r17.40"})
    row = parts.rows_of([part], [], ["r17"])[0]
    assert row.is_ablated
    assert (row.value, row.before) == (0.0, 0.1)


def test_added_words_count_as_if_they_had_been_written(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    item = model.rank(model.scores(shopper), settings).items[0].item_id
    page = open_page(PAGE, query={"shopper": shopper, "item": item})
    page.text_input(key="added").set_value("it has to be quiet").run(timeout=120)
    expected = model.explain(model.scores(shopper, "it has to be quiet"), item, settings)
    assert score_shown(page) == f"{expected.score:.2f}"
    assert len(lists_shown(page)) == 2


def test_words_of_a_new_shopper_are_explained(open_page: OpenPage, model: Recommender) -> None:
    page = open_page(PAGE, query={"who": "New shopper"})
    assert "Tell us what they are after" in text(page)
    page.text_input(key="words").set_value("warm sleeping bag").run(timeout=120)
    percent = {name: round(100 * share) / 100 for name, share in model.start_weights(None).normalised().items()}
    settings = RankingSettings(fusion=FusionSettings(**percent))
    request = model.scores(None, "warm sleeping bag")
    assert score_shown(page) == f"{model.rank(request, settings).items[0].score:.2f}"


def test_a_component_that_is_silent_says_so_and_why(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper, "content": "0"})
    page.button_group(key="open").set_value("Content").run()
    assert "It says nothing here: its weight is 0. Raise it under Mix." in text(page)
    assert "tells products apart" in parts.silence_html(0.3)


def test_a_cold_shopper_gets_an_explanation(open_page: OpenPage, model: Recommender) -> None:
    silent = (model.users["activity"] == "cold") & (model.users["n_reviews"] == 0)
    cold = str(model.users.loc[silent, "user_id"].iloc[0])
    page = open_page(PAGE, query={"shopper": cold})
    assert score_shown(page)
    assert "Cold shopper: no purchases or reviews to learn from" in text(page)


def test_the_history_splits_the_same_number(model: Recommender, shopper: str, settings: RankingSettings) -> None:
    found = made(model, shopper, settings).explanation
    rows = parts.history_rows(found.shopper_phrases, found.shopper_phrases, (), {})
    assert sum(row.value for row in rows) == pytest.approx(found.components["semantic"], abs=1e-4)
    assert all(row.name.startswith("h:") for row in rows)


def test_the_waterfall_ends_at_the_score(model: Recommender, shopper: str, settings: RankingSettings) -> None:
    found = made(model, shopper, settings).explanation
    steps = bars.steps(found)
    assert [name for name, _, _ in steps] == ["baseline", *COMPONENTS, "score"]
    assert steps[-2][2] == pytest.approx(found.score, abs=1e-5)
    chart = bars.figure(found, "content", "light")
    assert list(chart.data[0].y) == [end - start for _, start, end in steps]
    assert bars.alt(found).endswith(f"score {words.signed(found.score)}")


def test_standings_are_said_as_a_person_would() -> None:
    said = [words.ordinal(n) for n in (1, 2, 3, 4, 11, 112, 1103)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "112th", "1,103rd"]


def test_labels_stay_text_where_markdown_is_read() -> None:
    assert ablation.plain("**a** :red[b]") == r"\*\*a\*\* \:red\[b\]"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("f:brand:Northpeak", "Brand Northpeak"),
        ("f:term:zip", "The word “zip”"),
        ("c:trend", "Wanted lately"),
        ("r999999", "Review 999999"),
        ("d3.5", "Description 3.5"),
    ],
)
def test_a_struck_name_is_readable_where_no_part_has_it(model: Recommender, name: str, said: str) -> None:
    assert naming.exclusion_label(name, model) == said


def hostile_case(model: Recommender, shopper: str, settings: RankingSettings) -> ExplanationContext:
    """A case with a part that tries everything."""
    case = made(model, shopper, settings, ("c:trend",))
    source = {
        "kind": "review",
        "user_id": "u-secret",
        "item_id": case.item_id,
        "rating": 5.0,
        "timestamp": "2026-01-02T03:04:05+00:00",
        "start": 0,
        "end": 9,
        "strike": "r1.0",
    }
    quote = Contribution("semantic", "=1+1 <script>alert(1)</script> ann@example.org", 9.0, source)
    found = case.explanation
    fields = {name: getattr(found, name) for name in Explanation.__slots__}
    fields["contributions"] = (quote, *found.contributions)
    made_up = Explanation(**fields)
    return ExplanationContext(
        case.model, case.choices, case.user, case.context, case.settings, case.item_id,
        case.before, case.now, made_up, case.original,
    )  # fmt: skip


def test_the_sheet_holds_the_arithmetic_and_runs_nothing(
    model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    case = hostile_case(model, shopper, settings)
    written = sheet.sheet_html(case, datetime(2026, 11, 24, 12, tzinfo=UTC))
    for name in COMPONENTS:
        assert words.signed(case.explanation.components[name], 4) in written
    assert "rounding leaves" in written
    assert "Wanted lately" in written
    assert shopper in written
    assert case.model.model_id in written
    assert "24 November 2026" in written
    assert "<script" not in written
    assert "http" not in re.sub(r"http-equiv", "", written)
    assert "ann@example.org" not in written
    assert "[email hidden]" in written
    assert "u-secret" not in written


def test_the_csv_is_safe_masked_and_adds_up(model: Recommender, shopper: str, settings: RankingSettings) -> None:
    case = hostile_case(model, shopper, settings)
    written = to_csv(sheet.csv_rows(case.explanation), sheet.COLUMNS)
    assert "'=1+1" in written
    assert "ann@example.org" not in written
    plain = made(model, shopper, settings).explanation
    rows = list(csv.DictReader(io.StringIO(to_csv(sheet.csv_rows(plain), sheet.COLUMNS).lstrip("\ufeff"))))
    assert sum(float(row["value"]) for row in rows) == pytest.approx(plain.score, abs=1e-4)


def test_the_page_offers_the_sheet_the_parts_and_the_whole(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper})
    labels = [button.proto.label for button in page.get("download_button")]
    assert {"Sheet", "CSV", "JSON"} <= set(labels)


def test_the_json_of_the_page_adds_up_and_names_no_other_shopper(
    model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    told = json.loads(sheet.shareable_json(made(model, shopper, settings)))
    assert told["baseline"] + sum(told["components"].values()) == pytest.approx(told["score"], abs=1e-5)
    writers = {part["source"].get("user_id") for part in (*told["contributions"], *told["shopper_phrases"])}
    others = set(model.users["user_id"]) - {shopper}
    assert len(writers) > 2
    assert not writers & others
    hostile = sheet.shareable_json(hostile_case(model, shopper, settings))
    assert "ann@example.org" not in hostile
    assert "[email hidden]" in hostile


def test_the_settings_of_the_list_are_those_of_this_page(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    category = str(model.items["category"].iloc[0])
    page = open_page(
        PAGE, query={"shopper": shopper, "category": category, "semantic": "90", "weekday": "Friday", "n": "5"}
    )
    fusion = FusionSettings(**{**{n: getattr(settings.fusion, n) for n in COMPONENTS}, "semantic": 0.9})
    wanted = RankingSettings(fusion, Filters(categories=frozenset({category})), 5)
    ranked = model.rank(model.scores(shopper, "", Context(weekday="Friday")), wanted)
    assert lists_shown(page) == [[item.item_id for item in ranked.items]]
    assert score_shown(page) == f"{ranked.items[0].score:.2f}"


def test_all_weights_at_zero_are_refused_with_the_remedy(open_page: OpenPage, shopper: str) -> None:
    page = open_page(PAGE, query={"shopper": shopper, **dict.fromkeys(COMPONENTS, "0")})
    assert "raise at least one of them above 0" in text(page)


def test_every_card_links_to_its_explanation_with_all_settings(open_page: OpenPage, shopper: str) -> None:
    page = open_page("Recommendations", query={"shopper": shopper, "semantic": "45", "view": "Cards"})
    links = [unescape(link) for link in re.findall(r'class="sw-why" href="([^"]*)"', html(page))]
    assert len(links) == 10
    assert all(link.startswith("Explanations?") and f"shopper={shopper}" in link for link in links)
    assert all("semantic=45" in link and "&item=" in link and "view=" not in link for link in links)


def test_the_effect_marks_who_came_and_who_went(model: Recommender, shopper: str, settings: RankingSettings) -> None:
    case = made(model, shopper, settings)
    other = model.rank(model.scores(shopper), RankingSettings(settings.fusion, n=9))
    whole = model.rank(case.before, settings)
    assert "gone" in ablation._two_lists(whole, other, case.item_id)
    assert ">new<" in ablation._two_lists(other, whole, case.item_id)


def test_a_struck_text_is_named_by_its_writer_and_its_words(model: Recommender, shopper: str) -> None:
    scored = model.scores(shopper)
    item = model.rank(scored).items[0].item_id
    text_read = next(each for each in model.read(scored, item).product if each.document.kind == "review")
    whole = naming.exclusion_label(text_read.document.name(), model)
    assert whole.startswith("Review by ")
    assert " ".join(text_read.document.text.split())[:30] in whole
    assert str(text_read.document.user_id) not in whole
    phrase = naming.exclusion_label(text_read.phrases[0].name, model)
    assert text_read.document.text[slice(*text_read.document.spans[0])][:20] in phrase


def test_a_phrase_says_what_the_score_would_be_without_it(
    model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    before = made(model, shopper, settings)
    leading = before.explanation.of("semantic")[0]
    after = made(model, shopper, settings, (str(leading.source["strike"]),), before.item_id)
    assert leading.source["loss"] == pytest.approx(before.explanation.score - after.explanation.score, abs=5e-3)
    assert f"without it {words.signed(-leading.source['loss'], 3)}" in naming.phrase_facts(leading.source)


def test_what_charts_show_sums_to_what_they_show(model: Recommender, shopper: str, settings: RankingSettings) -> None:
    case = made(model, shopper, settings)
    amounts = [end - start for _, start, end in bars.steps(case.explanation)]
    shown = bars.summing(amounts)
    assert sum(shown[:-1]) == pytest.approx(shown[-1], abs=1e-9)
    assert max(abs(a - b) for a, b in zip(amounts, shown, strict=True)) < 0.0011


def test_another_shopper_is_not_argued_with_what_was_said_of_the_first(
    open_page: OpenPage, model: Recommender, shopper: str
) -> None:
    page = open_page(PAGE, query={"shopper": shopper, "strike": "c:trend", "added": "it has to be quiet"})
    assert "c:trend" in page.query_params["strike"]
    other = next(user for user in model.users["user_id"] if user != shopper)
    page.selectbox(key="shopper").set_value(other).run()
    assert "strike" not in page.query_params
    assert page.text_input(key="added").value == ""


def test_supposed_words_are_not_put_into_the_shoppers_mouth(
    model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    before = model.scores(shopper)
    now = model.scores(shopper, "it has to be quiet")
    item = model.rank(before, settings).items[0].item_id
    original, explanation = (model.explain(request, item, settings) for request in (before, now))
    case = ExplanationContext(
        model, Choices.of(model), TargetUser(shopper, ""), Context(), settings, item, before, now,
        explanation, original,
    )  # fmt: skip
    written = sheet.sheet_html(case, datetime(2026, 11, 24, tzinfo=UTC))
    assert "Their words" not in written
    assert "Supposed, and not written by them: “" in written
    assert json.loads(sheet.shareable_json(case))["supposed"] == "it has to be quiet"
