"""What a ranked list shows of its products: a card each, a row each of table and CSV, places moved since before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages._shared import cards, resources
from pages._shared.charts import LOOKS
from pages._shared.controls import download
from recsys.ranking.rank import Recommendation, ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS

COLUMNS = ("rank", "title", "score", *COMPONENTS, "price", "mean_rating", "category", "brand", "item_id")
"""Columns of table and CSV, in order."""


@dataclass(frozen=True, slots=True)
class Moves:
    """The list before the last change and now, as item ids, best first, of one request; another one starts afresh.

    `before` is None until something has changed.
    """

    request: str = ""
    now: tuple[str, ...] = ()
    before: tuple[str, ...] | None = None

    def after(self, request: str, item_ids: Sequence[str]) -> "Moves":
        """The state after another ranking; drawing the same list again keeps what was before."""
        shown = tuple(item_ids)
        if request != self.request:
            return Moves(request, shown)
        return self if shown == self.now else replace(self, now=shown, before=self.now)

    def by_item(self) -> Mapping[str, int | str]:
        """Places moved by item id: positive is up, "new" was not listed before; empty until something has changed."""
        if self.before is None:
            return {}
        earlier = {item_id: place for place, item_id in enumerate(self.before)}
        return {item: earlier[item] - place if item in earlier else "new" for place, item in enumerate(self.now)}


def list_cards(
    model: Recommender,
    request: ScoredRequest,
    ranked: Recommendation,
    moves: Mapping[str, int | str],
    why: Callable[[str], str],
) -> list[cards.ProductCard]:
    """The cards of a list; `why` gives the address that takes the score of a product apart."""
    quotes = resources.quotes(model, request, tuple(item.item_id for item in ranked.items))
    return [
        replace(
            product_card(model, item.item_id, item.score),
            rank=item.rank,
            components=item.components,
            is_cold=item.is_cold,
            places_diversified=item.rank_before_diversity - item.rank,
            move=moves.get(item.item_id),
            quote=quote,
            why=why(item.item_id),
        )
        for item, quote in zip(ranked.items, quotes, strict=True)
    ]


def product_card(model: Recommender, item_id: str, score: float) -> cards.ProductCard:
    """What is known of a product, on no place of any list."""
    facts = model.items.iloc[model.item_row(item_id)]
    return cards.ProductCard(
        rank=0,
        item_id=item_id,
        title=str(facts["title"]),
        score=score,
        components={},
        category=_text(facts["category"]),
        brand=_text(facts["brand"]),
        price=_number(facts["price"]),
        mean_rating=_number(facts["mean_rating"]),
        n_ratings=int(facts["n_ratings"]),
        image_url=_text(facts["image_url"]),
        available=bool(facts["available"]),
        is_cold=bool(facts["is_cold"]),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type]


def rows_of(model: Recommender, ranked: Recommendation) -> list[dict[str, object]]:
    """One flat row a product, for the table and the CSV: rank, product, score, contributions."""
    rows = []
    for item in ranked.items:
        known = product_card(model, item.item_id, item.score)
        facts = {name: getattr(known, name) for name in ("title", "score", "price", "mean_rating", "category", "brand")}
        rows.append({"rank": item.rank, "item_id": item.item_id, **facts, **item.components})
    return rows


def show_table(model: Recommender, ranked: Recommendation, moves: Mapping[str, int | str]) -> None:
    """The list as a table that can be sorted and searched."""
    table = pd.DataFrame(rows_of(model, ranked), columns=list(COLUMNS))
    if moves:
        table.insert(1, "moved", [_move_in_table(moves.get(item.item_id)) for item in ranked.items])
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "rank": number("Rank", width=54),
            "moved": st.column_config.TextColumn("Moved", width=64, help="Places since the last change"),
            "item_id": "Product id",
            "title": st.column_config.TextColumn("Product", width=205),
            "category": "Category",
            "brand": "Brand",
            "price": number("Price", width=64, format="%.2f"),
            "mean_rating": number("Rating", width=62, format="%.1f ★"),
            "score": number("Score", width=60, format="%.2f"),
            **{name: number(look.name, width=34 + 6 * len(look.label), format="%+.2f") for name, look in LOOKS.items()},
        },
        alt="Recommended products with their score and the contribution of each component",
    )


def _move_in_table(move: int | str | None) -> str:
    if not isinstance(move, int) or move == 0:
        return move if isinstance(move, str) else "="
    return f"▲ {move}" if move > 0 else f"▼ {-move}"


def downloads(files: Mapping[str, tuple[str, str, Callable[[], str]]], name: str, key: str) -> None:
    """Buttons that download a file each: label, MIME type and what makes it, by the end of its name."""
    with st.container(horizontal=True):
        for suffix, (label, mime, made) in files.items():
            download(label, f"{key}_{suffix}", f"{name}.{suffix}", mime, made)
