"""A layer with some of its triangles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lodestream_server.avatar import Int, Layer, Morph


def subset(layer: Layer, triangles: Int) -> Layer:
    """The layer with ``triangles`` (T, 3) of its vertices, the vertices that none of them uses left out."""
    used, compact = np.unique(triangles, return_inverse=True)
    slot = np.full(len(layer.positions), -1, dtype=np.int32)
    slot[used] = np.arange(len(used))
    kept = {name: slot[morph.indices] >= 0 for name, morph in layer.morphs.items()}
    return replace(
        layer,
        positions=layer.positions[used],
        normals=layer.normals[used],
        uv=layer.uv[used],
        joints=layer.joints[used],
        weights=layer.weights[used],
        triangles=compact.reshape(-1, 3).astype(np.int32),
        morphs={n: Morph(slot[m.indices][kept[n]], m.deltas[kept[n]]) for n, m in layer.morphs.items()},
    )
