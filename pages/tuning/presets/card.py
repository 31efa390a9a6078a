"""One preset as its card shows it; names, descriptions and tags are what people typed, and stay text."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pages._shared import words
from pages._shared.cards import esc, isolated, weights_html
from pages.tuning.presets.measuring import AT_A_GLANCE, Standing, role
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.segments import KNOWLEDGE
from recsys.settings import CONTEXT_DIMENSIONS, Context
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import Measurement, Preset, Save
from recsys.tuning.goals import describe_goal


def card_html(preset: Preset, standing: Standing, badges: Sequence[str] = (), *, is_whole: bool = False) -> str:
    """Name, mix, and how it measured.

    Parameters
    ----------
    badges : what else is to be said beside its name
    is_whole : show a description to its end, however long it is
    """
    said = esc(preset.description)
    shown = "sw-preset-about sw-preset-whole" if is_whole else "sw-preset-about"
    about = said and f'<p class="{shown}" title="{said}" dir="auto">{said}</p>'
    goal = (
        preset.goal
        and f'<p class="sw-note"><span class="sw-quiet">Goal:</span> {isolated(describe_goal(preset.goal))}</p>'
    )
    tags = "".join(f'<li class="sw-chip">{isolated(tag)}</li>' for tag in preset.tags)
    tagged = tags and f'<ul class="sw-preset-tags" aria-label="Tags">{tags}</ul>'
    return (
        f'<article class="sw-preset" data-preset="{esc(preset.preset_id)}">'
        f'<div class="sw-preset-what"><h2 class="sw-preset-name">{isolated(preset.name)}</h2>'
        f"{_badges(preset, badges)}{about}{goal}{tagged}</div>"
        f'<div class="sw-preset-mix">{weights_html(preset.settings.weights.normalised())}'
        f'<p class="sw-note">{fixed_html(preset.settings)}</p></div>'
        f'<dl class="sw-preset-metrics">{_metrics(preset, standing)}</dl>'
        f'<p class="sw-preset-foot">{_foot(preset, standing)}</p></article>'
    )


def _badges(preset: Preset, more: Sequence[str]) -> str:
    said = [
        *(["default"] if preset.is_default else []),
        *(["comes with Shelfwise"] if preset.is_shipped else []),
        *more,
    ]
    badges = "".join(f'<span class="sw-badge sw-badge-{each.split()[0]}">{esc(each)}</span>' for each in said)
    return badges and f'<p class="sw-preset-badges">{badges}</p>'


def fixed_html(settings: PresetSettings) -> str:
    """What a preset fixes besides the weights, and whom it was judged on, in one line."""
    said = [f"Lists of {settings.k}"]
    if settings.diversity:
        said.append(f"variety {settings.diversity:.2f} by {settings.method.upper()}")
    stated = {name: value for name, value in settings.scenario.items() if name in CONTEXT_DIMENSIONS}
    if stated:
        moment = words.moment_in_words(Context(**stated))  # type: ignore[arg-type]
        said.append(f"imagined: {moment[:1].lower()}{moment[1:]}")
    if settings.segment:
        said.append(f"judged on {segment_in_words(settings.segment)}")
    if settings.categories:
        names = settings.categories
        said.append(f"only {' or '.join(names)}" if len(names) <= 3 else f"only {len(names)} categories")
    if settings.only_available:
        said.append("only what is available today")
    return " · ".join(isolated(each) for each in said)


def segment_in_words(segment: Mapping[str, str]) -> str:
    """Whose lists were judged.

    >>> segment_in_words({"activity": "new", "home": "Lakes", "daypart": "evening", "device": "mobile"})
    'new shoppers from Lakes who came evening, on mobile'
    """
    known = segment.get("activity", "")
    said = f"{known} shoppers" if known in KNOWLEDGE else "shoppers"
    if "top_category" in segment:
        said += f" who mostly buy {segment['top_category']}"
    if "home" in segment:
        said += f" from {segment['home']}"
    stated = {name: value for name, value in segment.items() if name in CONTEXT_DIMENSIONS}
    if stated:
        moment = words.moment_in_words(Context(**stated))  # type: ignore[arg-type]
        said += f" who came {moment[:1].lower()}{moment[1:]}"
    return said


def _metrics(preset: Preset, standing: Standing) -> str:
    return "".join(_metric(name, preset.settings.k, preset.measured, standing) for name in AT_A_GLANCE)


def _metric(name: str, k: int, measured: Measurement | None, standing: Standing) -> str:
    words_ = METRICS[name]
    value, ends = saved_value(name, measured)
    now = standing.now.get(name)
    beside = ""
    if now is not None and not standing.is_same:
        when = "now" if standing.is_same_test else "here"
        beside = f'<dd class="sw-preset-now">{when} {esc(fmt.value(name, now.mean))}</dd>'
    return (
        f'<div><dt title="{esc(words_.asks)}">{esc(words_.at(k))}</dt><dd class="sw-preset-value">{esc(value)}</dd>'
        f'<dd class="sw-metric-ends">{esc(ends)}</dd>{beside}</div>'
    )


def saved_value(name: str, measured: Measurement | None) -> tuple[str, str]:
    """A metric as it was saved, and the ends of its interval."""
    bounds = measured.metrics.get(name) if measured else None
    if bounds is None or bounds["mean"] is None:
        return words.NO_VALUE, "not measured"
    low, high = bounds["low"], bounds["high"]
    ends = "too few to say" if low is None or high is None else f"{fmt.value(name, low)} to {fmt.value(name, high)}"
    return fmt.value(name, bounds["mean"]), ends


def _foot(preset: Preset, standing: Standing) -> str:
    said = []
    if preset.saves:
        save = preset.saves[0]
        said += [f"saved by {isolated(save.who)}, {moment(save.saved_at)}", _measured_on(save)]
    elif not preset.is_shipped:
        said.append(f"made by {isolated(preset.who)}, {moment(preset.changed_at)}")
    if preset.is_shipped:
        said.append("tuned on validation shoppers")
    note = preset.measured.note if preset.measured else ""
    said += [esc(note)] if note else []
    mark = "✓" if standing.is_same else "≠"
    said.append(f'<span class="sw-preset-drift" aria-hidden="true">{mark}</span> {esc(standing.drift)}')
    if standing.problem:
        said[-1] += f": {isolated(standing.problem)}"
    whole = " · ".join(filter(None, said))
    return whole[:1].upper() + whole[1:]


def _measured_on(save: Save) -> str:
    if not save.measured.n_users:
        return ""
    kind = f"{role(save.measured.panel_id)} shopper".strip()
    return words.count(save.measured.n_users, kind)


def moment(at: datetime) -> str:
    """A date with its time.

    >>> moment(datetime(2026, 5, 3, 9, 5, tzinfo=UTC))
    '3 May 2026, 09:05 UTC'
    """
    at = at.astimezone(UTC)
    return f"{words.day(at)}, {at:%H:%M} UTC"
