"""The section "Presets": what is on screen is in the store, and what two people do at once is not lost."""

import re

from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.evaluation.statistics.paired import means
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import Segment
from recsys.settings import WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Measurement, Preset, PresetSettings
from tests.pages._seen import html, text
from tests.pages.tuning.conftest import OpenRoom
from tests.pages.tuning.presets.conftest import Measure, card, fill, mix


def test_without_presets_the_section_says_how_to_make_one(open_room: OpenRoom, store: PresetStore) -> None:
    assert "No presets yet" in text(open_room("Presets"))


def test_the_present_setting_is_saved_with_how_it_measures_now(
    open_room: OpenRoom, store: PresetStore, engine: LiveEngine
) -> None:
    page = open_room("Presets", content="60", diversity="0.3")
    fill(page, name="Fresh", description="New things", tags="Summer, new", goal="variety", who="Ann")
    (made,) = store.presets()
    weights = FusionSettings(*(page.slider(key=name).value / 100 for name in FusionSettings().as_dict()))
    asked = RankingSettings(fusion=weights, filters=WHOLE_CATALOGUE, diversity=0.3)
    assert made.settings == PresetSettings.of(asked)
    assert (made.name, made.description, made.tags, made.goal) == ("Fresh", "New things", ("summer", "new"), "variety")
    (save,) = made.saves
    expected = means(engine.measure(asked).lists, engine.panel.facts)
    assert save.metrics == {name: interval.as_json() for name, interval in expected.items()}
    assert set(save.metrics) == set(LIVE_METRICS)
    assert (save.measured.n_users, save.measured.panel_id) == (len(engine.panel), engine.panel.panel_id)
    assert engine.panel.protocol.startswith(save.measured.protocol.removesuffix("."))
    assert save.who == "Ann"
    said = card(page, "Fresh")
    assert "on the sliders" in said
    assert "measures the same now" in said
    assert f"{expected['ndcg'].mean:.4f}" in said
    assert page.text_input(key="preset_name").value == ""
    assert "“Fresh” is saved" in text(page)


def test_a_name_is_asked_for_once_a_session(open_room: OpenRoom, store: PresetStore) -> None:
    page = fill(open_room("Presets"), name="One", who="Ann")
    assert "preset_who" not in [field.key for field in page.text_input]
    fill(page, name="Two")
    assert [preset.changed_by for preset in store.presets()] == ["Ann", "Ann"]


def test_a_preset_knows_the_shoppers_it_was_judged_on(
    open_room: OpenRoom, store: PresetStore, engine: LiveEngine
) -> None:
    page = open_room("Presets")
    page.selectbox(key="shoppers").set_value("New").run()
    fill(page, name="Newcomers")
    (made,) = store.presets()
    assert made.settings.segment == {"activity": "new"}
    assert made.saves[0].measured.n_users == int(Segment.of(activity="new").mask(engine.panel.shoppers).sum())
    assert "judged on new shoppers" in card(page, "Newcomers")


def test_a_name_that_is_taken_is_told_and_nothing_typed_is_lost(
    open_room: OpenRoom, store: PresetStore, kept: Preset
) -> None:
    page = fill(open_room("Presets"), name="AUTUMN", description="mine")
    assert "already has a preset called 'AUTUMN'" in text(page)
    assert page.text_area(key="preset_description").value == "mine"
    assert store.presets() == (kept,)


def test_loading_puts_every_control_where_the_preset_wants_it(
    open_room: OpenRoom, store: PresetStore, measure: Measure, model: object
) -> None:
    page = open_room("Presets", semantic="100")
    category = page.multiselect(key="category").options[0]
    settings = mix(
        1, 0.5, 0, 0.25, diversity=0.4, method="dpp", k=20, segment={"activity": "new"}, categories=(category,)
    )
    made = store.create(Draft("All of it", settings), measure(settings))
    page.run()
    page.button(key=f"load_{made.preset_id}").click().run()
    assert [page.slider(key=name).value for name in settings.weights.as_dict()] == [100, 50, 0, 25]
    assert (page.slider(key="diversity").value, page.multiselect(key="category").value) == (0.4, [category])
    assert page.selectbox(key="shoppers").value == "New"
    said = card(page, "All of it")
    assert "on the sliders" in said
    assert "All controls stand where “All of it” wants them." in text(page)


def test_what_no_control_here_can_hold_is_named(open_room: OpenRoom, store: PresetStore, measure: Measure) -> None:
    settings = mix(1, 0, 0, 0, k=17, scenario={"region": "Atlantis"}, categories=("Submarines",))
    made = store.create(Draft("From elsewhere", settings), measure(mix(1, 0, 0, 0)))
    page = open_room("Presets")
    assert "cannot be measured now" in card(page, "From elsewhere")
    page.button(key=f"load_{made.preset_id}").click().run()
    assert not page.exception
    assert "Left out, because this shop has no such thing: region Atlantis, Submarines, lists of 17." in text(page)
    assert page.slider(key="collaborative").value == 100


