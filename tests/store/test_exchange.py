"""Presets leave as one JSON document and come in through one door that names what is wrong."""

import json
import re
from typing import Any

import pytest

from recsys.documents import to_json
from recsys.errors import PresetError
from recsys.store.database import Database
from recsys.store.exchange import LARGEST_DOCUMENT, export_presets, import_presets, read_document
from recsys.store.presets import PresetStore
from recsys.store.records import ShippedPreset
from tests._hostile import ATTACKS
from tests.store._presets import CALM, FRESH, draft, measured


@pytest.fixture
def other(database: Database) -> PresetStore:
    """The same people's second shop."""
    return PresetStore(database, "second")


def document(**changes: Any) -> dict[str, Any]:
    """A document of one preset, as exported, with some of its fields changed."""
    preset = {
        "name": "Fresh picks",
        "description": "",
        "tags": ["new"],
        "goal": "",
        "settings": to_json(FRESH),
        "measured": {"metrics": {"ndcg": {"mean": 0.3, "low": None, "high": None}}, "n_users": 9},
        **changes,
    }
    return {"format": "shelfwise-presets", "version": 1, "presets": [preset]}


def test_what_is_exported_comes_in_as_it_was(store: PresetStore, other: PresetStore) -> None:
    first = store.create(draft("First"), measured(0.25), by="ann")
    store.update(first.preset_id, version=1, settings=CALM, measured=measured(0.5, note="calmer"))
    store.ship([ShippedPreset(draft("Shipped"), is_default=True)])
    created = import_presets(other, export_presets(store.presets()), by="ben")
    assert [preset.name for preset in created] == ["Shipped", "First"]
    assert list(created) == [other.get(preset.preset_id) for preset in created]
    shipped, first_copy = created
    assert (shipped.is_shipped, shipped.is_default, shipped.saves) == (False, False, ())
    assert first_copy.draft == store.get(first.preset_id).draft
    (save,) = first_copy.saves
    assert (save.metrics, save.measured.n_users, save.measured.panel_id) == (measured(0.5).metrics, 500, "panel-7")
    assert save.measured.note == "imported, measured 2026-05-01T10:01; calmer"
    assert save.who == "ben"


def test_a_document_from_before_presets_named_shoppers_comes_in(store: PresetStore) -> None:
    given = document()
    del given["presets"][0]["settings"]["segment"]
    (made,) = import_presets(store, json.dumps(given))
    assert made.settings.segment == {}


def test_a_document_does_not_say_who_saved(store: PresetStore) -> None:
    store.create(draft(), measured(), by="ann@example.org")
    exported = export_presets(store.presets())
    assert "ann@example.org" not in exported
    assert json.loads(exported)["presets"][0]["name"] == "Fresh picks"
    assert exported == export_presets(store.presets())


def test_names_that_are_taken_get_a_mark(store: PresetStore) -> None:
    store.create(draft(), measured())
    twice = document()
    twice["presets"] *= 2
    created = import_presets(store, json.dumps(twice))
    assert [preset.name for preset in created] == ["Fresh picks (imported)", "Fresh picks (imported 2)"]


def test_a_document_decides_neither_default_nor_shipped(store: PresetStore) -> None:
    (made,) = import_presets(store, json.dumps(document(is_default=True, is_shipped=True)))
    assert (made.is_default, made.is_shipped) == (False, False)
    assert store.default() is None


def test_one_wrong_preset_keeps_the_whole_document_out(store: PresetStore) -> None:
    given = document()
    given["presets"].append({**given["presets"][0], "name": "Bad one", "tags": ["t" * 31]})
    with pytest.raises(PresetError, match=r"preset 2 \('Bad one'\): a tag has 31 characters .*; nothing was imported"):
        import_presets(store, json.dumps(given))
    assert store.presets() == ()


