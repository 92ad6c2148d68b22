"""Every text that the palettes are used for can be read."""

from __future__ import annotations

import pytest

from diskchain.picture.palette import DARK, LIGHT, TONES, Palette, contrast, driver_tone

LEAST = 4.5
SURFACES = ("window", "ground", "card", "raised", "field")


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("ink", ["text", "quiet"])
def test_text_on_every_surface(palette: Palette, surface: str, ink: str) -> None:
    assert contrast(getattr(palette, ink), getattr(palette, surface)) >= LEAST


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("tone", TONES)
def test_words_on_badges_and_coloured_words(palette: Palette, tone: str) -> None:
    assert contrast(palette.on, palette.tone(tone)) >= LEAST
    for surface in SURFACES:
        assert contrast(palette.tone(tone), getattr(palette, surface)) >= LEAST


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_an_unknown_driver_and_tone_have_a_colour() -> None:
    assert DARK.tone(driver_tone("made-up")) == DARK.other
    assert driver_tone("qcow2") == "teal"