def test_a_preset_takes_the_present_setting_and_its_history_keeps_the_last(
    open_room: OpenRoom, store: PresetStore, kept: Preset
) -> None:
    page = open_room("Presets", collaborative="90")
    page.button(key=f"open_{kept.preset_id}").click().run()
    page.button(key=f"update_{kept.preset_id}").click().run()
    (now,) = store.presets()
    assert now.settings.weights.collaborative == 0.9
    assert [save.settings for save in now.saves] == [now.settings, kept.settings]
    change = now.saves[0].metrics["ndcg"]["mean"] - now.saves[1].metrics["ndcg"]["mean"]
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', html(page), re.DOTALL)
    assert len(rows) == 2
    assert f"{abs(change):.4f}" in rows[0]
    assert "Ann" in rows[1]


def test_whoever_saved_meanwhile_is_not_overwritten(
    open_room: OpenRoom, store: PresetStore, kept: Preset, measure: Measure
) -> None:
    page = open_room("Presets", collaborative="90")
    other = mix(0, 0, 1, 0)
    store.update(kept.preset_id, version=kept.version, settings=other, measured=measure(other), by="Ben")
    page.button(key=f"update_{kept.preset_id}").click().run()
    assert "Somebody else was faster: Preset 'Autumn' was saved by Ben" in text(page)
    assert store.get(kept.preset_id).settings == other
    assert page.slider(key="collaborative").value == 90
    page.button(key=f"update_{kept.preset_id}").click().run()
    assert store.get(kept.preset_id).settings.weights.collaborative == 0.9
    assert len(store.get(kept.preset_id).saves) == 3


def test_words_typed_while_somebody_else_saved_stay_in_their_fields(
    open_room: OpenRoom, store: PresetStore, kept: Preset
) -> None:
    page = open_room("Presets")
    page.button(key=f"open_{kept.preset_id}").click().run()
    store.update(kept.preset_id, version=1, description="Ben's words", by="Ben")
    page.slider(key="content").set_value(10).run()  # a later look at the list does not make a late change a fresh one
    page.text_input(key=f"name_{kept.preset_id}").set_value("Autumn again")
    page.button(key=f"describe_{kept.preset_id}").click().run()
    assert "Somebody else was faster" in text(page)
    assert page.text_input(key=f"name_{kept.preset_id}").value == "Autumn again"
    assert store.get(kept.preset_id).description == "Ben's words"
    page.button(key=f"describe_{kept.preset_id}").click().run()
    assert (store.get(kept.preset_id).name, store.get(kept.preset_id).description) == ("Autumn again", kept.description)


def test_a_preset_that_somebody_deletes_stays_open_where_its_words_are_changed(
    open_room: OpenRoom, store: PresetStore, kept: Preset
) -> None:
    page = open_room("Presets")
    page.button(key=f"open_{kept.preset_id}").click().run()
    store.delete(kept.preset_id, by="Ben")
    page.text_input(key=f"name_{kept.preset_id}").set_value("Autumn again")
    page.button(key=f"describe_{kept.preset_id}").click().run()
    assert "was deleted by Ben" in text(page)
    assert page.text_input(key=f"name_{kept.preset_id}").value == "Autumn again"
    page.button(key=f"back_{kept.preset_id}").click().run()
    assert [preset.name for preset in store.presets()] == ["Autumn"]


def test_a_deleted_preset_can_be_put_back(open_room: OpenRoom, store: PresetStore, kept: Preset) -> None:
    page = open_room("Presets")
    page.button(key=f"open_{kept.preset_id}").click().run()
    page.button(key="delete").click().run()
    assert store.presets() == ()
    page.button(key="preset_undo").click().run()
    assert [preset.name for preset in store.presets()] == ["Autumn"]
    assert "on the sliders" not in card(page, "Autumn")


def test_comparing_makes_it_the_reference(open_room: OpenRoom, store: PresetStore, kept: Preset) -> None:
    page = open_room("Presets")
    page.button(key=f"compare_{kept.preset_id}").click().run()
    assert page.selectbox(key="against").value == "Autumn"
    assert "compared with" in card(page, "Autumn")
    page.segmented_control(key="room").set_value("Live metrics").run()
    assert "against preset Autumn" in text(page)


def test_a_preset_called_like_a_reference_is_told_from_it(
    open_room: OpenRoom, store: PresetStore, measure: Measure
) -> None:
    settings = mix(1, 0, 0, 0)
    made = store.create(Draft("Equal weights", settings), measure(settings))
    page = open_room("Presets")
    page.button(key=f"compare_{made.preset_id}").click().run()
    assert page.selectbox(key="against").value == "Equal weights (preset)"


def test_figures_of_other_test_shoppers_say_so(open_room: OpenRoom, store: PresetStore, measure: Measure) -> None:
    settings = mix(0.2, 0.3, 0.4, 0.1)
    now = measure(settings)
    old = {"ndcg": {"mean": 0.9, "low": 0.8, "high": 0.95}}
    store.create(Draft("Elder", settings), Measurement(old, 40, now.protocol, "0123456789abcdef-test"))
    store.create(Draft("Tuned", settings), Measurement(old, 40, "", "0123456789abcdef-validation"))
    page = open_room("Presets")
    elder, tuned = card(page, "Elder"), card(page, "Tuned")
    assert "0.9000 0.8000 to 0.9500" in elder
    assert f"now {now.metrics['ndcg']['mean']:.4f}" in elder
    assert "≠ saved with other test shoppers" in elder
    assert "40 validation shoppers" in tuned
    assert "measured on validation shoppers when it was saved" in tuned
