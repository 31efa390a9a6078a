"""Presets are kept as they were saved, and people who work at the same time do not overwrite each other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from recsys.errors import ConflictError, PresetError, StoreError, UnknownPresetError
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.store.records import Measurement, Preset, PresetSettings, ShippedPreset
from tests._hostile import ATTACKS
from tests.store._presets import CALM, FRESH, draft, find, measured

START = datetime(2026, 5, 1, 10, tzinfo=UTC)


def names(presets: tuple[Preset, ...]) -> list[str]:
    return [preset.name for preset in presets]


def test_a_new_shop_has_no_presets(store: PresetStore) -> None:
    assert store.presets() == ()
    assert store.deleted() == ()
    assert store.default() is None
    assert find(store, "Fresh picks") is None


def test_a_preset_is_kept_as_it_was_saved(store: PresetStore) -> None:
    made = store.create(draft(), measured(), by="ann")
    kept = store.get(made.preset_id)
    assert kept == made
    assert (kept.shop, kept.name, kept.description, kept.goal) == (
        "demo",
        "Fresh picks",
        "New things first.",
        "ndcg@20",
    )
    assert (kept.tags, kept.settings) == (("summer", "new"), FRESH)
    assert kept.settings.scenario == {"daypart": "evening", "device": "mobile"}
    assert (kept.is_shipped, kept.is_default, kept.version) == (False, False, 1)
    (save,) = kept.saves
    assert (save.saved_at, save.saved_at.tzinfo, save.saved_by, save.settings) == (START, UTC, "ann", FRESH)
    assert save.metrics == {
        "ndcg": {"mean": 0.25, "low": 0.23, "high": 0.27},
        "recall": {"mean": None, "low": None, "high": None},
    }
    assert (save.measured.n_users, save.measured.protocol) == (500, "last held out")
    assert (save.measured.panel_id, save.measured.note) == ("panel-7", "first try")


def test_whoever_gives_no_name_is_somebody(store: PresetStore) -> None:
    made = store.create(draft(), measured())
    assert (made.changed_by, made.who, made.saves[0].saved_by, made.saves[0].who) == ("", "somebody", "", "somebody")


def test_a_preset_saved_by_one_is_seen_by_another(store: PresetStore, address: str) -> None:
    other_database = Database(address)
    other = PresetStore(other_database, "demo")
    assert other.presets() == ()
    made = store.create(draft(), measured(), by="ann")
    assert other.presets() == (made,)
    changed = other.update(made.preset_id, version=1, description="Changed elsewhere.")
    assert store.get(made.preset_id) == changed
    other_database._engine.dispose()


def test_numbered_copies_stand_as_people_count(store: PresetStore) -> None:
    expected = ["Fresh", "Fresh (copy)", "Fresh (copy 2)", "Fresh (copy 10)", "Fresh air", "12 things"]
    for name in expected:
        store.create(draft(name), measured())
    assert names(store.presets()) == ["12 things", *expected[:-1]]


def test_shops_do_not_see_each_others_presets(store: PresetStore, database: Database) -> None:
    made = store.create(draft(), measured())
    other = PresetStore(database, "another shop")
    assert other.presets() == ()
    assert other.create(draft(), measured()).name == "Fresh picks"
    other.make_default(other.presets()[0].preset_id)
    for touch in (other.get, other.duplicate, other.delete, other.restore, other.make_default):
        with pytest.raises(UnknownPresetError, match=f"preset '{made.preset_id}' is not in this shop"):
            touch(made.preset_id)
    with pytest.raises(UnknownPresetError):
        other.update(made.preset_id, version=1, name="Mine now")
    assert store.presets() == (made,)


def test_the_default_comes_first_then_the_shipped_then_by_name(store: PresetStore) -> None:
    for name in ("zebra", "Älpler", "Bold", "apple"):
        store.create(draft(name), measured())
    store.ship([ShippedPreset(draft("Shipped two")), ShippedPreset(draft("Shipped one"))])
    store.make_default(found(store, "zebra").preset_id)
    assert names(store.presets()) == ["zebra", "Shipped one", "Shipped two", "apple", "Bold", "Älpler"]


def found(store: PresetStore, name: str) -> Preset:
    preset = find(store, name)
    assert preset is not None
    return preset


@pytest.mark.parametrize(
    "same", ["fresh picks", "FRESH  PICKS", "Fre\u200bsh picks", "\u202eFresh picks", "Ｆｒｅｓｈ picks"]
)
def test_a_name_is_taken_whatever_its_capitals_and_hidden_marks(store: PresetStore, same: str) -> None:
    made = store.create(draft(), measured())
    with pytest.raises(PresetError, match=r"name: this shop already has a preset called '.*'; give yours another name"):
        store.create(draft(same), measured())
    assert find(store, same) == made
    assert store.presets() == (made,)


def test_changing_only_the_capitals_of_a_name_is_no_clash(store: PresetStore) -> None:
    made = store.create(draft(), measured())
    assert store.update(made.preset_id, version=1, name="FRESH picks").name == "FRESH picks"


def test_renaming_to_a_taken_name_changes_nothing(store: PresetStore) -> None:
    store.create(draft("Other"), measured())
    made = store.create(draft(), measured())
    with pytest.raises(PresetError, match="already has a preset called 'OTHER'"):
        store.update(made.preset_id, version=1, name="OTHER", description="not kept")
    assert store.get(made.preset_id) == made


def test_words_change_without_a_save_and_what_is_not_given_stays(store: PresetStore) -> None:
    made = store.create(draft(), measured(), by="ann")
    changed = store.update(made.preset_id, version=1, description="", tags=["B", "b", "a"], goal="recall", by="ben")
    assert (changed.description, changed.tags, changed.goal) == ("", ("b", "a"), "recall")
    assert (changed.name, changed.settings, changed.saves) == (made.name, made.settings, made.saves)
    assert (changed.version, changed.changed_by, changed.changed_at) == (2, "ben", START + timedelta(minutes=1))


def test_an_update_that_changes_nothing_is_no_change(store: PresetStore) -> None:
    made = store.create(draft(), measured(), by="ann")
    assert store.update(made.preset_id, version=1, name=made.name, settings=made.settings, by="ben") == made


def test_new_settings_are_saved_with_their_metrics_newest_first(store: PresetStore) -> None:
    made = store.create(draft(), measured(0.25), by="ann")
    changed = store.update(made.preset_id, version=1, settings=CALM, measured=measured(0.5, note="calmer"), by="ben")
    assert changed.settings == CALM
    assert [(save.who, save.settings, save.metrics["ndcg"]["mean"]) for save in changed.saves] == [
        ("ben", CALM, 0.5),
        ("ann", FRESH, 0.25),
    ]
    assert store.get(made.preset_id) == changed
    assert changed.measured == measured(0.5, note="calmer")


@pytest.mark.parametrize("nothing", [None, Measurement({})])
def test_new_settings_without_metrics_are_refused(store: PresetStore, nothing: Measurement | None) -> None:
    made = store.create(draft(), measured())
    with pytest.raises(
        PresetError, match="preset 'Fresh picks' would be saved without how its settings measure; measure"
    ):
        store.update(made.preset_id, version=1, settings=CALM, measured=nothing)
    assert store.get(made.preset_id) == made


def test_a_new_preset_without_metrics_is_refused(store: PresetStore) -> None:
    with pytest.raises(PresetError, match="would be saved without how its settings measure"):
        store.create(draft(), Measurement({}))
    assert store.presets() == ()


def test_measuring_again_is_a_save_of_the_same_settings(store: PresetStore) -> None:
    made = store.create(draft(), measured())
    again = store.update(made.preset_id, version=1, measured=measured(0.3))
    assert [save.settings for save in again.saves] == [FRESH, FRESH]
    assert again.version == 2


def test_whoever_comes_late_is_told_who_saved_when_and_overwrites_nothing(store: PresetStore) -> None:
    made = store.create(draft(), measured(), by="ann")
    theirs = store.update(made.preset_id, version=made.version, description="Ben was here.", by="ben")
    said = (
        r"preset 'Fresh picks' was saved by ben on 2026-05-01 at 10:01 UTC, after you opened it; nothing was"
        r" overwritten: open it again and repeat your change, or save yours under another name"
    )
    with pytest.raises(ConflictError, match=said):
        store.update(made.preset_id, version=made.version, description="Mine.", by="ann")
    assert store.get(made.preset_id) == theirs


def test_whoever_saves_what_was_deleted_is_told(store: PresetStore) -> None:
    made = store.create(draft(), measured())
    store.delete(made.preset_id)
    with pytest.raises(
        ConflictError, match=r"was deleted by somebody on 2026-05-01 at 10:01 UTC.*: restore it, or save"
    ):
        store.update(made.preset_id, version=made.version, description="Mine.")


def test_copies_are_numbered_and_begin_with_the_latest_measurement(store: PresetStore) -> None:
    made = store.create(draft(), measured())
    store.update(made.preset_id, version=1, settings=CALM, measured=measured(0.5))
    store.make_default(made.preset_id)
    copies = [store.duplicate(made.preset_id, by="cleo") for _ in range(3)]
    assert [copy.name for copy in copies] == ["Fresh picks (copy)", "Fresh picks (copy 2)", "Fresh picks (copy 3)"]
    for copy in copies:
        assert (copy.settings, copy.tags, copy.description, copy.goal) == (CALM, made.tags, made.description, made.goal)
        assert (copy.is_default, copy.is_shipped, copy.version) == (False, False, 1)
        (save,) = copy.saves
        assert (save.metrics, save.saved_by) == (measured(0.5).metrics, "cleo")
        assert save.measured.note == "copied from Fresh picks; first try"


def test_a_copy_of_the_longest_name_still_fits(store: PresetStore) -> None:
    made = store.create(draft("x" * 80), measured())
    assert store.duplicate(made.preset_id).name == "x" * 73 + " (copy)"
    assert store.duplicate(made.preset_id).name == "x" * 71 + " (copy 2)"


def test_a_deleted_preset_is_gone_until_it_is_restored(store: PresetStore) -> None:
    made = store.create(draft(), measured())
    store.make_default(made.preset_id)
    store.delete(made.preset_id, by="ben")
    assert (store.presets(), store.default(), find(store, "Fresh picks")) == ((), None, None)
    with pytest.raises(UnknownPresetError, match=r"is not in this shop, or was deleted; choose one from the list"):
        store.get(made.preset_id)
    with pytest.raises(UnknownPresetError):
        store.delete(made.preset_id)
    (gone,) = store.deleted()
    assert (gone.name, gone.who) == ("Fresh picks", "ben")
    back = store.restore(made.preset_id)
    assert (back.name, back.saves, back.is_default) == ("Fresh picks", made.saves, False)
    assert store.presets() == (back,)
    assert store.deleted() == ()
    assert store.restore(made.preset_id) == back


def test_a_preset_whose_name_was_taken_meanwhile_comes_back_under_another(store: PresetStore) -> None:
    made = store.create(draft(), measured())
    store.delete(made.preset_id)
    store.create(draft("FRESH PICKS"), measured())
    assert store.restore(made.preset_id).name == "Fresh picks (restored)"


@pytest.mark.parametrize("preset_id", ["", "no-such-id", "x" * 5000, "\x00", "\ud800", "' OR 1=1 --"])
def test_an_id_out_of_a_broken_link_is_unknown(store: PresetStore, preset_id: str) -> None:
    made = store.create(draft(), measured())
    for touch in (store.get, store.duplicate, store.delete, store.restore, store.make_default):
        with pytest.raises(UnknownPresetError, match="is not in this shop, or was deleted"):
            touch(preset_id)
    assert store.presets() == (made,)


def test_there_is_one_default_at_most(store: PresetStore) -> None:
    first, second = (store.create(draft(name), measured()) for name in ("A", "B"))
    assert store.make_default(first.preset_id).is_default
    store.make_default(second.preset_id)
    assert [preset.name for preset in store.presets() if preset.is_default] == ["B"]
    assert store.default() == store.get(second.preset_id)
    # Being the default is no change of the preset: whoever has it open may still save.
    assert store.get(second.preset_id).version == second.version
    store.clear_default()
    assert store.default() is None


@pytest.mark.parametrize("value", ["is_default = TRUE", "name_key = 'same'"])
def test_the_database_itself_refuses_a_second_default_and_a_second_name(
    store: PresetStore, database: Database, value: str
) -> None:
    for name in ("A", "B"):
        store.create(draft(name), measured())
    with (
        pytest.raises(
            StoreError, match="was changed by somebody else at the same moment; nothing already saved is lost"
        ),
        database.writing() as session,
    ):
        session.execute(text(f"UPDATE shelfwise_preset SET {value}"))
    assert len({preset.name for preset in store.presets()}) == 2
    assert store.default() is None


def test_of_two_who_save_at_once_one_is_told(store: PresetStore) -> None:
    made = store.create(draft(), measured())

    def save(who: str) -> str:
        try:
            return store.update(made.preset_id, version=made.version, description=f"By {who}.", by=who).who
        except ConflictError as error:
            return f"told about {error.by}"

    people = [f"person {n}" for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(save, people))
    kept = store.get(made.preset_id)
    assert kept.version == 2
    assert sorted(outcomes) == sorted([kept.who] + [f"told about {kept.who}"] * 5)
    assert kept.description == f"By {kept.who}."


def test_many_who_save_at_once_lose_nothing(store: PresetStore) -> None:
    made = store.create(draft(), measured())

    def copy(number: int) -> str:
        return store.duplicate(made.preset_id, by=str(number)).name

    def choose(number: int) -> str:
        return store.make_default(made.preset_id).name

    with ThreadPoolExecutor(6) as pool:
        copies = list(pool.map(copy, range(12)))
        list(pool.map(choose, range(6)))
    assert sorted(copies) == sorted(["Fresh picks (copy)", *(f"Fresh picks (copy {n})" for n in range(2, 13))])
    assert names(store.presets())[0] == "Fresh picks"
    assert len(store.presets()) == 13


@pytest.mark.parametrize(
    "attack", [*ATTACKS, "'; DROP TABLE shelfwise_preset; --", "50%s %(name)s :name", "\x00\ud800 nul"]
)
def test_hostile_text_is_kept_and_does_nothing(store: PresetStore, attack: str) -> None:
    settings = PresetSettings(scenario={"device": attack}, categories=(attack,))
    made = store.create(
        draft(attack[:80], settings, description=attack, tags=(attack[:30],), goal=attack[:200]),
        measured(note=attack, protocol=attack, panel_id=attack[:200]),
        by=attack[:80],
    )
    kept = store.get(made.preset_id)
    assert kept == made
    assert kept.description == attack.replace("\x00", "").replace("\ud800", "")
    assert kept.settings.categories == (kept.description,)
    for line in (kept.name, kept.goal, kept.changed_by, *kept.tags):
        assert not set(line) & set("\x00\n\t\u202e\u202c\u2066\u2067\u2068\u2069\ud800")
    assert find(store, attack[:80]) == made


def test_a_row_that_no_shelfwise_wrote_is_named(store: PresetStore, database: Database) -> None:
    store.create(draft(), measured())
    with database.writing() as session:
        session.execute(text("UPDATE shelfwise_preset SET settings = '{\"k\": 7}'"))
    with pytest.raises(StoreError, match=r"preset 'Fresh picks' \(row '.*' of shelfwise_preset\) was changed outside"):
        store.presets()


def test_a_shop_needs_a_name(database: Database) -> None:
    with pytest.raises(PresetError, match="shop is empty; give 1 to 500 characters that can be seen"):
        PresetStore(database, " \u200b")


def test_moments_are_utc_wherever_the_clock_stands(database: Database) -> None:
    there = datetime(2026, 5, 1, 23, 30, tzinfo=ZoneInfo("America/New_York"))
    made = PresetStore(database, "demo", now=lambda: there).create(draft(), measured())
    kept = PresetStore(database, "demo").get(made.preset_id)
    assert kept.changed_at.isoformat() == "2026-05-02T03:30:00+00:00"
    assert kept.saves[0].saved_at.isoformat() == "2026-05-02T03:30:00+00:00"


def test_the_state_changes_with_every_change_and_with_nothing_else(store: PresetStore) -> None:
    seen = [store.state()]

    def is_new() -> bool:
        seen.append(store.state())
        return seen[-1] not in seen[:-1]

    first = store.create(draft("First"), measured())
    assert is_new()
    second = store.create(draft("Second"), measured())
    assert is_new()
    store.update(first.preset_id, version=1, description="other words")
    assert is_new()
    store.make_default(first.preset_id)
    assert is_new()
    store.make_default(second.preset_id)
    assert is_new()
    store.delete(second.preset_id)
    assert is_new()
    store.create(draft("Third"), measured())
    assert is_new()
    store.restore(second.preset_id)
    assert is_new()
    store.presets()
    PresetStore(store._database, "another shop").create(draft(), measured())
    assert not is_new()
