"""The section "How this is measured": exactly what was done to get these numbers, in words."""

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from pages._shared import words
from pages._shared.cards import esc
from pages.tuning.context import TuningCase
from pages.tuning.metric_cells import metric_of
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.offpolicy.click_models import format as click_words
from recsys.panel.panel import Panel


class HoldOut(NamedTuple):
    """A way of holding out: as the control asks, as presets name it, how its protocol begins, and what is done."""

    wanted: str
    choices: str
    begins: str
    method: str


HOLD_OUTS: Mapping[str, HoldOut] = {
    "last": HoldOut(
        "what they chose last",
        "last choices",
        "last positive of each shopper",
        "hides the last product that each shopper chose, learns from the rest, and looks whether lists hold it",
    ),
    "temporal": HoldOut(
        "all they chose after a moment",
        "all choices after a moment",
        "split by time",
        "hides all that was chosen after a moment, the same for everybody, learns from what came before, and looks "
        "whether lists hold what each shopper chose then",
    ),
    "newcomers": HoldOut(
        "their third product, by two known",
        "third choices, by two known",
        "every shopper as they were when only",
        "takes each shopper back to when only two products of theirs were known, learns nothing of what they chose "
        "from then on, and looks whether lists hold the third",
    ),
    "evening_mobile": HoldOut(
        "their last by phone in an evening",
        "last evening choices on a phone",
        "every shopper as they were before the last",
        "takes each shopper back to before the last product that they chose in the evening on a phone, learns nothing "
        "of what they chose from then on, and looks whether lists hold it",
    ),
    "new_products": HoldOut(
        "their last, as if new in the shop",
        "last choices, new in the shop",
        "every product as if it were new",
        "takes a fifth of the products for new at a time, forgets all that anybody did with them or wrote of them, "
        "and looks whether lists of new products hold the one that each shopper chose last",
    ),
}
"""Ways of holding out, by name of the split."""


def choices_of(protocol: str) -> str:
    """What a panel's protocol asks test shoppers to find, in a few words; "" where it is none of ours.

    >>> choices_of("split by time: learned from before 3 May")
    'all choices after a moment'
    """
    return next((each.choices for each in HOLD_OUTS.values() if protocol.startswith(each.begins)), "")


def protocol(case: TuningCase) -> None:
    """Protocol, leak check, what the intervals mean, and the definition of every metric."""
    panel = case.room.test.panel
    validation = case.room.validation.panel
    facts = {
        "In short": f"Shelfwise {HOLD_OUTS[case.room.split].method}.",
        "Held out": panel.protocol,
        "Shoppers": f"{validators(validation)} and {len(panel):,} test shoppers, each with a list from all "
        f"{panel.n_items:,} products; {words.count(panel.n_skipped, 'shopper')} could not be tested.",
        "In both roles": in_both_roles(validation, panel),
        "Leaks": panel.leak_check.removeprefix("Leak check: "),
        "Scores": "Every product's scores are held for every shopper: no list is an estimate."
        if panel.scores.is_whole
        else f"The shop is too large to hold all scores: each shopper has up to {int(panel.scores.widths.max()):,} "
        "candidates, the union of the components' best. A list is proven complete when its last product scores above "
        "anything that was left out could; the headline counts those that are not.",
        "Intervals": "95% intervals of the change, by resampling shoppers with replacement 1,000 times; both settings "
        f"on the same resamples. Where fewer than {FEWEST_TELLING} shoppers tell, none is given. “Better” and “worse” "
        "are said only where the interval leaves out no change. Every metric is judged by itself: of "
        f"{len(METRICS)}, one may look different by chance.",
        "Clicks": " ".join(click_words.summary(panel.clicks)),
        "Simple models": "fitted on the same training data, tested on the same shoppers; LightFM is the collaborative "
        "component alone, with settings tuned on validation.",
        "Data": f"{case.room.shop}, fingerprint {panel.data['fingerprint'][:12]}; encoder "
        f"{panel.data['encoder_id']}; panel {panel.panel_id}.",
    }
    rows = "".join(
        f"<dt>{name}</dt><dd class='sw-wide' dir='auto'>{esc(words.sentence(text))}</dd>"
        for name, text in facts.items()
    )
    metrics = [metric_of(name, panel.clicks) for name in METRICS]
    questions = "".join(f"<dt>{esc(each.at(case.k))}</dt><dd>{esc(each.asks)}</dd>" for each in metrics)
    st.html(
        f'<section class="sw-panel"><h2 class="sw-chart-title">What was done</h2><dl class="sw-facts-list">{rows}</dl>'
        f'</section><section class="sw-panel"><h2 class="sw-chart-title">What each number asks</h2>'
        f'<dl class="sw-facts-list">{questions}</dl></section>'
    )


def validators(validation: Panel) -> str:
    """How many shoppers settings are chosen on, and how many requests of theirs where that is more."""
    n = validation.shoppers["user_id"].nunique()
    requests = f", asked {len(validation):,} times," if n < len(validation) else ""
    return f"{n:,} validation{requests}"


def in_both_roles(validation: Panel, test: Panel) -> str:
    """How many shoppers settings are both chosen and tested on, and what keeps the two apart."""
    ids = set(test.shoppers["user_id"])
    n = len(ids.intersection(validation.shoppers["user_id"]))
    if not n:
        return "Nobody: settings are chosen on some shoppers, and tested on others."
    who = f"All {n:,} test shoppers are" if n == len(ids) else f"{n:,} of the {len(ids):,} test shoppers are"
    if n == 1:
        who = f"1 of the {len(ids):,} test shoppers is"
    return (
        f"{who} among the validation shoppers, too, at different moments: settings are chosen by what was chosen "
        "earlier, and tested by what was chosen later. The choices that they are tested on were not looked at while "
        "choosing."
    )
