"""The controls of the recommendation page: widgets, bound to the address, that add up to frozen settings."""

from datetime import date

import streamlit as st

from pages._shared import address, words
from pages._shared.cards import esc, isolated
from pages._shared.palette import LOOKS
from pages._shared.view import (
    ANY,
    CARDS,
    DEFAULT_LENGTH,
    KNOWN,
    LENGTHS,
    MAX_WEIGHT,
    METHODS,
    NEW,
    STATED,
    TABLE,
    USUAL_VARIETY,
    WEIGHT_STEP,
    WEIGHTS,
    Choices,
    context_of,
)
from recsys.settings import COMPONENTS, Context, Filters, FusionSettings, RankingSettings


def other_kind(choices: Choices) -> None:
    """The other kind of shopper was chosen: sliders that stood at the defaults go to its defaults, moved ones stay."""
    state = st.session_state
    now, before = choices.start_weights(state["who"]), choices.start_weights(KNOWN if state["who"] == NEW else NEW)
    stand = {name: state.get(name, before[name]) for name in COMPONENTS}
    # Set even where they stay, because an address leaves out what is usual, and that is another weight from now on.
    state.update(now if stand == before else stand)


def weights(choices: Choices, who: str) -> dict[str, int]:
    """One slider a component; raw positions from 0 to 100.

    Parameters
    ----------
    who : the kind of shopper, whose own weights an address without weights means
    """
    positions = {}
    usual = choices.new_weights if who == NEW else choices.weights
    is_started = choices.start is not None and who == KNOWN
    if is_started:
        address.put(WEIGHTS, STATED)
    with st.grid(4, min_column_width=120, gap="medium"):
        for name, look in LOOKS.items():
            positions[name] = st.slider(
                look.label,
                0,
                MAX_WEIGHT,
                usual[name],
                WEIGHT_STEP,
                key=name,
                help=look.question,
                bind="query-params",
            )
    if choices.start and is_started:
        name = isolated(choices.start.name)
        st.html(f'<p class="sw-note sw-start">Sliders start at the default of this shop: preset {name}</p>')
    return positions


def moment(choices: Choices) -> Context:
    """Circumstances in a popover; what the data cannot tell apart is disabled, with the reason."""
    with st.popover("Moment", icon=":material/schedule:", key="moment_popover"):
        st.html('<p class="sw-note">Ask what would be shown at another time, on another device, or elsewhere.</p>')
        day: date | None = st.date_input(
            "Date",
            None,
            choices.first_day,
            choices.last_day,
            key="date",
            format="YYYY-MM-DD",
            help="Sets weekday, season, and the moment that trends are judged by. Empty: the last day the model knows.",
            bind="query-params",
        )
        daypart = circumstance(choices, "daypart")
        left, right = st.columns(2)
        with left:
            weekday = circumstance(choices, "weekday", fixed_by=day)
            device = circumstance(choices, "device")
        with right:
            season = circumstance(choices, "season", fixed_by=day)
            region = circumstance(choices, "region")
    return context_of(choices, day, daypart, weekday, season, device, region)


def circumstance(choices: Choices, name: str, *, fixed_by: date | None = None) -> str:
    """A select box of one circumstance, with the reason where the data cannot tell it apart."""
    option = choices.options[name]
    reason = option.unavailable or ("Follows from the date." if fixed_by else "")
    chosen = st.selectbox(
        {"daypart": "Time of day (UTC)"}.get(name, name.capitalize()),
        (ANY, *option.values),
        key=name,
        disabled=bool(reason),
        help=None if option.unavailable else reason or None,
        bind="query-params",
    )
    if option.unavailable:
        st.html(f'<p class="sw-note" dir="auto">Not available: {esc(option.unavailable)}.</p>')
    return chosen or ANY


