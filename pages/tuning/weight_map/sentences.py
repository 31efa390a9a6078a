"""What the map says, in words."""

import numpy as np

from pages._shared import words
from pages._shared.cards import esc
from pages._shared.palette import LOOKS
from pages.tuning.weight_map.mapped import Mapped
from pages.tuning.weight_map.plane import Plane
from recsys.evaluation.metrics import format as fmt
from recsys.settings import COMPONENTS


def summary_html(mapped: Mapped, role: str, variety: float) -> str:
    """How good the best is, how much may be the best as well, and whether the setting may; then what to know before
    acting on it."""
    return (
        f'<p class="sw-headline" role="status">{_found(mapped, role)}</p>'
        f'<p class="sw-note">{" ".join(_caveats(mapped, role, variety))}</p>'
    )


def elsewhere_html(mapped: Mapped, plane: Plane) -> str:
    """What to do, and which marks the triangle cannot show because they lie in other slices."""
    marked = [("the reference", mapped.reference.shares), ("this setting", mapped.now.shares)]
    if mapped.best >= 0:
        marked.insert(0, ("the best found", mapped.found.cells.weights[mapped.best]))
    place, label = COMPONENTS.index(plane.fixed), LOOKS[plane.fixed].label
    away = [f"{name} at {shares[place]:.0%} {label}" for name, shares in marked if not plane.holds(shares)]
    elsewhere = f" In other slices: {', '.join(away)}." if away else ""
    return f'<p class="sw-note">Click a mix in either chart to put it on the sliders.{elsewhere}</p>'


def _found(mapped: Mapped, role: str) -> str:
    best = mapped.best
    if best < 0:
        return f"No {role} shopper here has a value for {esc(mapped.label(mapped.metric))}."
    score = fmt.value(mapped.metric, float(mapped.values[best]))
    share = float(mapped.tied.mean())
    count = f"{share:.0%}" if share >= 0.01 else f"{mapped.tied.sum()}"
    is_in = mapped.tied[mapped.found.cells.nearest(mapped.now.shares)]
    inside = "is among them" if is_in else "is not among them"
    if mapped.tied.sum() == 1:
        told = f"all other mixes are ruled out as the best, after comparing {len(mapped.tied):,}"
        inside = "is that mix" if is_in else "is one of those"
    else:
        told = f"{count} are not ruled out as the best, after comparing {len(mapped.tied):,} mixes"
    return (
        f"<strong>The best mix found scores {esc(score)}</strong> by {esc(mapped.label(mapped.metric))}; {told}; "
        f"this setting {inside}."
    )


def _caveats(mapped: Mapped, role: str, variety: float) -> list[str]:
    lines = []
    if mapped.best >= 0 and not mapped.is_telling:
        lines.append(
            f"With {words.count(mapped.found.n_users, 'shopper')}, weights can hardly be told apart by this metric."
        )
    elif mapped.tied.sum() > 1:
        lines.append(
            "Not ruled out does not mean as good: with so many compared at once, only clear losers are ruled out."
        )
    if variety:
        lines.append(
            "The map leaves variety out: colours say what weights alone do. This setting is marked in the right chart "
            "as it is, with variety."
        )
    lines.append(
        "The map is for understanding: the best of so many mixes is lucky on these test shoppers. Choose weights on "
        "validation shoppers, in “Find good weights”."
        if role == "test"
        else "Weights are chosen on validation shoppers; what a choice is worth, only later choices, the test, can say."
    )
    if np.isnan(mapped.values).any() and mapped.best >= 0:
        lines.append("Grey mixes have no value.")
    return lines
