"""What a definite latent says by name, and what cannot be worn together."""

from __future__ import annotations

import numpy as np
import pytest

from lodestream_server.avatar import Float
from lodestream_server.latent import LatentSpec
from lodestream_server.outfit import OPEN_TOPS, Outfit, wearable
from lodestream_training.synth import attributes

TOPS = ("tshirt", "coat", "labcoat", "dress")
BOTTOMS = ("jeans", "leggings", "skirt")
SPEC = LatentSpec.from_manifest(
    [
        {"name": "top", "kind": "categorical", "size": 4, "values": TOPS},
        {"name": "bottom", "kind": "categorical", "size": 3, "values": BOTTOMS},
        {"name": "top_colour", "kind": "colour", "size": 3},
        {"name": "phenotype", "kind": "phenotype", "size": 2},
        {"name": "detail", "kind": "noise", "size": 1},
    ]
)


def latent(top: str, bottom: str) -> Float:
    out = np.zeros(SPEC.size, np.float32)
    out[TOPS.index(top)] = 1.0
    out[len(TOPS) + BOTTOMS.index(bottom)] = 1.0
    out[7:] = (0.25, 0.5, 0.75, 0.1, 0.2, -1.0)
    return out


def test_categories_and_colours_by_name() -> None:
    outfit = Outfit.of(SPEC, latent("coat", "jeans"))
    assert outfit.values == {"top": "coat", "bottom": "jeans"}
    assert list(outfit.colours) == ["top_colour"]  # neither the phenotype nor the noise
    np.testing.assert_array_equal(outfit.colours["top_colour"], np.array([0.25, 0.5, 0.75], np.float32))


@pytest.mark.parametrize("top", OPEN_TOPS)
def test_no_skirt_under_an_open_coat(top: str) -> None:
    """The skirt shell is the coat's."""
    asked = latent(top, "skirt")
    worn = wearable(SPEC, asked)
    np.testing.assert_array_equal(worn, latent(top, "leggings"))
    np.testing.assert_array_equal(asked, latent(top, "skirt"))  # not changed in place


@pytest.mark.parametrize(("top", "bottom"), [("coat", "jeans"), ("tshirt", "skirt"), ("dress", "skirt")])
def test_what_goes_together_stays(top: str, bottom: str) -> None:
    asked = latent(top, bottom)
    assert wearable(SPEC, asked) is asked


def test_server_and_trainer_agree_on_open_tops() -> None:
    assert OPEN_TOPS == attributes.OPEN_TOPS
    assert "leggings" in next(g.values for g in attributes.GROUPS if g.name == "bottom")
