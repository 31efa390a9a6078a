"""What can be taken away: the report of the comparison, and its tables."""

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from pages.tuning import metric_groups
from pages.tuning.baseline_check import BaselineCheck
from pages.tuning.context import TuningCase
from pages.tuning.imagined import n_imagined, said
from pages.tuning.presets.messages import WHO
from pages.tuning.report import Against, Report, report_html
from recsys.tuning.comparison import Comparison
from recsys.tuning.tables import metrics_csv, products_csv, shoppers_csv

CONCLUSION = "report_conclusion"
_TABLES: tuple[tuple[str, str, Callable[[Comparison], str]], ...] = (
    ("figures", "Every figure", metrics_csv),
    ("products", "Products shown more or less", products_csv),
    ("shoppers", "Shoppers whose lists change most", shoppers_csv),
)


def take_away(case: TuningCase, found: Comparison) -> None:
    """The report by one click; who signs it, and the tables, each behind a button."""
    by, conclusion = (str(st.session_state.get(name) or "") for name in (WHO, CONCLUSION))
    st.download_button(
        "Report",
        lambda: report_html(report_of(case, found, by, conclusion, datetime.now(UTC))),
        "comparison.html",
        "text/html",
        key="report",
        icon=":material/description:",
        help="One page that stands alone: to read, print, mail or file. All that is shown here, and how it was done.",
        on_click="ignore",
    )
    with st.popover("Sign", icon=":material/draw:", key="sign"):
        st.html('<p class="sw-note">To stand on the report:</p>')
        st.text_input("Your name", key=WHO, max_chars=80, placeholder="Your name", persist_state="session")
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
        for name, label, written in _TABLES:
            st.download_button(
                label,
                _written(written, found),
                f"{name}.csv",
                "text/csv",
                key=f"csv_{name}",
                icon=":material/download:",
                on_click="ignore",
            )


def _written(written: Callable[[Comparison], str], found: Comparison) -> Callable[[], str]:
    return lambda: written(found)


def report_of(case: TuningCase, found: Comparison, by: str, conclusion: str, made_at: datetime) -> Report:
    """Everything that the report of a comparison says.

    Parameters
    ----------
    case : with B as the setting looked at, which is held against the simple models
    """
    panel, info = case.room.test.panel, case.room.model
    against, notes = BaselineCheck.of(case).against, panel.leak_check
    if n_moved := n_imagined(case):
        notes = f"{notes.rstrip('.')}. {said(n_moved, found.n_shoppers)}, so no list is called better or worse at that"
    title = f"{found.b.name} against {found.a.name}"
    return Report(
        title=title[:1].upper() + title[1:],
        shop=case.room.shop,
        by=by,
        made_at=made_at,
        comparison=found,
        protocol=panel.protocol,
        leak_check=notes,
        conclusion=conclusion,
        against=tuple(Against(metric_groups.BASELINES[name], each) for name, each in against.items()),
        provenance={
            "data": str(panel.data["name"]),
            "fingerprint": str(panel.data["fingerprint"]),
            "encoder": str(panel.data["encoder_id"]),
            "model_in_use": info.model_id,
        },
    )
