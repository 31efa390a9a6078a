"""The form of a goal, which the address holds: every control shows what is there, and writes there what is picked."""

import json
from collections.abc import Callable, Mapping
from typing import Literal

import streamlit as st
from pydantic import Field

from pages._shared import address, job_progress, words
from pages._shared.cards import esc, isolated, notice_html
from pages._shared.controls import button
from pages._shared.view import ANY, LENGTHS
from pages.tuning import controls, labels
from pages.tuning.context import TuningContext
from pages.tuning.live_metrics import metric_label
from pages.tuning.search import goal_search
from pages.tuning.search.goal_search import EFFORTS, SearchRequest
from recsys.documents import Form, from_json
from recsys.errors import SettingsError
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.panel import N_BASELINE
from recsys.panel.segments import KNOWLEDGE, Segment
from recsys.settings import CONTEXT_DIMENSIONS
from recsys.tuning.goals import Against, Constraint, Goal, GoalEvaluator, describe_goal

PARAMETER = "goal"
DEFAULT = Goal("ndcg")
MOST_CONDITIONS = 6
USUAL_SLACK = 0.05

EXAMPLES: Mapping[str, Goal] = {
    "Best nDCG": DEFAULT,
    "Varied and broad": Goal("ndcg", (Constraint("ild", 0.6), Constraint("coverage", 0.3))),
    "To each their own": Goal("ndcg", (Constraint("personalisation", 0.5),)),
    "More novelty": Goal("novelty", (Constraint("ndcg", 0, "equal"),)),
    "New shoppers": Goal("ndcg", segment=Segment.of(activity="new")),
    "Mobile evenings": Goal("ndcg", segment=Segment.of(daypart="evening", device="mobile")),
}
"""Goals to begin with, by what their button says."""

Kind = Literal[
    "at least", "at most", "no worse than equal weights", "within % of equal weights", "within % of the best"
]
KINDS: Mapping[Kind, Against] = {
    "at least": "value",
    "at most": "value",
    "no worse than equal weights": "equal",
    "within % of equal weights": "equal",
    "within % of the best": "best",
}
"""How a metric can be bounded, and what it is then held against."""


class Condition(Form):
    """A constraint while it is picked, which may make no sense yet."""

    metric: str
    value: float = Field(ge=-1e6, le=1e6)
    against: Against
    at_least: bool

    @property
    def kind(self) -> Kind:
        """How it bounds its metric."""
        if self.against == "value":
            return "at least" if self.at_least else "at most"
        if self.against == "best":
            return "within % of the best"
        return "within % of equal weights" if self.value else "no worse than equal weights"


class GoalDraft(Form):
    """A goal while it is picked; of the form of a saved goal."""

    metric: str
    constraints: list[Condition] = Field(max_length=MOST_CONDITIONS)
    segment: dict[str, str]
    k: int = Field(ge=1, le=N_BASELINE)

    @property
    def metrics(self) -> set[str]:
        """The metrics that it speaks of."""
        return {self.metric, *(each.metric for each in self.constraints)}


def draw_form(tuning: TuningContext, *, is_running: bool) -> None:
    """All controls of a goal, and what is searched for with them."""
    draft, unread = read_draft()
    if unread:
        st.html(notice_html(*unread))
    _aim(tuning, draft)
    problems = _conditions(tuning, draft)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="goal_examples"):
        is_full = len(draft.constraints) >= MOST_CONDITIONS
        about = "Something that must hold while the metric above is made as good as possible."
        button("Add a condition", "goal_add", "add", add_condition, disabled=is_full, help=about)
        st.html('<span class="sw-quiet">For example</span>', width="content")
        for name, each in _examples(tuning).items():
            button(name, f"example_{name}", "", fill_goal, each, type="tertiary", help=describe_goal(each))
    goal, problem = (None, "") if problems else _checked(tuning, draft)
    n_trials = _start(tuning, goal, is_running=is_running)
    if goal:
        st.html(_summary_html(tuning, goal, n_trials))
    elif problem:
        st.html(f'<div class="sw-goal sw-goal-unread" role="status"><p>{_sentence(problem)}</p></div>')


def begin_search(tuning: TuningContext, request: SearchRequest | None) -> None:
    """Start a search; if that fails, the progress says why."""
    if request is not None:
        job_progress.start(goal_search.job_display(request.n_trials), lambda: goal_search.start(tuning, request))


def _aim(tuning: TuningContext, draft: GoalDraft) -> None:
    def pick(part: Literal["metric", "k"]) -> None:
        changed = read_draft()[0]
        setattr(changed, part, st.session_state[f"goal_{part}"])
        write_draft(changed)

    with st.container(horizontal=True, vertical_alignment="bottom", key="goal_row"):
        st.session_state["goal_metric"], st.session_state["goal_k"] = draft.metric, draft.k
        label, metrics = "As good as possible", list(METRICS)
        st.selectbox(label, metrics, key="goal_metric", format_func=metric_label, on_change=pick, args=("metric",))
        st.selectbox("List length", sorted({*LENGTHS, draft.k}), key="goal_k", on_change=pick, args=("k",), width=120)
        _shoppers(tuning, draft)


