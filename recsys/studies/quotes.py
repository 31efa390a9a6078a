"""What stands on cards as a reason to buy: how often a customer speaks, and every quote, for a person to judge.

The list of each of some random shoppers is made as the page makes it, with the model's own weights.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.errors import InputError, SettingsError
from recsys.progress import Progress, silent
from recsys.serving.quote_candidates import READ
from recsys.serving.quotes import Quote
from recsys.serving.recommender import Recommender
from recsys.settings import RankingSettings, require_seed
from recsys.studies.format import table_of
from recsys.studies.result import Cell, Result, Table, as_json
from recsys.studies.workspace import Workspace
from recsys.text.language import languages_of
from recsys.text.polarity import BAD_STARS, NEUTRAL
from recsys.text.quotable import faults
from recsys.text.quotable_sentence import Sentence, words_of
from recsys.training.fit import TrainingSettings, train

CARDS = "cards"
"""Name of the table of all cards."""

SOURCES = {"review": "a customer", "description": "the description", "": "nothing"}
"""Who speaks on a card, by the kind of the text."""

_FRAGMENT = ("start", "leans", "several", "no verb", "broken")
_FAR_BELOW = -NEUTRAL


@dataclass(frozen=True, slots=True)
class QuotesSettings:
    """How many shoppers' lists are looked at, and how long they are; `model` is trained before, None trains one now."""

    n_shoppers: int = 30
    k: int = 10
    seed: int = 0
    model: Path | None = None

    def __post_init__(self) -> None:
        if self.n_shoppers < 1 or self.k < 1:
            raise SettingsError(f"n_shoppers={self.n_shoppers} and k={self.k} are not usable; give at least 1 of each")
        require_seed(self.seed)

    def as_json(self) -> dict[str, str | int]:
        """The settings by name, but for the folder of the model."""
        return {"n_shoppers": self.n_shoppers, "k": self.k, "seed": self.seed}


@dataclass(frozen=True, slots=True)
class Card:
    """One card: `source` is one of SOURCES, `stars` of the review (None for other sources); `language` is a code or "".

    `polarity` is the lowest of the phrases in the quote, 0 where there is none.
    """

    shopper: str
    rank: int
    item_id: str
    product: str
    source: str
    quote: str
    stars: float | None
    polarity: float
    language: str
    is_fragment: bool


@dataclass(frozen=True, slots=True)
class QuotesFigures:
    """Shares: `from_reviews`, `from_descriptions` and `without` of all cards, the others of the cards with a quote.

    Parameters
    ----------
    other_language : in a language other than the reader's
    complaints_by_words, complaints_by_stars : called a complaint by the polarity of a phrase in it, and by 1 or 2 stars
    fragments : that lean on another sentence, are cut, or have neither a verb nor a judgement
    distinct : number of different quotes; `own` share of cards whose quote stands on no other one
    repeated_in_list : share of cards whose quote stands on another card of the same list
    varied : of two cards of the same product for different shoppers, how often they quote differently (NaN without any)
    """

    n_cards: int
    n_shoppers: int
    n_products: int
    from_reviews: float
    from_descriptions: float
    without: float
    other_language: float
    complaints_by_words: float
    complaints_by_stars: float
    fragments: float
    distinct: int
    own: float
    repeated_in_list: float
    varied: float


def run(workspace: Workspace, settings: QuotesSettings, progress: Progress = silent) -> Result:
    """Train, or open the model that is given, and draw its cards; raises InputError for a model of other data."""
    if settings.model is not None:
        model = Recommender.load(settings.model)
        if model.info.data_fingerprint != workspace.data.fingerprint:
            raise InputError(f"{settings.model} was trained on other data than {workspace.data_folder}; train it again")
        cards = draw_cards(model, settings, progress)
    else:
        with tempfile.TemporaryDirectory(prefix="shelfwise-quotes-") as folder:
            train(workspace.data_folder, Path(folder) / "model", TrainingSettings(seed=settings.seed), progress)
            cards = draw_cards(Recommender.load(Path(folder) / "model"), settings, progress)
    figures = measure(cards)
    return Result(
        protocol=f"The first {settings.k} products of {figures.n_shoppers:,} random shoppers with the model's own "
        f"weights: {figures.n_cards:,} cards of {figures.n_products:,} products, quotes as the page shows them.",
        conclusion=conclusion(figures),
        caveats=(
            "Language, complaints and fragments are counted by the same means that keep such quotes from the cards, so "
            "these figures say that they work as meant, and not that a reader would agree: read the cards.",
        ),
        tables=(shares_table(figures), cards_table(cards)),
        figures=as_json(figures) | {CARDS: as_json(cards)},
    )


def draw_cards(model: Recommender, settings: QuotesSettings, progress: Progress = silent) -> list[Card]:
    """The cards of random shoppers who are known to like something, or of any where there are none."""
    known = model.users["user_id"].to_numpy(object)
    active = known[model.users["n_interactions"].to_numpy() > 0]
    among = active if len(active) else known
    drawn = np.random.default_rng(settings.seed).permutation(len(among))[: settings.n_shoppers]
    cards = []
    for done, user_id in enumerate(among[drawn].tolist()):
        progress("drawing cards", done, len(drawn))
        request = model.scores(user_id)
        weights = model.start_weights(user_id)
        items = model.rank(request, RankingSettings(fusion=weights, n=settings.k)).items
        quotes = model.quotes(request, [item.item_id for item in items])
        cards += [
            _card(model, user_id, item.rank, item.item_id, item.title, quote)
            for item, quote in zip(items, quotes, strict=True)
        ]
    progress("drawing cards", len(drawn), len(drawn))
    return cards


