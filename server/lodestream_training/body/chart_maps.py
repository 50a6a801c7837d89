"""Maps over the charts that the texture stage reads: where on the reference body a texel lies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from lodestream_server.body.template import FIELD_SHELLS
from lodestream_training.body.charts import Wedges
from lodestream_training.body.raster import rasterise

Float = NDArray[np.float64]

SIZE = 128
STEP = 1e-4  # metres per unit of the stored positions
BEYOND = 3  # texels around a chart that go on along its slope; farther ones repeat the nearest


def store(out: dict[str, NDArray], mean: Float, arms: Float, shells: Mapping[str, Wedges]) -> None:  # type: ignore[type-arg]
    """Adds ``chart/{shell}/position`` (SIZE, SIZE, 3) int16, its step, and ``chart/top/arms`` uint8.

    Args:
        mean: (N, 3) metres. arms: (N,) skin weight of the arms' joints.
    """
    out["chart_step"] = np.array(STEP, dtype=np.float32)
    for shell in FIELD_SHELLS:
        position = spread(shells[shell], mean)
        out[f"chart/{shell}/position"] = np.round(position / STEP).astype(np.int16)
    weight = spread(shells["top"], arms[:, None])[..., 0]
    out["chart/top/arms"] = np.round(np.clip(weight, 0.0, 1.0) * 255).astype(np.uint8)


def spread(mesh: Wedges, values: Float) -> Float:
    """(SIZE, SIZE, C) of a quantity (N, C) of the vertices; it goes on smoothly beyond the charts."""
    index, bary = rasterise(mesh.uv.astype(np.float32), mesh.triangles.astype(np.int32), SIZE)
    known = index >= 0
    out = np.einsum("ijk,ijkc->ijc", bary, values[mesh.vertex[mesh.triangles[index]]])
    for _ in range(BEYOND):
        total = np.zeros_like(out)
        count = np.zeros_like(known, dtype=np.float64)
        for step in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]:
            first, second = (_shift(known, step, k) for k in (1, 2))
            usable = first & second
            near, far = (_shift(out, step, k) for k in (1, 2))
            total += np.where(usable[..., None], 2 * near - far, 0.0)
            count += usable
        born = ~known & (count > 0)
        out[born] = total[born] / count[born][:, None]
        known |= born
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(out[tuple(nearest)])


def _shift(plane: NDArray, step: tuple[int, int], times: int) -> NDArray:  # type: ignore[type-arg]
    """The plane moved by whole texels; False or 0 enters at its edges."""
    down, right = step[0] * times, step[1] * times
    out = np.zeros_like(plane)
    rows, columns = plane.shape[:2]
    to_row, to_column = slice(max(down, 0), rows + min(down, 0)), slice(max(right, 0), columns + min(right, 0))
    from_row, from_column = slice(max(-down, 0), rows + min(-down, 0)), slice(max(-right, 0), columns + min(-right, 0))
    out[to_row, to_column] = plane[from_row, from_column]
    return out
