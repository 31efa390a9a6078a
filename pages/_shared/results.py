"""The list itself: mixer, toolbar and products, in one fragment, so that moving a control draws nothing else again."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from pages._shared import cards, controls, frame, resources
from pages._shared.cards import esc, isolated
from pages._shared.moves import Moves
from pages._shared.notices import empty_html
from pages._shared.palette import LOOKS
from pages._shared.shopper import Asker, examples
from pages._shared.view import TABLE, Choices
from recsys.errors import RecsysError
from recsys.exports import to_csv
from recsys.privacy import mask_personal, pseudonym
from recsys.recommender import Recommender
from recsys.results import Recommendation, ScoredRequest
from recsys.settings import COMPONENTS, Context

_MOVES = "moves_of_the_list"
_COLUMNS = ("rank", "title", "score", *COMPONENTS, "category", "brand", "price", "mean_rating", "item_id")


@st.fragment
def show(model: Recommender, choices: Choices, asker: Asker) -> None:
    """Controls and list for one shopper."""
    with st.container(key="mixer"):
        positions = controls.weights(choices)
        effective = st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        context = controls.moment(choices)
        chosen = controls.filters(choices)
        n, strength, method = controls.variety()
        st.button(
            "Reset",
            key="reset",
            icon=":material/restart_alt:",
            type="tertiary",
            on_click=controls.reset,
            args=(choices,),
        )
    try:
        settings = controls.settings(positions, chosen, n, strength, method)
        with effective:
            st.html(cards.weights_html(settings.fusion.normalised()))
        if not asker.is_somebody:
            _nobody_yet()
            return
        with st.skeleton(height=420):
            request = resources.scored(model, model.model_id, asker.user_id, asker.words, context)
            ranked = model.rank(request, settings)
            _list(model, request, ranked, context)
    except RecsysError as problem:
        st.html(empty_html("Nothing to show with these settings", str(problem)))
    finally:
        frame.remember_view({name: st.query_params.get_all(name) for name in st.query_params})


def _nobody_yet() -> None:
    st.html(
        empty_html(
            "Tell us what they are after",
            "Type it above in your own words: a product, a use, a mood. "
            "The list then rests on what the words mean. Or start from one of these:",
        )
    )
    examples()


def _list(model: Recommender, request: ScoredRequest, ranked: Recommendation, context: Context) -> None:
    moves = _moves(request, ranked)
    with st.container(horizontal=True, vertical_alignment="center", key="list_head"):
        st.html(_headline(request, ranked, context), width="stretch")
        table = controls.view_switch() == TABLE
        _share(model, ranked)
    for note in ranked.notes:
        st.html(f'<p class="sw-hint" dir="auto">{esc(note[:1].upper() + note[1:])}.</p>')
    if not ranked.items:
        st.html(
            empty_html(
                "No product passes the filters",
                "Widen the price range or the categories, or include what they already have.",
            )
        )
    elif table:
        _table(model, ranked, moves)
    else:
        shown = [_card(model, request, item.item_id, place, ranked, moves) for place, item in enumerate(ranked.items)]
        st.html(cards.list_html(shown, "Recommended products, best first"))


def _moves(request: ScoredRequest, ranked: Recommendation) -> Mapping[str, int | str]:
    """Places moved since this session's last setting."""
    asker = f"{request.user_id}\n{request.words}"
    shown = [item.item_id for item in ranked.items]
    earlier: Moves | None = st.session_state.get(_MOVES)
    now = earlier.after(asker, shown) if earlier else Moves(asker, tuple(shown))
    st.session_state[_MOVES] = now
    return now.by_item()


def _headline(request: ScoredRequest, ranked: Recommendation, context: Context) -> str:
    whom = isolated(request.user_id) if request.user_id is not None else "a new shopper"
    return (
        f'<p class="sw-headline" role="status"><strong>Top {len(ranked.items)} of {ranked.n_candidates:,}</strong> '
        f'<span class="sw-quiet">for {whom} · {esc(controls.moment_line(context))}</span></p>'
    )