def _card(model: Recommender, user_id: str, rank: int, item_id: str, title: str, quote: Quote | None) -> Card:
    if quote is None:
        return Card(user_id, rank, item_id, title, "", "", None, 0.0, "", False)
    text, stars = quote.text, quote.document.rating
    leans = not set(faults(Sentence(text, words_of(title), title=title))).isdisjoint(_FRAGMENT)
    return Card(
        *(user_id, rank, item_id, title, quote.document.kind, text),
        stars=None if np.isnan(stars) else stars,
        polarity=float(model.polarity_of_words(np.array(quote.document.places)).min()),
        language=str(languages_of([text])[0]),
        is_fragment=leans and quote.document.kind == "review",
    )


def measure(cards: Sequence[Card]) -> QuotesFigures:
    """Count the cards."""
    n, quoted = len(cards), [card for card in cards if card.source]
    said = Counter(_same(card.quote) for card in quoted)
    in_list = Counter((card.shopper, _same(card.quote)) for card in quoted)
    by_product: dict[str, Counter[str]] = defaultdict(Counter)
    for card in quoted:
        by_product[card.item_id][_same(card.quote)] += 1
    pairs = sum(_pairs(sum(counts.values())) for counts in by_product.values())
    alike = sum(_pairs(count) for counts in by_product.values() for count in counts.values())

    def share(chosen: Sequence[bool], of: int) -> float:
        return sum(chosen) / of if of else 0.0

    reviews = [card for card in quoted if card.source == "review"]
    return QuotesFigures(
        n_cards=n,
        n_shoppers=len({card.shopper for card in cards}),
        n_products=len({card.item_id for card in cards}),
        from_reviews=share([card.source == "review" for card in cards], n),
        from_descriptions=share([card.source == "description" for card in cards], n),
        without=share([not card.source for card in cards], n),
        other_language=share([card.language not in ("", READ) for card in quoted], len(quoted)),
        complaints_by_words=share([card.polarity <= _FAR_BELOW for card in reviews], len(quoted)),
        complaints_by_stars=share([card.stars is not None and card.stars <= BAD_STARS for card in quoted], len(quoted)),
        fragments=share([card.is_fragment for card in quoted], len(quoted)),
        distinct=len(said),
        own=share([said[_same(card.quote)] == 1 for card in quoted], n),
        repeated_in_list=share([in_list[card.shopper, _same(card.quote)] > 1 for card in quoted], n),
        varied=1 - alike / pairs if pairs else float("nan"),
    )


def _same(quote: str) -> str:
    return " ".join(quote.casefold().split())


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


def conclusion(figures: QuotesFigures) -> tuple[str, ...]:
    """What a merchandiser would ask first."""
    varied = ""
    if not np.isnan(figures.varied):
        varied = f" Two shoppers who see the same product read different quotes {figures.varied:.0%} of the time."
    return (
        f"A customer speaks on {figures.from_reviews:.0%} of the cards, the description on "
        f"{figures.from_descriptions:.0%}, and {figures.without:.0%} have no quote.",
        f"Of the quotes {figures.other_language:.1%} are in another language, "
        f"{figures.complaints_by_words:.1%} complain by their words and {figures.complaints_by_stars:.1%} by their "
        f"stars, {figures.fragments:.1%} are fragments.",
        f"{figures.distinct:,} different quotes; on {figures.own:.0%} of the cards the quote stands on no other card."
        f"{varied}",
    )


def shares_table(figures: QuotesFigures) -> Table:
    """The shares, a row each."""
    named = {
        "Cards on which a customer speaks": figures.from_reviews,
        "Cards on which the description speaks": figures.from_descriptions,
        "Cards without a quote": figures.without,
        "Quotes in another language": figures.other_language,
        "Quotes that complain, by their words": figures.complaints_by_words,
        "Quotes that complain, by their stars": figures.complaints_by_stars,
        "Quotes that are fragments": figures.fragments,
        "Cards whose quote stands on no other card": figures.own,
        "Cards whose quote stands twice in a list": figures.repeated_in_list,
        "Different quotes for one product": figures.varied,
    }
    rows: list[Mapping[str, Cell]] = [{"what": name, "share": value} for name, value in named.items()]
    return table_of("shares", "What stands on the cards", rows, {"what": "What", "share": "Share"})


def cards_table(cards: Sequence[Card]) -> Table:
    """Every card, to be judged by a person."""
    columns = {"shopper": "Shopper", "rank": "Rank", "product": "Product", "quote": "Quote", "stars": "Stars"}
    columns |= {"source": "Who speaks"}
    rows = [
        {name: getattr(card, name) for name in ("shopper", "rank", "product", "quote")}
        | {"stars": "" if card.stars is None else f"{card.stars:g}", "source": SOURCES[card.source]}
        for card in cards
    ]
    return table_of(CARDS, "Cards", rows, columns)


def in_lines(cards: Table) -> str:
    """The cards a line each, whole, as a terminal shows them."""
    return "\n".join(
        f"{row['shopper']}  {row['rank']:>2}  {row['product']}: {row['quote'] or '–'}  "
        f"({row['source']}{', ' + str(row['stars']) + ' stars' if row['stars'] else ''})"
        for row in cards.rows
    )
