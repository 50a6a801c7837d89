"""Shafts of tall boots: a tube around each lower leg, in closed form from the tights that the leg wears.

Every vertex stands off a fixed point of the tights (a triangle's corners and their shares), so shafts follow any build
and bend as the leg does. They belong to the layer ``footwear`` and use the corners that its chart leaves free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float, Int
from lodestream_server.body.accessories import blended_skin
from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import FULL, BodyTemplate, Rig, Shape
from lodestream_server.field.extract import Surface
from lodestream_server.outfit import Outfit

KIND = "tallboots"
RIM = -0.372  # metres on the reference body: the shaft's upper edge; the knee's joint is at -0.286
RISE = 0.005  # metres that the rim is higher in front, and lower behind
DEEP = (0.030, 0.030, 0.020, 0.012)  # metres below the rim where what is inside ends at levels 0 to 3
START = -0.713  # where the shaft begins, over the field's part of the boot
_KNEE, _ANKLE = np.array([[0.1520, -0.2863, 0.0386], [0.1954, -0.7377, 0.0086]])  # the left leg's axis
# the outer side: height on the reference body; metres off the tights; share of the ring's mean radius that hollows
# are filled to, as leather is stiffer than a leg
_PROFILE = np.array(
    [
        (-0.713, 0.0170, 0.0),
        (-0.690, 0.0178, 0.0),
        (-0.640, 0.0165, 0.15),
        (-0.560, 0.0145, 0.3),
        (-0.460, 0.0115, 0.3),
        (-0.410, 0.0120, 0.3),
        (-0.372, 0.0150, 0.3),
    ]
)
_THICK = 0.0045  # metres of leather at the rim
_TUCKED = 0.0015  # metres off the tights of the lining's lower end
_WIDER = (0.0, 0.0005, 0.002, 0.009)  # metres that shafts stand off farther at levels 0 to 3, which cut corners
_COLUMNS = (28, 18, 12, 8)  # around a leg at levels 0 to 3, multiples of 2
# heights of the outer side's rings; closer where the ankle folds the leather
_HEIGHTS = (
    (*np.linspace(START, -0.61, 13), *np.linspace(-0.61, RIM, 13)[1:]),
    (*np.linspace(START, -0.61, 6), *np.linspace(-0.61, RIM, 8)[1:]),
    tuple(np.linspace(START, RIM, 7)),
    (START, -0.645, -0.480, RIM),
)
_FOLDS = 0.040  # metres from fold to fold
_CREASE = 0.0018  # metres that folds stand out at the finest level

_ARRAYS = ("near", "share", "off", "mean", "uv", "smooth", "welded", "triangles")

# the strips of footwear's chart: v of the start and the rim, and of the lining's end; u of the outer border, and of the
# inner one at both ends. The leg's outer half lies in the left corner, the inner half is its mirror image in the right
START_V, RIM_V, END_V = 0.665, 0.940, 0.970
BORDER_U, NARROW_U, WIDE_U = 0.008, 0.072, 0.164


@dataclass(frozen=True, slots=True)
class Tube:
    """Both legs' shafts at one level: R rings of C wedges, V of them in all, T triangles."""

    near: Int  # (V, 3) template vertices
    share: Float  # (V, 3) rows sum to 1
    off: Float  # (R, C) metres off the tights
    mean: Float  # (R, C) share of the ring's mean radius that hollows are filled to
    uv: Float  # (V, 2)
    smooth: Int  # (V,) equal where a normal is shared
    first: Int  # one wedge for each value of ``smooth``
    welded: Int  # (V,) equal for wedges of one point
    triangles: Int  # (T, 3)
    skins: Mapping[tuple[str, ...], tuple[Bytes, Float]]  # joints and weights (V, 4) by the names of a rig's joints


@dataclass(frozen=True, slots=True)
class Shafts:
    """The shafts of tall boots at levels 0 to 3. Read-only."""

    tubes: tuple[Tube, Tube, Tube, Tube]

    @staticmethod
    def of(template: BodyTemplate) -> Shafts:
        """Finds the points of the tights that shafts stand off."""
        a, b, c, d = (_tube(template, level) for level in range(4))
        return Shafts((a, b, c, d))

    def surface(self, rig: Rig, shape: Shape, level: int) -> Surface:
        """The shafts on a person, in the template's rest pose; ``vertex`` is -1 everywhere.

        Args:
            rig, shape: the body. level: 3 (coarsest) to 0.
        """
        tube = self.tubes[level]
        skin = np.einsum("vk,vkc->vc", tube.share, shape.vertices[tube.near]).reshape(*tube.mean.shape, 3)
        out = skin - skin.mean(axis=1, keepdims=True)
        out[..., 1] = 0.0
        radius = np.sqrt((out * out).sum(axis=2))
        hollow = np.maximum(radius.mean(axis=1, keepdims=True) - radius, 0.0)
        stretch = (hollow * tube.mean + tube.off) / radius
        positions = (skin + out * stretch[..., None]).astype(np.float32).reshape(-1, 3)
        joints, weights = tube.skins[rig.names]
        return Surface(
            positions=positions,
            normals=vertex_normals(positions[tube.first], tube.smooth[tube.triangles])[tube.smooth],
            uv=tube.uv,
            vertex=np.full(len(positions), -1, dtype=np.int32),
            welded=tube.welded,
            joints=joints,
            weights=weights,
            triangles=tube.triangles,
        )


