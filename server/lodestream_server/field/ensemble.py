"""All field shells at one level as one mesh: what extraction needs of them that is the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float, Int
from lodestream_server.body.template import FIELD_SHELLS, SKIN_SHELLS, BodyTemplate
from lodestream_server.field.planes import Planes, Taps

HIDE_MARGIN = 0.022  # metres inside a garment's edge from where the skin below is dropped
TUCK_MARGIN = 0.045  # metres inside the edge of the top (or bottom) from where the other below it is dropped
LEAD = 0.001  # metres that top or bottom must stand out over the other to cover it
_OVER: Mapping[str, tuple[str, ...]] = {
    "body": ("top", "bottom", "footwear"),
    "head": ("top",),
    "top": ("bottom",),
    "bottom": ("top",),
}


@dataclass(frozen=True, slots=True)
class Covers:
    """R times that a garment can lie over a wedge, and where in the garment's chart; wedges of skin first."""

    wedge: Int  # (R,)
    garment: Bytes  # (R,) into FIELD_SHELLS
    uv: Float  # (R, 2)
    skin: int  # so many are of skin


@dataclass(frozen=True, slots=True)
class Ensemble:
    """W wedges of all field shells, P points: a template vertex in one shell. Shells follow each other. Read-only."""

    shell: Bytes  # (W,) into FIELD_SHELLS, ascending
    uv: Float  # (W, 2) in the shell's chart
    wedge: Int  # (W,) the wedge's point
    point: Int  # (P,) template vertex
    share: Bytes  # (P,) wedges of each point
    triangles: Int  # (T, 3) wedges
    covers: Covers

    @staticmethod
    def of(template: BodyTemplate, level: int) -> Ensemble:
        """The shells' meshes at ``level``, 3 (coarsest) to 0, or FULL."""
        meshes = [template.meshes[s, level] for s in FIELD_SHELLS]
        counts = [len(mesh.vertex) for mesh in meshes]
        starts = np.cumsum([0, *counts])
        shell = np.repeat(np.arange(len(meshes)), counts)
        vertex = np.concatenate([mesh.vertex for mesh in meshes])
        place, wedge, share = np.unique(shell * len(template.mean) + vertex, return_inverse=True, return_counts=True)
        return Ensemble(
            shell=shell.astype(np.uint8),
            uv=np.concatenate([mesh.uv for mesh in meshes]),
            wedge=wedge.astype(np.int32),
            point=(place % len(template.mean)).astype(np.int32),
            share=share.astype(np.uint8),
            triangles=np.concatenate(
                [mesh.triangles + start for mesh, start in zip(meshes, starts, strict=False)]
            ).astype(np.int32),
            covers=_covers(template, level, dict(zip(FIELD_SHELLS, starts.tolist(), strict=False))),
        )

    def taps(self, planes: Planes) -> Taps:
        """Where the wedges read `flat` planes of their own shells."""
        return _taps(planes, self.shell, self.uv)

    def averaged(self, values: Float) -> Float:
        """(P,) means of the values (W,) of a point's wedges, so that seams stay closed."""
        return np.asarray(np.bincount(self.wedge, values, len(self.point)) / self.share, dtype=np.float32)

    def spread(self, values: Mapping[str, Float]) -> Float:
        """(P,) the ``values`` (N,) of the template's vertices by shell; infinite in the other shells."""
        out = np.full(len(self.point), np.inf, dtype=np.float32)
        shell = np.zeros(len(self.point), dtype=np.uint8)
        shell[self.wedge] = self.shell
        for name, value in values.items():
            own = shell == FIELD_SHELLS.index(name)
            out[own] = value[self.point[own]]
        return out

    def depth_under(self, planes: Planes) -> Float:
        """(W,) metres from a wedge to the edge of the garment over it; not positive where nothing covers it.

        Skin is under every garment. Of top and bottom the one that stands out further is over the other.
        """
        covers = self.covers
        over = _taps(planes, covers.garment, covers.uv)
        depth = over.read(flat(planes, "edge"))
        heights = flat(planes, "level_set")
        own = self.taps(planes).read(heights)[covers.wedge]
        lead = (over.read(heights) - own)[covers.skin :]
        cloth = depth[covers.skin :]
        cloth[:] = np.where(lead > 0, cloth * np.clip(lead / LEAD, 0.0, 1.0), -1.0)
        out = np.full(len(self.wedge), -1.0, dtype=np.float32)
        np.maximum.at(out, covers.wedge, depth)
        return out

    def covered(self, depth: Float) -> NDArray[np.bool_]:
        """(W,) wedges that lie so far under a garment that they are not shown; ``depth``: as in `depth_under`."""
        return np.asarray(depth > np.where(self.shell < len(SKIN_SHELLS), HIDE_MARGIN, TUCK_MARGIN).astype(np.float32))


def flat(planes: Planes, kind: str) -> Float:
    """(N,) all field shells' planes of one kind, one after the other."""
    return np.concatenate([getattr(planes[s], kind).ravel() for s in FIELD_SHELLS])


def _taps(planes: Planes, shell: Bytes, uv: Float) -> Taps:
    sizes = np.array([planes[s].edge.shape[0] for s in FIELD_SHELLS])
    starts = np.cumsum(sizes**2) - sizes**2
    return Taps.of(uv, sizes[shell], starts[shell])


def _covers(template: BodyTemplate, level: int, starts: Mapping[str, int]) -> Covers:
    wedges, garments, places = [], [], []
    skin = 0
    for shell, over in _OVER.items():
        for garment in over:
            uv = template.cover[garment][template.meshes[shell, level].vertex]
            near = np.flatnonzero(np.isfinite(uv[:, 0]))
            wedges.append(near + starts[shell])
            garments.append(np.full(len(near), FIELD_SHELLS.index(garment), np.uint8))
            places.append(uv[near])
            skin += len(near) * (shell in SKIN_SHELLS)
    return Covers(
        np.concatenate(wedges).astype(np.int32),
        np.concatenate(garments),
        np.concatenate(places),
        skin,
    )
