"""Coordinates of a shell's texels on the reference body: what patterns, stitches and weaves are drawn in.

Everything is a function of the place on the body (template rest pose, metres), so two texels that lie on either side of
a chart's seam get the same values. The torso is measured around its axis, sleeves along and around the arm, legs around
each leg (mirrored, so that both meet in the middle), skirts around the torso's axis. Circumferences are fixed numbers
that the patterns' periods divide.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, replace
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lodestream_server.avatar import Bytes, Float
from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import CLOTH_SHELLS, FULL, BodyTemplate
from lodestream_server.field.scan import scan
from lodestream_server.texture import noise

AROUND_TORSO, AROUND_LEG, AROUND_ARM = 0.96, 0.48, 0.36  # metres; multiples of every period in `pattern`
WAIST = 0.66  # y where ``along`` is 0
SHEET = {"body": 0.96, "head": 0.96, "hair": 0.87}  # of ``Cloth.sheet``
_FINEST = 256  # texels up to which charts are rasterised; beyond, coordinates are interpolated
_GRAINY = 512  # texels up to which fine noise is worked out; beyond, it is interpolated
_QUICK = 128  # texels up to which cloth's coordinates are kept in float32, ready to be taken
_KEPT = 1024  # texels up to which coordinates are kept; larger ones are rarely asked for
_GUTTER = 3  # texels around a chart that are drawn as if it went on
_SHOULDER, _ELBOW, _WRIST = (
    np.array(p, dtype=np.float32) for p in ((0.187, 0.652, 0.021), (0.378, 0.437, 0.028), (0.51, 0.302, 0.204))
)
# the middle of the torso: y, half width x, centre z; and of the left leg: y, centre x, centre z
_TORSO = np.array(
    [
        (-0.05, 0.208, 0.046),
        (0.01, 0.207, 0.040),
        (0.13, 0.195, 0.016),
        (0.25, 0.173, 0.031),
        (0.37, 0.148, 0.051),
        (0.49, 0.168, 0.047),
        (0.61, 0.188, 0.033),
        (0.73, 0.188, 0.015),
    ],
    dtype=np.float32,
)
_DEPTH = 0.115  # half depth of the torso
_LEG = np.array(
    [(-0.70, 0.198, 0.003), (-0.46, 0.176, 0.006), (-0.30, 0.148, 0.032), (-0.14, 0.126, 0.045), (0.10, 0.100, 0.030)],
    dtype=np.float32,
)


Row = NDArray[Any]  # of half precision; float16 as stored where there are many, float32 as taken


@dataclass(frozen=True, slots=True)
class Cloth:
    """N drawn texels of one shell at one size: those inside its charts and a narrow gutter. All (N,).

    index: row * size + column, ascending. x, y, z: metres on the reference body. facing: z of the unit normal.
    across, along: pattern coordinates, metres; along grows downwards, across to the avatar's left of the front
    middle (outwards on legs). arm: metres from the shoulder down the arm, -0.1 off the sleeves. sleeve: 0 to 1, the
    sleeve begins at 0.5. cloud, grain: smooth noise in [-1, 1] of blobs of about 60 and 6 mm (strands on hair).
    texel: metres that a texel spans, on average. sheet: (size, size) uint8 lightness of skin's pores and mottling or of
    hair's strands, ``SHEET`` times 255 is no change; None on cloth.
    """

    shell: str
    size: int
    texel: float
    index: NDArray[np.int32]
    x: Row
    y: Row
    z: Row
    facing: Row
    across: Row
    along: Row
    arm: Row
    sleeve: Row
    cloud: Row
    grain: Row
    sheet: Bytes | None = None

    def take(self, which: NDArray[np.intp]) -> Cloth:
        """The texels at positions ``which`` (M,) of the lists, as float32; most are stored half as large."""
        picked = {f.name: getattr(self, f.name)[which] for f in fields(self) if f.name not in _WHOLE}
        return replace(self, **{k: v if k == "index" else v.astype(np.float32, copy=False) for k, v in picked.items()})


_WHOLE = ("shell", "size", "texel", "sheet")
_ROWS = ("x", "y", "z", "facing", "across", "along", "arm", "sleeve", "cloud", "grain")


class Cloths:
    """All shells' texels at the sizes asked for so far; thread-safe: who comes second waits for who came first."""

    def __init__(self, template: BodyTemplate) -> None:
        self._template = template
        self._arms = _arm_share(template)
        self._ready: dict[tuple[str, int], Cloth] = {}
        self._charts: dict[str, _Chart] = {}  # at _FINEST, which all larger sizes need
        self._busy: defaultdict[str, RLock] = defaultdict(RLock)  # by shell

    def get(self, shell: str, size: int) -> Cloth:
        """The texels of a shell at (size, size)."""
        if ready := self._ready.get((shell, size)):
            return ready
        with self._busy[shell]:
            if ready := self._ready.get((shell, size)):
                return ready
            coarse = self.get(shell, _GRAINY) if size > _GRAINY else None
            ready = _bake(self._chart(shell, min(size, _FINEST)), shell, size, coarse)
            if size <= _KEPT:
                self._ready[shell, size] = ready
        return ready

    def _chart(self, shell: str, base: int) -> _Chart:
        if base < _FINEST:
            return _rasterised(self._template, self._arms, shell, base)
        if shell not in self._charts:
            self._charts[shell] = _rasterised(self._template, self._arms, shell, base)
        return self._charts[shell]


