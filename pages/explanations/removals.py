"""What leaving out does: each product of the history, the fewest phrases that keep a product listed, and how far the
phrases that an explanation names are those that the score rests on."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from pages._shared import resources, words
from pages._shared.cards import empty_html, esc
from pages._shared.controls import button
from pages.explanations import ablation, naming
from pages.explanations.bars import Bar, bars_html
from pages.explanations.product import ExplanationContext
from recsys.evaluation.statistics.significance import Interval
from recsys.explanations.comparisons import MAX_PRODUCTS, HistoryEffect, history_attribution
from recsys.explanations.counterfactual import Counterfactual, SideName, smallest_removal
from recsys.settings import COMPONENTS
from recsys.studies.faithfulness_measures import MIN_PHRASES, SideReport, faithfulness_of

N_SAMPLE = 200
"""Recommendations over which a model's explanations are measured."""

_SIDES: dict[SideName, str] = {"product": "what is said of the product", "shopper": "what the shopper wrote and chose"}
_WHOSE: dict[SideName, str] = {"product": "about it", "shopper": "of theirs and of what they chose"}
_KINDS = ("review", "purchase", "recommend", "not_recommend")
_WORKING = "Leaving out products of the history …"


def history(case: ExplanationContext) -> None:
    """Leave out each product of the history in turn, and say what that does to score and place."""
    if case.user.user_id is None:
        st.html(empty_html("No history", "a new shopper has none: the words typed above are all that is known"))
        return
    acts = resources.history(case.model, case.user.user_id)
    had = _most_telling_first(case, list(dict.fromkeys(acts.loc[acts["kind"].isin(_KINDS), "item_id"])))
    if not had:
        st.html(empty_html("No history", "nothing was bought or reviewed, so nothing can be left out"))
        return
    bar = st.progress(0.0, _WORKING)

    def progress(stage: str, done: int = 0, total: int = 0) -> None:
        bar.progress(done / total if total else 0.0, _WORKING)

    try:
        effects = history_attribution(case.model, case.now, case.item_id, case.settings, had, progress)
    finally:
        bar.empty()
    st.container(key="history_effects").html(_panel(case, effects, len(had)))


def _panel(case: ExplanationContext, effects: Sequence[HistoryEffect], n_had: int) -> str:
    titles, rank = resources.titles(case.model), case.explanation.position.rank_by_score
    bars = bars_html([_bar(effect, titles, rank) for effect in effects], "Effect of each product of the history")
    if n_had > MAX_PRODUCTS:
        rest = f"The {MAX_PRODUCTS} of {n_had:,} products whose words matter most here were left out in turn."
        bars += f'<p class="sw-note">{rest}</p>'
    return (
        '<h3 class="sw-chart-title">What each product of their history does to this score</h3>'
        '<p class="sw-note">Each is left out in turn, with what they wrote of it, and everything is scored again. '
        "Meaning, content and moment follow exactly; in the collaborative part, what is learnt of products stays as it "
        f"is, so that part is an estimate. Effects of several products do not add up.</p>{bars}"
    )


def _most_telling_first(case: ExplanationContext, had: list[str]) -> list[str]:
    """Products by how much their words matter for this score, then as they were, latest first."""
    moved = dict.fromkeys(had, 0.0)
    for part in case.explanation.shopper_phrases:
        item_id = str(part.source.get("item_id") or "")
        if item_id in moved:
            moved[item_id] += abs(part.value)
    return sorted(had, key=lambda item_id: -moved[item_id])


def _bar(effect: HistoryEffect, titles: dict[str, str], rank: int | None) -> Bar:
    shares = {name: effect.components[name] for name in COMPONENTS if abs(effect.components[name]) >= 0.0005}
    note = words.parts_in_words(shares, 3).replace(", ", " · ") or "no component notices"
    if rank is not None and effect.rank_without is not None and effect.rank_without != rank:
        note += f" · without it place {effect.rank_without:,} instead of {rank:,}"
        if (effect.value < 0) == (effect.rank_without > rank):
            note += ", because others gain more"
    return Bar(titles.get(effect.item_id, effect.item_id), effect.value, note)


