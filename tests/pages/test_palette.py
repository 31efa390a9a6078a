"""Component colours can be told apart by everybody, in both themes, and the theme file says the same as the charts."""

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pages._shared import charts
from recsys.settings import COMPONENTS

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
THEMES = ("light", "dark")
CONFIG = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text())


def linear(colour: str) -> NDArray[np.float64]:
    """Linear RGB of a hex colour."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of linear RGB."""
    x, y, z = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1, 1.089])
    f = [np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours."""
    dark, bright = sorted(float(np.array([0.2126, 0.7152, 0.0722]) @ linear(colour)) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_components_are_told_apart(theme: str, sight: str) -> None:
    seen = [lab(SIGHT[sight] @ linear(look.colour(theme))) for look in charts.LOOKS.values()]
    assert min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)) > 20


@pytest.mark.parametrize("theme", THEMES)
def test_components_stand_out_from_the_surface(theme: str) -> None:
    assert min(contrast(look.colour(theme), charts.SURFACE[theme]) for look in charts.LOOKS.values()) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tone", [charts.INK, charts.MUTED, charts.ACCENT])
def test_text_can_be_read(theme: str, tone: dict[str, str]) -> None:
    config = CONFIG["theme"]
    backgrounds = [
        charts.SURFACE[theme],
        config[theme]["backgroundColor"],
        config[theme]["sidebar"]["backgroundColor"],
    ]
    assert min(contrast(tone[theme], background) for background in backgrounds) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_words_on_the_accent_can_be_read(theme: str) -> None:
    assert contrast(charts.ON_ACCENT[theme], charts.ACCENT[theme]) >= 4.5


def test_colour_is_never_the_only_cue() -> None:
    looks = charts.LOOKS.values()
    assert tuple(charts.LOOKS) == COMPONENTS
    assert len({look.glyph for look in looks}) == len({look.pattern for look in looks}) == len(COMPONENTS)


@pytest.mark.parametrize("theme", THEMES)
def test_the_theme_file_says_the_same(theme: str) -> None:
    config = CONFIG["theme"][theme]
    assert config["chartCategoricalColors"] == [look.colour(theme) for look in charts.LOOKS.values()]
    assert config["primaryColor"] == charts.ACCENT[theme]
    assert config["textColor"] == charts.INK[theme]
