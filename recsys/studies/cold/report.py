"""New products and levels as tables, plots and a conclusion that claims no more than its intervals carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.evaluation.statistics.significance import verdict_of
from recsys.studies.ablation import name_of
from recsys.studies.cold.comparisons import METRIC, RankingFigures
from recsys.studies.cold.levels import LEVELS, LevelScores
from recsys.studies.cold.new_products import RANKINGS, WITHOUT_WORDS, label_of
from recsys.studies.format import mix_in_words
from recsys.studies.report_parts import as_json, by_verdict, change_text, table_of
from recsys.studies.result import Plot, Series, Table

NO_WORDS = name_of(WITHOUT_WORDS)


@dataclass(frozen=True, slots=True)
class ColdFigures:
    """Everything that the study measures.

    Parameters
    ----------
    rankings : by name of `RANKINGS`
    n_users, n_products, largest_share : shoppers of new products, the different products that they chose, and the share
        of them who chose the most wanted one
    share_described : of the products, with a description
    """

    rankings: Mapping[str, RankingFigures]
    levels: Sequence[LevelScores]
    n_users: int
    n_products: int
    largest_share: float
    share_described: float


def conclusion(figures: ColdFigures) -> tuple[str, ...]:
    """What to take away, most important first."""
    words = figures.rankings["new"].lead[NO_WORDS]
    by_level = {f"{each.level} {each.of}": verdict_of(each.lead[NO_WORDS]) for each in figures.levels}
    return (
        *(_against_all(ranking, found) for ranking, found in figures.rankings.items()),
        f"Words add {change_text(words.by_shoppers.interval, words.by_shoppers.verdict)} nDCG to the mix among new "
        f"products, {change_text(words.by_products, verdict_of(words.by_products))} with each product counting once. "
        f"On the ordinary test shoppers all components, held against all but semantic, are {by_verdict(by_level)}.",
    )


def _against_all(ranking: str, found: RankingFigures) -> str:
    verdicts = {label_of(name): lead.verdict for name, lead in found.lead.items()}
    return (
        f"On products that nobody has chosen yet, ranked {RANKINGS[ranking]}, all components together reach nDCG "
        f"{found.ndcg['full'].mean:.4f}, random order {found.ndcg['random'].mean:.4f}. Against each other model, for "
        f"the average shopper and the average product, they are {by_verdict(verdicts)}."
    )


def caveats(figures: ColdFigures, leak_checks: Sequence[str]) -> tuple[str, ...]:
    """What the figures do not say."""
    return (
        f"The {figures.n_users:,} shoppers chose {figures.n_products:,} different products; the most wanted one alone "
        f"was chosen by {figures.largest_share:.0%} of them. So figures with each product counting once stand beside.",
        f"What a shop says of a new product is all that is known of it: {figures.share_described:.0%} of these "
        "products have a description, the others a title and attributes.",
        "A product taken for new here has really been on sale: shoppers may have chosen it because others had, which "
        "nobody does on the first day. And each part of the products is new at once, which is more than arrives in a "
        "day.",
        "Which products are new together is drawn by the seed, and which weights are chosen hangs on it. No interval "
        "knows of that: look at other seeds before relying on a small lead.",
        "How known the wanted product is shows only after the choice, so no setting can be chosen by it.",
        *dict.fromkeys(leak_checks),
    )


def tables(figures: ColdFigures, k: int) -> tuple[Table, ...]:
    """Every model on new products, in either ranking, and on every level."""
    note = "Training interactions: " + "; ".join(f"{name}: {range_}" for name, range_ in LEVELS.items()) + "."
    return (
        *(_ranking_table(name, found, k) for name, found in figures.rankings.items()),
        table_of(
            "levels",
            "By how known the wanted product is, and how known the shopper is",
            [(level, model) for level in figures.levels for model in level.ndcg],
            {
                "of": ("Level of", lambda row: row[0].of),
                "level": ("Level", lambda row: row[0].level),
                "n": ("Shoppers", lambda row: row[0].n),
                "model": ("Model", lambda row: label_of(row[1])),
                METRIC: (f"nDCG@{k}", lambda row: row[0].ndcg[row[1]]),
                "lead": ("All components less it", lambda row: row[0].lead.get(row[1])),
            },
            note,
        ),
    )


def _ranking_table(ranking: str, found: RankingFigures, k: int) -> Table:
    shoppers = {name: lead.by_shoppers for name, lead in found.lead.items()}
    products = {name: lead.by_products for name, lead in found.lead.items()}
    weights = {name: mix_in_words(each.weights) if each.weights else "" for name, each in found.models.items()}
    return table_of(
        f"new_products_{ranking}",
        f"Products that nobody has chosen yet, ranked {RANKINGS[ranking]}",
        list(found.models),
        {
            "model": ("Model", label_of),
            "weights": ("Weights", weights.get),
            METRIC: (f"nDCG@{k}", found.ndcg.get),
            "recall": (f"Recall@{k}", found.recall.get),
            "lead": ("All components less it", lambda name: shoppers[name].interval if name in shoppers else None),
            "p": ("p, corrected", lambda name: shoppers[name].p if name in shoppers else None),
            "once": (f"nDCG@{k}, each product once", found.once.get),
            "once_lead": ("All components less it", products.get),
        },
    )


def plots(figures: ColdFigures, k: int) -> tuple[Plot, ...]:
    """Every model among the new products; and how far all components are ahead, a plot for either kind of levels."""
    shelf = figures.rankings["new"]
    names = sorted(shelf.ndcg, key=lambda name: -shelf.ndcg[name].mean)
    found = [
        Plot(
            "new_products",
            f"nDCG@{k} on products that nobody has chosen yet, ranked among them alone",
            "Model",
            f"nDCG@{k}, 95% interval",
            tuple(
                Series.of(label, tuple(map(label_of, names)), [means[name] for name in names])
                for label, means in (("each shopper once", shelf.ndcg), ("each product once", shelf.once))
            ),
        )
    ]
    for of in dict.fromkeys(each.of for each in figures.levels):
        series = tuple(
            Series.of(f"{each.level} ({each.n:,} shoppers)", tuple(map(label_of, each.lead)), list(each.lead.values()))
            for each in figures.levels
            if each.of == of
        )
        what = "the wanted product" if of == "products" else "the shopper"
        title = f"nDCG@{k} of all components less that of every other model, by how known {what} is"
        found.append(Plot(f"lead_by_{of}", title, "Model", f"Lead in nDCG@{k}, 95% interval", series, zero=True))
    return tuple(found)


def json_figures(figures: ColdFigures) -> dict[str, Any]:
    """What stands at the top of the JSON document."""

    def model(found: RankingFigures, name: str) -> dict[str, Any]:
        answer: dict[str, Any] = {METRIC: found.ndcg[name], "recall": found.recall[name], "once": found.once[name]}
        if name in found.lead:
            lead = found.lead[name]
            answer["lead"] = {
                "shoppers": lead.by_shoppers.interval,
                "products": lead.by_products,
                "p_corrected": lead.by_shoppers.p,
                "verdict": lead.verdict,
            }
        return dict(as_json(answer))

    return {
        "new_products": {
            ranking: {name: model(found, name) for name in found.models} for ranking, found in figures.rankings.items()
        },
        "levels": as_json(list(figures.levels)),
    }
