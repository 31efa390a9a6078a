"""Shoppers imagined in other circumstances than they were in: what they chose says nothing of lists for there."""

import numpy as np
from numpy.typing import NDArray

from pages._shared import words
from pages._shared.notices import notice_html
from pages.tuning.context import TuningCase
from recsys.panel.segments import Segment


def n_imagined(case: TuningCase) -> int:
    """How many of the shoppers looked at are imagined elsewhere, by the setting or by its reference."""
    shoppers = case.room.test.panel.shoppers
    scenarios = {case.now.scenario, case.reference.scenario}
    return int(np.any([each.elsewhere(shoppers) & case.mask for each in scenarios], axis=0).sum())


def said(n: int, n_shoppers: int) -> str:
    """What it means, in one sentence.

    >>> said(12, 911).partition(";")[0]
    '12 of 911 shoppers are imagined in other circumstances than they were in'
    """
    who = f"{n:,} of {words.count(n_shoppers, 'shopper')}"
    return (
        f"{who} {'is' if n == 1 else 'are'} imagined in other circumstances than they were in; how well they are "
        "served there was not observed"
    )


def notice(case: TuningCase) -> str:
    """What has to be said above everything that is judged; "" where everyone is as they were."""
    n = n_imagined(case)
    if not n:
        return ""
    lines = [
        "What they chose, they chose at other moments, and how they click is known only for those. So no list is "
        "called better or worse at holding it or at being clicked; variety, novelty, and what is shown of the "
        "catalogue are judged as always."
    ]
    if there := int((case.mask & _was_there(case)).sum()):
        lines.append(
            f"To judge by the {words.count(there, 'shopper')} who really came in these circumstances, switch on “Only "
            "who really came in these circumstances” under Shoppers."
        )
    return notice_html(f"{said(n, int(case.mask.sum()))}.", lines)


def _was_there(case: TuningCase) -> NDArray[np.bool_]:
    scenario = case.now.scenario
    return Segment(scenario.stated).mask(case.room.test.panel.shoppers) & bool(scenario.stated)