def _shoppers(tuning: TuningContext, draft: GoalDraft) -> None:
    def pick(name: str) -> None:
        changed, value = read_draft()[0], st.session_state[f"goal_{name}"]
        changed.segment[name] = value
        if value == ANY:
            del changed.segment[name]
        write_draft(changed)

    known = controls.properties(tuning.validation.panel)
    offered = {
        "activity": ("How well they are known", tuple(KNOWLEDGE)),
        "top_category": ("Mostly buy", known["top_category"]),
        "home": ("Home region", known["home_region"]),
        **{name: (name.capitalize(), tuning.choices.options[name].values) for name in CONTEXT_DIMENSIONS},
    }
    label = labels.button("Shoppers", labels.shoppers(Segment.of(**draft.segment)))
    with st.popover(label, icon=":material/group:", key="goal_shoppers"):
        st.html('<p class="sw-note">Search for some of the shoppers only.</p>')
        columns = st.columns(2)
        for number, (name, (title, values)) in enumerate(offered.items()):
            st.session_state[f"goal_{name}"] = chosen = draft.segment.get(name, ANY)
            columns[number % 2].selectbox(
                title,
                list(dict.fromkeys((ANY, *values, chosen))),
                key=f"goal_{name}",
                disabled=not values,
                format_func=str.capitalize if name == "activity" else str,
                on_change=pick,
                args=(name,),
            )


def _conditions(tuning: TuningContext, draft: GoalDraft) -> list[str]:
    """A row for each condition; what is wrong with some, which stands beside them, is returned."""
    problems, equal = [], goal_search.equal_means(tuning, draft.k, Segment.of(**draft.segment))
    if draft.constraints:
        st.html('<p class="sw-goal-label">What must hold</p>')
    for number, condition in enumerate(draft.constraints):
        metric = condition.metric
        with st.container(horizontal=True, vertical_alignment="center", key=f"goal_condition_{number}"):
            _condition(number, condition, equal)
        try:
            Constraint(**condition.model_dump())
            note = f"Equal weights: {esc(fmt.value(metric, equal[metric]))}" if metric in equal else ""
            st.html(f'<p class="sw-note sw-goal-note">{note}</p>')
        except SettingsError as problem:
            problems.append(str(problem))
            st.html(f'<p class="sw-note sw-goal-note sw-goal-wrong" role="alert">{_sentence(str(problem))}</p>')
    return problems


def _condition(number: int, condition: Condition, equal: Mapping[str, float]) -> None:
    kind, state = condition.kind, st.session_state
    is_relative = condition.against != "value"
    is_percent = is_relative or METRICS[condition.metric].in_percent
    scale = 100 if is_percent else 1

    def change(part: Literal["metric", "kind", "value"]) -> None:
        draft, picked = read_draft()[0], state[f"goal_{part}_{number}"]
        if condition not in draft.constraints:  # taken out in the same moment
            return
        at = draft.constraints.index(condition)  # others before it may be gone by now
        if part == "value":
            draft.constraints[at].value = round(float(picked) / scale, 8)
        else:
            metric, way = (picked, kind) if part == "metric" else (condition.metric, picked)
            draft.constraints[at] = start_condition(metric, way, equal)
        write_draft(draft)

    def field(part: str, draw: Callable[..., object], value: object, *rest: object, **more: object) -> None:
        key = f"goal_{part}_{number}"
        state[key] = value
        label = f"Condition {number + 1}: {part}"
        more = {"key": key, "label_visibility": "collapsed", "on_change": change, "args": (part,), **more}
        draw(label, *rest, **more)

    field("metric", st.selectbox, condition.metric, list(METRICS), format_func=metric_label)
    field("kind", st.selectbox, kind, list(KINDS))
    if kind != "no worse than equal weights":
        step = 1.0 if is_relative else scale * goal_search.step_of(condition.metric)
        icon, value = ":material/percent:" if is_percent else None, round(scale * condition.value, 6)
        field("value", st.number_input, value, step=step, format="%.6g", icon=icon, width=150)
    about = "Take this condition out"
    button("", f"goal_remove_{number}", "close", remove_condition, condition, number, type="tertiary", help=about)


def _examples(tuning: TuningContext) -> Mapping[str, Goal]:
    options = tuning.choices.options
    return {
        name: goal
        for name, goal in EXAMPLES.items()
        if not any(part in options and options[part].unavailable for part, _ in goal.segment.values)
    }


def _checked(tuning: TuningContext, draft: GoalDraft) -> tuple[Goal | None, str]:
    """The goal, or None and why it cannot be searched for here."""
    try:
        goal = Goal.from_json(draft.model_dump())
        goal_search.require_length(goal)
        for engine in (tuning.validation, tuning.test):
            GoalEvaluator(engine, goal)  # refuses a group that is too small to choose by
    except SettingsError as problem:
        return None, str(problem)
    return goal, ""


