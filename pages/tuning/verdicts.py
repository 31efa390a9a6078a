"""What is said of a change: better or worse only where it was observed, and where more and less have a meaning."""

import math
from dataclasses import dataclass
from typing import Literal

from pages.tuning import metric_groups
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.statistics.paired import Difference, why_open

MODELLED = "modelled, so no verdict"
NOT_OBSERVED = "not observed, so no verdict"


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one change.

    Parameters
    ----------
    kind : a verdict, or "open" where none can be given
    mark : that needs no colour; "" for none
    words : the verdict, or why there is none
    """

    kind: Literal["better", "worse", "unclear", "open"]
    mark: str
    words: str

    @classmethod
    def of(cls, found: Difference, *, is_observed: bool = True) -> "Said":
        """
        Parameters
        ----------
        is_observed : shoppers were in the circumstances that they are looked at in
        """
        reason = why_open(found, is_observed=is_observed)
        if reason is None:
            return cls(found.verdict, *metric_groups.VERDICTS[found.verdict])
        said = {
            "not observed": NOT_OBSERVED,
            "no value": _why_none(found.metric),
            "modelled": MODELLED,
            "less popular than before": f"lists {'are' if found.new < 0 else 'were'} less popular than what they had "
            "before",
        }
        return cls("open", "", said[reason])

    @property
    def is_clear(self) -> bool:
        """Whether the change is told from none."""
        return self.kind in ("better", "worse")


def ends(found: Difference, said: Said) -> str:
    """The interval of a change, or why it is not shown."""
    if math.isnan(found.change.mean) or said.words == NOT_OBSERVED:
        return said.words
    return fmt.interval(found.metric, found.change.low, found.change.high)


def _why_none(metric: str) -> str:
    reasons = {"popularity_lift": "no history to compare with", "ctr": "no click rate is known"}
    return reasons.get(metric, "no shopper has a value")
