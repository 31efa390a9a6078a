"""Tables of a report about the settings and their figures."""

import math
from collections.abc import Sequence

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages._shared.palette import LOOKS
from pages.tuning import metric_groups
from pages.tuning.report_marks import interval_svg, verdict_html
from pages.tuning.verdicts import Said
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval
from recsys.settings import Context
from recsys.tuning.comparison import Comparison
from recsys.tuning.config import EvaluationConfig


def settings_html(found: Comparison) -> str:
    """Both settings: weights as shares with the components' glyphs, and what else differs, in words."""
    weights = [each.settings.fusion.normalised() for each in (found.a, found.b)]
    rows = "".join(
        f'<tr><th scope="row"><span style="color:{look.light}" aria-hidden="true">{look.glyph}</span> {look.label}'
        f'<span class="by">{esc(look.question)}</span></th>'
        + "".join(
            f'<td class="weight" data-label="{letter}"><b>{share[name]:.1%}</b><span class="track">'
            f'<i style="background:{look.light};width:{100 * share[name]:.2f}%"></i></span></td>'
            for letter, share in zip("AB", weights, strict=True)
        )
        + f'<td class="n">{_points(weights[1][name] - weights[0][name])}</td></tr>'
        for name, look in LOOKS.items()
    )
    for label, told in (("Variety", variety), ("Listed", _listed), ("Circumstances", circumstances)):
        a, b = told(found.a), told(found.b)
        differs = "differs" if a != b else '<span class="quiet">same</span>'
        rows += (
            f'<tr><th scope="row">{label}</th><td data-label="A">{isolated(a)}</td>'
            f'<td data-label="B">{isolated(b)}</td><td class="n">{differs}</td></tr>'
        )
    return (
        '<section><h2>The two settings</h2><table class="settings"><thead><tr><th></th>'
        f'{_column("A", found.a)}{_column("B", found.b)}<th scope="col" class="n">Change</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def metrics_html(found: Comparison) -> str:
    """Every metric of both settings with intervals, the change, and what can be told from it."""
    k = found.b.settings.n
    bodies = "".join(
        f'<tbody><tr class="group"><th colspan="5" scope="rowgroup">{esc(group)}</th></tr>'
        + "".join(_metric(found, name, k) for name in names)
        + "</tbody>"
        for group, names in metric_groups.GROUPS.items()
    )
    return (
        '<section><h2>Every figure</h2><p class="quiet">Beside each value its 95% interval. The bar shows the interval '
        "of the change, each on its own scale, with no change at the line in the middle.</p>"
        '<table class="metrics"><thead><tr><th scope="col">Figure</th><th scope="col" class="n">A</th>'
        '<th scope="col" class="n">B</th><th scope="col">Change, B against A</th><th scope="col">So B is</th></tr>'
        f"</thead>{bodies}</table></section>"
    )


def against_html(against: Sequence[tuple[str, Difference]], found: Comparison) -> str:
    """B against simple models; "" where none is given."""
    if not against:
        return ""
    of_model = {"better": "beats it", "worse": "loses to it", "unclear": "no difference we can tell"}
    rows = "".join(
        f'<tr><th scope="row">{isolated(name)}<span class="by">{esc(called.at(found.b.settings.n))}</span></th>'
        f'<td class="n" data-label="Model">{esc(fmt.value(each.metric, each.old))}</td>'
        f'<td class="n" data-label="B">{esc(fmt.value(each.metric, each.new))}</td><td>{_change(each)}</td>'
        f"<td>{verdict_html(said, of_model.get(said.kind, ''))}</td></tr>"
        for name, each in against
        for said in [Said.of(each, is_observed=not found.n_imagined)]
        for called in [metric_groups.of(each.metric, found.clicks)]
    )
    return (
        '<section><h2>Against simple models</h2><p class="quiet">A setting that loses to a model this simple is not '
        'worth its trouble. Same training data, same shoppers.</p><table class="metrics"><thead><tr>'
        '<th scope="col">Simple model</th><th scope="col" class="n">Its value</th><th scope="col" class="n">B</th>'
        '<th scope="col">Change, B against model</th><th scope="col">So B</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></section>"
    )


def _metric(found: Comparison, name: str, k: int) -> str:
    each, meant = found.differences[name], metric_groups.of(name, found.clicks)
    lower = "" if METRICS[name].higher_is_better else " Lower is better."
    return (
        f'<tr><th scope="row">{esc(meant.at(k))}<span class="by">{esc(meant.asks)}{lower}</span></th>'
        f"{_value('A', name, found.means_a[name])}{_value('B', name, found.means_b[name])}<td>{_change(each)}</td>"
        f"<td>{verdict_html(Said.of(each, is_observed=not found.n_imagined))}</td></tr>"
    )


def _value(letter: str, metric: str, interval: Interval) -> str:
    ends = ""
    if not math.isnan(interval.low):
        low, high = (fmt.value(metric, end).removesuffix(" bits") for end in (interval.low, interval.high))
        ends = f'<span class="by">{esc(low)} to {esc(high)}</span>'
    return f'<td class="n" data-label="{letter}">{esc(fmt.value(metric, interval.mean))}{ends}</td>'


def _change(each: Difference) -> str:
    return (
        f'<span class="change"><b>{esc(fmt.change(each.metric, each.change.mean))}</b>{interval_svg(each)}</span>'
        f'<span class="by">{esc(fmt.interval(each.metric, each.change.low, each.change.high))}</span>'
    )


def _column(letter: str, asked: EvaluationConfig) -> str:
    return f'<th scope="col">{letter}<span class="by">{isolated(asked.name)}</span></th>'


def _points(change: float) -> str:
    return f"{words.signed(100 * change, 1)} pp" if round(100 * change, 1) else '<span class="quiet">same</span>'


def variety(asked: EvaluationConfig) -> str:
    """How strongly lists are spread out, in words."""
    if not asked.settings.diversity:
        return "none, by score alone"
    return f"{asked.settings.diversity:.2f} by {asked.settings.method.upper()}"


def _listed(asked: EvaluationConfig) -> str:
    filters = asked.settings.filters
    said = ["what is available today" if filters.only_available else "the whole catalogue"]
    said += [each for each in words.limits_in_words(asked.settings) if each.startswith(("only", "price"))]
    return ", ".join(said)


def circumstances(asked: EvaluationConfig) -> str:
    """The circumstances that shoppers are imagined in, in words."""
    if not asked.scenario.stated:
        return "those that each shopper was in"
    stated = asked.scenario.as_dict()
    known = words.moment_in_words(Context(**{name: value for name, value in stated.items() if value}))  # type: ignore[arg-type]
    unknown = [name for name, value in stated.items() if not value]
    said = [] if len(unknown) == len(stated) else [f"everyone imagined: {known}"]
    return "; ".join([*said, *(f"{name} unknown" for name in unknown)])