def worn(outfit: Outfit) -> bool:
    """Whether the shoes have shafts."""
    return outfit.values.get("shoes") == KIND


def free(template: BodyTemplate, level: int) -> dict[str, Float]:
    """(N,) metres of the template's vertices from where a shell ends inside a shaft, positive where it is seen."""
    above = template.mean[:, 1] - (RIM - RISE - DEEP[level])
    return {"body": above, "bottom": above}


def chart(run: Float, around: NDArray[np.floating[Any]]) -> Float:
    """(V, 2) places in the left strip; ``run`` (V,): v, ``around`` (V,): 0 in front to 1 behind."""
    inner = NARROW_U + (run - START_V) / (END_V - START_V) * (WIDE_U - NARROW_U)
    return np.stack([BORDER_U + around * (inner - BORDER_U), run], axis=1).astype(np.float32)


def _rows(level: int) -> tuple[list[tuple[float, float, float, float]], int]:
    """Rings from the start to the rim, then down the lining: (height at the leg's sides, off, mean, v).

    The second value is the number of rings of the outer side, whose last is the lining's first, too.
    """
    height = np.array(_HEIGHTS[level])
    off, mean = (np.interp(height, _PROFILE[:, 0], _PROFILE[:, k]) for k in (1, 2))
    off = off + _WIDER[level] * np.clip(0.2 + (height - START) / 0.08, 0, 1)
    v = START_V + (height - START) / (RIM - START) * (RIM_V - START_V)
    rows = list(zip(height, off, mean, v, strict=True))
    outer, share = float(off[-1]), float(mean[-1])
    if level < 2:  # a rounded edge
        rows[-1] = (RIM - 0.0015, outer, share, RIM_V - 0.002)
        rows.append((RIM, outer - 0.5 * _THICK, share, RIM_V))
    lining = [(*rows[-1][:3], RIM_V + 0.004)]
    if level < 3:
        lining.append((RIM - 0.0015, outer - _THICK, share, RIM_V + 0.008))
    lining.append((RIM - DEEP[level], _TUCKED, 0.0, END_V))
    return rows + lining, len(rows)


def _tube(template: BodyTemplate, level: int) -> Tube:
    rows, outside = _rows(level)
    columns = _COLUMNS[level]
    half = columns // 2
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _ARRAYS}
    # wedges of a ring: the outer half from front to back, then the inner half from back to front
    slot = np.concatenate([np.arange(half + 1), np.arange(half, columns + 1) % columns])
    inner = np.repeat([False, True], half + 1)
    around = np.concatenate([np.arange(half + 1), np.arange(half, -1, -1)]) / half
    cells = [(i, i + 1) for i in range(2 * half + 1) if i != half]
    width = 2 * (half + 1)
    for leg, side in enumerate((1.0, -1.0)):
        corners = _tights(template, side)
        normals = vertex_normals(template.mean, corners)
        for number, (height, off, mean, v) in enumerate(rows):
            angle = 2 * np.pi * np.arange(columns) / columns  # from the front outwards
            near, share, lean = _anchors(template, corners, normals, side, height, angle)
            ring = leg * len(rows) + number
            # the lining's first ring is the outer side's last
            point = ring - (number >= outside)
            strip = chart(np.full(width, v), around)
            strip[inner, 0] = 1 - strip[inner, 0]
            parts["near"].append(near[slot])
            parts["share"].append(share[slot])
            folds = _creases(height, angle) if level == 0 and number < outside else 0.0
            parts["off"].append(((off + folds) / lean)[slot])
            parts["mean"].append(np.full(width, mean))
            parts["uv"].append(strip)
            parts["smooth"].append(ring * columns + slot)
            parts["welded"].append(point * columns + slot)
            if number + 1 < len(rows) and number + 1 != outside:
                low, high = ring * width, (ring + 1) * width
                quads = np.array([(low + a, low + b, high + b, high + a) for a, b in cells])
                if side < 0:
                    quads = quads[:, ::-1]
                parts["triangles"] += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
    whole = {name: np.concatenate(values) for name, values in parts.items()}
    near, share = whole["near"].astype(np.int32), whole["share"].astype(np.float32)
    _, first, smooth = np.unique(whole["smooth"], return_index=True, return_inverse=True)
    return Tube(
        near=near,
        share=share,
        off=whole["off"].reshape(-1, width).astype(np.float32),
        mean=whole["mean"].reshape(-1, width).astype(np.float32),
        uv=whole["uv"].astype(np.float32),
        smooth=smooth.astype(np.int32),
        first=first.astype(np.int32),
        welded=np.unique(whole["welded"], return_inverse=True)[1].astype(np.int32),
        triangles=whole["triangles"].astype(np.int32),
        skins={rig.names: blended_skin(rig, near, share) for rig in template.rigs.values()},
    )


