"""The evidence sheet: one explanation as a self-contained page without scripts, to be printed, mailed or filed."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import streamlit as st

from pages._shared import controls, illustrations, words
from pages._shared.cards import definitions_html, esc, isolated
from pages._shared.charts import LOOKS
from pages._shared.listing import downloads
from pages.explanations import bars, naming
from pages.explanations.bars import Scale
from pages.explanations.product import ExplanationContext
from recsys.explanations.decompose import Contribution, Explanation
from recsys.serving.results import to_csv
from recsys.settings import COMPONENTS
from recsys.text.masking import mask_personal, pseudonym

N_PARTS, N_QUOTES = 20, 15
COLUMNS = ("component", "label", "origin", "value", "strike")
"""Columns of the CSV, in order."""


def popover(case: ExplanationContext) -> None:
    """Downloads of this explanation."""
    files = {
        "html": ("Sheet", "text/html", lambda: sheet_html(case, datetime.now(UTC))),
        "csv": ("CSV", "text/csv", lambda: to_csv(csv_rows(case.explanation), COLUMNS)),
        "json": ("JSON", "application/json", lambda: shareable_json(case)),
    }
    with st.popover("Evidence sheet", icon=":material/verified:", key="evidence"):
        st.html(
            '<p class="sw-note">Everything that put this product where it stands, on paper: the arithmetic, the quotes '
            "of both sides, and what was left out. Personal details in quotes are hidden, and other shoppers stand "
            "under pseudonyms; <code>recsys explain --json</code> gives the same verbatim.</p>"
        )
        name = re.sub(r"[^A-Za-z0-9_-]", "-", case.item_id)[:60] or "product"
        downloads(files, f"evidence-{name}", "evidence")


def shareable_json(case: ExplanationContext) -> str:
    """The document of `recsys explain --json`, with quotes masked and other shoppers under pseudonyms.

    Offsets are still those of the verbatim text. Added are the model, words supposed and not written, and what narrows
    the list.
    """
    more = {"model_id": case.model.model_id, "supposed": case.supposed, "list": words.limits_in_words(case.settings)}
    document = case.explanation.as_json() | more
    for part in (*document["contributions"], *document["shopper_phrases"]):
        source = part["source"]
        if part["component"] == "semantic":
            part["label"] = source["text"] = mask_personal(part["label"])
            if source["user_id"] not in (None, case.explanation.user_id):
                source["user_id"] = pseudonym(source["user_id"])
    return json.dumps(document, ensure_ascii=False, indent=1)


def csv_rows(explanation: Explanation) -> list[dict[str, object]]:
    """Baseline, then every part with its amount unrounded; they sum to the score."""
    baseline = ("baseline", "What the average product gathers", None, explanation.baseline, None)
    parts = (
        (part.component, naming.label_of(part), naming.origin_of(part.source), part.value, part.source.get("strike"))
        for part in explanation.contributions
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in (baseline, *parts)]


def sheet_html(case: ExplanationContext, made_at: datetime) -> str:
    """The whole sheet."""
    explanation = case.explanation
    rank = esc(naming.place_in_words(explanation.position))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Evidence: {esc(explanation.title)}</title><style>{illustrations.asset('sheet.css')}</style></head>"
        f'<body><p class="eyebrow">Shelfwise evidence sheet</p><h1>{isolated(explanation.title)}</h1>'
        f'<p><span class="score">{explanation.score:.2f}</span> &nbsp;{rank}</p>'
        f"{_facts(case, made_at)}{_arithmetic(explanation)}{_argued(case)}"
        f"{''.join(_component(explanation, name) for name in COMPONENTS)}"
        f"{_shoppers_side(case)}"
        f"{_caveats(case)}</body></html>"
    )


def _facts(case: ExplanationContext, made_at: datetime) -> str:
    explanation, info = case.explanation, case.model.info
    user = isolated(explanation.user_id) if explanation.user_id is not None else "a new shopper"
    facts = {"Product": isolated(explanation.item_id), "Shopper": user}
    if case.original.words:
        facts["Their words"] = f"“{isolated(mask_personal(case.original.words))}”"
    settings = ", ".join([f"{case.settings.n} products", *words.limits_in_words(case.settings)])
    facts |= {
        "Circumstances": isolated(controls.moment_line(case.context)),
        "Weights": ", ".join(f"{LOOKS[name].label} {share:.1%}" for name, share in explanation.weights.items()),
        **_influence(case),
        "List": isolated(settings),
        "Model": f"{esc(case.model.model_id)}, trained {esc(words.day(info.trained_at))}, "
        f"knows until {esc(words.day(info.known_until))}",
        "Sheet made": f"{esc(words.day(made_at))}, {made_at:%H:%M} UTC",
    }
    return f"<dl>{definitions_html(facts)}</dl>"


def _influence(case: ExplanationContext) -> dict[str, str]:
    """What decides the list that the product stands on, or would; nothing where nothing does."""
    influence = case.model.rank(case.now, case.settings).influence
    if not influence:
        return {}
    return {"What decides the list": ", ".join(f"{LOOKS[name].label} {each:.1%}" for name, each in influence.items())}


def _arithmetic(explanation: Explanation) -> str:
    steps = bars.steps(explanation)
    scale = Scale.of([point for _, start, end in steps for point in (start, end)])
    rows = ""
    for name, start, end in steps:
        colour = LOOKS[name].light if name in LOOKS else "#1F2A2C" if name == "score" else "#5C6668"
        label = f"{LOOKS[name].glyph} {LOOKS[name].label}" if name in LOOKS else name.capitalize()
        average = words.signed(explanation.averages[name], 4) if name in LOOKS else ""
        rows += (
            f'<tr{" class=sum" if name == "score" else ""}><td>{label}</td><td><div class="track" '
            f'style="--zero:{scale.zero:.2f}%"><div class="fill" style="background:{colour};'
            f'{scale.style(start, end)}"></div></div></td><td class="n">{words.signed(end - start, 4)}</td>'
            f'<td class="n">{average}</td></tr>'
        )
    whole = explanation.baseline + sum(explanation.components.values())
    return (
        "<h2>The arithmetic</h2><p>Read it from top to bottom: the baseline takes off what the average product "
        "gathers, each component adds what this product gathers, and the sum is the score. A score of 0 is average. "
        "The parts listed below sum to their component. Nothing on this sheet is estimated or written by a machine.</p>"
        '<table><thead><tr><th>Step</th><th></th><th class="n">Amount</th><th class="n">Average product</th></tr>'
        "</thead>"
        f"<tbody>{rows}</tbody></table><p>Sum of all parts: <strong>{words.signed(whole, 4)}</strong>; rounding leaves "
        f"{bars.rounding(explanation)}.</p>"
    )


def _argued(case: ExplanationContext) -> str:
    if not case.is_argued:
        return ""
    names = "".join(
        f"<li>{isolated(naming.exclusion_label(name, case.model, case.original, case.explanation))} "
        f'<span class="quiet">({esc(name)})</span></li>'
        for name in case.explanation.ablated
    )
    added = case.supposed
    supposed = f"<p>Supposed, and not written by them: “{isolated(mask_personal(added))}”</p>" if added else ""
    listed = f"<p>Left out, as if it had never been there:</p><ul>{names}</ul>" if names else ""
    return (
        f"<h2>What was argued</h2>{listed}{supposed}<p>Score before: {case.original.score:.4f} "
        f"({esc(naming.place_in_words(case.original.position))}); now: {case.explanation.score:.4f} "
        f"({esc(naming.place_in_words(case.explanation.position))}).</p>"
    )


def _component(explanation: Explanation, name: str) -> str:
    look, rows = LOOKS[name], explanation.of(name)
    heading = f'<h2><span style="color:{look.light}">{look.glyph}</span> {look.label}</h2>'
    if not rows:
        return f'{heading}<p class="quiet">{look.question}</p><p>Says nothing here.</p>'
    sum_label = f"{look.label}, sum of {words.count(len(rows), 'part')}"
    table = _table(rows, N_PARTS, sum_label, lambda part: naming.phrase_facts(part.source))
    return f'{heading}<p class="quiet">{look.question}</p>{table}'


def _shoppers_side(case: ExplanationContext) -> str:
    phrases = case.explanation.shopper_phrases
    if not phrases:
        return ""

    def origin(part: Contribution) -> str:
        item_id = part.source.get("item_id")
        by = naming.origin_of(part.source, case.user.user_id)
        return f"{by} · {naming.title_of(case.model, item_id)}" if item_id else by

    sum_label = f"Semantic, sum of {words.count(len(phrases), 'phrase')} of theirs"
    return (
        "<h2>The same words from the shopper’s side</h2><p class='quiet'>What the semantic component reads of this "
        "shopper: what they wrote, and what is said of products they chose.</p>"
        f"{_table(phrases, N_QUOTES, sum_label, origin)}"
    )


def _table(parts: Sequence[Contribution], n: int, sum_label: str, origin: Callable[[Contribution], str]) -> str:
    lines = [(naming.label_of(part), origin(part), part.value) for part in parts[:n]]
    if rest := parts[n:]:
        lines.append((f"{len(rest):,} more", "", sum(part.value for part in rest)))
    rows = "".join(
        f"<tr><td>{isolated(label)}{by and f'<span class=by>{esc(by)}</span>'}</td>"
        f'<td class="n">{words.signed(value, 4)}</td></tr>'
        for label, by, value in lines
    )
    total = words.signed(sum(part.value for part in parts), 4)
    return (
        f'<table><tbody>{rows}<tr class="sum"><td>{esc(sum_label)}</td><td class="n">{total}</td></tr></tbody></table>'
    )


def _caveats(case: ExplanationContext) -> str:
    notes: Iterable[str] = (
        *(words.sentence(note) for note in case.explanation.notes),
        "The sheet says what this model's score is made of, not why a person would buy.",
        "Leaving something out scores everything again with the model as it was trained; it does not train it again.",
        f"The model knows what happened until {words.day(case.model.info.known_until)}, and nothing later.",
        "Quotes are verbatim but for hidden addresses, links and numbers; their writers stand under pseudonyms.",
    )
    return "<h2>What to keep in mind</h2><ul>" + "".join(f"<li>{isolated(note)}</li>" for note in notes) + "</ul>"
