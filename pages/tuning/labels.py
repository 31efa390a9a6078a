"""Settings, shoppers, metrics and changes as the tuning page writes them, in words and as cells of HTML."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages._shared.charts import LOOKS
from pages._shared.view import DEFAULT_LENGTH
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import METRICS, Metric
from recsys.evaluation.statistics.paired import Difference, why_no_verdict
from recsys.evaluation.statistics.significance import Verdict
from recsys.offpolicy.click_models import format as click_words
from recsys.panel.segments import DIMENSIONS, KNOWLEDGE, EvaluationConfig, Scenario, Segment
from recsys.scorers import BASELINE_CLASSES
from recsys.settings import CONTEXT_DIMENSIONS, Context, Filters, RankingSettings
from recsys.store.records import PresetSettings

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Right products": ("ndcg", "hit_rate", "recall", "precision", "f1", "map", "mrr"),
    "Good lists": ("ctr", "ild", "novelty", "serendipity", "long_tail"),
    "All lists together": ("personalisation", "coverage", "gini", "popularity_lift"),
}
"""Metrics as they stand together on screen."""

VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    "better": ("▲", "better"),
    "worse": ("▼", "worse"),
    "unclear": ("≈", "no difference we can tell"),
}
"""A mark that needs no colour, and the words, by verdict."""

BASELINES: Mapping[str, str] = {
    **{name: scorer.label for name, scorer in BASELINE_CLASSES.items()},
    "collaborative": "Collaborative alone",
}
"""Labels of the models that any setting has to beat, by name."""

NOT_OBSERVED = "not observed, so no verdict"

_LONGEST_NAME, _MOST_NAMES = 24, 2
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$])")
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f]")


def button(name: str, chosen: list[str]) -> str:
    """The label of a button with what is chosen behind it, as Markdown.

    >>> button("Shoppers", ["new", "evening"]), button("Shelf", [])
    ('Shoppers: new, evening', 'Shelf')
    """
    return f"{name}: {', '.join(map(_plain, chosen))}" if chosen else name


def variety_button(strength: float, method: str, n: int) -> str:
    """The label of the button for variety and list length, as Markdown.

    >>> variety_button(0.4, "MMR", 10), variety_button(0, "MMR", 20), variety_button(0.4, "DPP", 5)
    ('Variety 0.40 (MMR)', 'Variety and length: 20 products', 'Variety 0.40 (DPP), 5 products')
    """
    length = [] if n == DEFAULT_LENGTH else [f"{n} products"]
    if not strength:
        return button("Variety and length", length)
    return ", ".join([f"Variety {strength:.2f} ({method})", *length])


def shoppers(segment: Segment) -> list[str]:
    """Properties that shoppers must have.

    >>> shoppers(Segment.of(device="mobile", activity="new", top_category="Tents"))
    ['new', 'mostly buy Tents', 'mobile']
    """
    values = segment.as_dict()
    return [_property(name, values[name]) for name in DIMENSIONS if name in values]


def circumstances(scenario: Scenario) -> list[str]:
    """Circumstances that everyone is imagined in."""
    stated = scenario.as_dict()
    return [stated[name] or f"{name} unknown" for name in CONTEXT_DIMENSIONS if name in stated]


def candidates(filters: Filters) -> list[str]:
    """What may be listed, where not everything may.

    >>> candidates(Filters(only_available=True, categories=frozenset({"Tents", "Lamps", "Rugs"})))
    ['3 categories', 'available today']
    """
    names = sorted(filters.categories, key=str.casefold)
    said = names if len(names) <= _MOST_NAMES else [words.count(len(names), "category", "categories")]
    return [*said, "available today"] if filters.only_available else list(said)


def variety(ranking: RankingSettings | PresetSettings, none: str = "") -> str:
    """How strongly lists are spread out, and by which method; `none` where they are not."""
    return f"{ranking.diversity:.2f} by {ranking.method.upper()}" if ranking.diversity else none


def mix(settings: RankingSettings) -> str:
    """The weights and the variety of a setting, in one line.

    >>> from recsys.settings import FusionSettings
    >>> mix(RankingSettings(FusionSettings(0.3, 0.05, 0.35, 0.3), diversity=0.2))
    'Collaborative 30%, Content 5%, Semantic 35%, Context 30%, variety 0.20 by MMR'
    """
    weights = shares({name: share for name, share in settings.fusion.normalised().items() if share})
    return f"{weights}, variety {variety(settings)}" if settings.diversity else weights


def shares(weights: Mapping[str, float]) -> str:
    """Effective weights in words, for who cannot see a bar of them."""
    return ", ".join(f"{LOOKS[name].label} {share:.0%}" for name, share in weights.items())


def weights_bar_html(weights: Mapping[str, float], label: str = "") -> str:
    """One thin bar of effective weights, named by `label` for who cannot see it; without one they are its title."""
    text = shares(weights)
    named = f'aria-label="{esc(label)}: {esc(text)}"' if label else f'aria-label="{esc(text)}" title="{esc(text)}"'
    parts = "".join(
        f'<span class="sw-seg sw-c-{name}" style="flex-basis:{100 * share:.3f}%"></span>'
        for name, share in weights.items()
        if share > 0
    )
    return f'<div class="sw-bar sw-bar-weights" role="img" {named}>{parts}</div>'


def timestamp(at: datetime) -> str:
    """A date with its time, such as "3 May 2026, 09:05 UTC"."""
    at = at.astimezone(UTC)
    return f"{words.day(at)}, {at:%H:%M} UTC"


def moment(stated: Mapping[str, str]) -> str:
    """Stated circumstances as one phrase in the middle of a sentence; "" where none is stated."""
    known = {name: value for name, value in stated.items() if name in CONTEXT_DIMENSIONS and value}
    text = words.moment_in_words(Context(**known)) if known else ""  # type: ignore[arg-type]
    return text[:1].lower() + text[1:]


def differences(a: EvaluationConfig, b: EvaluationConfig) -> list[tuple[str, str, str]]:
    """What two settings are beside their weights, as label, A's value and B's value in words."""

    def imagined(setting: EvaluationConfig) -> str:
        stated = setting.scenario.as_dict()
        if not stated:
            return "those that each shopper was in"
        known = moment(stated)
        everyone = [f"everyone imagined: {known[:1].upper()}{known[1:]}"] if known else []
        return "; ".join([*everyone, *(f"{name} unknown" for name, value in stated.items() if not value)])

    def listed(setting: EvaluationConfig) -> str:
        filters, limits = setting.settings.filters, words.limits_in_words(setting.settings)
        which = "what is available today" if filters.only_available else "the whole catalogue"
        return ", ".join([which, *(each for each in limits if each.startswith(("only", "price")))])

    def spread(setting: EvaluationConfig) -> str:
        return variety(setting.settings, "none, by score alone")

    parts = {"Variety": spread, "Listed": listed, "Circumstances": imagined}
    return [(label, text(a), text(b)) for label, text in parts.items()]


def preset_html(settings: PresetSettings) -> str:
    """What a preset fixes besides the weights, and whom it was judged on, in one line."""
    said = [f"Lists of {settings.k}"]
    if settings.diversity:
        said.append(f"variety {variety(settings)}")
    if imagined := moment(settings.scenario):
        said.append(f"imagined: {imagined}")
    if settings.segment:
        said.append(f"judged on {segment(settings.segment)}")
    if names := settings.categories:
        said.append(f"only {' or '.join(names)}" if len(names) <= 3 else f"only {len(names)} categories")
    if settings.only_available:
        said.append("only what is available today")
    return " · ".join(map(isolated, said))


def segment(values: Mapping[str, str]) -> str:
    """Whose lists were judged, as a phrase.

    >>> segment({"activity": "new", "home": "Lakes", "daypart": "evening", "device": "mobile"})
    'new shoppers from Lakes who came evening, on mobile'
    """
    known = values.get("activity", "")
    said = f"{known} shoppers" if known in KNOWLEDGE else "shoppers"
    if "top_category" in values:
        said += f" who mostly buy {values['top_category']}"
    if "home" in values:
        said += f" from {values['home']}"
    came = moment(values)
    return f"{said} who came {came}" if came else said


def table_html(css_class: str, heads: Sequence[str] | Mapping[str, str], body: str) -> str:
    """A table of HTML; headings of columns of numbers end with "#", and may have titles as their values."""
    number = "sw-num" if css_class.startswith("sw-") else "n"
    titles = heads if isinstance(heads, Mapping) else dict.fromkeys(heads, "")
    columns = ""
    for head, title in titles.items():
        css = f' class="{number}"' if head.endswith("#") else ""
        about = f' title="{esc(title)}"' if title else ""
        columns += f'<th scope="col"{css}{about}>{head.removesuffix("#")}</th>'
    return f'<table class="{css_class}"><thead><tr>{columns}</tr></thead>{body}</table>'


def _property(name: str, value: str) -> str:
    if name == "top_category":
        return f"mostly buy {value}"
    return f"home in {value}" if name == "home" else value or f"{name} unknown"


def _plain(text: str) -> str:
    """A name as Markdown shows it, cut where it is long: it must stay text, and stay in its place."""
    marked = _MARKS.sub(r"\\\1", cut(_REORDERING.sub(" ", text), _LONGEST_NAME))
    return marked.replace(":", ":\u200b").replace("&", "&amp;")


def cut(text: str, longest: int) -> str:
    """A text that is not longer than `longest` characters, with an ellipsis where it was."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def metric_of(name: str, clicks: ClickProbabilities) -> Metric:
    """A metric with its label and question; those of a click rate depend on how clicks are known.

    >>> metric_of("ctr", ClickProbabilities("simulator")).label, metric_of("ndcg", ClickProbabilities()).label
    ('Click rate (true, by the simulator)', 'nDCG@k')
    """
    if name != "ctr":
        return METRICS[name]
    return replace(METRICS["ctr"], label=click_words.NAMES[clicks.source], asks=click_words.question(clicks))


