"""UV layouts of the shells: which islands of the base mesh make a shell and where they lie in its unit square."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter1d
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from lodestream_training.body.basemesh import BaseMesh, Chart
from lodestream_training.body.raster import rasterise

Float = NDArray[np.float64]
Int = NDArray[np.int64]
MARGIN = 0.012
GUTTER_SIZE = 256  # texels of a chart's edge at which two islands stay at least two texels apart
HEAD_STRIP = 0.15  # height of the strip below the face that the ears and the mouth's inside share
BODY_STRIP = 0.20  # height of the strip below the body that hands and feet share
TOP_FLOOR = -0.06  # metres; the top's chart ends here, what hangs lower is the skirt's
BOTTOM_CEILING = 0.75  # y of the highest face of the bottom: straps reach over the shoulders


@dataclass(frozen=True)
class Wedges:
    """A shell at full resolution: W wedges (a vertex on one UV island)."""

    vertex: Int  # (W,) template vertex
    uv: Float  # (W, 2) glTF convention, origin at the top left
    triangles: Int  # (T, 3) wedges


def islands(chart: Chart) -> list[Chart]:
    """Splits a chart into its UV islands, largest first; islands that touch in a point are two."""
    pairs = np.stack([chart.vertices.ravel(), chart.uvs.ravel()], axis=1)
    used, local = np.unique(pairs, axis=0, return_inverse=True)
    t = local.reshape(chart.uvs.shape)
    rows = np.concatenate([t[:, 0], t[:, 1]])
    cols = np.concatenate([t[:, 1], t[:, 2]])
    graph = coo_matrix((np.ones(len(rows)), (rows, cols)), shape=(len(used), len(used)))
    _, label = connected_components(graph, directed=False)
    face = label[t[:, 0]]
    groups = [np.flatnonzero(face == k) for k in np.unique(face)]
    groups.sort(key=len, reverse=True)
    return [Chart(chart.vertices[g], chart.uvs[g]) for g in groups]


def _stack(parts: list[tuple[Chart, Float]]) -> Wedges:
    """Joins islands; each comes with (U, 2) coordinates for the whole UV array, origin at the bottom left."""
    vertex: list[Int] = []
    uv: list[Float] = []
    triangles: list[Int] = []
    at = 0
    for chart, coordinates in parts:
        pairs = np.stack([chart.vertices.ravel(), chart.uvs.ravel()], axis=1)
        unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
        vertex.append(unique[:, 0])
        uv.append(coordinates[unique[:, 1]])
        triangles.append(inverse.reshape(-1, 3) + at)
        at += len(unique)
    out = np.concatenate(uv)
    return Wedges(np.concatenate(vertex), np.stack([out[:, 0], 1 - out[:, 1]], 1), np.concatenate(triangles))


def _fit(uvs: Float, charts: list[Chart], box: tuple[float, float, float, float]) -> Float:
    """Scales the islands' common bounding box into ``box`` (x0, y0, x1, y1), leaving a margin."""
    used = np.unique(np.concatenate([c.uvs.ravel() for c in charts]))
    low, high = uvs[used].min(0), uvs[used].max(0)
    start, end = np.array(box[:2]) + MARGIN, np.array(box[2:]) - MARGIN
    return start + (uvs - low) / (high - low) * (end - start)


def _magnify(x: Float, centre: float, gain: float, width: float) -> Float:
    """A monotone map of [0, 1] onto itself whose slope is about ``gain`` times higher around ``centre``."""
    grid = np.linspace(0.0, 1.0, 2001)
    density = 1.0 + (gain - 1.0) * np.exp(-(((grid - centre) / width) ** 2))
    return _integrate(x, grid, density)


def _integrate(x: Float, grid: Float, density: Float) -> Float:
    cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return np.interp(x, grid, cumulative / cumulative[-1])


def build(base: BaseMesh) -> dict[str, Wedges]:
    """Shells of the base mesh by name: body head top bottom skirt footwear eyes mouth lashes.

    Raises:
        ValueError: two islands of a shell that the field paints come too close.
    """
    uvs = base.uvs
    groups = base.groups
    head, rest = skin(base)
    tights = islands(groups["helper-tights"])
    torso = [c for c in tights if base.mean[c.vertices.ravel(), 1].max() > 0]
    feet = [c for c in tights if base.mean[c.vertices.ravel(), 1].max() <= 0]
    lowest, highest = (f(np.stack([base.mean[c.vertices, 1] for c in torso]), -1) for f in (np.min, np.max))
    arms = np.stack([arm_weight(base)[c.vertices].max(1) for c in torso])
    above = [_part(c, k > TOP_FLOOR) for c, k in zip(torso, lowest, strict=True)]
    below = [_part(c, k) for c, k in zip(torso, (arms < 0.5) & (highest < BOTTOM_CEILING), strict=True)]

    def whole(charts: list[Chart]) -> Wedges:
        return _stack([(c, _fit(uvs, charts, (0, 0, 1, 1))) for c in charts])

    def beside(charts: list[Chart]) -> Wedges:
        boxes = [(i / len(charts), 0.0, (i + 1) / len(charts), 1.0) for i in range(len(charts))]
        return _stack([(c, _fit(uvs, [c], box)) for c, box in zip(charts, boxes, strict=True)])

    shells = {
        "body": _over_strip(uvs, rest, BODY_STRIP),
        "head": _head(base, head),
        "top": _garment(base, above),
        "bottom": _garment(base, below),
        "skirt": whole([groups["helper-skirt"]]),
        "footwear": beside(feet),
    }
    check(shells)
    return shells | {
        "eyes": beside([groups["helper-l-eye"], groups["helper-r-eye"]]),
        "mouth": whole([groups[n] for n in ("helper-upper-teeth", "helper-lower-teeth", "helper-tongue")]),
        "lashes": whole([groups[f"helper-{s}-eyelashes-{i}"] for s in "lr" for i in (1, 2)]),
    }