def _arm_share(template: BodyTemplate) -> Float:
    """(N,) skin weight of the arms' joints."""
    rig = template.rigs["mixamo"]
    is_arm = np.array([name.endswith("Arm") or "Hand" in name for name in rig.names])
    return np.asarray((rig.skin_weights * is_arm[rig.skin_joints]).sum(axis=1), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Chart:
    """A shell's charts, rasterised at (base, base)."""

    base: int
    inside: NDArray[np.intp]  # (N,) drawn texels
    planes: Float  # (C, base²), rows x, y, z, normal z, arm share (hair's ring), cloud
    scale: float  # metres that the chart's edge spans


def _rasterised(template: BodyTemplate, arms: Float, shell: str, base: int) -> _Chart:
    mesh = template.meshes[shell, FULL]
    corners = mesh.uv.astype(np.float64) * base
    hit = scan(corners, np.ones(len(corners), np.float32), mesh.triangles, base, base)
    owner = np.full(base * base, -1, dtype=np.int64)
    owner[hit.pixel] = hit.triangle
    owner = _grow(owner.reshape(base, base)).ravel()
    inside = np.flatnonzero(owner >= 0)
    weights = _barycentric(corners[mesh.triangles[owner[inside]]], inside, base)
    normals = vertex_normals(template.mean, mesh.vertex[mesh.triangles])
    columns = [template.mean, normals[:, 2:], arms[:, None]]
    if shell == "hair":
        ring = np.zeros((len(template.mean), 3), dtype=np.float32)
        ring[len(ring) - len(template.hair_drop) :] = np.stack(
            [np.sin(template.hair_azimuth), np.cos(template.hair_azimuth), template.hair_drop], axis=1
        )
        columns.append(ring)
    values = np.concatenate(columns, axis=1)[mesh.vertex][mesh.triangles[owner[inside]]]
    planes = np.zeros((values.shape[2], base * base), dtype=np.float32)
    planes[:, inside] = np.einsum("nk,nkc->cn", weights, values)
    planes = np.concatenate([planes, np.zeros((1, base * base), np.float32)])
    planes[-1, inside] = _cloud(shell, planes[:, inside])
    surface = np.linalg.norm(np.cross(*_edges(template.mean[mesh.vertex][mesh.triangles])), axis=1).sum() / 2
    chart = np.abs(_cross(*_edges(mesh.uv[mesh.triangles]))).sum() / 2
    return _Chart(base, inside, planes, float(np.sqrt(surface / chart)))


def _bake(chart: _Chart, shell: str, size: int, coarse: Cloth | None) -> Cloth:
    index, planes = _upsample(chart.planes, chart.inside, chart.base, size)
    keep = np.ones(planes.shape[1], dtype=bool)
    if shell == "top":
        keep = planes[1] > -0.16
    elif shell == "bottom":
        keep = planes[4] < 0.5
    index, planes = index[keep], planes[:, keep]
    grain = _grain(shell, planes) if coarse is None else _finer(coarse, size)[index]
    return _measure(shell, size, chart.scale / size, index, planes, grain)


def _cloud(shell: str, planes: Float) -> Float:
    """(N,) noise of large blobs, of strands on hair."""
    if shell == "hair":
        return noise.value2(14 * np.arctan2(planes[5], planes[6]), planes[7] * 5)
    x, y, z = planes[:3]
    return 0.65 * noise.value3(x * 14, y * 19, z * 14) + 0.35 * noise.value3(x * 37, y * 43, z * 37)


def _grain(shell: str, planes: Float) -> Float:
    """(N,) noise of small blobs, of fine strands on hair."""
    if shell == "hair":
        return noise.value2(42 * np.arctan2(planes[5], planes[6]) + 7, planes[7] * 9)
    return noise.value3(*(planes[:3] * 330))


def _finer(coarse: Cloth, size: int) -> Float:
    """(size²,) the grain of a coarser size, interpolated."""
    plane = np.zeros(coarse.size * coarse.size, dtype=np.float32)
    plane[coarse.index] = coarse.grain
    image = Image.fromarray(plane.reshape(coarse.size, coarse.size))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32).ravel()


