"""Presets that come from or go elsewhere: defaults, files, shipped ones, hostile ones, a store that is away."""

import json
import re
from pathlib import Path

import pytest

from pages._shared import resources
from pages._shared.view import Choices
from recsys.errors import StoreUnavailable
from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender
from recsys.store.exchange import export_presets
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Preset, ShippedPreset
from tests._hostile import ATTACKS
from tests.pages._seen import addressed, effective_weights, html, text
from tests.pages.conftest import OpenPage
from tests.pages.tuning.conftest import OpenRoom
from tests.pages.tuning.presets.conftest import SHOP, Measure, card, fill, mix
from tests.store._presets import find


def test_the_dashboard_starts_from_the_default_and_a_link_still_wins(
    open_room: OpenRoom, open_page: OpenPage, store: PresetStore, kept: Preset
) -> None:
    page = open_room("Presets")
    page.button(key=f"open_{kept.preset_id}").click().run()
    page.button(key="default_on").click().run()
    assert store.default() is not None
    assert "The dashboard now starts from “Autumn”" in text(page)
    assert "on the sliders" not in card(page, "Autumn")  # what somebody set here stays
    for name in ("Recommendations", "Tuning"):
        fresh = open_page(name)
        assert [fresh.slider(key=each).value for each in kept.settings.weights.as_dict()] == [20, 30, 40, 10]
        assert fresh.slider(key="diversity").value == 0.3
        assert "Sliders start at the default of this shop: preset Autumn" in text(fresh)
    assert "Collaborative 20%" in effective_weights(open_page("Explanations"))
    linked = open_page("Recommendations", query={"collaborative": "80"})
    assert linked.slider(key="collaborative").value == 80
    assert linked.slider(key="diversity").value == 0.0
    linked.button(key="reset").click().run()
    assert linked.slider(key="collaborative").value == 20
    new = open_page("Recommendations", query={"who": "New shopper", "words": "a tent"}, timeout_s=120)
    assert "Sliders start at" not in text(new)
    page.button(key="default_off").click().run()
    assert store.default() is None
    assert "Sliders start at" not in text(open_page("Recommendations"))


def test_the_models_own_weights_have_a_link_beside_a_default(
    open_page: OpenPage, store: PresetStore, kept: Preset, tuning_home: Path, model: Recommender
) -> None:
    store.make_default(kept.preset_id)
    resources.saved(AppPaths(tuning_home), SHOP).expire()
    own = Choices.of(model).weights
    link = {"weights": addressed(open_page("Recommendations"))["weights"]}  # the browser leaves out the model's own
    for linked in (open_page("Recommendations", query=link), open_page("Explanations", query=link)):
        assert {name: linked.slider(key=name).value for name in own} == own


def test_a_link_to_the_start_holds_where_the_sliders_stand(
    open_page: OpenPage, store: PresetStore, kept: Preset, tuning_home: Path
) -> None:
    store.make_default(kept.preset_id)
    resources.saved(AppPaths(tuning_home), SHOP).expire()
    page = open_page("Recommendations")
    assert {"collaborative=20", "content=30", "context=10", "diversity=0.3"} <= set(
        re.split("[?&]", page.code[0].value)
    )
    page.slider(key="collaborative").set_value(30).run()
    assert page.slider(key="content").value == 30


def test_what_comes_with_shelfwise_is_duplicated_to_be_changed(
    open_room: OpenRoom, store: PresetStore, measure: Measure
) -> None:
    settings = mix(0.4, 0, 0.4, 0.2)
    store.ship([ShippedPreset(Draft("Balanced", settings, goal="best nDCG"), measure(settings))])
    (shipped,) = store.presets()
    page = open_room("Presets")
    said = card(page, "Balanced")
    assert "comes with Shelfwise" in said
    assert "Goal: best nDCG" in said
    assert "tuned on validation shoppers" in said
    assert f"update_{shipped.preset_id}" not in [button.key for button in page.button]
    page.button(key=f"copy_{shipped.preset_id}").click().run()
    assert [preset.name for preset in store.presets()] == ["Balanced", "Balanced (copy)"]
    assert "copied from Balanced" in card(page, "Balanced (copy)")


