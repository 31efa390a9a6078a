"""What the log says, in sentences: the estimate or the refusal, the change, and in a demo shop the truth."""

import math

import numpy as np

from pages._shared import words
from pages._shared.cards import esc, isolated, weights_html
from pages.tuning import imagined, metric_groups
from pages.tuning.context import TuningCase
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.offpolicy.mixes import LogEvaluator, MixAnswer
from recsys.offpolicy.names import main_estimator
from recsys.offpolicy.support import Support
from recsys.studies.format import signed


def share(value: float) -> str:
    """A click rate.

    >>> share(0.08672)
    '8.67%'
    """
    return f"{100 * value:.2f}%"


def answer_html(
    now: MixAnswer, reference: MixAnswer, lift: Interval | None, sliders: LogEvaluator, against: str, *, is_same: bool
) -> str:
    """The answer in a headline and two notes.

    Parameters
    ----------
    lift : of the setting over its reference, or None where the log refuses one of them
    against : what the reference is called
    """
    weights = weights_html(now.asked.fusion.normalised(), "Effective weights")
    notes = [] if is_same or now.found.refusal else [_change(lift, reference, against)]
    if now.truth is not None:
        notes.append(_truth(now, reference, against, is_same=is_same))
    said = "".join(f'<p class="sw-note">{each}</p>' for each in notes)
    return f'{weights}<p class="sw-headline sw-judged" role="status">{_headline(now, sliders)}</p>{said}'


def _headline(now: MixAnswer, sliders: LogEvaluator) -> str:
    rests_on = now.found.support
    refused = f"<strong>The log cannot say how often this would be clicked:</strong> {esc(now.found.refusal)}"
    if rests_on is None or now.log is None:
        return refused
    of = (
        f"{words.count(rests_on.n_impressions, 'impression')} of {words.count(rests_on.n_visitors, 'visitor')} from "
        f"{esc(sliders.log_of.start)} on"
    )
    logged = f"{share(float(now.log.clicks.mean()))} of what was logged was clicked"
    if now.found.refusal:
        return f'{refused} <span class="sw-quiet">· {of}; {logged}</span>'
    told = now.found.estimates[main_estimator(now.found.estimates)]
    return (
        f"<strong>{share(told.mean)} of places would be clicked</strong>, 95% interval {ends(told)} "
        f'<span class="sw-quiet">· by {of}; {logged}</span>'
    )


def ends(told: Interval) -> str:
    """The interval of a click rate."""
    if math.isnan(told.low):
        return "not known, too few visitors tell"
    return f"{share(told.low)} to {share(told.high)}"


def has_bare_estimate(answer: MixAnswer) -> bool:
    """Whether some estimate has no interval."""
    return any(math.isnan(each.low) for each in answer.found.estimates.values())


def _change(lift: Interval | None, reference: MixAnswer, against: str) -> str:
    if lift is None:
        refused = f": of it the log says nothing, {esc(reference.found.refusal)}" if reference.found.refusal else ""
        return f"It is not compared with {isolated(against)}{refused}."
    if not lift.is_given:
        return (
            f"Against {isolated(against)} the log cannot tell the change: too few visitors decide it (fewer than "
            f"{FEWEST_TELLING})."
        )
    mark, said = metric_groups.VERDICTS[verdict_of(lift)]
    change, low, high = (signed_percent(each) for each in (lift.mean, lift.low, lift.high))
    return (
        f'Against {isolated(against)}: <span class="sw-verdict" aria-hidden="true">{mark}</span> '
        f"<strong>{change}</strong> clicks, 95% interval {low} to {high}: {said}."
    )


def signed_percent(value: float) -> str:
    """A relative change.

    >>> signed_percent(0.0216), signed_percent(-0.3)
    ('+2.2%', '−30.0%')
    """
    return f"{signed(100 * value, 1)}%"


def _truth(now: MixAnswer, reference: MixAnswer, against: str, *, is_same: bool) -> str:
    assert now.truth is not None
    said = f"This is a demo shop, whose simulator knows the truth: <strong>{share(now.truth)}</strong>"
    if not now.found.refusal:
        told = now.found.estimates[main_estimator(now.found.estimates)]
        inside = told.low <= now.truth <= told.high
        off = 100 * (told.mean - now.truth)
        said += f", {'inside' if inside else 'outside'} the interval; the estimate is off by {signed(off, 2)} pp"
    if not is_same and reference.truth:
        said += f". Against {isolated(against)} the true change is {signed_percent(now.truth / reference.truth - 1)}"
    return f"{said}."


def left_out(case: TuningCase) -> str:
    """Which controls of the room the log is not asked about, as a sentence; "" where none is used."""
    unused = []
    if case.now.settings.diversity or case.reference.settings.diversity:
        unused.append("variety")
    if imagined.n_imagined(case):
        unused.append("imagined circumstances, since pages stay as they were")
    if not case.mask.all():
        unused.append("the choice of test shoppers, since all visitors of the log count")
    if not unused:
        return ""
    return f"Not part of this: {'; '.join(unused)}."


def protocol_html(sliders: LogEvaluator) -> str:
    """What was done, and what the figures do not say."""
    caveats = (
        "What was on the shelf is not logged: a product counts as on it between its first and its last impression. "
        "Intervals of the click model alone (DM) and of the estimate that leaves large weights to it (switch-DR) say "
        "how visitors differ, not how wrong the model is; in a demo shop the experiment on clicks counts how often "
        "each holds the truth."
    )
    return (
        f'<h2 class="sw-eyebrow">How this is known</h2><p class="sw-note">{esc(sliders.log_of.protocol())}</p>'
        f'<p class="sw-note">{caveats}</p>'
    )


def worth(rests_on: Support) -> str:
    """How many impressions the weighted ones are worth."""
    return f"{rests_on.n_effective:,.0f}"


def weight(value: float) -> str:
    """A weight, with a digit where it is small.

    >>> weight(33.96), weight(1204.2), weight(float("nan"))
    ('34.0', '1,204', '–')
    """
    if np.isnan(value):
        return words.NO_VALUE
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
