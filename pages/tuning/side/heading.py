"""The top of the section: who is looked at, what it comes to, and how the settings differ."""

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages._shared.palette import LOOKS
from pages.tuning import report_tables
from pages.tuning.metrics import FEW
from recsys.tuning.comparison import Comparison
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.summary import summary


def letter_html(letter: str) -> str:
    """ "A" or "B" as a badge."""
    return f'<b class="sw-letter sw-letter-{letter.lower()}">{letter}</b>'


def headline_html(found: Comparison) -> str:
    """Whose lists are compared, and what could not be proven, in one line."""
    n, whole = found.n_shoppers, found.n_panel
    who = words.count(n, "test shopper") if n == whole else f"{n:,} of {whole:,} test shoppers"
    said = [f"lists of {found.b.settings.n} out of {words.count(found.n_items, 'product')}"]
    if n < FEW:
        said.append("so few that little can be told")
    if found.n_unproven:
        said.append(f"{words.count(found.n_unproven, 'list')} could differ with all products")
    return (
        f'<p class="sw-headline" role="status"><strong>{who}</strong> '
        f'<span class="sw-quiet">· {" · ".join(said)}</span></p>'
    )


def summary_html(found: Comparison) -> str:
    """What it comes to, the first sentence before all else."""
    first, *rest = summary(found)
    points = "".join(f"<li>{isolated(sentence)}</li>" for sentence in rest)
    listed = f'<ul class="sw-points">{points}</ul>' if points else ""
    return (
        f'<h2 class="sw-eyebrow">What it comes to</h2><p class="sw-finding" role="status">{isolated(first)}</p>{listed}'
    )


def mixes_html(found: Comparison) -> str:
    """Both mixes under each other, and whatever else differs."""
    shares = [each.settings.fusion.normalised() for each in (found.a, found.b)]
    changes = "".join(
        f'<li><span class="sw-dot sw-c-{name}" aria-hidden="true">{look.glyph}</span> {look.label}'
        f"<span>{_from_to(f'{shares[0][name]:.0%}', f'{shares[1][name]:.0%}')}</span></li>"
        for name, look in LOOKS.items()
    )
    others = "".join(
        f"<dt>{label}</dt><dd>{letter_html('A')} {isolated(a)}</dd><dd>{letter_html('B')} {isolated(b)}</dd>"
        for label, a, b in differing(found)
    )
    return (
        '<h2 class="sw-eyebrow">The two settings</h2>'
        f"{_mix('A', found.a)}{_mix('B', found.b)}"
        f'<ul class="sw-mix-changes" aria-label="Shares in A and in B">{changes}</ul>'
        + (f'<dl class="sw-differs">{others}</dl>' if others else "")
    )


def differing(found: Comparison) -> list[tuple[str, str, str]]:
    """What differs beside the weights, with A's and B's value in words; the lists are as long in both."""
    told = (
        ("Variety", report_tables.variety(found.a), report_tables.variety(found.b)),
        ("Circumstances", report_tables.circumstances(found.a), report_tables.circumstances(found.b)),
    )
    return [(label, a, b) for label, a, b in told if a != b]


def _mix(letter: str, asked: EvaluationConfig) -> str:
    shares = asked.settings.fusion.normalised()
    said = ", ".join(f"{LOOKS[name].label} {share:.0%}" for name, share in shares.items())
    segments = "".join(
        f'<span class="sw-seg sw-c-{name}" style="flex-basis:{100 * share:.3f}%"></span>'
        for name, share in shares.items()
        if share > 0
    )
    return (
        f'<div class="sw-side-mix"><p>{letter_html(letter)} {isolated(asked.name)}</p>'
        f'<div class="sw-bar sw-bar-weights" role="img" aria-label="Weights of {letter}: {esc(said)}">{segments}</div>'
        "</div>"
    )


def _from_to(a: str, b: str) -> str:
    if a == b:
        return f'<span class="sw-quiet">{a} in both</span>'
    return f'{a} <span aria-hidden="true">→</span><span class="sw-sr"> in A, </span> <strong>{b}</strong>'