N_FIRST = 6
"""So many phrases of an answer are shown at once, the others on a click."""


def counterfactual(case: ExplanationContext) -> None:
    """Both sides, each with its answer and a button that leaves it out."""
    position, n = case.explanation.position, case.settings.n
    if position.rank is None:
        why = "choose a listed product" + (", or restore what is struck" if case.is_argued else "")
        st.html(empty_html(f"Not among the first {n}", f"{naming.place_in_words(position)}; {why}"))
        return
    st.html(
        f'<p class="sw-note">The fewest phrases that would have to go before it drops out of the first {n}. Each '
        "answer was checked by ranking the whole list again.</p>"
    )
    for column, (side, what) in zip(st.columns(2, gap="medium"), _SIDES.items(), strict=True):
        with column, st.container(key=f"turning_{side}"):
            with st.spinner("Striking phrases …", show_time=True):
                removal = smallest_removal(case.model, case.now, case.item_id, case.settings, side)
            answer = _answer(removal, _WHOSE[side], n, case.user.user_id)
            st.html(f'<h3 class="sw-chart-title">In {what}</h3>{answer}')
            if removal.phrases:
                label = f"Strike {words.count(len(removal.phrases), 'phrase')}"
                names = [str(phrase.source["strike"]) for phrase in removal.phrases]
                button(label, f"strike_turning_{side}", "format_strikethrough", ablation.exclude_all, names)


def _answer(removal: Counterfactual, whose: str, n: int, user_id: str | None) -> str:
    if not removal.phrases:
        return f'<p class="sw-hint" dir="auto">{words.sentence(removal.reason)}</p>'
    size = words.count(len(removal.phrases), "phrase")
    sure = "No smaller set does it." if removal.is_smallest else "The smallest set found; a smaller one may exist."
    bars = [
        Bar(naming.label_of(part), part.value, naming.phrase_facts(part.source, user_id), quote=True)
        for part in sorted(removal.phrases, key=lambda part: -part.value)
    ]
    return (
        f'<p class="sw-lede">Without {size} {whose}, it leaves the first {n}.</p><p class="sw-note">{sure}</p>'
        + bars_html(bars, "Phrases that hold it on the list", N_FIRST)
    )


_MEASURES = {
    "comprehensiveness": (
        "Taking the leading phrases away costs",
        "more is better: the phrases that are named are those that the score rests on",
    ),
    "sufficiency": (
        "Keeping nothing but the leading phrases costs",
        "less is better, below 0 they alone would score higher: the rest holds it back",
    ),
    "tau": ("Agreement with leaving out each phrase in turn", "Kendall's tau: 1 is the same order, 0 is chance"),
}


def trust(case: ExplanationContext) -> None:
    """This recommendation now, the model as soon as it is measured, and what an explanation is not."""
    here, everywhere = st.columns(2, gap="medium")
    with here, st.container(key="trust_here"):
        _this_one(case)
    with everywhere, st.container(key="trust_model"):
        _the_model(case)
    st.html(_caveats(case))


def _this_one(case: ExplanationContext) -> None:
    st.html(
        '<h3 class="sw-chart-title">This recommendation</h3>'
        '<p class="sw-note">1, 5, 10, 20 and 50% of the phrases are taken away, those that matter most first, and the '
        "score is worked out again; beside it the same number of phrases at random. In points of the score.</p>"
    )
    for side, of_whom in _SIDES.items():
        measures = faithfulness_of(
            case.model, case.now, case.item_id, case.settings.fusion, side, np.random.default_rng(0)
        )
        if measures is None:
            st.html(f'<p class="sw-hint">{words.sentence(of_whom)} {_too_little(case)}</p>')
        else:
            cells = {name: [words.signed(each[name]) for each in measures] for name in _MEASURES}
            st.html(_table(of_whom, cells) + _verdict(*measures))


def _too_little(case: ExplanationContext) -> str:
    if not case.explanation.weights["semantic"]:
        return "Words have no weight in the mix, so there is nothing to take away."
    if not case.explanation.shopper_phrases:
        return "This shopper has no words and chose nothing, so meaning says nothing here."
    return f"Fewer than {MIN_PHRASES} phrases: there is too little to take away."


