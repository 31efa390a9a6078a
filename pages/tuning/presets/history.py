"""Every save of a preset: when, who, what, how it measured, and what that changed since the save before."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages._shared.palette import LOOKS
from pages.tuning.presets.card import fixed_html, moment, saved_value
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.serving.exports import to_csv
from recsys.store.records import Preset, Save

IN_TABLE = ("ndcg", "hit_rate", "ild", "novelty", "coverage")
"""Metrics of the table; the file has all of them."""

SHOWN = 20
"""The newest so many saves are shown; the file has all of them."""

_BOUNDS = ("mean", "low", "high")
COLUMNS = (
    "saved_at", "saved_by", *LOOKS, "diversity", "method", "k", "scenario", "segment", "n_users", "panel_id", "note",
    *(f"{name}_{bound}" for name in LIVE_METRICS for bound in _BOUNDS),
)  # fmt: skip
"""Columns of the file."""


def table_html(preset: Preset) -> str:
    """The table, newest first."""
    if not preset.saves:
        return '<p class="sw-note">Nobody has measured it yet: load it, look at it, and save it into a preset.</p>'
    head = "".join(
        f'<th scope="col" title="{esc(METRICS[name].asks)}">{esc(METRICS[name].label.removesuffix("@k"))}</th>'
        for name in IN_TABLE
    )
    pairs = list(pairwise([*preset.saves, None]))[:SHOWN]
    rows = "".join(_row(save, before) for save, before in pairs if save is not None)
    more = len(preset.saves) - SHOWN
    rest = f'<p class="sw-note">And {words.count(more, "earlier save")}, in the file.</p>' if more > 0 else ""
    return (
        '<div class="sw-preset-scroll" tabindex="0" role="region" aria-label="History of saves">'
        f'<table class="sw-preset-history"><thead><tr><th scope="col">Saved</th><th scope="col">Mix</th>{head}'
        f"</tr></thead><tbody>{rows}</tbody></table></div>{rest}"
    )


def _row(save: Save, before: Save | None) -> str:
    cells = "".join(f"<td>{_cell(name, save, before)}</td>" for name in IN_TABLE)
    measured = save.measured
    who = f"{isolated(save.who)} · {words.count(measured.n_users, 'shopper')}"
    note = f'<span class="sw-by">{isolated(measured.note)}</span>' if measured.note else ""
    if before is not None and not is_comparable(save, before):
        note += '<span class="sw-by">other shoppers or lists than the save before</span>'
    return (
        f'<tr><th scope="row">{esc(moment(save.saved_at))}<span class="sw-by">{who}</span>{note}</th>'
        f"<td>{_mix(save)}</td>{cells}</tr>"
    )


def _mix(save: Save) -> str:
    shares = save.settings.weights.normalised()
    said = ", ".join(f"{LOOKS[name].label} {share:.0%}" for name, share in shares.items())
    segments = "".join(
        f'<span class="sw-seg sw-c-{name}" style="flex-basis:{100 * share:.3f}%"></span>'
        for name, share in shares.items()
        if share > 0
    )
    plain = " · ".join(f"{share:.0%}" for share in shares.values())
    return (
        f'<div class="sw-bar sw-bar-weights" role="img" aria-label="{said}" title="{said}">{segments}</div>'
        f'<span class="sw-by" aria-hidden="true">{plain}</span><span class="sw-by">{fixed_html(save.settings)}</span>'
    )


def is_comparable(save: Save, before: Save) -> bool:
    """Whether a difference between two saves is one of their settings alone."""
    one, other = save, before
    return (one.measured.panel_id, one.settings.k, one.settings.segment) == (
        other.measured.panel_id,
        other.settings.k,
        other.settings.segment,
    )


def _cell(name: str, save: Save, before: Save | None) -> str:
    value, _ = saved_value(name, save.measured)
    change = _change(name, save, before)
    return f'{esc(value)}<span class="sw-by">{esc(change)}</span>' if change else esc(value)


def _change(name: str, save: Save, before: Save | None) -> str:
    if before is None or not is_comparable(save, before):
        return ""
    now, was = _mean(save.metrics, name), _mean(before.metrics, name)
    if now is None or was is None:
        return ""
    return "=" if now == was else fmt.change(name, now - was)


def _mean(metrics: Mapping[str, Mapping[str, float | None]], name: str) -> float | None:
    return metrics[name]["mean"] if name in metrics else None


def csv(saves: Sequence[Save]) -> str:
    """Every save with every metric, as a file that a spreadsheet opens without running anything."""
    return to_csv(map(_as_row, saves), COLUMNS)


def _as_row(save: Save) -> dict[str, object]:
    settings, measured = save.settings, save.measured
    metrics = {f"{name}_{bound}": bounds[bound] for name, bounds in measured.metrics.items() for bound in _BOUNDS}
    return {
        "saved_at": save.saved_at.isoformat(),
        "saved_by": save.saved_by,
        **settings.weights.as_dict(),
        "diversity": settings.diversity,
        "method": settings.method,
        "k": settings.k,
        "scenario": _pairs(settings.scenario),
        "segment": _pairs(settings.segment),
        "n_users": measured.n_users,
        "panel_id": measured.panel_id,
        "note": measured.note,
        **metrics,
    }


def _pairs(stated: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in stated.items())
