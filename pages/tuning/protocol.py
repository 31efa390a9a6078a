"""Exactly what was done to get these numbers, in words."""

import streamlit as st

from pages._shared import words
from pages._shared.cards import esc
from pages.tuning import metric_groups
from pages.tuning.context import TuningCase
from pages.tuning.preparing import HIDDEN
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.offpolicy.click_models import format as click_words
from recsys.panel.panel import Panel


def protocol(case: TuningCase) -> None:
    """Protocol, leak check, what the intervals mean, and the definition of every metric."""
    panel = case.room.test.panel
    validation = case.room.validation.panel
    facts = {
        "In short": f"Shelfwise {HIDDEN[case.room.split]}.",
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
    asked = [metric_groups.of(name, panel.clicks) for name in METRICS]
    asks = "".join(f"<dt>{esc(each.at(case.k))}</dt><dd>{esc(each.asks)}</dd>" for each in asked)
    st.html(
        f'<section class="sw-panel"><h2 class="sw-chart-title">What was done</h2><dl class="sw-facts-list">{rows}</dl>'
        f'</section><section class="sw-panel"><h2 class="sw-chart-title">What each number asks</h2>'
        f'<dl class="sw-facts-list">{asks}</dl></section>'
    )


def validators(validation: Panel) -> str:
    """How many shoppers settings are chosen on, and how often they are asked where that is more."""
    n = validation.shoppers["user_id"].nunique()
    often = f", asked {len(validation):,} times," if n < len(validation) else ""
    return f"{n:,} validation{often}"


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