def settings(**changes: Any) -> dict[str, Any]:
    return {"settings": {**to_json(FRESH), **changes}}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": 7}, "preset 1: name='7' is not usable; give text"),
    ({"name": " \u200b "}, "name is empty; give 1 to 80 characters that can be seen"),
    ({"name": "n" * 81}, "name has 81 characters"),
    ({"description": "d" * 2001}, "description has 2,001 characters"),
    ({"tags": [str(n) for n in range(11)]}, "tags: 11 are too many"),
    ({"tags": "new"}, "tags='new' is not usable; give a list"),
    ({"colour": "red"}, "('Fresh picks'): 'colour' is not known; leave it out"),
    ({"settings": None}, "settings='None' is not usable; give a JSON object"),
    (settings(k=0), "k=0 is not usable; give a whole number from 1 to 100"),
    (settings(k=101), "k=101 is not usable"),
    (settings(k=2.5), "settings: k='2.5' is not usable; give a whole number"),
    (settings(k=True), "settings: k='True' is not usable; give a whole number"),
    (settings(diversity=1.5), "diversity=1.5 is not usable; give a number from 0 to 1"),
    (settings(diversity="0.5"), "settings: diversity='0.5' is not usable; give a number"),
    (settings(method="best"), "settings: method='best' is not usable; give 'mmr', 'dpp' or 'msd'"),
    (settings(only_available="yes"), "settings: only_available='yes' is not usable; give true or false"),
    (settings(weights={"collaborative": 1.0}), "settings: weights.content is missing"),
    (settings(weights=dict.fromkeys(FRESH.weights.as_dict(), 0.0)), "all weights are 0"),
    (settings(weights={**FRESH.weights.as_dict(), "content": -1}), "weight content=-1.0 is not usable"),
    (
        settings(weights={**FRESH.weights.as_dict(), "content": float("inf")}),
        "settings.weights: content='inf' is not usable",
    ),
    (settings(weights={**FRESH.weights.as_dict(), "content": 10**400}), "settings.weights: content="),
    (settings(scenario={"mood": "good"}), "scenario: 'mood' is not a circumstance; use daypart"),
    (settings(scenario={"daypart": "noon"}), "scenario: daypart='noon' is not known; use one of night"),
    (settings(scenario={"device": ""}), "scenario: device='' is not usable"),
    (settings(scenario={"moment": "soon"}), "scenario: moment='soon' is not a time"),
    (settings(segment={"home": 7}), "settings.segment: home='7' is not usable; give text"),
    (settings(segment={"activity": "lost"}), "segment: activity='lost' is not known"),
    (settings(categories=["c" * 501]), "categories: 'ccc"),
    ({"measured": {"metrics": {"ndcg": 0.3}}}, "measured.metrics: ndcg='0.3' is not usable; give a JSON object"),
    ({"measured": {"metrics": {"ndcg": {"mean": 0.3}}}}, "metrics: 'ndcg' has 'mean'; give mean, low and high"),
    ({"measured": {"metrics": {"ndcg": {"mean": float("nan"), "low": 0, "high": 0}}}}, "measured.metrics.ndcg: mean="),
    ({"measured": {"metrics": {}, "n_users": -1}}, "n_users=-1 is not a count of shoppers"),
    ({"measured": {"metrics": {}, "n_users": 10**30}}, "is not a count of shoppers"),
]


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong_is_named_with_preset_and_field(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(PresetError, match=re.escape(said)) as caught:
        read_document(json.dumps(document(**changes)))
    assert str(caught.value).startswith("preset 1")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("", r"the document is not JSON in UTF-8 \(line 1: .*\); give a file that Shelfwise exported"),
        (b"\xff\xfe{}", "the document is not JSON in UTF-8; give"),
        ("[" * 200_000, "the document is not JSON in UTF-8"),
        ('{"x": ' + "9" * 5000 + "}", "the document is not JSON in UTF-8"),
        ("[]", "the document does not say format 'shelfwise-presets'"),
        ('{"format": "other"}', "does not say format 'shelfwise-presets'"),
        ('{"format": "shelfwise-presets", "version": 2}', "has version '2' of its format, and this Shelfwise reads 1"),
        ('{"format": "shelfwise-presets", "version": true}', "has version 'True' of its format"),
        ('{"format": "shelfwise-presets", "version": 1}', "the document's 'presets' is 'None', not a list"),
        ('{"format": "shelfwise-presets", "version": 1, "presets": []}', "holds 0 presets; give 1 to 200"),
        (
            json.dumps({"format": "shelfwise-presets", "version": 1, "presets": [7]}),
            "preset 1: it='7' is not usable; give a JSON object",
        ),
        (json.dumps({**document(), "presets": document()["presets"] * 201}), "holds 201 presets; give 1 to 200"),
        (" " * (LARGEST_DOCUMENT + 1), "the document has 1,000,001 bytes; give at most 1,000,000"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "bytes",
)
def test_what_is_no_document_is_said_in_one_line(raw: str | bytes, said: str) -> None:
    with pytest.raises(PresetError, match=said) as caught:
        read_document(raw)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_does_no_harm() -> None:
    ((kept, _),) = read_document(b"\xef\xbb\xbf" + json.dumps(document()).encode())
    assert kept.name == "Fresh picks"


def test_many_faults_are_counted_not_listed() -> None:
    with pytest.raises(PresetError, match="; and 3 more; nothing was imported: correct the document"):
        read_document(json.dumps(document(settings={**to_json(FRESH), **dict.fromkeys("abcdef", 1)})))


def test_hostile_presets_survive_the_journey(store: PresetStore, other: PresetStore) -> None:
    for number, attack in enumerate(ATTACKS):
        store.create(draft(f"{number} {attack[:60]}", description=attack), measured(note=attack))
    exported = export_presets(store.presets())
    created = import_presets(other, exported.encode())
    assert [(preset.name, preset.description) for preset in created] == [
        (preset.name, preset.description) for preset in store.presets()
    ]
