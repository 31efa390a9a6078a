"""The shoppers whose lists change most, as a table."""

from typing import Any

import pandas as pd
import streamlit as st

from recsys.tuning.comparison import Comparison


def table(found: Comparison) -> pd.DataFrame:
    """One row a shopper, the one whose list changes most first."""
    k = found.b.settings.n
    rows = []
    for each in found.changed:
        facts = dict(each.facts)
        rows.append(
            {
                "Shopper": each.user_id,
                "Alike": each.likeness,
                "On both lists": f"{each.n_common} of {k}",
                "What they chose": each.fate,
                "Products known": each.n_train,
                "Mostly buys": facts.get("top_category", ""),
                "Home region": facts.get("home", ""),
            }
        )
    return pd.DataFrame(rows)


def columns() -> dict[str, Any]:
    """How its columns are shown and what they mean."""
    config = st.column_config
    return {
        "Shopper": config.TextColumn(pinned=True),
        "Alike": config.ProgressColumn(
            help="How alike both lists are: 1 is the same list, 0 nothing in common; the top counts most.",
            format="%.2f",
            min_value=0,
            max_value=1,
            width="small",
        ),
        "On both lists": config.TextColumn(help="How many products stand on both lists, at any place.", width="small"),
        "What they chose": config.TextColumn(
            help="Whether a list holds what the shopper went on to choose, which no model was told."
        ),
        "Products known": config.NumberColumn(
            help="How many products of theirs the models learnt from.", format="%d", width="small"
        ),
    }