def test_a_file_of_presets_comes_in_whole_or_not_at_all(open_room: OpenRoom, store: PresetStore, kept: Preset) -> None:
    document = export_presets([kept])
    page = open_room("Presets")
    page.file_uploader[0].set_value(("presets.json", document.encode(), "application/json")).run()
    page.button(key="import").click().run()
    assert [preset.name for preset in store.presets()] == ["Autumn", "Autumn (imported)"]
    assert "1 preset imported. “Autumn (imported)”" in text(page)
    broken = json.loads(document)
    broken["presets"] += [{**broken["presets"][0], "name": "Bad", "tags": ["t" * 31]}]
    page.file_uploader[0].set_value(("presets.json", json.dumps(broken).encode(), "application/json")).run()
    page.button(key="import").click().run()
    assert "Preset 2 ('Bad'): a tag has 31 characters" in text(page)
    assert len(store.presets()) == 2


def test_many_presets_are_shown_by_tens_and_found_by_their_words(
    open_room: OpenRoom, store: PresetStore, measure: Measure
) -> None:
    settings = mix(1, 0, 0, 0)
    measured = measure(settings)
    store.create_all([(Draft(f"Number {n}", settings, tags=(f"tag{n}",)), measured) for n in range(23)], mark="x")
    page = open_room("Presets")
    assert html(page).count("<article") == 10
    page.button(key="more_presets").click().run()
    assert html(page).count("<article") == 20
    page.text_input(key="find_preset").set_value("tag22").run()
    assert html(page).count("<article") == 1


def test_hostile_names_and_words_are_shown_as_written(
    open_room: OpenRoom, store: PresetStore, measure: Measure
) -> None:
    settings = mix(1, 0, 0, 0)
    measured = measure(settings)
    for number, attack in enumerate(ATTACKS):
        draft = Draft(f"{number} {attack[:60]}", settings, attack, (attack[:29],), attack[:150])
        store.create(draft, measured, by=attack[:70])
    page = open_room("Presets")
    page.session_state["presets_shown"] = 100
    page.run()
    drawn = html(page)
    assert not re.search(r"<(script|img|svg|iframe|style)[ >]", drawn.split("</style>", 1)[1].split("</script>", 1)[-1])
    assert "\u202e" not in drawn
    for number, attack in enumerate(ATTACKS):
        assert re.sub(r"\s+", " ", find(store, f"{number} {attack[:60]}").name) in text(page)  # type: ignore[union-attr]
    labels = [each.label for each in page.button]
    assert not any("Autumn" in label or "<" in label or "](" in label for label in labels)


def test_while_the_database_is_away_all_else_goes_on_and_nothing_is_lost(
    open_room: OpenRoom, store: PresetStore, kept: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_room("Presets")
    page.button(key=f"compare_{kept.preset_id}").click().run()

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("the PostgreSQL database 'shop' does not answer; nothing already saved is lost: wait")

    with monkeypatch.context() as patch:
        for name in ("presets", "state", "create", "default", "deleted"):
            patch.setattr(PresetStore, name, away)
        fill(page, name="Typed", description="while it was away")
        said = text(page)
        assert "Presets cannot be reached just now: The PostgreSQL database 'shop' does not answer" in said
        assert "The presets cannot be reached:" in said
        assert page.text_input(key="preset_name").value == "Typed"
        assert "Autumn" in card(page, "Autumn")
        assert page.selectbox(key="against").value == "Autumn"
        assert "Presets cannot be read now; those last seen are offered." in said
        page.segmented_control(key="room").set_value("Live metrics").run()
        assert "against preset Autumn" in text(page)
        page.segmented_control(key="room").set_value("Presets").run()
    resources.saved(AppPaths.default(), SHOP).expire()  # else it is left alone for some seconds
    page.run()
    assert "cannot be reached just now" not in text(page)
    assert page.text_input(key="preset_name").value == "Typed"
    page.button(key="preset_save").click().run()
    assert {preset.name for preset in store.presets()} == {"Autumn", "Typed"}
