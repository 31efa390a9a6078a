"""The presets that come with Shelfwise: tuned from the section, told in its words, and measured the way they say."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import resources
from pages.tuning import protocol
from pages.tuning.presets import section
from pages.tuning.presets.actions import STARTS
from pages.tuning.protocol import HOLD_OUTS, choices_of
from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split, temporal_split
from recsys.errors import InputError
from recsys.evaluation.protocols.rewinds import REWINDS
from recsys.jobs import Job, record
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import PRESETS, ShopFolders, presets_job_at
from recsys.panel.build import SPLITS
from recsys.panel.panel import Panel
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Measurement, ShippedPreset
from tests.pages._seen import html, text
from tests.pages.conftest import OpenPage
from tests.pages.tuning.conftest import OpenRoom
from tests.pages.tuning.presets.conftest import Measure, card, mix

LONG = "As accurate as it gets while lists stay as varied as they are with equal weights. " * 6


@pytest.fixture
def work(tuning_home: Path) -> Iterator[Job]:
    """The tuning of the shop on screen; never started at first, and nothing left behind."""
    tuning = presets_job_at(AppPaths(tuning_home).panel("last").absolute())
    tuning.forget()
    yield tuning
    tuning.path("json").unlink(missing_ok=True)


def left(work: Job, state: str, message: str = "", *, result: dict[str, object] | None = None) -> None:
    """Leave a record as the process of a tuning does."""
    facts = record.facts(
        tuple(PRESETS.usual_shares), 1, 120, 300, time.time() - 9, state=state, message=message, result=result or {}
    )
    record.write(work.path("json"), facts)


def keys(page: AppTest) -> list[str | None]:
    return [button.key for button in page.button]


def plain(page: AppTest) -> str:
    """What is on screen, without the marks that keep names of either direction apart."""
    return re.sub(r"</?bdi[^>]*>", "", html(page))


def ship(store: PresetStore, measure: Measure, name: str = "Balanced", about: str = "") -> None:
    settings = mix(0.4, 0, 0.4, 0.2)
    store.ship([ShippedPreset(Draft(name, settings, about, goal="highest nDCG@10"), measure(settings))])


def test_a_shop_without_presets_has_them_tuned_by_a_button(
    open_room: OpenRoom, store: PresetStore, work: Job, monkeypatch: pytest.MonkeyPatch, tuning_home: Path
) -> None:
    asked = []

    def start(folders: ShopFolders) -> Job:
        asked.append(folders)
        left(work, "running")
        return work

    monkeypatch.setattr(section, "start_presets_job", start)
    page = open_room("Presets")
    assert "No presets yet" in text(page)
    assert page.button(key="tune_presets").label == "Tune the presets of this shop"
    page.button(key="tune_presets").click().run()
    home = AppPaths(tuning_home)
    (folders,) = asked
    assert (folders.panel, folders.data, folders.shop) == (home.panel("last"), home.data, "Demo shop")
    said = text(page)
    assert "120 of 300" in said
    assert "tune_presets" not in keys(page)
    other = open_room("Presets")  # who comes second sees the same work, and can only stop it
    assert "120 of 300" in text(other)
    assert "tune_presets" not in keys(other)
    assert other.button(key="tuning_cancel").label == "Cancel"
    assert "preset_save" in keys(other)


def test_what_is_there_can_be_tuned_again_and_says_what_the_shop_cannot_have(
    open_room: OpenRoom, store: PresetStore, measure: Measure, work: Job
) -> None:
    ship(store, measure)
    left(work, "done", result={"not_available": {"Evening mobile": "all times are whole days"}})
    page = open_room("Presets")
    assert page.button(key="tune_presets").label == "Tune again"
    assert "What comes with Shelfwise was tuned for this shop on" in text(page)
    assert "This shop cannot have “Evening mobile”: all times are whole days." in plain(page)


def test_tuning_that_went_wrong_says_why_and_can_be_started_again(
    open_room: OpenRoom, store: PresetStore, work: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(work, "failed", "the PostgreSQL database 'shop' cannot be reached; start the server")
    page = open_room("Presets")
    assert 'class="sw-notice"' in html(page)
    assert "The PostgreSQL database 'shop' cannot be reached; start the server." in text(page)
    assert "tune_presets" in keys(page)
    left(work, "cancelled")
    page.run()
    assert "Tuning was stopped; nothing was changed." in text(page)

    def nowhere(*_: object) -> None:
        raise InputError("nobody said which data folder this model was trained on; start with RECSYS_DATA=DIR")

    monkeypatch.setattr(ShopFolders, "of", nowhere)
    page.button(key="tune_presets").click().run()
    assert "Tuning could not be started." in text(page)
    assert "Nobody said which data folder this model was trained on" in text(page)


def test_a_description_is_whole_where_details_are_open(
    open_room: OpenRoom, store: PresetStore, measure: Measure
) -> None:
    ship(store, measure, about=LONG)
    (preset,) = store.presets()
    page = open_room("Presets")
    assert f'title="{preset.description}"' in html(page)
    assert 'sw-preset-about sw-preset-whole"' not in html(page)
    page.button(key=f"open_{preset.preset_id}").click().run()
    assert 'class="sw-preset-about sw-preset-whole"' in html(page)
    assert "duplicate" not in keys(page)
    assert f"copy_{preset.preset_id}" in keys(page)
    page.button(key="default_on").click().run()
    assert STARTS in text(page)


def test_a_default_that_was_measured_with_products_of_the_past_lists_none_that_cannot_be_bought(
    open_page: OpenPage, store: PresetStore, measure: Measure, tuning_home: Path
) -> None:
    ship(store, measure)
    (preset,) = store.presets()
    assert not preset.settings.only_available
    store.make_default(preset.preset_id)
    resources.saved(AppPaths(tuning_home), "Demo shop").expire()
    page = open_page("Recommendations")
    assert page.slider(key="context").value == 20
    assert page.toggle(key="unavailable").value is False
    assert "with what is not available" not in text(page)


def test_what_was_measured_on_other_moments_says_on_which(
    open_room: OpenRoom, store: PresetStore, measure: Measure
) -> None:
    settings = mix(0.4, 0, 0.4, 0.2)
    now = measure(settings)
    asked = "every shopper as they were when only 2 products of theirs were known: the next one is the test"
    replayed = replace(now, protocol=asked, panel_id="0123456789abcdef-test")
    store.ship([ShippedPreset(Draft("New shoppers", settings), replayed)])
    said = card(open_room("Presets"), "New shoppers")
    assert "≠ measured on third choices, by two known; this room asks for last choices" in said
    assert f"here {now.metrics['ndcg']['mean']:.4f}" in said
    older = Measurement(now.metrics, 40, "last positive of each shopper held out", "0123456789abcdef-test")
    store.ship([ShippedPreset(Draft("New shoppers", settings), older)])
    said = card(open_room("Presets"), "New shoppers")
    assert "≠ saved with other test shoppers: model or data were others then" in said
    assert f"now {now.metrics['ndcg']['mean']:.4f}" in said


def test_every_way_of_holding_out_is_known_by_its_protocol(tuning_home: Path) -> None:
    data = Dataset.read(AppPaths(tuning_home).data)
    protocols = [last_split(data).protocol, temporal_split(data).protocol]
    protocols += [rewind(data, 0).protocol for rewind in REWINDS.values()]
    ways = [choices_of(each) for each in protocols]
    assert all(ways)
    assert len(set(ways)) == len(HOLD_OUTS)
    assert choices_of("the last held out") == ""


def test_what_is_prepared_is_said_for_each_way_of_holding_out() -> None:
    assert set(HOLD_OUTS) == set(SPLITS)
    assert len({each.method for each in HOLD_OUTS.values()}) == len(SPLITS)


def test_while_shoppers_are_prepared_it_says_what_is_done_with_them(
    open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol.shop_jobs, "start_panel_job", lambda *_: None)
    page = open_room("Presets", split=HOLD_OUTS["newcomers"].wanted)
    assert HOLD_OUTS["newcomers"].method in text(page)
    page.selectbox(key="split").set_value("temporal").run()
    assert HOLD_OUTS["temporal"].method in text(page)


def test_who_is_in_both_roles_is_counted_and_kept_apart(open_room: OpenRoom, panels: tuple[Panel, Panel]) -> None:
    validation, test = panels
    everybody = f"All {len(test):,} test shoppers are among the validation shoppers, too"
    assert protocol.in_both_roles(validation, test).startswith(everybody)
    said = text(open_room("How this is measured"))
    assert everybody in said
    assert HOLD_OUTS["last"].method in said
    assert "Demo shop, fingerprint" in said
    assert "fewer than 1 positives" not in said
    some = replace(validation, shoppers=validation.shoppers.iloc[:7])
    assert protocol.in_both_roles(some, test).startswith(f"7 of the {len(test):,} test shoppers are")
    nobody = replace(validation, shoppers=validation.shoppers.iloc[:0])
    assert protocol.in_both_roles(nobody, test).startswith("Nobody")


def test_whoever_is_asked_at_several_moments_is_counted_once(panels: tuple[Panel, Panel]) -> None:
    validation, _ = panels
    n = len(validation)
    assert protocol.validators(validation) == f"{n:,} validation"
    twice = replace(validation, shoppers=pd.concat([validation.shoppers, validation.shoppers.iloc[:5]]))
    assert protocol.validators(twice) == f"{n:,} validation, asked {n + 5:,} times,"
