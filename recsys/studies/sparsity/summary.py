"""What less and worse text does, in plain sentences that claim no more than their intervals carry."""

from collections.abc import Sequence

import numpy as np

from recsys.evaluation.statistics.intervals import changes, mean_interval, ratio_intervals
from recsys.evaluation.statistics.randomisation import holm, sign_flip_p
from recsys.evaluation.statistics.significance import Verdict, verdict_of
from recsys.studies.format import told as said
from recsys.studies.sparsity.figures import Told, by_kind, ndcg
from recsys.studies.sparsity.models import MOST_RESIDUAL
from recsys.studies.sparsity.products import INTERACTIONS, Kind
from recsys.studies.sparsity.texts import CLEAN, CUT_SHORT, OFF_TOPIC, SHUFFLED, WRONG_PRODUCT

IN_WORDS = {
    CUT_SHORT: "cutting texts short",
    SHUFFLED: "shuffling their words",
    OFF_TOPIC: "off-topic text",
    WRONG_PRODUCT: "text of another product",
}

SHOWN: dict[Verdict, str] = {"better": "beyond doubt", "worse": "a loss beyond doubt", "unclear": "not beyond doubt"}


def conclusion(shares: Sequence[Told], noises: Sequence[Told], kinds: Sequence[Kind], seed: int) -> tuple[str, ...]:
    """What to take away, most important first."""
    clean = next(each for each in shares if each.level == CLEAN)
    return (
        pays(clean),
        from_which_share(shares),
        what_texts_add(clean, shares),
        *control(clean, noises, seed),
        *what_noise_does(noises, seed),
        *by_product(kinds),
        is_exact([*shares, *noises]),
    )


def pays(clean: Told) -> str:
    """Whether the semantic part earns its place with all texts."""
    gain = f"{said(clean.changes['gain'])} nDCG against the best mix without it"
    if clean.pays:
        return f"With all texts the semantic part pays beyond doubt: the mix with it is {gain}."
    if clean.shown("gain") == "worse":
        return f"With all texts the semantic part costs more than it brings: the mix with it is {gain}."
    if not clean.measured.fusion.semantic:
        return "With all texts the mix that is best on validation gives the semantic part no weight: it pays nothing."
    return f"Even with all texts the semantic part is not shown to pay: the mix with it is {gain}."


def from_which_share(shares: Sequence[Told]) -> str:
    """The least share of texts at which, and above which, the semantic part pays."""
    down = sorted(shares, key=lambda told: -told.level.share)
    paying = [f"{each.level.share:.0%}" for each in down if each.pays]
    if not paying:
        return f"At none of {len(down)} shares of texts does it pay beyond doubt, so no share can be named."
    n_from_top = next((place for place, each in enumerate(down) if not each.pays), len(down))
    if not n_from_top:
        return (
            f"It pays beyond doubt with {', '.join(paying)} of texts but not with all of them, so no share can be "
            "named from which on it does."
        )
    if n_from_top == len(down):
        return (
            "It pays beyond doubt at every share of texts, even without any: titles, descriptions and attributes of "
            f"products are read, too ({said(down[-1].changes['gain'])})."
        )
    least, after = down[n_from_top - 1], down[n_from_top]
    what = "costs more than it brings" if after.shown("gain") == "worse" else "is no longer shown to pay"
    return (
        f"It pays beyond doubt from {least.level.share:.0%} of texts upwards; at {after.level.share:.0%} it {what} "
        f"({said(after.changes['gain'])})."
    )


def what_texts_add(clean: Told, shares: Sequence[Told]) -> str:
    """What reviews say, beside what products say of themselves."""
    sides = {
        name: [f"{each.level.share:.0%}" for each in shares if each.shown("alone_clean") == verdict]
        for name, verdict in (("behind", "worse"), ("ahead", "better"))
    }
    told = " and ".join(f"{name} with {', '.join(at)} of them" for name, at in sides.items() if at)
    alone = (
        f"Alone, against all texts, it is shown to be {told}." if told else "Alone, no share is told from all texts."
    )
    return (
        f"Beside what products say of themselves, all texts of reviews add {_change(clean, 'alone_silent')} to nDCG of "
        f"the semantic part alone, and {_change(clean, 'mix_silent')} to that of the mix. {alone}"
    )


def control(clean: Told, noises: Sequence[Told], seed: int) -> tuple[str, ...]:
    """How much of that is in what is said, and how much in how much, which is all that texts dealt anew keep."""
    dealt = by_kind(noises).get(WRONG_PRODUCT, [])
    if not dealt:
        return ()
    wrong = dealt[-1]
    worth = mean_interval(changes(ndcg(clean.measured.alone), ndcg(wrong.measured.alone)), seed)
    verdict = {"worse": "beyond doubt", "better": "a loss beyond doubt", "unclear": "not beyond doubt"}
    left = _change(wrong, "alone_silent")
    still = (
        f"the semantic part alone still has {left} over no texts, which cannot come from what is said of a product: "
        f"those on its lists have {wrong.measured.n_listed:.1f} texts on average, {clean.measured.n_listed:.1f} where "
        "each text is in its place"
        if wrong.shown("alone_silent") == "better"
        else f"the semantic part alone is not shown to have anything over no texts, {left}"
    )
    return (
        f"As a control, all texts are dealt anew among products: {still}. What is said of the right product is worth "
        f"{said(worth)} ({verdict[wrong.shown('alone_clean')]}).",
    )


