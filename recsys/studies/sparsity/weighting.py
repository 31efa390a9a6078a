"""How phrases are weighed: every alternative against the default on validation, and what is chosen on test, once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.progress import Progress, silent
from recsys.scorers.phrase_weights import SemanticSettings
from recsys.studies.format import mix_in_words, told
from recsys.studies.result import Cell, Plot, Series, Table, interval_cells, interval_columns
from recsys.studies.sparsity.figures import ndcg
from recsys.studies.sparsity.models import Measured, Shop
from recsys.studies.sparsity.texts import CLEAN
from recsys.text.phrasebook import Phrasebook
from recsys.training.paired_gain import Compared
from recsys.training.phrase_choice import PhraseChoice, choose_phrase_weights


@dataclass(frozen=True, eq=False, slots=True)
class Weighing:
    """What was chosen for a shop.

    Parameters
    ----------
    usual, chosen : on test, as it is by default and as chosen; the same where the default stays
    alone, mix : changes of nDCG on test, of the semantic component and of the mix tuned for either
    """

    choice: PhraseChoice
    usual: Measured
    chosen: Measured
    alone: Interval
    mix: Interval


def weighed(shop: Shop, book: Phrasebook, usual: Measured, progress: Progress = silent) -> Weighing:
    """Choose on validation shoppers, then look at test shoppers once, unless the default stays."""
    choice = choose_phrase_weights(
        lambda settings: shop.ndcg_on_validation(book, settings), shop.settings, shop.asked.seed, progress
    )
    chosen = shop.measure(CLEAN, book, choice.settings, progress) if choice.names else usual
    gains = [
        mean_interval(changes(ndcg(new), ndcg(old)), shop.asked.seed)
        for new, old in ((chosen.alone, usual.alone), (chosen.mix, usual.mix))
    ]
    return Weighing(choice, usual, chosen, *gains)


def tables(found: Weighing, k: int) -> tuple[Table, ...]:
    """Alternatives on validation, and where one was chosen, what it is worth on test."""
    columns = {"way": "Phrases weighed so that", "ndcg": f"nDCG@{k}, semantic alone", "base": "Held against"}
    columns |= interval_columns("change", "Change") | {"p": "p, corrected", "is": "Verdict"}
    rows = [_row(each, "") for each in found.choice.compared]
    rows += [_row(each, "joined to what was chosen: ") for each in found.choice.combined]
    answer = Table(
        "weighting",
        "How phrases are weighed: each alternative against the default, on validation shoppers",
        columns,
        tuple(rows),
        "An alternative is taken only where it is better beyond doubt: its interval above 0 and its p-value, corrected "
        "by Holm for all alternatives, at most 0.05.",
    )
    if not found.choice.names:
        return (answer,)
    on_test: list[dict[str, Cell]] = []
    for name, measured in (("default", found.usual), (", ".join(found.choice.names), found.chosen)):
        means = {"alone": float(ndcg(measured.alone).mean()), "mix": float(ndcg(measured.mix).mean())}
        on_test.append({"way": name, "weights": mix_in_words(measured.fusion), **means})
    on_test[1] |= interval_cells("alone_change", found.alone) | interval_cells("mix_change", found.mix)
    columns = {"way": "Phrases weighed", "alone": f"nDCG@{k}, semantic alone", "alone_change": "Change"}
    columns |= {"alone_change_low": "from", "alone_change_high": "to", "weights": "Mix tuned for it"}
    columns |= {
        "mix": f"nDCG@{k} of the mix",
        "mix_change": "Change",
        "mix_change_low": "from",
        "mix_change_high": "to",
    }
    return answer, Table("weighting_on_test", "What the chosen way is worth on test shoppers", columns, tuple(on_test))


def plot(found: Weighing, k: int) -> Plot:
    """Changes on validation."""
    names = tuple(each.name for each in found.choice.compared)
    return Plot(
        "weighting",
        f"nDCG@{k} of the semantic component with phrases weighed otherwise, less the default's, on validation",
        "Phrases weighed so that",
        f"Change of nDCG@{k}, 95% interval",
        (Series.of("change", names, [each.change for each in found.choice.compared]),),
        zero=True,
    )


def conclusion(found: Weighing) -> str:
    """What was chosen, and what it is worth."""
    n = len(found.choice.compared)
    if not found.choice.names:
        return f"Of {n} other ways to weigh phrases none is better beyond doubt on validation, so the default stays."
    return (
        f"Of {n} other ways to weigh phrases, validation chose: {', '.join(found.choice.names)}. On test shoppers that "
        f"changes nDCG of the semantic component alone by {told(found.alone)}{_shown(found.alone)}, and that of the "
        f"mix by {told(found.mix)}{_shown(found.mix)}."
    )


def as_json(found: Weighing) -> dict[str, Any]:
    """The choice and every comparison."""

    def compared(each: Compared[SemanticSettings]) -> Mapping[str, Any]:
        return {"ndcg": each.ndcg, "change": each.change.as_json(), "p": each.p, "better": each.is_better}

    def listed(of: Sequence[Compared[SemanticSettings]]) -> dict[str, Any]:
        return {each.name: compared(each) for each in of}

    return {
        "chosen": list(found.choice.names),
        "settings": asdict(found.choice.settings),
        "validation": listed(found.choice.compared),
        "combined": listed(found.choice.combined),
        "test": {"alone": found.alone.as_json(), "mix": found.mix.as_json()} if found.choice.names else None,
    }


def _shown(change: Interval) -> str:
    return {"better": "", "worse": ", a loss", "unclear": ", which is not told from none"}[verdict_of(change)]


def _row(each: Compared[SemanticSettings], before: str) -> dict[str, Cell]:
    verdict = "better beyond doubt" if each.is_better else "not better beyond doubt"
    row: dict[str, Cell] = {"way": before + each.name, "ndcg": each.ndcg, "base": each.base, "p": each.p}
    return row | {"is": verdict} | interval_cells("change", each.change)
