"""What a click rate rests on, how that was checked and what it does not say, as text."""

from collections.abc import Mapping
from typing import Any

from recsys.evaluation.metrics.click_rate import ClickProbabilities, Source

_SOURCES: Mapping[Source, tuple[str, str, str]] = {
    "simulator": (
        "Click rate (true, by the simulator)",
        "By the true chances of the demo shop’s simulator, at each shopper’s moment.",
        "Click rates are the true ones of the demo shop's simulator.",
    ),
    "log": (
        "Click rate (modelled from the log)",
        "By a model fitted on the shop’s log of impressions; nobody was shown these lists.",
        "Click rates are modelled from the shop's log of impressions.",
    ),
    "reviews": (
        "Click rate (simulated)",
        "Simulated: nobody’s clicks are known, and what shoppers went on to choose stands for them.",
        "Click rates are simulated from what shoppers went on to choose; no clicks are known.",
    ),
    "none": ("Click rate", "Nothing says.", "There is no click rate."),
}
"""Name of the metric, what it rests on, and the same in one sentence for a protocol; by source."""

NAMES: Mapping[Source, str] = {source: name for source, (name, _, _) in _SOURCES.items()}


def question(clicks: ClickProbabilities) -> str:
    """State the question that the metric answers, and by what."""
    return f"How much of a list’s places would be clicked? {_SOURCES[clicks.source][1]}"


def in_brief(clicks: ClickProbabilities) -> str:
    """State the source in one sentence for a protocol.

    >>> in_brief(ClickProbabilities())
    'There is no click rate.'
    """
    return _SOURCES[clicks.source][2]


def note(clicks: ClickProbabilities) -> str:
    """State what has to be known to read the number."""
    facts = clicks.facts
    if clicks.source == "log":
        return (
            "Click rates are modelled from the shop’s log; nobody was shown these lists. On "
            f"{facts['n_checked']:,} later impressions the model expected {_total(facts['calibration_as_logged'])} "
            "clicks. Intervals count shoppers, not how wrong the model is, so no list is called better or worse by it."
        )
    if clicks.source == "reviews":
        return (
            "Click rates are simulated from what shoppers went on to choose; no clicks are known. Their level is "
            "assumed, and they are made of the same scores as the lists, so they agree with the mix that fits choices "
            "best. Intervals count shoppers, not how wrong the simulation is, so no list is called better or worse by "
            "it."
        )
    if clicks.source == "simulator":
        return "Click rates are the true ones of the demo shop’s simulator; no model or weight has seen them."
    return f"No click rate: {why_none(clicks)}."


def why_none(clicks: ClickProbabilities) -> str:
    """State why there is no click rate, in a clause; "" where there is one."""
    if clicks.is_known:
        return ""
    return str(clicks.facts.get("no_choices", "nothing says what would be clicked"))


def summary(clicks: ClickProbabilities) -> list[str]:
    """State what it rests on, how it was checked and what it does not say, most important first."""
    facts = clicks.facts
    if clicks.source == "simulator":
        return [
            "True chances of a click by the demo shop’s simulator, at the moment and in the circumstances that each "
            "shopper is asked in; the first four places of a list count less from one to the next, later ones as the "
            "fourth. No model or weight has seen them. Lists come from the whole catalogue, also what was not on sale "
            "then."
        ]
    if clicks.source == "log":
        n = facts["places"]
        place = f"the place on the page (later places than the {n} logged count as the last)" if n else "no place"
        return [
            f"Nobody was shown these lists: a model fitted on {facts['n_learned']:,} impressions says how they would "
            f"be clicked, from component scores, popularity, category and {place}.",
            f"Checked on the {facts['n_checked']:,} later impressions, with {facts['n_clicks']:,} clicks: "
            f"{_off(facts['calibration'], 'clicks')} counted as if all products had been shown equally often; as "
            f"logged, it expected {_total(facts['calibration_as_logged'])}.",
            "It holds for lists like those that were logged, and its intervals count shoppers, not how wrong it is. "
            "What the log itself can say of a setting, and what it refuses to say, is under “Clicks by the log”.",
        ]
    if clicks.source == "reviews":
        return [
            f"Simulated: no clicks are known ({facts['no_log']}). A product is clicked in proportion to its chance of "
            f"being what the shopper goes on to choose, by a model of the choices of {facts['n_learned']:,} validation "
            "shoppers; the place at rank r is looked at with chance 1 / log2(r + 1).",
            f"Checked on the choices of {facts['n_checked']:,} test shoppers, each counted once: "
            f"{_off(facts['calibration'], 'choices')}.",
            f"That a list of bestsellers has a click rate of {facts['base_rate']:.0%} is assumed, so only how many "
            "times as often one list is clicked as another means anything, and intervals count shoppers, not how wrong "
            "the simulation is. The simulation is made of the same "
            "component scores as the lists, so it agrees with mixes like the one that fits choices best, which is no "
            "evidence for them beyond the choices themselves.",
        ]
    return [note(clicks)]


def _off(calibration: Mapping[str, Any], what: str) -> str:
    chance, expected, observed = calibration["groups"][-1]
    return (
        f"in the group held likeliest ({chance:.1%} on average) {expected:,.0f} {what} were expected and "
        f"{observed:,.0f} came; over {len(calibration['groups'])} groups it is off by {calibration['error']:.0%} of "
        f"all {what} (chance alone: about {calibration['by_chance']:.0%})"
    )


def _total(calibration: Mapping[str, Any]) -> str:
    expected, observed = (sum(group[at] for group in calibration["groups"]) for at in (1, 2))
    return f"{expected:,.0f} where {observed:,.0f} came"