def skin(base: BaseMesh) -> tuple[list[Chart], list[Chart]]:
    """Islands of the head (the face first) and of the rest of the body."""
    neck = base.mean[:, 1].max() - 0.42
    lowest = [(c, float(base.mean[c.vertices.ravel(), 1].min())) for c in islands(base.groups["body"])]
    return [c for c, low in lowest if low > neck], [c for c, low in lowest if low <= neck]


def arm_weight(base: BaseMesh) -> Float:
    """(N,) skin weight of the joints from the shoulder to the fingertips."""
    rig = base.rigs["mixamo"]
    return rig.weights[:, [n.endswith("Arm") or "Hand" in n for n in rig.names]].sum(1)


def check(shells: Mapping[str, Wedges]) -> None:
    """Rasterises the islands of every shell.

    Raises:
        ValueError: islands overlap, are less than two texels apart at GUTTER_SIZE, or fold over themselves.
    """
    for name, mesh in shells.items():
        taken = np.zeros((GUTTER_SIZE, GUTTER_SIZE), dtype=bool)
        for part in islands(Chart(mesh.triangles, mesh.triangles)):
            a, b, c = (mesh.uv[part.uvs[:, k]] for k in range(3))
            area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
            if (area > 1e-9).any() and (area < -1e-9).any():
                raise ValueError(f"{name}: {np.minimum((area > 1e-9).sum(), (area < -1e-9).sum())} triangles fold over")
            index, _ = rasterise(mesh.uv.astype(np.float32), part.uvs.astype(np.int32), GUTTER_SIZE)
            grown = binary_dilation(index >= 0, np.ones((3, 3), dtype=bool))
            if (grown & taken).any():
                raise ValueError(f"{name}: islands are less than two texels apart")
            taken |= grown


def _part(chart: Chart, kept: NDArray[np.bool_]) -> Chart:
    return Chart(chart.vertices[kept], chart.uvs[kept])


def _head(base: BaseMesh, charts: list[Chart]) -> Wedges:
    """The face, magnified around its middle, over a strip with the small islands."""
    uvs = base.uvs
    face = charts[0]
    low, high = uvs[face.uvs.ravel()].min(0), uvs[face.uvs.ravel()].max(0)
    unit = (uvs - low) / (high - low)
    whole = base.groups["body"]
    middle = unit[whole.uvs[np.isin(whole.vertices, _nose(base, face))]].mean(0)
    warped = [_magnify(unit[:, k], float(middle[k]), 2.6, 0.16) for k in (0, 1)]
    return _over_strip(uvs, charts, HEAD_STRIP, np.stack(warped, axis=1))


def _over_strip(uvs: Float, charts: list[Chart], height: float, main: Float | None = None) -> Wedges:
    """The largest island over a strip of the others, side by side; ``main``: its own coordinates."""
    large, *small = charts
    parts = [(large, _fit(uvs if main is None else main, [large], (0.0, height, 1.0, 1.0)))]
    width = 1.0 / len(small)
    return _stack(parts + [(c, _fit(uvs, [c], (i * width, 0, (i + 1) * width, height))) for i, c in enumerate(small)])


def _garment(base: BaseMesh, charts: list[Chart]) -> Wedges:
    """Pieces of the tights, side by side, stretched so that rows and columns of texels are as long on the body."""
    pieces = [p for c in charts for p in islands(c) if len(p.vertices) > 8]
    width = 1.0 / len(pieces)
    return _stack([(p, _fit(_even(base, p), [p], (i * width, 0, (i + 1) * width, 1))) for i, p in enumerate(pieces)])


def _even(base: BaseMesh, chart: Chart, bins: int = 160) -> Float:
    """(U, 2) coordinates of the chart's island, each axis stretched by the mean length that it spans on the body."""
    used = np.unique(chart.uvs)
    out = (base.uvs - base.uvs[used].min(0)) / np.ptp(base.uvs[used], axis=0)
    corner = base.mean[chart.vertices]
    grid = np.linspace(0.0, 1.0, bins)
    for _ in range(3):
        uv = out[chart.uvs]
        edge = np.stack([uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]], axis=1)  # (T, 2, 2)
        area = np.abs(np.linalg.det(edge))
        sound = area > 1e-9
        slope = np.linalg.solve(
            edge[sound], np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=1)[sound]
        )  # (T, 2, 3): metres per unit along each axis
        length = np.linalg.norm(slope, axis=2)
        step = np.empty_like(out)
        for axis in (0, 1):
            place = np.clip(uv[sound].mean(1)[:, axis] * bins, 0, bins - 1).astype(int)
            total = np.bincount(place, area[sound], bins)
            density = np.bincount(place, area[sound] * length[:, axis], bins)
            density = gaussian_filter1d(density, 5.0, mode="nearest") / gaussian_filter1d(total, 5.0, mode="nearest")
            step[:, axis] = _integrate(out[:, axis], grid, density**0.75)
        out = step
    return out


def _nose(base: BaseMesh, face: Chart) -> Int:
    """Vertices around the middle of the face: between nose tip and eyes."""
    used = np.unique(face.vertices)
    tip = used[np.argmax(base.mean[used, 2])]
    near = np.linalg.norm(base.mean[used] - (base.mean[tip] + [0, 0.012, 0]), axis=1) < 0.012
    return used[near]