def question_of(metric: Metric) -> str:
    """What a metric asks, and that lower is better where it is."""
    return metric.asks if metric.higher_is_better else f"{metric.asks} Lower is better."


def grouped_rows(row: Callable[[str], str], n_columns: int, css_class: str) -> str:
    """Table bodies of HTML: one a group of metrics, with a heading row and `row(name)` for each metric."""
    return "".join(
        f'<tbody><tr class="{css_class}"><th colspan="{n_columns}" scope="rowgroup">{esc(group)}</th></tr>'
        f"{''.join(map(row, names))}</tbody>"
        for group, names in GROUPS.items()
    )


@dataclass(frozen=True, slots=True)
class ChangeCell:
    """The change of one metric, as it is judged and written wherever it stands.

    It is called better or worse only where more and less have a meaning and where it was observed: where shoppers were
    in the circumstances that they are looked at in (`is_observed`).
    """

    found: Difference
    is_observed: bool = True

    @property
    def no_verdict(self) -> str:
        """Why there is no verdict; "" where there is one."""
        reason = why_no_verdict(self.found, is_observed=self.is_observed)
        no_value = {
            "popularity_lift": "no history to compare with",
            "ctr": "no click rate is known",
            "personalisation": "no two lists to compare",
        }
        return {
            None: "",
            "not observed": NOT_OBSERVED,
            "no value": no_value.get(self.found.metric, "no shopper has a value"),
            "modelled": "modelled, so no verdict",
            "less popular than before": f"lists {'are' if self.found.new < 0 else 'were'} less popular than what they "
            "had before",
        }[reason]

    @property
    def kind(self) -> Literal["better", "worse", "unclear", "open"]:
        """The verdict, or "open" where none can be given; also the end of its CSS class."""
        return "open" if self.no_verdict else self.found.verdict

    @property
    def words(self) -> str:
        """The verdict in words, or why there is none."""
        return self.no_verdict or VERDICTS[self.found.verdict][1]

    @property
    def amount(self) -> str:
        """The change alone; one that is called better or worse never reads as none."""
        return fmt.change(self.found.metric, self.found.change.mean, is_clear=self.kind in ("better", "worse"))

    @property
    def ends(self) -> str:
        """The 95% interval, or why it is not shown."""
        if math.isnan(self.found.change.mean) or self.words == NOT_OBSERVED:
            return self.words
        return fmt.interval(self.found.metric, self.found.change.low, self.found.change.high)

    @property
    def mark_html(self) -> str:
        """The mark of the verdict; "" without one."""
        if self.no_verdict:
            return ""
        return f'<span class="sw-verdict" aria-hidden="true">{VERDICTS[self.found.verdict][0]}</span> '

    @property
    def html(self) -> str:
        """Mark, change, verdict for screen readers, the interval, and why there is no verdict where there is none."""
        why = f"; {self.words}" if self.no_verdict and self.ends != self.words else ""
        return (
            f"{self.mark_html}<strong>{esc(self.amount)}</strong>"
            f'<span class="sw-sr">, {esc(self.words)}</span> <span class="sw-metric-ends">{esc(self.ends + why)}</span>'
        )

    @property
    def bar_html(self) -> str:
        """The interval on an axis with no change in the middle; only the axis where no interval is shown."""
        low, high, mean = self.found.change.low, self.found.change.high, self.found.change.mean
        if math.isnan(low) or math.isnan(high) or self.ends == self.words:
            return '<span class="sw-interval sw-interval-none" aria-hidden="true"></span>'
        reach = max(abs(low), abs(high), abs(mean)) or 1.0
        left, right, middle = (50 + 49 * value / reach for value in (low, high, mean))
        return (
            '<span class="sw-interval" aria-hidden="true">'
            f'<span class="sw-interval-range" style="left:{left:.2f}%;width:{max(right - left, 1):.2f}%"></span>'
            f'<span class="sw-interval-mean" style="left:{middle:.2f}%"></span></span>'
        )
