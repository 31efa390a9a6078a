"""Invented brands and product names; every title is used once."""

from dataclasses import dataclass

from recsys.demo.prose.words import Draws, word_list


@dataclass(frozen=True, slots=True)
class Brand:
    """An invented brand: tier 0 is cheap and careless, 1 middling, 2 dear and careful."""

    name: str
    tier: int


_OUTDOOR = "tents sleeping_bags backpacks jackets boots base_layers headlamps stoves bottles"
_HOME = "coffee cookware bedding candles lamps vacuums speakers garden fitness bottles"

_BRANDS: dict[str, tuple[str, ...]] = {
    _OUTDOOR: (
        "Fjellro 2",
        "Corrie & Tarn 2",
        "Nordhus 1",
        "Larchwood 1",
        "Tramper 0",
        "Skerry 1",
        "Hollowback 0",
        "Bivvik 2",
    ),
    _HOME: (
        "Ashgrove 1",
        "Mellow & Moss 2",
        "Kettlewick 1",
        "Pennyroyal 0",
        "Brambly 0",
        "Oststern 2",
        "Tidewell 1",
        "Quillon 1",
    ),
    "tents sleeping_bags backpacks": ("Windward 1", "Pitchpine 0"),
    "jackets base_layers boots": ("Ullmark 2", "Stride & Son 1", "Tarnholm 1"),
    "headlamps lamps": ("Lumenka 1", "Glowry 0", "Emberline 2"),
    "stoves cookware": ("Brasero 1", "Cinderpot 1", "Flintlow 2"),
    "bottles coffee": ("Dropwell 1", "Roastery Nine 2", "Mornings 0"),
    "bedding candles": ("Hearthside 1", "Linden & Lace 2"),
    "vacuums speakers": ("Vortica 1", "Sonderhall 2", "Voltaro 0"),
    "garden fitness": ("Thornbury 1", "Greenhand 0", "Motus 1"),
}

_MODELS, _SUFFIXES = word_list("model"), word_list("suffix")
COLOURS, ROASTS = word_list("colour"), word_list("roast")


def brands_of(department: str) -> list[Brand]:
    """Brands that make products of a department."""
    names = [name for departments, brands in _BRANDS.items() if department in departments.split() for name in brands]
    return [Brand(*(name.rsplit(" ", 1)[0], int(name[-1]))) for name in names]


def new_name(brand: Brand, kind: str, draws: Draws, used: set[str]) -> tuple[str, str]:
    """A model name and the title that it makes, which is not among those used; grows `used`."""
    numbered = 0
    while True:
        model = draws.pick(_MODELS)
        if draws.chance(0.75):
            model += f" {draws.pick(_SUFFIXES)}"
        if numbered > 20:
            model = f"{model} {numbered + int(draws.uniform() * 10 ** (numbered // 20 + 1))}"
        title = f"{brand.name} {model} {kind}"
        if title not in used:
            used.add(title)
            return model, title
        numbered += 1
