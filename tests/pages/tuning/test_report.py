"""The report of a comparison stands alone, says what was found, and nothing in it can act."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser

import pytest

from pages.tuning.report import Report, report_html
from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.panel.segments import EvaluationConfig, Scenario, Segment
from recsys.settings import Filters, FusionSettings, RankingSettings
from recsys.tuning.list_changes import CategoryShown, HeldOutProduct, Product, ProductShown, ShopperChange
from recsys.tuning.summary import summary
from tests.tuning._comparisons import comparison, difference, shown

HOSTILE = '<script>alert(1)</script><img src=x onerror="a">\u202e&amp;'
WINTER = Scenario.of(season="winter")
TENT = Product(7, "P7", "Ridge tent", "Tents")
SHOPPER = ShopperChange(
    *(3, "U0003", 12, (("activity", "hot"), ("home", "Lakes")), 0.1, 1, (TENT,), (), (HeldOutProduct(TENT, None, 4),)),
    *("found only in B", 0.0, 0.4),
)
FOUND = comparison(
    difference("hit_rate", 0.112, 0.1, 0.003, 0.021),
    difference("gini", 0.7, 0.8, -0.12, -0.08),
    difference("ild", 0.4, 0.5, -0.12, -0.08),
    difference("map", 0.5, 0.5, float("nan"), float("nan")),
    b=EvaluationConfig(
        "Words first", RankingSettings(FusionSettings(0.2, 0.1, 0.6, 0.1), diversity=0.3), Scenario.of(season="winter")
    ),
    products=(*shown(12, 0, 3), ProductShown(TENT, True, 9, 2)),
    categories=(CategoryShown("Candles & Scents", 3, 30, 3, 36, 1, 12, 40), CategoryShown("", 9, 2, 9, 2, 1, 1, 2)),
    changed=(SHOPPER,),
)
REPORT = Report(
    title="Words or habits?",
    shop="Demo shop",
    by="Ada",
    made_at=datetime(2026, 11, 24, 9, 50, tzinfo=UTC),
    comparison=FOUND,
    protocol="last positive of each shopper held out",
    leak_check="Leak check: none found.",
    conclusion="Try it.\nFor two weeks.",
    against={"Popularity": difference("ndcg", 0.05, 0.03, 0.01, 0.03),
             "EASE": difference("ndcg", 0.05, 0.07, -0.03, -0.01),
             "ItemKNN": difference("ndcg", 0.05, 0.05, -0.01, 0.01)},
    provenance={"fingerprint": "ff7b"},
)  # fmt: skip


class Page(HTMLParser):
    """Text in order, tags with their attributes, and whether everything that opens is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.open = "", [], []  # type: ignore[var-annotated]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data + " "

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


PAGE = Page(report_html(REPORT))


def test_what_decides_the_lists_stands_below_the_weights() -> None:
    decided = {"collaborative": 0.48, "content": 0.02, "semantic": 0.23, "context": 0.27}
    told = Page(report_html(replace(REPORT, comparison=replace(FOUND, influence_b=decided)))).text
    assert re.search(r"20\.0%\s*decides 48\.0%", told)
    assert told.count("decides ") == 4  # A was not measured


def test_it_says_what_was_asked_by_whom_and_what_it_comes_to() -> None:
    for said in ("Words or habits?", "Demo shop", "24 November 2026, 09:50 UTC", "Ada", "all 1,000 test shoppers"):
        assert said in PAGE.words
    for sentence in summary(FOUND):
        assert sentence in PAGE.words
    assert "Try it. For two weeks. Ada" in PAGE.words
    assert "Last positive of each shopper held out." in PAGE.words
    assert "Leak check: none found." in PAGE.words


def test_both_settings_stand_in_words_and_as_shares() -> None:
    assert "● Collaborative What did shoppers with similar habits choose? 100.0% 20.0% −80.0 pp" in PAGE.words
    assert "◆ Semantic Whose words fit the words of this shopper? 0.0% 60.0% +60.0 pp" in PAGE.words
    assert "Variety none, by score alone 0.30 by MMR differs" in PAGE.words
    assert "Circumstances those that each shopper was in everyone imagined: Winter differs" in PAGE.words
    assert "Listed what is available today what is available today same" in PAGE.words


def test_every_figure_has_its_verdict_and_its_bar() -> None:
    bars = [attrs["class"] for _, attrs in PAGE.tags if attrs.get("class", "").startswith("sw-interval")]
    shown = len(LIVE_METRICS) + len(REPORT.against) - 1
    assert bars.count("sw-interval sw-interval-none") == 1  # of the one metric without an interval
    assert bars.count("sw-interval") == bars.count("sw-interval-range") == bars.count("sw-interval-mean") == shown
    assert re.search(r"Hit rate@10 .*? 10\.0% .*? 11\.2% .*? \+1\.2 pp \+0\.3 to \+2\.1 pp ▲ better", PAGE.words)
    assert re.search(r"Exposure Gini .*? Lower is better\. .*? −0\.100 −0\.120 to −0\.080 ▲ better", PAGE.words)
    assert re.search(r"Variety \(ILD\) .*? −0\.100 −0\.120 to −0\.080 ▼ worse", PAGE.words)
    assert re.search(r"MAP@10 .*? rests on too few shoppers to say ≈ no difference we can tell", PAGE.words)


