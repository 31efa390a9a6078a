"""Ways of holding out, the work that prepares for them, and the section that says how it is measured."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import streamlit as st

from pages._shared import job_progress, words
from pages._shared.cards import esc, notice_html
from pages.tuning.context import TuningCase, sliders
from pages.tuning.labels import metric_of
from recsys.errors import ArtifactError, RecsysError
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.jobs import Job, shop_jobs
from recsys.jobs.paths import AppPaths
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
    """What a panel's protocol asks test shoppers to find, in a few words; "" where it is none of `HOLD_OUTS`."""
    return next((each.choices for each in HOLD_OUTS.values() if protocol.startswith(each.begins)), "")


def protocol(case: TuningCase) -> None:
    """Protocol, leak check, what the intervals mean, and the definition of every metric."""
    panel = case.tuning.test.panel
    validation = case.tuning.validation.panel
    facts = {
        "In short": f"Shelfwise {HOLD_OUTS[case.tuning.split].method}.",
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
        "Simple models": "fitted on the same training data, tested on the same shoppers; the collaborative component "
        "stands among them, with the engine that validation chose.",
        "Data": f"{case.tuning.shop}, fingerprint {panel.data['fingerprint'][:12]}; encoder "
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


class Preparation(NamedTuple):
    """One kind of work, and how the page speaks of it.

    Parameters
    ----------
    start : may raise `RecsysError`
    lede : what it is for and how long it takes, shown above its progress
    out_of_date : title and reason of the notice where it was made from other data
    again, doing : "Judge it again", "Judging it again"
    is_readable : whether what it made can be used
    """

    display: job_progress.JobDisplay
    work: Callable[[], Job]
    start: Callable[[], object]
    lede: str
    out_of_date: tuple[str, str]
    again: str
    doing: str
    is_readable: Callable[[], bool] = lambda: True

    def introduce(self, problem: str = "") -> None:
        """Say what the work is for, and what is wrong with what was prepared before, "" where nothing was."""
        st.html(f'<p class="sw-lede">{self.lede}</p>')
        if problem:
            st.html(notice_html("What was prepared before cannot be used:", [problem]))

    def run(self, *, remakes: bool = True) -> None:
        """Start the work unless somebody did, and show it; the page runs again by itself when it is done.

        Work that is done, though what it made is of no use here, starts again by itself only if `remakes`.
        """
        due = ("waiting", "done") if remakes else ("waiting",)
        if self.work().status().state in due and not job_progress.was_refused(self.display):
            job_progress.start(self.display, self.start)
        _progress(self)

    def offer_again(self) -> None:
        """A notice that it is out of date, and the button that makes it anew; the page goes on with what there is."""
        status = self.work().status()
        if status.state == "running":
            _progress(self)
            return
        job_progress.offer_again(
            status, self.display, *self.out_of_date, again=self.again, doing=self.doing, on_start=self.start
        )


@st.fragment(run_every=job_progress.LOOK_EVERY_S)
def _progress(preparation: Preparation) -> None:
    work = preparation.work()
    try:
        job_progress.show_progress(
            work.status(),
            preparation.display,
            on_start=preparation.start,
            on_cancel=work.cancel,
            is_ready=preparation.is_readable(),
        )
    except RecsysError as problem:
        st.html(notice_html("It could not be started.", [str(problem)]))


def prepare_shoppers(home: AppPaths, split: str, shop: str) -> Preparation:
    """Preparing the test shoppers of one way of holding out."""
    label, start = "Preparing the test shoppers", "Prepare the test shoppers"
    return Preparation(
        job_progress.JobDisplay(label, start, shop_jobs.PANEL.usual_shares, key="panel_"),
        lambda: shop_jobs.panel_job_at(home, split),
        lambda: shop_jobs.start_panel_job(home, split, shop),
        f"To judge settings, Shelfwise {HOLD_OUTS[split].method}. For that it scores every product for each of "
        "them. It takes about half a minute for the demo shop, once; everything here is instant after that, and all "
        "other pages work meanwhile.",
        (
            "These test shoppers are of another state of the shop.",
            "The model in use learnt from other data than they were prepared from; figures may not hold for it.",
        ),
        "Prepare them again",
        "Preparing them again",
    )


def prepare_log(home: AppPaths) -> Preparation:
    """Judging the shop's log of impressions."""

    def can_read() -> bool:
        try:
            sliders(home)
        except ArtifactError:
            return False
        return True

    return Preparation(
        job_progress.JobDisplay("Judging the log", "Judge the log", shop_jobs.LOG.usual_shares, key="log_"),
        lambda: shop_jobs.log_job_at(home),
        lambda: shop_jobs.start_log_job(home),
        "What would be clicked if pages followed these sliders? The shop’s log of impressions can tell, as far as it "
        "showed the same products. For that Shelfwise learns from what came before the later half of the log, scores "
        "every product for every page of that half, once, and answers at once from then on.",
        (
            "This log is of another state of the shop.",
            "The test shoppers of this room were prepared from other data than the log was judged from.",
        ),
        "Judge it again",
        "Judging it again",
        can_read,
    )