def what_noise_does(noises: Sequence[Told], seed: int) -> tuple[str, ...]:
    """Which noise does most harm, where all texts have it."""
    full = [doses[-1] for doses in by_kind(noises).values()]
    if not full:
        return ()
    worst, *others = sorted(full, key=lambda told: told.changes["alone_clean"].mean)
    harmful = [each for each in others if each.shown("alone_clean") == "worse"]
    helpful = [each for each in full if each.shown("alone_clean") == "better"]
    if worst.shown("alone_clean") != "worse":
        harm = "No noise, even in all texts, is shown to harm the semantic part alone."
    else:
        harm = f"In all texts, {_named(worst)} does most harm to the semantic part alone, {_loss(worst)} nDCG"
        harm += f", {_apart(worst, others, seed)}. " if others else ". "
        harm += f"Shown to harm, too: {_listed(harmful)}." if harmful else "No other noise is shown to harm."
    if helpful:
        harm += (
            " Shown to do better than clean text: "
            + ", ".join(f"{_named(each)} ({_loss(each)}, {_listing(each)})" for each in helpful)
            + "."
        )
    below = [each for each in full if each.shown("alone_silent") == "worse"]
    in_mix = [each for each in full if each.shown("mix_clean") == "worse"]
    return (
        harm,
        (f"Worse than no texts at all: {_listed(below)}. " if below else "None is shown worse than no texts at all. ")
        + (
            f"The mix, tuned to it, is shown to be harmed by {_listed(in_mix)}."
            if in_mix
            else "The mix, tuned to it, is not shown to be harmed by any."
        ),
    )


def by_product(kinds: Sequence[Kind]) -> tuple[str, ...]:
    """Whether words pay most where least else is known."""
    if not kinds:
        return ()
    words = [_kind(each) for each in kinds if each.words_pay]
    harmed = [_kind(each) for each in kinds if each.words_harm]
    mixed = [_kind(each) for each in kinds if each.semantic_pays]
    coldest = next((each for each in kinds if each.known_by == INTERACTIONS), kinds[0])
    return (
        (
            f"Texts are shown to help the semantic part alone find products with {' and those with '.join(words)}"
            if words
            else "Texts are not shown to help the semantic part alone find any kind of product"
        )
        + (f", and to keep it from finding those with {', '.join(harmed)}" if harmed else "")
        + (
            f". The semantic part is shown to help the mix find those with {' and with '.join(mixed)}"
            if mixed
            else ". That the semantic part helps the mix is shown for no kind of product"
        )
        + f". For the coldest, {_kind(coldest)} ({coldest.n:,} shoppers), texts change nDCG of the semantic part alone "
        f"by {said(coldest.words)}.",
    )


def is_exact(found: Sequence[Told]) -> str:
    """Whether explanations still add up."""
    largest = max(each.measured.residual for each in found)
    held = "summed to its score" if largest <= MOST_RESIDUAL else "did NOT sum to its score"
    return (
        f"At all {len(found)} levels the parts of an explanation {held}, mostly between -1 and 1: they missed it by "
        f"{largest:.0e} at most."
    )


def _apart(worst: Told, others: Sequence[Told], seed: int) -> str:
    """Which others it is told apart from, by paired intervals and corrected p-values."""
    gaps = np.stack([changes(ndcg(worst.measured.alone), ndcg(each.measured.alone)) for each in others], axis=1)
    p_values = holm(np.array([sign_flip_p(column, seed) for column in gaps.T]))
    told = zip(others, ratio_intervals(gaps, seed=seed), p_values, strict=True)
    near = [each for each, gap, p in told if verdict_of(gap, p=float(p)) != "worse"]
    return f"though it is not told apart from {_listed(near)}" if near else "beyond doubt more than any other"


def _listed(found: Sequence[Told]) -> str:
    return ", ".join(map(_named, found))


def _named(told: Told) -> str:
    return IN_WORDS[told.level.noise]


def _loss(told: Told) -> str:
    return said(told.changes["alone_clean"])


def _listing(told: Told) -> str:
    return f"listing products with {told.measured.n_listed:.1f} texts on average"


def _kind(kind: Kind) -> str:
    return f"{kind.how_many} {kind.known_by}"


def _change(told: Told, name: str) -> str:
    return f"{said(told.changes[name])} ({SHOWN[told.shown(name)]})"