def test_simple_models_are_beaten_or_not() -> None:
    for said in (
        "Popularity nDCG@10 0.0300 0.0500 +0.0200 +0.0100 to +0.0300 ▲ beats it",
        "EASE nDCG@10 0.0700 0.0500 −0.0200 −0.0300 to −0.0100 ▼ loses to it",
        "ItemKNN nDCG@10 0.0500 0.0500 0.0000 −0.0100 to +0.0100 ≈ no difference we can tell",
    ):
        assert said in PAGE.words
    assert "Against simple models" not in Page(report_html(replace(REPORT, against={}))).words


def test_winners_losers_and_shoppers_are_named() -> None:
    assert "Thing Candles & Scents 0 → 3 0% → <1%" in PAGE.words
    assert "and 2 others" in PAGE.words
    assert "Ridge tent Tents · rarely chosen 9 → 2" in PAGE.words
    assert "Candles & Scents 3 → 36 +33 3 → 30 1 → 12 of 40" in PAGE.words
    assert "no category 9 → 2 −7" in PAGE.words
    assert "U0003 12 products known · Lakes 1 product on both lists Ridge tent nothing Ridge tent" in PAGE.words
    assert "not listed → place 4 found only with B" in PAGE.words


def test_the_appendix_reads_back_as_both_settings() -> None:
    found = re.search(r"<pre>(.*?)</pre>", report_html(REPORT), re.DOTALL)
    assert found
    document = json.loads(unescape(found.group(1)))
    assert EvaluationConfig.from_json(document["a"]) == FOUND.a
    assert EvaluationConfig.from_json(document["b"]) == FOUND.b
    assert document["fingerprint"] == "ff7b"


def test_nothing_is_loaded_and_nothing_can_run() -> None:
    html = report_html(REPORT)
    assert "default-src 'none'; style-src 'unsafe-inline'" in html
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img|\bsrc=|\bhref=", html)
    quiet = "html head meta title style body header section h1 h2 h3 p b i ul li dl dt dd div span bdi table thead"
    assert {tag for tag, _ in PAGE.tags} <= {
        *quiet.split(),
        *["tbody", "tr", "th", "td", "pre"],
    }
    assert not PAGE.open


def test_hostile_text_stays_text_wherever_it_comes_from() -> None:
    product = Product(0, HOSTILE, HOSTILE, HOSTILE)
    shopper = replace(SHOPPER, user_id=HOSTILE, facts=(("home", HOSTILE),), entered=(product,), gone=(product,),
                      wanted=(HeldOutProduct(product, 1, None),))  # fmt: skip
    categories = frozenset({HOSTILE})
    asked = EvaluationConfig(
        HOSTILE, RankingSettings(filters=Filters(categories=categories)), Scenario.of(region=HOSTILE)
    )
    found = replace(FOUND, a=asked, b=asked, segment=Segment.of(home=HOSTILE), changed=(shopper,),
                    products=tuple(ProductShown(product, False, 0, 1) for _ in range(4)),
                    categories=(CategoryShown(HOSTILE, 1, 2, 3, 4, 5, 6, 7),))  # fmt: skip
    report = Report(*[HOSTILE] * 3, REPORT.made_at, found, HOSTILE, HOSTILE, f"{HOSTILE}\n{HOSTILE}",
                    {HOSTILE: difference("ndcg", 0.5, 0.4, 0.05, 0.15)}, {HOSTILE: HOSTILE})  # fmt: skip
    html = report_html(report)
    page = Page(html)
    assert "<script" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert not page.open
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    read = re.search(r"<pre>(.*?)</pre>", html, re.DOTALL)
    assert read
    assert EvaluationConfig.from_json(json.loads(unescape(read.group(1)))["a"]) == asked


@pytest.mark.parametrize("n", [1, 8])
def test_where_nothing_changes_there_is_still_a_report(n: int) -> None:
    same = replace(comparison(n=n), overlap=replace(FOUND.overlap, identical=n))
    said = Page(report_html(replace(REPORT, comparison=same, by=" ", conclusion="", against={}))).words
    assert "makes no difference here" in said
    assert "somebody who gave no name" in said
    assert "What is shown" not in said
    assert "Whose lists change most" not in said
    assert "Conclusion" not in said


def test_lists_that_are_not_proven_are_owned_up_to() -> None:
    said = Page(report_html(replace(REPORT, comparison=replace(FOUND, n_unproven=17)))).words
    assert "The lists of 17 shoppers could hold other products" in said