def _card(
    model: Recommender,
    request: ScoredRequest,
    item_id: str,
    place: int,
    ranked: Recommendation,
    moves: Mapping[str, int | str],
) -> cards.ProductCard:
    item = ranked.items[place]
    facts = model.items.iloc[model.item_row(item_id)]
    quote = resources.quote(model, request, model.model_id, request.user_id, request.words, item_id)
    return cards.ProductCard(
        rank=item.rank,
        item_id=item_id,
        title=item.title,
        score=item.score,
        components=item.components,
        category=_text(facts["category"]),
        brand=_text(facts["brand"]),
        price=_number(facts["price"]),
        mean_rating=_number(facts["mean_rating"]),
        n_ratings=int(facts["n_ratings"]),
        image_url=_text(facts["image_url"]),
        available=bool(facts["available"]),
        is_cold=item.is_cold,
        places_diversified=item.rank_before_diversity - item.rank if _reordered(ranked) else 0,
        move=moves.get(item_id),
        quote=None if quote is None else _quote_on_card(quote, item.title),
    )


def _reordered(ranked: Recommendation) -> bool:
    return any(item.rank != item.rank_before_diversity for item in ranked.items)


def _quote_on_card(quote: object, title: str) -> cards.QuoteOnCard | None:
    kind, text = quote.kind, mask_personal(quote.text.strip())  # type: ignore[attr-defined]
    if kind in ("title", "attributes") or not text:
        return None  # The card says these already.
    if kind == "review":
        who = pseudonym(quote.user_id) if quote.user_id else "a shopper"  # type: ignore[attr-defined]
        rating = _number(quote.rating)  # type: ignore[attr-defined]
        return cards.QuoteOnCard(text, f"{who}, review", rating, quote.moment)  # type: ignore[attr-defined]
    return cards.QuoteOnCard(text, "From the description")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type]


def rows_of(model: Recommender, ranked: Recommendation) -> list[dict[str, object]]:
    """One flat row a product, for the table and the CSV: place, product, score, contributions."""
    rows = []
    for item in ranked.items:
        facts = model.items.iloc[model.item_row(item.item_id)]
        rows.append(
            {
                "rank": item.rank,
                "item_id": item.item_id,
                "title": item.title,
                "category": _text(facts["category"]),
                "brand": _text(facts["brand"]),
                "price": _number(facts["price"]),
                "mean_rating": _number(facts["mean_rating"]),
                "score": item.score,
                **item.components,
            }
        )
    return rows


def _table(model: Recommender, ranked: Recommendation, moves: Mapping[str, int | str]) -> None:
    frame_of = pd.DataFrame(rows_of(model, ranked), columns=list(_COLUMNS))
    if moves:
        said = [_move_in_table(moves.get(item.item_id)) for item in ranked.items]
        frame_of.insert(1, "moved", said)
    number = st.column_config.NumberColumn
    st.dataframe(
        frame_of,
        hide_index=True,
        height="content",
        column_config={
            "rank": number("Rank", width="small"),
            "moved": st.column_config.TextColumn("Moved", width="small", help="Places since the last change"),
            "item_id": "Product id",
            "title": st.column_config.TextColumn("Product", width=240),
            "category": "Category",
            "brand": "Brand",
            "price": number("Price", format="%.2f"),
            "mean_rating": number("Rating", format="%.1f"),
            "score": number("Score", format="%.2f"),
            **{name: number(f"{look.glyph} {look.label}", format="%+.2f") for name, look in LOOKS.items()},
        },
        alt="Recommended products with their score and the contribution of each component",
    )


def _move_in_table(move: int | str | None) -> str:
    if not isinstance(move, int) or move == 0:
        return move if isinstance(move, str) else "="
    return f"▲ {move}" if move > 0 else f"▼ {-move}"


def _share(model: Recommender, ranked: Recommendation) -> None:
    with st.popover("Share", icon=":material/ios_share:", key="share"):
        st.html('<p class="sw-note">This exact view, for whoever has access to this server:</p>')
        st.code(share_link(), language=None, wrap_lines=True)
        with st.container(horizontal=True):
            st.download_button(
                "CSV",
                lambda: to_csv(rows_of(model, ranked), _COLUMNS),
                "recommendations.csv",
                "text/csv",
                key="download_csv",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button(
                "JSON",
                ranked.to_json,
                "recommendations.json",
                "application/json",
                key="download_json",
                icon=":material/download:",
                on_click="ignore",
            )


def share_link() -> str:
    """The address of the page with everything that is set on it."""
    query: Sequence[tuple[str, str]] = [
        (name, value) for name in st.query_params for value in st.query_params.get_all(name)
    ]
    address = (st.context.url or "").split("?")[0]
    return f"{address}?{urlencode(query)}" if query else address
