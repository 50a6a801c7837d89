"""Gutters: texels just outside a chart repeat the nearest texels inside, so that seams do not show what lies beyond."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lodestream_server.body.template import FULL, BodyTemplate
from lodestream_server.field.planes import BASE_SIZE, Planes
from lodestream_server.field.scan import scan

REACH = 3  # texels filled around a chart
LEVELS = 4


@dataclass(frozen=True, slots=True)
class Gutters:
    """For every shell and plane size the flat indices of the texels to fill and of those that they repeat."""

    pairs: Mapping[tuple[str, int], tuple[NDArray[np.int64], NDArray[np.int64]]]

    @staticmethod
    def of(template: BodyTemplate) -> Gutters:
        """Rasterises the charts of all field shells at all plane sizes."""
        pairs = {}
        for shell, base in BASE_SIZE.items():
            for k in range(LEVELS):
                size = base * 2**k
                pairs[shell, size] = nearest(inside(template, shell, size))
        return Gutters(pairs)

    def fill(self, planes: Planes) -> Planes:
        """The planes with filled gutters."""
        out = {}
        for shell, own in planes.items():
            to, source = self.pairs[shell, own.shade.shape[0]]
            filled = {}
            for name in ("level_set", "edge", "regions", "shade"):
                plane = getattr(own, name).copy()
                flat = plane.reshape(*plane.shape[:-2], -1)
                flat[..., to] = flat[..., source]
                filled[name] = plane
            out[shell] = replace(own, **filled)
        return out


def inside(template: BodyTemplate, shell: str, size: int) -> NDArray[np.bool_]:
    """(size, size): the texels of a shell's charts."""
    mesh = template.meshes[shell, FULL]
    corners = mesh.uv.astype(np.float64) * size
    hit = scan(corners, np.ones(len(corners), np.float32), mesh.triangles, size, size)
    out = np.zeros(size * size, dtype=bool)
    out[hit.pixel] = True
    return out.reshape(size, size)


def nearest(shown: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Flat indices of the texels within REACH steps outside, and of the inside texels that they repeat."""
    index = np.where(shown, np.arange(shown.size).reshape(shown.shape), -1)
    for _ in range(REACH):
        grown = index.copy()
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            neighbour = np.roll(index, step, axis=axis)
            edge = [slice(None), slice(None)]
            edge[axis] = slice(0, 1) if step == 1 else slice(-1, None)
            neighbour[tuple(edge)] = -1
            grown = np.where((grown < 0) & (neighbour >= 0), neighbour, grown)
        index = grown
    to = np.flatnonzero((index >= 0) & ~shown)
    return to, index.ravel()[to]