def _start(tuning: TuningContext, goal: Goal | None, *, is_running: bool) -> int:
    *most, last = map(str, EFFORTS.values())
    with st.container(horizontal=True, vertical_alignment="bottom", key="goal_start"):
        tried = f"{', '.join(most)} or {last} settings with variety are tried"
        about = f"Every mix of weights is measured anyway; besides, {tried}."
        effort = controls.select("How hard to search", list(EFFORTS), "effort", "Quick", help=about, width=190)
        n_trials, can_start = EFFORTS[effort], goal is not None and not is_running
        request, kind = goal and SearchRequest(goal, n_trials), "primary" if can_start else "secondary"
        only_one = "One search of this shop at a time." if is_running else None
        more = {"type": kind, "disabled": not can_start, "help": only_one}
        button("Search", "search", "search", begin_search, tuning, request, **more)
    return n_trials


def _summary_html(tuning: TuningContext, goal: Goal, n_trials: int) -> str:
    engines = (tuning.validation, tuning.test)
    chosen_on, told_by = (engine.panel.n_shoppers(goal.segment.mask(engine.panel.shoppers)) for engine in engines)
    asks = " ".join(
        f"<li><strong>{esc(METRICS[name].at(goal.k))}</strong> {esc(METRICS[name].asks)}</li>" for name in goal.metrics
    )
    took = words.duration(5 * max(round(goal_search.usual_s(tuning, n_trials) / 5), 1))
    return (
        f'<div class="sw-goal" role="status"><p><span class="sw-quiet">Goal:</span> '
        f"<strong>{isolated(describe_goal(goal))}</strong></p>"
        f'<ul class="sw-goal-asks">{asks}</ul>'
        f'<p class="sw-note">Takes about {took}. Chosen on earlier choices '
        f"({words.count(chosen_on, 'validation shopper')}). "
        f"What many of the same people chose later ({words.count(told_by, 'test shopper')}) is looked at only then, to "
        "tell what the choice is worth. The goal says who counts and how long lists are; the controls above play no "
        "part, and stay usable meanwhile.</p></div>"
    )


def _sentence(problem: str) -> str:
    return isolated(words.sentence(problem))


def read_draft() -> tuple[GoalDraft, tuple[str, list[str]] | None]:
    """The goal that the address holds, or the usual one and why, as title and lines of a notice."""
    text = st.query_params.get(PARAMETER, "")
    usual = GoalDraft(**DEFAULT.as_json())
    if not text:
        return usual, None
    instead = f"Until you pick another one, it is: {describe_goal(DEFAULT)}."
    if not text.lstrip().startswith("{"):
        return usual, (
            "Goals are picked now instead of written.",
            [f"This link asks for “{text[:200]}”: pick that metric and its conditions below. {instead}"],
        )
    try:
        draft = from_json(GoalDraft, json.loads(text))
        for name in draft.metrics:
            Goal(name)
        Segment.of(**draft.segment)
    except (ValueError, RecursionError, SettingsError):
        return usual, ("The goal of this link cannot be read.", [instead])
    return draft, None


def fill_goal(goal: Goal) -> None:
    """Put the controls where a goal wants them."""
    write_draft(GoalDraft(**goal.as_json()))


def write_draft(draft: GoalDraft) -> None:
    """Put a goal into the address."""
    document = draft.model_dump()
    address.put(PARAMETER, None if document == DEFAULT.as_json() else json.dumps(document, separators=(",", ":")))


def start_condition(metric: str, kind: Kind, equal: Mapping[str, float]) -> Condition:
    """A condition on a metric; its value at first is near where equal weights stand, by `equal`, as far as known."""
    against, at_least = KINDS[kind], METRICS[metric].higher_is_better
    value = USUAL_SLACK if kind.startswith("within") else 0.0
    if against == "value":
        at_least = kind == "at least"
        value = goal_search.round_bound(metric, equal.get(metric, 0.0), at_least=at_least)
    return Condition(metric=metric, value=value, against=against, at_least=at_least)


def add_condition() -> None:
    """Another condition that makes sense as it is: something that is not spoken of yet, no worse than equal weights."""
    draft = read_draft()[0]
    unnamed = (name for name in ("ndcg", "ild", "coverage", "novelty", *METRICS) if name not in draft.metrics)
    draft.constraints.append(start_condition(next(unnamed, "ndcg"), "no worse than equal weights", {}))
    write_draft(draft)


def remove_condition(condition: Condition, number: int) -> None:
    """Take one out, drawn as the one of this number, from 0; or what it was changed into in the same moment."""
    draft = read_draft()[0]
    at = draft.constraints.index(condition) if condition in draft.constraints else number
    del draft.constraints[at : at + 1]
    write_draft(draft)
