"""Widgets as all pages draw them, and the controls of a list, bound to the address, that add up to frozen settings."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import streamlit as st

from pages._shared import address, view, words
from pages._shared.cards import esc, isolated
from pages._shared.charts import LOOKS
from pages._shared.view import ANY, KNOWN, NEW, Choices
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, Context, Filters, FusionSettings, RankingSettings


def button(label: str, key: str, icon: str, on_click: Callable[..., None], *args: object, **more: Any) -> bool:
    """Draw a button that calls `on_click(*args)`; `icon` is the name of a Material symbol, "" for none."""
    drawn = f":material/{icon}:" if icon else None
    return st.button(label, key=key, icon=drawn, on_click=on_click, args=args, **more)


def download(
    label: str, key: str, file: str, mime: str, data: Callable[[], str], icon: str = "download", **more: Any
) -> None:
    """Draw a button that hands over a file, which is made only then; the page does not run again."""
    st.download_button(label, data, file, mime, key=key, icon=f":material/{icon}:", on_click="ignore", **more)


def switch(label: str, options: Sequence[str], key: str, default: str = "", **more: Any) -> str:
    """Draw a control of which one option is always chosen, held in the address; the first stands at the start."""
    default = default or options[0]
    chosen = st.segmented_control(label, options, default=default, required=True, key=key, bind="query-params", **more)
    return chosen or default


def swap_default_weights(choices: Choices) -> None:
    """Where the kind of shopper has changed, put sliders at its defaults that were at those of the other kind."""
    state = st.session_state
    now, before = choices.start_weights(state["who"]), choices.start_weights(KNOWN if state["who"] == NEW else NEW)
    current = {name: state.get(name, before[name]) for name in COMPONENTS}
    # Set even where they stay, because an address leaves out what is usual, and that is another weight from now on.
    state.update(now if current == before else current)


def weights(choices: Choices, who: str) -> dict[str, int]:
    """One slider a component, from 0 to 100; an address without weights means those of this kind of shopper (`who`)."""
    positions = {}
    usual = choices.new_weights if who == NEW else choices.weights
    start = choices.start if who == KNOWN else None
    if start:
        address.put(view.WEIGHTS, view.STATED)
    with st.grid(4, min_column_width=120, gap="medium"):
        for name, look in LOOKS.items():
            limits = (0, view.MAX_WEIGHT, usual[name], view.WEIGHT_STEP)
            positions[name] = st.slider(look.label, *limits, key=name, help=look.question, bind="query-params")
    if start:
        name = isolated(start.name)
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
        chosen = {"daypart": circumstance(choices, "daypart")}
        for column, from_day, stated in zip(st.columns(2), ("weekday", "season"), ("device", "region"), strict=True):
            with column:
                chosen[from_day] = circumstance(choices, from_day, fixed_by=day)
                chosen[stated] = circumstance(choices, stated)
    return view.context_of(choices, day, **chosen)


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
    whole = (choices.price_low, choices.price_high)
    bounds = whole
    with st.popover("Filters", icon=":material/filter_alt:", key="filters_popover"):
        chosen = categories(choices)
        if choices.is_priced:
            bounds = st.slider("Price", *whole, whole, key="price", bind="query-params")
        else:
            st.caption("Price: not available, this catalogue names no prices.")
        seen = st.toggle("Include what they already have", key="seen", bind="query-params")
        unavailable = st.toggle("Include products that are not available", key="unavailable", bind="query-params")
    low, high = (None, None) if bounds == whole else (float(bounds[0]), float(bounds[1]))
    return Filters(seen, not unavailable, frozenset(chosen), low, high)


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
            view.DEFAULT_DIVERSITY,
            0.05,
            key="diversity",
            help="0 lists by score alone; higher values avoid products that resemble those above them. Scores stay.",
            bind="query-params",
        )
        method = switch(
            "Method",
            list(view.METHODS),
            "method",
            view.DEFAULT_METHOD,
            help="MMR weighs score against likeness one place at a time; DPP prefers sets that spread out; MSD weighs "
            "the mean score of the list against how far its products are apart on average (ILD).",
        )
        n = switch("Products", [str(n) for n in view.LENGTHS], "n", str(view.DEFAULT_LENGTH))
    return int(n), strength, view.METHODS[method]


def toolbar(choices: Choices) -> tuple[Context, Callable[[dict[str, int]], RankingSettings]]:
    """Moment, filters, variety and length as popovers in a row, and a button that puts everything back.

    Returns the circumstances, and `settings` of those choices, which wants the positions of the sliders.
    """
    context = moment(choices)
    chosen = filters(choices)
    n, strength, method = variety()
    button("Reset", "reset", "restart_alt", reset, choices, type="tertiary")
    return context, lambda positions: settings(positions, chosen, n, strength, method)


def settings(positions: dict[str, int], chosen: Filters, n: int, strength: float, method: str) -> RankingSettings:
    """The frozen settings; raises SettingsError where they make no sense, such as all weights at 0."""
    fusion = FusionSettings(**{name: positions[name] / view.MAX_WEIGHT for name in COMPONENTS})
    return RankingSettings(fusion, chosen, n, strength, method)  # type: ignore[arg-type]


def reset(choices: Choices) -> None:
    """Put every control back to its default; the shopper stays."""
    state = st.session_state
    who = state.get("who", KNOWN)
    state.update(
        {**choices.start_weights(who), **variety_start(choices, who), **dict.fromkeys(CONTEXT_DIMENSIONS, ANY)}
    )
    state.update({"date": None, "category": [], "seen": False, "unavailable": False})
    if choices.is_priced:
        state["price"] = (choices.price_low, choices.price_high)


def variety_start(choices: Choices, who: str) -> dict[str, object]:
    """Defaults of variety and length for a known or a new shopper."""
    if choices.start is None or who == NEW:
        return dict(view.USUAL_VARIETY)
    return {name: choices.start.values.get(name, value) for name, value in view.USUAL_VARIETY.items()}


def moment_line(context: Context) -> str:
    """The circumstances in words, with the date asked about."""
    line = words.moment_in_words(context)
    return f"{line}, {words.day(context.moment)}" if context.moment else line
