"""Colours are checked by script, not by eye: WCAG 2.2, success criteria 1.4.3 (text) and 1.4.11 (edges)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parent.parent / "static" / "css" / "tokens.css"
PAIR = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
THEMES = ("light", "dark")
SURFACES = ("paper", "raised", "sunken", "pine-soft", "red-soft")
INKS = ("ink", "ink-2", "ink-3", "pine", "pine-hover", "red")
PLAIN_SURFACES = ("paper", "raised", "sunken")


def read_colours(theme):
    index = THEMES.index(theme) + 1
    return {match[0]: match[index] for match in PAIR.findall(TOKENS.read_text())}


def luminance(colour):
    """Relative luminance of #rrggbb, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_standard_says():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("ink", INKS)
def test_text_is_readable_on_every_surface(theme, ink, surface):
    colours = read_colours(theme)
    assert contrast(colours[ink], colours[surface]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("ink", "surface"),
    [
        ("on-pine", "pine"),
        ("on-pine", "pine-hover"),
        ("paper", "ink"),
        ("on-marker", "marker"),
        ("ink", "rule"),
    ],
)
def test_text_is_readable_on_filled_marks(theme, ink, surface):
    colours = read_colours(theme)
    assert contrast(colours[ink], colours[surface]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("surface", PLAIN_SURFACES)
@pytest.mark.parametrize("edge", ["rule-strong", "focus"])
def test_edges_of_controls_and_focus_are_seen_on_every_surface(theme, edge, surface):
    colours = read_colours(theme)
    assert contrast(colours[edge], colours[surface]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_focus_is_seen_where_something_is_chosen_or_failed(theme):
    colours = read_colours(theme)
    for surface in ("pine-soft", "red-soft"):
        assert contrast(colours["focus"], colours[surface]) >= 3


def test_colours_stand_only_in_the_tokens():
    """A colour elsewhere would escape both themes and these tests; the white behind a QR code is meant."""
    for path in TOKENS.parent.glob("*.css"):
        if path != TOKENS:
            written = re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", path.read_text())
            assert written in ([], ["#ffffff"]), path.name