def _verdict(named: Mapping[str, float], control: Mapping[str, float]) -> str:
    gain = named["comprehensiveness"] - control["comprehensiveness"]
    order = "largely" if named["tau"] >= 0.5 else "partly" if named["tau"] >= 0.2 else "hardly"
    beats = f"matter {abs(gain):.2f} points more than" if gain > 0.005 else "matter no more than"
    return (
        f'<p class="sw-note">In words: the named phrases {beats} random ones, and their order is {order} that of '
        "leaving out each alone.</p>"
    )


def _the_model(case: ExplanationContext) -> None:
    st.html(
        '<h3 class="sw-chart-title">This model, over a sample</h3>'
        f'<p class="sw-note">The same for one listed product each of {N_SAMPLE} shoppers drawn at random, with 95% '
        "intervals.</p>"
    )
    work = resources.faithfulness_of_model(case.model, N_SAMPLE)
    reports = work.wait()
    if reports is None:
        st.html(empty_html("It could not be measured", work.problem or "the reason is in the server's log"))
    else:
        for side, report in reports.items():
            st.html(_report(_SIDES[side], report))


def _report(of_whom: str, report: SideReport) -> str:
    both = {name: (measured.value, measured.control) for name, measured in report.measures.items()}
    cells = {name: [_interval(each) for each in intervals] for name, intervals in both.items()}
    means = [{name: intervals[column].mean for name, intervals in both.items()} for column in (0, 1)]
    skipped = f"; {report.n_skipped:,} with too few phrases skipped" if report.n_skipped else ""
    count = f'<p class="sw-note">{words.count(report.n, "recommendation")}{skipped}.</p>'
    return _table(of_whom, cells) + _verdict(*means) + count


def _interval(interval: Interval) -> str:
    ends = f"{words.signed(interval.low)} to {words.signed(interval.high)}" if interval.is_given else "too few tell"
    return f'{words.signed(interval.mean)}<span class="sw-by">{ends}</span>'


def _table(of_whom: str, cells: Mapping[str, Sequence[str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_MEASURES[name][0]}<span class="sw-by">{_MEASURES[name][1]}</span></th>'
        + "".join(f'<td class="sw-num">{cell}</td>' for cell in row)
        + "</tr>"
        for name, row in cells.items()
    )
    return (
        f'<div class="sw-scroll"><table class="sw-table"><thead><tr><th>Phrases of {of_whom}</th>'
        f'<th class="sw-num">Named</th><th class="sw-num">At random</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _caveats(case: ExplanationContext) -> str:
    praise = case.model.polarity.in_words()
    caveats = (
        "<strong>Exact:</strong> baseline and parts sum to the score. Quotes are verbatim, but for e-mail addresses, "
        "links, card, account and telephone numbers, which are hidden; other shoppers stand under pseudonyms, names "
        "inside a text do not.",
        "<strong>Exact, too:</strong> what is struck is left out everywhere and the whole list is scored again. A "
        "score seldom falls by all that a phrase carries: the other phrases take up some of its part, because profiles "
        "are scaled to one length. “Without it” says what is left of the loss.",
        "<strong>An estimate:</strong> the collaborative share of a product of the history, because the model is not "
        "trained again; small, and for a single shopper it may even have the wrong sign.",
        "<strong>Approximate:</strong> words inside a phrase, because the encoder reads them together; what is left "
        "over is shown.",
        f"<strong>A guess with odds:</strong> praise and complaint. {esc(praise)}",
        "<strong>Not said at all:</strong> whether the shopper would buy. An explanation is of the score, and the "
        "score can be wrong.",
    )
    items = "".join(f"<li>{each}</li>" for each in caveats)
    return (
        f'<section class="sw-caveats"><h3 class="sw-chart-title">What these numbers are</h3><ul>{items}</ul>'
        '<p class="sw-note">What takes minutes is measured by <code>python -m recsys experiment faithfulness --data DIR'
        "</code>: thousands of random explanations summed, the model trained again with another seed, and, where they "
        "are at hand, a hidden truth and human labels.</p></section>"
    )
