"""What estimators are called, and which of them speaks."""

import math
from collections.abc import Mapping

from recsys.evaluation.statistics.significance import Interval

LABELS = {
    "ips": "Weighted clicks (IPS)",
    "snips": "Weighted clicks over weights (SNIPS)",
    "dm": "Click model alone (DM)",
    "dr": "Click model, corrected by weighted clicks (DR)",
    "switch_dr": "The same without large weights (switch-DR)",
}


def main_estimator(estimates: Mapping[str, Interval]) -> str:
    """The one that speaks for a policy: the doubly robust one where its interval can be given."""
    given = (name for name in ("dr", "snips", "ips") if name in estimates and not math.isnan(estimates[name].low))
    return next(given, "ips")