def _measure(shell: str, size: int, texel: float, index: NDArray[np.int32], planes: Float, grain: Float) -> Cloth:
    """Pattern coordinates of positions; ``planes``: rows x, y, z, normal z, arm share (hair's ring), cloud."""
    x, y, z, facing, sleeve = planes[:5]
    arm = np.full_like(x, -0.1)
    along = WAIST - y
    if shell == "bottom":
        centre_x, centre_z = (np.interp(y, _LEG[:, 0], _LEG[:, k]) for k in (1, 2))
        across = np.arctan2(np.abs(x) - centre_x, z - centre_z) * (AROUND_LEG / (2 * np.pi))
    elif shell == "hair":
        across, along = 0.1 * np.arctan2(planes[5], planes[6]), planes[7]
    else:
        across = _around_torso(x, y, z, facing)
        if shell == "top":
            down, around = _around_arm(planes[:3])
            on_sleeve = sleeve > 0.5
            across = np.where(on_sleeve, around * np.sign(x), across)
            along, arm = np.where(on_sleeve, down, along), np.where(on_sleeve, down, arm)
    cloud = planes[-1]
    rows = (x, y, z, facing, across, along, arm, sleeve, cloud, grain)
    stored = np.float32 if shell in CLOTH_SHELLS and size <= _QUICK else np.float16
    lists = dict(zip(_ROWS, (r.astype(np.float16).astype(stored) for r in rows), strict=True))
    return Cloth(
        shell=shell,
        size=size,
        texel=texel,
        index=index,
        **lists,
        sheet=_sheet(shell, size, index, rows[8], rows[9]),
    )


def _sheet(shell: str, size: int, index: NDArray[np.int32], cloud: Float, grain: Float) -> Bytes | None:
    if shell not in SHEET:
        return None
    tint = 0.02 * grain + 0.018 * cloud
    if shell == "hair":
        tint = 0.16 * grain + 0.15 * cloud - 0.06
    out = np.full(size * size, SHEET[shell] * 255, dtype=np.uint8)
    out[index] = np.clip((1 + tint) * SHEET[shell] * 255, 0, 255)
    return out.reshape(size, size)


def _around_torso(x: Float, y: Float, z: Float, facing: Float) -> Float:
    """Metres around the torso from the front middle; over the shoulders lines run straight up and down."""
    half, centre = (np.interp(y, _TORSO[:, 0], _TORSO[:, k]) for k in (1, 2))
    side = x / half
    straight = np.sign(facing) * np.sqrt(np.clip(1 - side**2, 0, 1))
    share = np.clip((y - 0.46) / 0.12, 0, 1)
    depth = (1 - share) * (z - centre) / _DEPTH + share * straight
    angle = np.linspace(-np.pi, np.pi, 257)
    arc = np.hypot(0.175 * np.cos(angle), _DEPTH * np.sin(angle))
    length = np.concatenate([[0.0], np.cumsum((arc[1:] + arc[:-1]) / 2)])
    length = (length / length[-1] - 0.5) * AROUND_TORSO
    return np.interp(np.arctan2(side, depth), angle, length).astype(np.float32)


def _around_arm(position: Float) -> tuple[Float, Float]:
    """Metres down the arm and around it, 0 on the upper side, of positions (3, N)."""
    p = np.stack([np.abs(position[0]), position[1], position[2]], axis=1)
    upper, lower = _ELBOW - _SHOULDER, _WRIST - _ELBOW
    reach = float(np.linalg.norm(upper))
    upper, lower = upper / reach, lower / np.linalg.norm(lower)
    spoke = p - _ELBOW
    bent = (spoke @ (upper + lower) / 0.14 + 0.5).clip(0, 1)[:, None]
    bent = bent * bent * (3 - 2 * bent)
    axis = upper * (1 - bent) + lower * bent
    down = reach + (spoke * axis).sum(axis=1)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0], dtype=np.float32) - axis[:, 1:2] * axis
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    angle = np.arctan2((spoke * np.cross(axis, up)).sum(axis=1), (spoke * up).sum(axis=1))
    return down.astype(np.float32), (angle * (AROUND_ARM / (2 * np.pi))).astype(np.float32)


def _grow(owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Texels next to a chart take the triangle of a neighbour."""
    for _ in range(_GUTTER):
        padded = np.pad(owner, 1, constant_values=-1)
        for near in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
            owner = np.where(owner < 0, near, owner)
    return owner


def _barycentric(corners: NDArray[np.float64], pixel: NDArray[np.intp], size: int) -> Float:
    """(N, 3) weights of pixel centres in triangles (N, 3, 2); beyond a triangle's edge they go on linearly."""
    point = np.stack([pixel % size + 0.5, pixel // size + 0.5], axis=1)
    a, b, c = (corners[:, k] - point for k in range(3))
    weights = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=1)
    total = weights.sum(axis=1, keepdims=True)
    return (weights / np.where(np.abs(total) < 1e-9, 1e-9, total)).clip(-3, 4).astype(np.float32)


def _upsample(planes: Float, inside: NDArray[np.intp], base: int, size: int) -> tuple[NDArray[np.int32], Float]:
    """The same (C, base²) planes at (size, size): drawn texels and their values (C, N)."""
    if size == base:
        return inside.astype(np.int32), planes[:, inside]
    mask = np.zeros(base * base, dtype=np.float32)
    mask[inside] = 1.0

    def larger(plane: Float) -> Float:
        image = Image.fromarray(plane.reshape(base, base))
        return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32).ravel()

    index = np.flatnonzero(larger(mask) > 0.999)
    return index.astype(np.int32), np.stack([larger(p)[index] for p in planes])


def _edges(corners: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    return corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]


def _cross(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
