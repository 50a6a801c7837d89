"""UV layouts of the shells: which islands of the base mesh make a shell and where they lie in its unit square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from lodestream_training.body.basemesh import BaseMesh, Chart

Float = NDArray[np.float64]
Int = NDArray[np.int64]
MARGIN = 0.012


@dataclass(frozen=True)
class Wedges:
    """A shell at full resolution: W wedges (a vertex on one UV island)."""

    vertex: Int  # (W,) template vertex
    uv: Float  # (W, 2) glTF convention, origin at the top left
    triangles: Int  # (T, 3) wedges


def islands(chart: Chart) -> list[Chart]:
    """Splits a chart into its UV islands, largest first."""
    used, local = np.unique(chart.uvs, return_inverse=True)
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
    cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return np.interp(x, grid, cumulative / cumulative[-1])


def build(base: BaseMesh) -> dict[str, Wedges]:
    """Shells of the base mesh by name: body head top bottom skirt footwear eyes mouth lashes."""
    uvs = base.uvs
    skin = islands(base.groups["body"])
    high = base.mean[:, 1].max()
    head: list[Chart] = []
    rest: list[Chart] = []
    for island in skin:
        (head if base.mean[island.vertices.ravel(), 1].min() > high - 0.42 else rest).append(island)
    face, *small = sorted(head, key=lambda c: len(c.vertices), reverse=True)
    framed = _fit(uvs, [face], (0.0, 0.14, 1.0, 1.0))
    centre = base.groups["body"].uvs[np.isin(base.groups["body"].vertices, _nose(base, face))]
    middle = framed[centre].mean(0)
    warped = np.stack(
        [_magnify(framed[:, 0], float(middle[0]), 2.6, 0.16), _magnify(framed[:, 1], float(middle[1]), 2.6, 0.14)], 1
    )
    parts = [(face, warped)]
    width = 1.0 / len(small)
    parts += [(c, _fit(uvs, [c], (i * width, 0.0, (i + 1) * width, 0.14))) for i, c in enumerate(small)]

    tights = islands(base.groups["helper-tights"])
    torso = [c for c in tights if base.mean[c.vertices.ravel(), 1].max() > 0]
    feet = [c for c in tights if base.mean[c.vertices.ravel(), 1].max() <= 0]
    garment = _stack([(c, _fit(uvs, torso, (0, 0, 1, 1))) for c in torso])
    groups = base.groups
    skirt = [groups["helper-skirt"]]

    def shared(names: list[str]) -> Wedges:
        charts = [groups[n] for n in names]
        return _stack([(c, _fit(uvs, charts, (0, 0, 1, 1))) for c in charts])

    return {
        "body": _stack([(c, _fit(uvs, rest, (0, 0, 1, 1))) for c in rest]),
        "head": _stack(parts),
        "top": garment,
        "bottom": garment,
        "skirt": _stack([(c, _fit(uvs, skirt, (0, 0, 1, 1))) for c in skirt]),
        "footwear": _stack([(c, _fit(uvs, feet, (0, 0, 1, 1))) for c in feet]),
        "eyes": _stack(
            [
                (groups["helper-l-eye"], _fit(uvs, [groups["helper-l-eye"]], (0, 0, 0.5, 1))),
                (groups["helper-r-eye"], _fit(uvs, [groups["helper-r-eye"]], (0.5, 0, 1, 1))),
            ]
        ),
        "mouth": shared(["helper-upper-teeth", "helper-lower-teeth", "helper-tongue"]),
        "lashes": shared([f"helper-{s}-eyelashes-{i}" for s in "lr" for i in (1, 2)]),
    }


def _nose(base: BaseMesh, face: Chart) -> Int:
    """Vertices around the middle of the face: between nose tip and eyes."""
    used = np.unique(face.vertices)
    tip = used[np.argmax(base.mean[used, 2])]
    near = np.linalg.norm(base.mean[used] - (base.mean[tip] + [0, 0.012, 0]), axis=1) < 0.012
    return used[near]