def filters(choices: Choices) -> Filters:
    """Category, price, availability and seen products, in a popover."""
    with st.popover("Filters", icon=":material/filter_alt:", key="filters_popover"):
        chosen = categories(choices)
        low, high = choices.price_low, choices.price_high
        priced = low < high
        bounds = (low, high)
        if priced:
            bounds = st.slider("Price", low, high, bounds, key="price", bind="query-params")
        else:
            st.caption("Price: not available, this catalogue names no prices.")
        seen = st.toggle("Include what they already have", key="seen", bind="query-params")
        unavailable = st.toggle("Include products that are not available", key="unavailable", bind="query-params")
    whole = not priced or bounds == (low, high)
    return Filters(
        include_seen=seen,
        only_available=not unavailable,
        categories=frozenset(chosen),
        price_low=None if whole else float(bounds[0]),
        price_high=None if whole else float(bounds[1]),
    )


def categories(choices: Choices) -> list[str]:
    """A box of all categories, of which none means all."""
    return st.multiselect(
        "Categories", choices.categories, key="category", placeholder="All categories", bind="query-params"
    )


def variety(label: str = "Variety and length") -> tuple[int, float, str]:
    """List length, strength of the diversity re-ranking, and its method, behind a button of that label."""
    with st.popover(label, icon=":material/interests:", key="variety_popover"):
        strength = st.slider(
            "Variety",
            0.0,
            1.0,
            0.0,
            0.05,
            key="diversity",
            help="0 lists by score alone; higher values avoid products that resemble those above them. Scores stay.",
            bind="query-params",
        )
        method = st.segmented_control(
            "Method",
            list(METHODS),
            default="MMR",
            required=True,
            key="method",
            help="MMR weighs score against likeness one place at a time; DPP prefers sets that spread out; MSD weighs "
            "the mean score of the list against how far its products are apart on average (ILD).",
            bind="query-params",
        )
        n = st.segmented_control(
            "Products",
            [str(n) for n in LENGTHS],
            default=str(DEFAULT_LENGTH),
            required=True,
            key="n",
            bind="query-params",
        )
    return int(n or DEFAULT_LENGTH), strength, METHODS[method or "MMR"]


def toolbar(choices: Choices) -> tuple[Context, Filters, int, float, str]:
    """Moment, filters, variety and length as popovers in a row, and a button that puts everything back."""
    context = moment(choices)
    chosen = filters(choices)
    n, strength, method = variety()
    st.button(
        "Reset",
        key="reset",
        icon=":material/restart_alt:",
        type="tertiary",
        on_click=reset,
        args=(choices,),
    )
    return context, chosen, n, strength, method


def settings(positions: dict[str, int], chosen: Filters, n: int, strength: float, method: str) -> RankingSettings:
    """The frozen settings; raises SettingsError where they make no sense, such as all weights at 0."""
    fusion = FusionSettings(**{name: positions[name] / MAX_WEIGHT for name in COMPONENTS})
    return RankingSettings(fusion, chosen, n, strength, method)  # type: ignore[arg-type]


def view_switch() -> str:
    """Cards or table."""
    chosen = st.segmented_control(
        "View",
        [CARDS, TABLE],
        default=CARDS,
        required=True,
        key="view",
        label_visibility="collapsed",
        bind="query-params",
    )
    return chosen or CARDS


def reset(choices: Choices) -> None:
    """Put every control back to its default; the shopper stays."""
    state = st.session_state
    state.update(choices.start_weights(state.get("who", KNOWN)))
    for name in choices.options:
        if name != "moment":
            state[name] = ANY
    state["date"] = None
    state.update(variety_start(choices, state.get("who", KNOWN)))
    state["category"], state["seen"], state["unavailable"] = [], False, False
    if choices.price_low < choices.price_high:
        state["price"] = (choices.price_low, choices.price_high)


def variety_start(choices: Choices, who: str) -> dict[str, object]:
    """Where variety and length start."""
    if choices.start is None or who == NEW:
        return dict(USUAL_VARIETY)
    return {name: choices.start.values.get(name, value) for name, value in USUAL_VARIETY.items()}


def moment_line(context: Context) -> str:
    """The circumstances in words, with the date asked about."""
    said = words.moment_in_words(context)
    return f"{said}, {words.day(context.moment)}" if context.moment else said
