"""Exactly what was done to get these numbers, in words."""

import streamlit as st

from pages._shared import words
from pages._shared.cards import esc
from pages._shared.tuning import wording
from pages._shared.tuning.room import Case
from recsys.evaluation.intervals import FEWEST_TELLING


def protocol(case: Case) -> None:
    """Protocol, leak check, what the intervals mean, and the definition of every metric."""
    panel = case.room.test.panel
    validation = case.room.validation.panel
    facts = {
        "Held out": panel.protocol,
        "Shoppers": f"{len(validation):,} validation and {len(panel):,} test shoppers, each with a list from all "
        f"{panel.n_items:,} products; {words.count(panel.n_skipped, 'shopper')} could not be tested.",
        "Leaks": panel.leak_check,
        "Scores": "Every product's scores are held for every shopper: no list is an estimate."
        if panel.scores.is_whole
        else f"The shop is too large to hold all scores: each shopper has up to {int(panel.scores.widths.max()):,} "
        "candidates, the union of the components' best. A list is proven complete when its last product scores above "
        "anything that was left out could; the headline counts those that are not.",
        "Intervals": "95% intervals of the change, by resampling shoppers with replacement 1,000 times; both settings "
        f"on the same resamples. Where fewer than {FEWEST_TELLING} shoppers tell, none is given. “Better” and “worse” "
        "are said only where the interval leaves out no change. Every metric is judged by itself: of fourteen, one "
        "may look different by chance.",
        "Simple models": "fitted on the same training data, tested on the same shoppers; LightFM is the collaborative "
        "component alone, with settings tuned on validation.",
        "Data": f"{panel.data['name']}, fingerprint {panel.data['fingerprint'][:12]}; encoder "
        f"{panel.data['encoder_id']}; panel {panel.panel_id}.",
    }
    rows = "".join(
        f"<dt>{name}</dt><dd class='sw-wide' dir='auto'>{esc(words.sentence(text))}</dd>"
        for name, text in facts.items()
    )
    asks = "".join(f"<dt>{esc(each.at(case.k))}</dt><dd>{esc(each.asks)}</dd>" for each in wording.METRICS.values())
    st.html(
        f'<section class="sw-panel"><h2 class="sw-chart-title">What was done</h2><dl class="sw-facts-list">{rows}</dl>'
        f'</section><section class="sw-panel"><h2 class="sw-chart-title">What each number asks</h2>'
        f'<dl class="sw-facts-list">{asks}</dl></section>'
    )
