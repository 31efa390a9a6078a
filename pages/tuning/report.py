"""The report of a comparison: one page that stands alone, to be printed, mailed or filed with the decision.

Self-contained: no script, nothing loaded from anywhere. Everything that comes from data or from people is escaped.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial

import streamlit as st

from pages._shared import words
from pages._shared.cards import definitions_html, esc, isolated
from pages._shared.controls import download
from pages._shared.illustrations import ASSETS
from pages.tuning import labels, report_tables
from pages.tuning.context import TuningCase
from pages.tuning.live_metrics import against_baselines, imagined_sentence
from pages.tuning.presets.actions import NAME_KEY, name_field
from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.evaluation.statistics.paired import Difference
from recsys.panel.segments import Segment
from recsys.tuning.comparison import Comparison
from recsys.tuning.summary import metrics_csv, products_csv, shoppers_csv, summary

CONCLUSION = "report_conclusion"

_TABLES: tuple[tuple[str, str, Callable[[Comparison], str]], ...] = (
    ("figures", "Every figure", metrics_csv),
    ("products", "Products shown more or less", products_csv),
    ("shoppers", "Shoppers whose lists change most", shoppers_csv),
)
_SEGMENT = {"top_category": "favourite category", "home": "home region", "daypart": "time of day"}
"""What a property of shoppers is called where its own name is no word."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says, with texts of data and people as they are.

    Parameters
    ----------
    made_at : in UTC
    against : by name of a simple model, one metric's change from it to B on the same shoppers
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
    against: Mapping[str, Difference] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, case: TuningCase, found: Comparison, by: str, conclusion: str, made_at: datetime) -> "Report":
        """The report of a comparison; `case` has B as the setting looked at, which is held against simple models."""
        panel, notes = case.tuning.test.panel, case.tuning.test.panel.leak_check
        if case.n_imagined:
            imagined = imagined_sentence(case.n_imagined, found.n_shoppers)
            notes = f"{notes.rstrip('.')}. {imagined}, so no list is called better or worse at that"
        title = f"{found.b.name} against {found.a.name}"
        against = {labels.BASELINES[name]: each for name, each in against_baselines(case).items()}
        parts = {"data": "name", "fingerprint": "fingerprint", "encoder": "encoder_id"}
        provenance = {name: str(panel.data[part]) for name, part in parts.items()}
        provenance["model_in_use"] = case.tuning.model.model_id
        measured = (found, panel.protocol, notes, conclusion, against, provenance)
        return cls(title[:1].upper() + title[1:], case.tuning.shop, by, made_at, *measured)


def downloads(case: TuningCase, found: Comparison) -> None:
    """The report by one click; who signs it, and the tables, each behind a button."""
    by, conclusion = (str(st.session_state.get(name) or "") for name in (NAME_KEY, CONCLUSION))
    about = "One page that stands alone: to read, print, mail or file. All that is shown here, and how it was done."

    def document() -> str:
        return report_html(Report.of(case, found, by, conclusion, datetime.now(UTC)))

    download("Report", "report", "comparison.html", "text/html", document, "description", help=about)
    with st.popover("Sign", icon=":material/draw:", key="sign"):
        st.html('<p class="sw-note">To stand on the report:</p>')
        name_field()
        st.text_area(
            "What you make of it",
            key=CONCLUSION,
            max_chars=2000,
            height=90,
            placeholder="What was decided, and why",
            persist_state="session",
        )
    with st.popover("Tables", icon=":material/table:", key="tables"):
        st.html('<p class="sw-note">The numbers, for a spreadsheet:</p>')
        for name, label, table in _TABLES:
            download(label, f"csv_{name}", f"{name}.csv", "text/csv", partial(table, found))


def report_html(report: Report) -> str:
    """The whole report as one HTML document."""
    found = report.comparison
    sections = (
        _head(report),
        _summary(report),
        report_tables.settings_html(found),
        report_tables.metrics_html(found),
        report_tables.against_html(report.against, found),
        report_tables.lists_html(found),
        report_tables.exposure_html(found),
        report_tables.shoppers_html(found),
        _method(report),
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
        "Made": labels.timestamp(report.made_at),
        "By": isolated(report.by) if report.by.strip() else "somebody who gave no name",
    }
    return (
        f'<header><p class="eyebrow">Shelfwise comparison</p><h1>{isolated(report.title)}</h1>'
        f'<p class="sides"><span><b class="side">A</b> {isolated(found.a.name)}</span>'
        f'<span><b class="side side-b">B</b> {isolated(found.b.name)}</span></p>'
        f"<dl>{definitions_html(facts)}</dl></header>"
    )


def _shoppers(found: Comparison) -> str:
    n = f"{words.count(found.n_shoppers, 'test shopper')}"
    if found.segment == Segment():
        return f"all {n}" if found.n_shoppers > 1 else n
    values = ", ".join(f"{_SEGMENT.get(name, name)} {isolated(each)}" for name, each in found.segment.as_dict().items())
    return f"{n} of {found.n_panel:,}: {values}"


def _summary(report: Report) -> str:
    points = "".join(f"<li>{isolated(sentence)}</li>" for sentence in summary(report.comparison))
    conclusion = ""
    if report.conclusion.strip():
        lines = filter(str.strip, report.conclusion.splitlines())
        paragraphs = "".join(f'<p dir="auto">{esc(line)}</p>' for line in lines)
        by = f"<p class='quiet'>{isolated(report.by)}</p>" if report.by.strip() else ""
        conclusion = f'<section class="conclusion"><h2>Conclusion</h2>{paragraphs}{by}</section>'
    return f'<section class="comes-to"><h2>What it comes to</h2><ul>{points}</ul></section>{conclusion}'


def _method(report: Report) -> str:
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
    items = "".join(f"<li>{isolated(words.sentence(note))}</li>" for note in notes if note.strip())
    return f'<section><h2>How it was measured</h2><ul class="notes">{items}</ul></section>'


def _appendix(report: Report) -> str:
    document = {**report.comparison.as_json(), **dict(report.provenance)}
    # Escapes of its own keep the text exact, whatever signs names hold; esc() would drop some of them.
    lines = json.dumps(document, indent=2, ensure_ascii=True).splitlines()
    return (
        '<section class="appendix"><h2>Appendix: to measure the same again</h2>'
        f"<pre>{chr(10).join(esc(line) for line in lines)}</pre></section>"
    )
