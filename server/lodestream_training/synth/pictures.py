"""Pictures of synthetic people, through the server's own extraction and textures."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lodestream_bundle
from lodestream_server import layers
from lodestream_server.avatar import Layer
from lodestream_server.field.camera import Camera
from lodestream_server.figure import Figure
from lodestream_server.outfit import Outfit
from lodestream_training.render import Light, Surface
from lodestream_training.render import render as draw
from lodestream_training.synth import attributes
from lodestream_training.synth.painter import Painter, categories, logits

BODY = Path(lodestream_bundle.__file__).parent / "body.npz"
ACCESSORIES = BODY.with_name("accessories.npz")
LEVEL = 2  # enough triangles for small pictures
AZIMUTH = {"front": 0.0, "left": 50.0, "right": -50.0, "back": 180.0}
_SLICES = attributes.slices()
_BACKGROUND = (236, 238, 241)


@lru_cache(maxsize=1)
def tools() -> tuple[Figure, Painter]:
    """What pictures are drawn with, loaded once."""
    return Figure.load(BODY, ACCESSORIES), Painter(BODY)


def outfit_of(a: NDArray[np.float32]) -> Outfit:
    """What a person ``a`` (attributes.SIZE,) wears."""
    return Outfit(categories(a), {g.name: a[_SLICES[g.name]] for g in attributes.GROUPS if g.kind == "colour"})


def person_layers(a: NDArray[np.float32], level: int = LEVEL, rig: str = "unreal") -> tuple[Layer, ...]:
    """The ground truth of a person as layers (A pose by default)."""
    figure, painter = tools()
    outfit = outfit_of(a)
    painted = {name: replace(p, regions=logits(p.regions)) for name, p in painter.paint(a).items()}
    shape = figure.template.shape(a[_SLICES["phenotype"]], a[_SLICES["ancestry"]], a[_SLICES["face"]])
    return layers.build(figure, shape, figure.fitting.apply(painted, outfit), outfit, level, rig, ())[1]


def render(
    a: NDArray[np.float32],
    rng: np.random.Generator | None = None,
    view: str = "front",
    size: int = 128,
    background: tuple[int, int, int] = _BACKGROUND,
) -> NDArray[np.uint8]:
    """A square picture of a person.

    Args:
        a: (attributes.SIZE,) the person. rng: varies camera and light a little; None is the studio.
        view: front, left, right or back. size: pixels.
    Returns:
        (size, size, 3) uint8 sRGB.
    """
    surfaces = [Surface(p.positions, p.triangles, p.uv, p.material.albedo, p.normals, p.name) for p in person_layers(a)]
    points = np.concatenate([s.positions for s in surfaces])
    azimuth = AZIMUTH[view] + (float(rng.normal(0.0, 8.0)) if rng else 0.0)
    camera = Camera.full(points, azimuth=azimuth, elevation=float(rng.uniform(-2, 10)) if rng else 4.0)
    light = Light.varied(rng) if rng else Light()
    return draw(surfaces, camera, light, (size, size), background)
