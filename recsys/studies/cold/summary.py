"""What the study of new products and of levels found, in sentences that claim no more than the intervals carry."""

from collections.abc import Mapping, Sequence

from recsys.evaluation.statistics.significance import Verdict, verdict_of
from recsys.settings import COMPONENTS
from recsys.studies.ablation import name_of
from recsys.studies.cold.comparisons import METRIC, Against, Found
from recsys.studies.cold.levels import Level, Tuned
from recsys.studies.cold.new_products import KNOWN, RANKINGS, WITHOUT_WORDS, label_of
from recsys.studies.format import told

NO_WORDS = name_of(WITHOUT_WORDS)


def conclusion(found: Mapping[str, Found], levels: Sequence[Level], tuned: Sequence[Tuned]) -> tuple[str, ...]:
    """What to take away, most important first."""
    shelf = found["new"]
    return (
        against_simple("new", shelf),
        _best_component(shelf),
        _words_on_new(shelf),
        _own_weights(shelf),
        against_simple("whole", found["whole"]),
        words_by_level(levels),
        _weights_by_level(tuned),
    )


def against_simple(ranking: str, found: Found) -> str:
    """All components together against the simple models: above every one only where every interval says so."""
    simple = [name for name, model in found.models.items() if model.kind == "simple"]
    nearest = min(simple, key=lambda name: found.lead[name].by_shoppers.mean)
    not_shown = [name for name in simple if found.lead[name].verdict != "better"]
    of, lead = found.means[METRIC], found.lead[nearest]
    said = f"On products that nobody has chosen yet, ranked {RANKINGS[ranking]}, all components together reach nDCG "
    said += f"{of['full'].mean:.4f}; the nearest simple model, {label_of(nearest)}, {of[nearest].mean:.4f}. The lead "
    said += f"is {_both(lead)}: "
    if not_shown:
        short = [name for name in simple if found.lead[name].for_shoppers != "better"]
        if not short:
            return f"{said}above every simple model for these shoppers, which is not shown for the average product."
        return f"{said}it is not shown to be above {', '.join(map(label_of, short))}."
    if max(of[name].mean for name in simple) - min(of[name].mean for name in simple) < 1e-6:
        return f"{said}above every simple model, none of which tells such products apart better than chance."
    return f"{said}above every simple model."


def _best_component(found: Found) -> str:
    of = found.means[METRIC]
    best = max(COMPONENTS, key=lambda name: of[name].mean)
    ahead = {"better": "above it", "worse": "below it", "unclear": "not told from it"}[found.lead[best].verdict]
    return (
        f"The best single component there is {best} with nDCG {of[best].mean:.4f}. All together differ from it by "
        f"{_both(found.lead[best])}: {ahead}."
    )


def _words_on_new(found: Found) -> str:
    weights, lead = found.models["full"].weights, found.lead[NO_WORDS]
    assert weights is not None
    share = weights.normalised()["semantic"]
    chance = found.means[METRIC]["random"].mean
    alone = f"The semantic component alone reaches {found.means[METRIC]['semantic'].mean:.4f}, chance {chance:.4f}."
    if not share:
        return f"Words have no part in the mix for new products that is best on validation. {alone}"
    return f"Words have {share:.0%} of the weight there and add {_both(lead)}: they {effect(lead)}. {alone}"


def _own_weights(found: Found) -> str:
    lead = found.lead["full" + KNOWN]
    said = f"Weights of their own for new products, against those for known products, add {_both(lead)}"
    return f"{said}: they {effect(lead)}."


def words_by_level(levels: Sequence[Level]) -> str:
    """Where the words pay on the ordinary test shoppers: leads over the mix without them, level by level."""
    if not any(each.lead[NO_WORDS].mean for each in levels):
        return "On the ordinary test shoppers, no list depends on words: the mix chosen on validation leaves them out."
    parts: dict[str, list[str]] = {"better": [], "worse": [], "unclear": []}
    for level in levels:
        lead = level.lead[NO_WORDS]
        parts[verdict_of(lead)].append(f"{level.name} {level.of} ({told(lead)})")
    said = [
        f"{what} {', '.join(parts[verdict])}"
        for verdict, what in (("better", "pay for"), ("worse", "cost for"), ("unclear", "are not shown to pay for"))
        if parts[verdict]
    ]
    return f"On the ordinary test shoppers, words {'; they '.join(said)}."


def _weights_by_level(tuned: Sequence[Tuned]) -> str:
    if not any(each.fusion for each in tuned):
        return "No level of shoppers is large enough for weights of its own."
    if len(tuned) == 2:
        return f"All of these shoppers are {tuned[0].name}, so weights by level of shoppers are those of everybody."
    change = tuned[-1].change
    what = _EFFECT[verdict_of(change)]
    names = ", ".join(each.name for each in tuned if each.fusion)
    return f"Weights of their own for {names} shoppers change nDCG by {told(change)} over everyone: they {what}."


def _both(lead: Against) -> str:
    """One difference with both of its intervals."""
    once = told(lead.by_products).replace("too few shoppers", "too few products")
    return f"{told(lead.by_shoppers)}, with each product counting once {once}"


def effect(lead: Against) -> str:
    """Whether something pays, for the average shopper and for the average product.

    >>> from recsys.evaluation.statistics.significance import Interval
    >>> up, down = Interval(0.1, 0.05, 0.15, 99), Interval(-0.1, -0.15, -0.05, 99)
    >>> effect(Against(up, up, 0.01)), effect(Against(up, down, 0.01))
    ('pay', 'pay for the average shopper and cost for the average product')
    """
    first, second = _EFFECT[lead.for_shoppers], _EFFECT[lead.for_products]
    return first if first == second else f"{first} for the average shopper and {second} for the average product"


_EFFECT: Mapping[Verdict, str] = {"better": "pay", "worse": "cost", "unclear": "are not shown to pay"}
