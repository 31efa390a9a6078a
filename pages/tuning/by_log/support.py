"""A table: what the log says of the setting the more closely it is followed, and what that rests on."""

from collections.abc import Sequence

from pages._shared.cards import esc
from pages.tuning.by_log import sentences
from pages.tuning.by_log.closeness import Closeness
from recsys.offpolicy.estimators import main_estimator
from recsys.offpolicy.mixes import MixAnswer
from recsys.offpolicy.support import Support

_HEAD = ("Followed", "Places clicked", "Worth impressions", "Largest weight", "Never tried")


def table_html(answers: Sequence[tuple[Closeness, MixAnswer]], chosen: Closeness) -> str:
    """One row a way of following the setting; the truth in a column of its own where it is known."""
    with_truth = any(answer.truth is not None for _, answer in answers)
    head = "".join(f'<th scope="col">{name}</th>' for name in (*_HEAD, *(["Truth"] if with_truth else [])))
    rows = "".join(
        _row(follow, answer, with_truth=with_truth, is_chosen=follow == chosen) for follow, answer in answers
    )
    return (
        '<h2 class="sw-chart-title">The more closely it is followed, the less the log can say</h2>'
        f'<div class="sw-experiment-wide"><table class="sw-guard sw-log"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        '<p class="sw-note">Worth impressions: as many unweighted ones would say as much. Never tried: the share of '
        "this setting’s choices that the log surely never shows. Largest weight: how many times as often as the log "
        "this setting shows a product, at most; the larger, the more a single impression decides.</p>"
    )


def _row(follow: Closeness, answer: MixAnswer, *, with_truth: bool, is_chosen: bool) -> str:
    found, rests_on = answer.found, answer.found.support
    if found.refusal:
        told = f'<span class="sw-refused">refused</span><span class="sw-metric-ends">{esc(found.refusal)}</span>'
    else:
        interval = found.estimates[main_estimator(found.estimates)]
        told = (
            f"<strong>{sentences.share(interval.mean)}</strong>"
            f'<span class="sw-metric-ends">{sentences.ends(interval)}</span>'
        )
    cells = [told, *(["–"] * 3 if rests_on is None else _rests_on(rests_on))]
    if with_truth:
        cells.append("–" if answer.truth is None else sentences.share(answer.truth))
    shown = "".join(f"<td>{each}</td>" for each in cells)
    current = ' aria-current="true"' if is_chosen else ""
    return f'<tr{current}><th scope="row">{esc(follow.name)}</th>{shown}</tr>'


def _rests_on(found: Support) -> list[str]:
    gap = f"{found.gap:.0%}" if found.gap == found.gap else "–"
    return [sentences.worth(found), sentences.weight(found.largest_weight), gap]
