"""How shoppers fare, counted one by one, and how much of their lists stays."""

from pages._shared import words
from pages._shared.cards import esc
from recsys.tuning.comparison import Comparison
from recsys.tuning.outcomes import Outcomes

KINDS = (("better", "▲", "better served"), ("unclear", "=", "the same"), ("worse", "▼", "worse served"))
"""Class, mark and words of the parts of the bar."""


def people_html(found: Comparison, *, is_observed: bool = True) -> str:
    """A bar of those who are better and worse served, and how alike lists are.

    Parameters
    ----------
    is_observed : shoppers were in the circumstances that they are looked at in
    """
    unknown = '<p class="sw-hint">It was not observed what they choose in the circumstances they are imagined in.</p>'
    return (
        f'<h2 class="sw-chart-title">How shoppers fare with B</h2>'
        f"{_outcomes(found.outcomes) if is_observed else unknown}"
        f'<h2 class="sw-chart-title sw-second-title">How alike the lists are</h2>{_alike(found)}'
    )


def _outcomes(counted: Outcomes) -> str:
    if not counted.n:
        return '<p class="sw-hint">It is not known what any of these shoppers went on to choose.</p>'
    parts = [(*kind, n) for kind, n in zip(KINDS, (counted.win, counted.tie, counted.lose), strict=True)]
    said = ", ".join(f"{n:,} {label}" for _, _, label, n in parts)
    bar = "".join(f'<i class="sw-fares-{kind}" style="flex-grow:{n}"></i>' for kind, _, _, n in parts if n)
    legend = "".join(
        f'<li class="sw-metric-{kind}"><span class="sw-verdict" aria-hidden="true">{mark}</span> '
        f"<strong>{n:,}</strong> {label}</li>"
        for kind, mark, label, n in parts
    )
    return (
        f'<div class="sw-fares" role="img" aria-label="Of {counted.n:,}: {esc(said)}">{bar}</div>'
        f'<ul class="sw-fares-legend" aria-hidden="true">{legend}</ul>'
        '<p class="sw-note">Better served: what they went on to choose stands higher on their list. '
        f"{counted.both:,} find it with both settings, {counted.gained:,} only with B, {counted.lost:,} only with A, "
        f"{counted.neither:,} with neither.</p>"
    )


def _alike(found: Comparison) -> str:
    alike, n, k = found.overlap, found.n_shoppers, found.b.settings.n
    facts = (
        (words.share(alike.common), f"of a list’s products stay on it, {alike.common * k:.1f} of {k} on average"),
        (f"{alike.same_products:,}", f"of {n:,} lists hold the same products, in whatever order"),
        (f"{alike.identical:,}", f"of {n:,} lists are the same, place by place"),
        (f"{alike.likeness:.2f}", "is how alike they are, where 1 is the same list; the top counts most"),
    )
    rows = "".join(f"<div><dt>{esc(number)}</dt><dd>{said}</dd></div>" for number, said in facts)
    return f'<dl class="sw-alike">{rows}</dl>'
