"""The report of a comparison: one page that stands alone, to be printed, mailed or filed with the decision.

Self-contained: no script, nothing loaded from anywhere. Everything that comes from data or from people is escaped.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages._shared.illustrations import ASSETS
from pages.tuning import report_lists, report_tables
from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.evaluation.statistics.paired import Difference
from recsys.panel.segments import Segment
from recsys.tuning.comparison import Comparison
from recsys.tuning.summary import summary

SEGMENT_WORDS: Mapping[str, str] = {
    "activity": "activity",
    "top_category": "favourite category",
    "home": "home region",
    "daypart": "time of day",
}
"""What a property of shoppers is called where its own name is no word."""


@dataclass(frozen=True, slots=True)
class Against:
    """B held against a simple model.

    Parameters
    ----------
    name : what the model is called
    difference : one metric's change from the model to B, on the same shoppers
    """

    name: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says.

    Parameters
    ----------
    title : what was asked, in a few words
    shop, by : of which shop, and who made it
    made_at : when, in UTC
    comparison : what was found
    protocol, leak_check : of the panel, in words
    conclusion : what people make of it, as they wrote it; "" for none
    against : B against simple models
    provenance : what else is needed to make it again, by name: data, model, encoder
    """

    title: str
    shop: str
    by: str
    made_at: datetime
    comparison: Comparison
    protocol: str
    leak_check: str
    conclusion: str = ""
    against: tuple[Against, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)


def report_html(report: Report) -> str:
    """The whole report as one HTML document."""
    found = report.comparison
    sections = (
        _head(report),
        _summary(report),
        report_tables.settings_html(found),
        report_tables.metrics_html(found),
        report_tables.against_html([(each.name, each.difference) for each in report.against], found),
        report_lists.lists_html(found),
        report_lists.exposure_html(found),
        report_lists.shoppers_html(found),
        _done(report),
        _appendix(report),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{esc(report.title)}</title><style>{_style()}</style></head><body>{''.join(sections)}</body></html>"
    )


@cache
def _style() -> str:
    return "".join((ASSETS / name).read_text(encoding="utf-8") for name in ("sheet.css", "report.css"))


def _head(report: Report) -> str:
    found = report.comparison
    facts = {
        "Shop": isolated(report.shop),
        "Shoppers": _shoppers(found),
        "Lists": esc(f"{words.count(found.b.settings.n, 'product')} each, out of {found.n_items:,}"),
        "Made": f"{esc(words.day(report.made_at))}, {report.made_at:%H:%M} UTC",
        "By": isolated(report.by) if report.by.strip() else "somebody who gave no name",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    return (
        f'<header><p class="eyebrow">Shelfwise comparison</p><h1>{isolated(report.title)}</h1>'
        f'<p class="sides"><span><b class="side">A</b> {isolated(found.a.name)}</span>'
        f'<span><b class="side side-b">B</b> {isolated(found.b.name)}</span></p><dl>{rows}</dl></header>'
    )


def _shoppers(found: Comparison) -> str:
    said = f"{words.count(found.n_shoppers, 'test shopper')}"
    if found.segment == Segment():
        return f"all {said}" if found.n_shoppers > 1 else said
    values = ", ".join(
        f"{SEGMENT_WORDS.get(name, name)} {isolated(value)}" for name, value in found.segment.as_dict().items()
    )
    return f"{said} of {found.n_panel:,}: {values}"


def _summary(report: Report) -> str:
    points = "".join(f"<li>{isolated(sentence)}</li>" for sentence in summary(report.comparison))
    said = ""
    if report.conclusion.strip():
        paragraphs = "".join(
            f'<p dir="auto">{esc(line)}</p>' for line in report.conclusion.splitlines() if line.strip()
        )
        by = f"<p class='quiet'>{isolated(report.by)}</p>" if report.by.strip() else ""
        said = f'<section class="conclusion"><h2>Conclusion</h2>{paragraphs}{by}</section>'
    return f'<section class="comes-to"><h2>What it comes to</h2><ul>{points}</ul></section>{said}'


def _done(report: Report) -> str:
    found = report.comparison
    notes = [
        report.protocol,
        report.leak_check,
        "Intervals are of 95%: shoppers are drawn anew with replacement 1,000 times, the same for both settings, and "
        f"the ends corrected for skewness. Where fewer than {FEWEST_TELLING} shoppers tell, no interval is given.",
        "“Better” and “worse” are said only where the interval of the change leaves out no change at all. Each figure "
        f"is judged by itself: of {len(LIVE_METRICS)}, one may look different by chance.",
        "No difference we can tell is not the same as no difference: with more shoppers one may show.",
        "Shoppers were not shown either list. What is measured is whether a list would have held what they went on to "
        "choose without it.",
    ]
    if found.n_unproven:
        notes.append(
            f"The shop is too large to hold every score. The lists of {words.count(found.n_unproven, 'shopper')} could "
            "hold other products if none had been left out."
        )
    said = "".join(f"<li>{isolated(words.sentence(note))}</li>" for note in notes if note.strip())
    return f'<section><h2>How it was measured</h2><ul class="notes">{said}</ul></section>'


def _appendix(report: Report) -> str:
    document = {**report.comparison.as_json(), **dict(report.provenance)}
    # Escapes of its own keep the text exact, whatever signs names hold; esc() would drop some of them.
    lines = json.dumps(document, indent=2, ensure_ascii=True).splitlines()
    return (
        '<section class="appendix"><h2>Appendix: to measure the same again</h2>'
        f"<pre>{chr(10).join(esc(line) for line in lines)}</pre></section>"
    )
