"""The study of quotes: cards as the page shows them, counted without claiming more."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recsys.errors import InputError, SettingsError
from recsys.serving.recommender import Recommender
from recsys.studies import quotes
from recsys.studies.format import in_words
from recsys.studies.quotes import CARDS, Card, QuotesSettings, draw_cards, in_lines, measure
from recsys.studies.registry import QUOTES
from recsys.studies.result import Result
from recsys.studies.workspace import Workspace
from recsys.text.phrasebook import build_phrasebook
from recsys.training import fit
from tests._encoder import WordEncoder

SETTINGS = QuotesSettings(n_shoppers=6, k=5)


@pytest.fixture(scope="module")
def model(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop's model with the quick encoder."""
    folder = tmp_path_factory.mktemp("quotes") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
        fit.train(workspace.data_folder, folder)
    return folder


@pytest.fixture(scope="module")
def result(workspace: Workspace, model: Path) -> Result:
    return QUOTES.run(workspace, replace(SETTINGS, model=model))


def card(**changes: object) -> Card:
    """A card on which a customer praises."""
    facts = {"shopper": "ann", "rank": 1, "item_id": "mug", "product": "Mug", "source": "review", "quote": "So sturdy"}
    return Card(**facts | {"stars": 5.0, "polarity": 0.9, "language": "en", "is_fragment": False} | changes)


def test_the_cards_are_those_of_the_page(workspace: Workspace, model: Path, result: Result) -> None:
    opened = Recommender.load(model)
    drawn = result.figures[CARDS]
    assert len(drawn) == result.figures["n_cards"] == 30
    for shopper in {each["shopper"] for each in drawn}:
        request = opened.scores(shopper)
        items = [item.item_id for item in opened.rank(request).items[:5]]
        shown = [each for each in drawn if each["shopper"] == shopper]
        assert [each["item_id"] for each in shown] == items
        texts = ["" if quote is None else quote.text for quote in opened.quotes(request, items)]
        assert [each["quote"] for each in shown] == texts


def test_the_same_seed_draws_the_same_cards_and_another_one_others(model: Path) -> None:
    opened = Recommender.load(model)
    cards = draw_cards(opened, SETTINGS)
    assert cards == draw_cards(opened, SETTINGS)
    assert {each.shopper for each in cards} != {each.shopper for each in draw_cards(opened, replace(SETTINGS, seed=1))}


def test_a_model_is_trained_where_none_is_given(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
    found = QUOTES.run(workspace, QuotesSettings(n_shoppers=1, k=2))
    assert found.figures["n_cards"] == 2
    assert (found.experiment, found.settings) == ("quotes", {"n_shoppers": 1, "k": 2, "seed": 0})


def test_shares_are_those_of_the_cards() -> None:
    figures = measure(
        [
            card(),
            card(shopper="ben", quote="so  STURDY"),
            card(shopper="ben", rank=2, item_id="pot", quote="Muy bonita", language="es"),
            card(shopper="cleo", quote="Broke at once", polarity=-0.8, stars=1.0, is_fragment=True),
            card(shopper="cleo", rank=2, source="description", quote="A steel mug.", stars=None, language=""),
            card(shopper="cleo", rank=3, item_id="peg", source="", quote="", stars=None, language=""),
        ]
    )
    assert (figures.n_cards, figures.n_shoppers, figures.n_products, figures.distinct) == (6, 3, 3, 4)
    assert (figures.from_reviews, figures.from_descriptions, figures.without) == (4 / 6, 1 / 6, 1 / 6)
    assert figures.other_language == figures.complaints_by_words == figures.complaints_by_stars == 1 / 5
    assert figures.fragments == 1 / 5
    assert figures.own == 3 / 6
    assert figures.repeated_in_list == 0
    assert figures.varied == pytest.approx(5 / 6)  # four cards of the mug with a quote: one of six pairs is alike


def test_no_card_at_all_has_no_shares() -> None:
    figures = measure([])
    assert (figures.from_reviews, figures.other_language, figures.own) == (0, 0, 0)
    assert figures.varied != figures.varied


def test_a_person_can_read_every_card(result: Result) -> None:
    told = in_words(result)
    assert "A customer speaks on" in told
    assert "read the cards" in told
    cards = next(table for table in result.tables if table.name == CARDS)
    lines = in_lines(cards).splitlines()
    assert len(lines) == result.figures["n_cards"]
    assert all(str(row["quote"]) in line for row, line in zip(cards.rows, lines, strict=True))


def test_the_result_is_one_json_document(result: Result) -> None:
    told = json.loads(json.dumps(result.as_json()))
    assert told["experiment"] == "quotes"
    assert {"from_reviews", "other_language", "complaints_by_stars", "own", CARDS} <= set(told)
    assert Result.from_json(told) == result


def test_quotes_of_the_demo_shop_hold_what_the_study_promises(result: Result) -> None:
    figures = result.figures
    assert figures["from_reviews"] >= 0.4
    assert max(figures[name] for name in ("other_language", "complaints_by_words", "complaints_by_stars")) <= 0.02
    assert figures["repeated_in_list"] == 0


def test_a_model_of_other_data_is_refused(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        data_folder = tmp_path

        class data:
            fingerprint = "other"

    with pytest.raises(InputError, match="was trained on other data than"):
        quotes.run(Other(), replace(SETTINGS, model=model))


@pytest.mark.parametrize("counts", [{"n_shoppers": 0}, {"k": 0}])
def test_nothing_to_draw_is_refused(counts: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="are not usable; give at least 1 of each"):
        QuotesSettings(**counts)
