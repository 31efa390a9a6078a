"""Presets that come with the app arrive, change and leave without touching what people made."""

import dataclasses

import pytest

from recsys.errors import PresetError
from recsys.store.presets import PresetStore
from recsys.store.records import Preset, ShippedPreset
from tests.store._presets import CALM, FRESH, draft, find, measured

BALANCED = ShippedPreset(draft("Balanced", CALM), measured(), is_default=True)
BOLD = ShippedPreset(draft("Bold"))


def found(store: PresetStore, name: str) -> Preset:
    preset = find(store, name)
    assert preset is not None
    return preset


def test_shipped_presets_arrive_marked_and_one_becomes_the_default(store: PresetStore) -> None:
    store.ship([BOLD, BALANCED])
    balanced, bold = store.presets()
    assert (balanced.name, balanced.is_shipped, balanced.is_default, balanced.who) == (
        "Balanced",
        True,
        True,
        "Shelfwise",
    )
    assert (bold.name, bold.is_shipped, bold.is_default, bold.saves, bold.measured) == ("Bold", True, False, (), None)
    assert balanced.measured == measured()


def test_shipping_again_changes_nothing(store: PresetStore) -> None:
    store.ship([BALANCED, BOLD])
    before = store.presets()
    for order in ([BALANCED, BOLD], [BOLD, BALANCED]):
        store.ship(order)
        assert store.presets() == before


def test_new_settings_of_a_shipped_preset_keep_its_id_and_its_history(store: PresetStore) -> None:
    store.ship([BALANCED])
    before = found(store, "Balanced")
    store.ship([ShippedPreset(draft("BALANCED", FRESH, description="Anew."), measured(0.5))])
    after = found(store, "Balanced")
    assert (after.preset_id, after.name, after.description) == (before.preset_id, "BALANCED", "Anew.")
    assert [(save.settings, save.metrics["ndcg"]["mean"]) for save in after.saves] == [(FRESH, 0.5), (CALM, 0.25)]
    assert (after.version, after.is_default) == (2, True)


def test_only_what_was_measured_anew_is_saved(store: PresetStore) -> None:
    store.ship([BALANCED, BOLD])
    store.ship([dataclasses.replace(BALANCED, measured=measured(0.5)), BOLD])
    assert len(found(store, "Balanced").saves) == 2
    assert len(found(store, "Bold").saves) == 0
    store.ship([dataclasses.replace(BALANCED, measured=None), BOLD])
    assert len(found(store, "Balanced").saves) == 2


def test_what_is_no_longer_shipped_leaves_and_may_come_back(store: PresetStore) -> None:
    store.ship([BALANCED, BOLD])
    before = found(store, "Bold")
    store.ship([BALANCED])
    assert find(store, "Bold") is None
    assert store.deleted() == ()
    store.ship([BALANCED, BOLD])
    assert found(store, "Bold").preset_id == before.preset_id


def test_people_keep_their_own_presets_and_names(store: PresetStore) -> None:
    own = store.create(draft("balanced"), measured(), by="ann")
    store.ship([BALANCED])
    assert store.get(own.preset_id) == own
    assert found(store, "Balanced (shipped)").is_shipped
    before = store.presets()
    store.ship([BALANCED])
    assert store.presets() == before
    store.delete(own.preset_id)
    store.ship([BALANCED])
    assert found(store, "Balanced").is_shipped
    assert find(store, "Balanced (shipped)") is None
    store.ship([])
    assert store.restore(own.preset_id).name == "balanced"


def test_a_default_that_a_person_chose_stays(store: PresetStore) -> None:
    own = store.create(draft("Mine"), measured())
    store.make_default(own.preset_id)
    store.ship([BALANCED, BOLD])
    assert found(store, "Mine").is_default
    assert not found(store, "Balanced").is_default


def test_a_default_that_a_person_cleared_stays_cleared(store: PresetStore) -> None:
    store.ship([BALANCED])
    store.clear_default()
    store.ship([BALANCED, BOLD])
    assert store.default() is None


def test_a_default_that_is_no_longer_shipped_hands_over(store: PresetStore) -> None:
    store.ship([BALANCED, BOLD])
    store.ship([dataclasses.replace(BOLD, is_default=True)])
    assert found(store, "Bold").is_default
    store.ship([])
    assert store.presets() == ()


def test_shipped_presets_can_only_be_copied_and_chosen(store: PresetStore) -> None:
    store.ship([BALANCED])
    shipped = found(store, "Balanced")
    refused = "preset 'Balanced' comes with Shelfwise and cannot be changed or deleted; duplicate it and change that"
    with pytest.raises(PresetError, match=refused):
        store.update(shipped.preset_id, version=1, description="mine")
    with pytest.raises(PresetError, match=refused):
        store.delete(shipped.preset_id)
    store.ship([])
    with pytest.raises(PresetError, match=refused):
        store.restore(shipped.preset_id)
    store.ship([BALANCED])
    copy = store.duplicate(shipped.preset_id)
    assert (copy.name, copy.is_shipped) == ("Balanced (copy)", False)
    assert store.update(copy.preset_id, version=1, description="mine").description == "mine"


def test_two_shipped_presets_need_two_names(store: PresetStore) -> None:
    with pytest.raises(PresetError, match="two shipped presets have the same name; give each its own"):
        store.ship([BOLD, ShippedPreset(draft("bold"))])
    assert store.presets() == ()