def _creases(height: float, angle: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """(C,) metres that the folds above the ankle stand out; they run down from the front to the back."""
    phase = height * 2 * np.pi / _FOLDS - 1.1 * np.cos(angle) + 0.5 * np.sin(3 * angle)
    return np.asarray(_CREASE * np.sin(phase) * max(0.0, 1 - abs(height + 0.655) / 0.045))


def _tights(template: BodyTemplate, side: float) -> Int:
    """(T, 3) template vertices of one leg's tights below the thigh, the foot's included."""
    shells = [template.meshes[shell, FULL] for shell in ("bottom", "footwear")]
    corners = np.concatenate([mesh.vertex[mesh.triangles] for mesh in shells])
    place = template.mean[corners]
    return corners[(place[..., 1].max(axis=1) < -0.2) & (side * place[..., 0].mean(axis=1) > 0)]


def _anchors(
    template: BodyTemplate, corners: Int, normals: Float, side: float, height: float, angle: NDArray[np.floating[Any]]
) -> tuple[Int, Float, Float]:
    """Where level rays from the leg's axis leave the tights.

    Args:
        corners: (T, 3) template vertices. normals: (N, 3) of the tights. side: 1 left, -1 right. height: metres at the
            leg's sides. angle: (C,) radians from the front outwards.
    Returns:
        (C, 3) template vertices, (C, 3) their shares (Möller and Trumbore 1997) and (C,) the cosine of the angle
        between the ray and the tights' normal.
    """
    y = height + _raised(height) * np.cos(angle)
    origin = _ANKLE + (_KNEE - _ANKLE) * ((y - _ANKLE[1]) / (_KNEE[1] - _ANKLE[1]))[:, None]
    origin = origin * [side, 1.0, 1.0]
    ray = np.stack([side * np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)
    crossed = (template.mean[corners, 1].min(axis=1) <= y.max()) & (template.mean[corners, 1].max(axis=1) >= y.min())
    corners = corners[crossed]
    a, b, c = (template.mean[corners[:, k]].astype(np.float64) for k in range(3))
    first, second = b - a, c - a
    across = np.cross(ray[:, None], second[None])
    scale = (across * first).sum(axis=2)
    scale = np.where(np.abs(scale) < 1e-12, np.inf, scale)
    away = origin[:, None] - a[None]
    u = (away * across).sum(axis=2) / scale
    turned = np.cross(away, first[None])
    w = (turned * ray[:, None]).sum(axis=2) / scale
    length = (turned * second).sum(axis=2) / scale
    hit = (u >= -1e-6) & (w >= -1e-6) & (u + w <= 1 + 1e-6) & (length > 0)
    at = np.where(hit, length, -np.inf).argmax(axis=1)
    row = np.arange(len(angle))
    u, w = u[row, at], w[row, at]
    share = np.stack([1 - u - w, u, w], axis=1)
    normal = np.einsum("ck,ckd->cd", share, normals[corners[at]])
    lean = np.einsum("cd,cd->c", normal, ray) / np.linalg.norm(normal, axis=1)
    return corners[at], share.astype(np.float32), lean.astype(np.float32)


def _raised(height: float) -> float:
    """Metres that a ring is raised in front: the rim's rise, fading to level rings below the calf."""
    return float(RISE * np.clip((height - RIM) / 0.12 + 1.0, 0.0, 1.0))


def joined(surfaces: Sequence[Surface]) -> Surface:
    """Surfaces of one layer as one."""
    start = np.cumsum([0, *(len(s.positions) for s in surfaces)])
    points = np.cumsum([0, *(int(s.welded.max(initial=-1)) + 1 for s in surfaces)])
    return Surface(
        positions=np.concatenate([s.positions for s in surfaces]),
        normals=np.concatenate([s.normals for s in surfaces]),
        uv=np.concatenate([s.uv for s in surfaces]),
        vertex=np.concatenate([s.vertex for s in surfaces]),
        welded=np.concatenate([s.welded + p for s, p in zip(surfaces, points, strict=False)]).astype(np.int32),
        joints=np.concatenate([s.joints for s in surfaces]),
        weights=np.concatenate([s.weights for s in surfaces]),
        triangles=np.concatenate([s.triangles + n for s, n in zip(surfaces, start, strict=False)]).astype(np.int32),
    )
