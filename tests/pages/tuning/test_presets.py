"""The section "Presets": what is on screen is in the store, what is in the store is on screen, and nothing is lost."""

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import resources
from recsys.errors import StoreUnavailable
from recsys.evaluation.live.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.evaluation.live.panel import Panel
from recsys.evaluation.live.segments import Segment
from recsys.evaluation.paired import LIVE_METRICS, means
from recsys.settings import FusionSettings, RankingSettings
from recsys.store.database import FILE, Database
from recsys.store.exchange import export_presets
from recsys.store.preset_settings import PresetSettings
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Measurement, Preset, ShippedPreset
from recsys.training.home import Home
from tests._hostile import ATTACKS
from tests.pages._seen import effective_weights, html, text
from tests.pages.conftest import OpenPage
from tests.pages.tuning.conftest import OpenRoom

SHOP = "Demo shop"
Measure = Callable[[PresetSettings], Measurement]


@pytest.fixture
def store(tuning_home: Path) -> Iterator[PresetStore]:
    """The presets of the shop on screen; none at first, and none left behind."""
    database = Database.in_file(tuning_home / FILE)
    yield PresetStore(database, SHOP)
    with database.writing() as session:
        for table in ("shelfwise_preset_save", "shelfwise_preset"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    resources.saved(Home(tuning_home), SHOP).forget()


@pytest.fixture(scope="session")
def engine(panels: tuple[Panel, Panel]) -> LiveEngine:
    return LiveEngine(panels[1])


@pytest.fixture(scope="session")
def measure(engine: LiveEngine) -> Measure:
    """How settings measure on the test shoppers that the page has."""

    def measured(settings: PresetSettings) -> Measurement:
        panel, mask = engine.panel, Segment.of(**settings.segment).mask(engine.panel.shoppers)
        found = means(engine.measure(settings.ranking()).lists.of(mask), panel.facts.of(mask))
        metrics = {name: interval.as_json() for name, interval in found.items()}
        return Measurement(metrics, int(mask.sum()), "the last held out", panel.panel_id)

    return measured


def mix(*weights: float, **more: object) -> PresetSettings:
    return PresetSettings(weights=FusionSettings(*weights), only_available=False, **more)  # type: ignore[arg-type]


@pytest.fixture
def kept(store: PresetStore, measure: Measure) -> Preset:
    """A preset of Ann's."""
    settings = mix(0.2, 0.3, 0.4, 0.1, diversity=0.3)
    return store.create(
        Draft("Autumn", settings, "More of the tail.", ("autumn",), "variety"), measure(settings), by="Ann"
    )


def card(page: AppTest, name: str) -> str:
    """The words of one card."""
    found = re.findall(r'<article class="sw-preset".*?</article>', html(page), re.DOTALL)
    said = [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", each))) for each in found]
    return next(each for each in said if each.strip().startswith(name))


def fill(page: AppTest, **fields: str) -> AppTest:
    """Type into the form of a new preset and send it."""
    for name, typed in fields.items():
        area = name == "description"
        (page.text_area if area else page.text_input)(key=f"preset_{name}").set_value(typed)
    return page.button(key="preset_save").click().run()


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


def test_a_link_to_the_start_holds_where_the_sliders_stand(
    open_page: OpenPage, store: PresetStore, kept: Preset, tuning_home: Path
) -> None:
    store.make_default(kept.preset_id)
    resources.saved(Home(tuning_home), SHOP).forget()
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
        assert re.sub(r"\s+", " ", store.find(f"{number} {attack[:60]}").name) in text(page)  # type: ignore[union-attr]
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
    resources.saved(Home.default(), SHOP).forget()  # else it is left alone for some seconds
    page.run()
    assert "cannot be reached just now" not in text(page)
    assert page.text_input(key="preset_name").value == "Typed"
    page.button(key="preset_save").click().run()
    assert {preset.name for preset in store.presets()} == {"Autumn", "Typed"}
