"""Starting values of the decoder's learned maps: positional features of the reference body."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lodestream_training.synth import measure
from lodestream_training.synth.painter import FINE, Painter
from lodestream_training.synth.scalp import hairline

_FREE = (4, 4, 4, 2)  # maps of each stage that start as noise
_MOST = (99, 99, 9, 3)  # positional maps of each stage; each of the finest costs most


def initial(painter: Painter) -> dict[str, list[Tensor]]:
    """{shell: [(D, R, R) of stage 0 … 3]}."""
    generator = torch.Generator().manual_seed(3)
    out: dict[str, list[Tensor]] = {}
    for shell, canvas in painter.canvases.items():
        x, y, z = np.moveaxis(canvas.position, -1, 0)
        planes = [x * 3, np.abs(x) * 3, y * 2, z * 5, canvas.normal[..., 0], canvas.normal[..., 2]]
        planes += [canvas.occlusion * 2 - 1]
        if shell in ("top", "bottom"):
            m = measure.measure(canvas)
            planes += [m.arm * 2, m.sleeve.astype(np.float32), m.along * 2]
        if shell == "skirt":
            angle = np.arctan2(x, z - 0.02)
            planes += [np.sin(angle * 13 + 0.8 * np.sin(angle * 3)), np.cos(angle * 13), np.sin(angle), np.cos(angle)]
        if shell == "head":
            planes += [hairline(canvas.position) * 10]
            ax = np.abs(x)
            for cx, cy, r in (
                (0.0313, 0.904, 0.02),
                (0.0313, 0.9275, 0.012),
                (0.0, 0.8325, 0.02),
                (0.042, 0.868, 0.03),
            ):
                planes += [np.exp(-(((ax - cx) / r) ** 2) - ((y - cy) / (r * 0.6)) ** 2) * 2]
        if shell == "hair":
            assert canvas.azimuth is not None
            assert canvas.drop is not None
            planes += [
                canvas.azimuth / 2,
                np.abs(canvas.azimuth) - 1.5,
                canvas.drop * 2 - 1,
                hairline(canvas.position) * 10,
            ]
            for k in (7, 46, 101):
                planes += [
                    np.sin(k * canvas.azimuth + 3 * np.sin(9 * canvas.drop) * (k == 46)),
                    np.cos(k * canvas.azimuth),
                ]
            planes += [np.sin(95 * canvas.drop), np.cos(95 * canvas.drop)]
        if shell == "footwear":
            middle = np.abs(x) - 0.195 - 0.09 * (z - 0.05)
            planes += [middle * 20, (y + 0.822) * 15, np.sin(2 * np.pi * (z - 0.4 * (y + 0.822)) / 0.017)]
        full = torch.tensor(np.stack(planes).astype(np.float32))[None]
        levels: list[Tensor] = []
        for k in range(4):
            size = full.shape[-1] * 2**k // FINE
            maps = torch.nn.functional.adaptive_avg_pool2d(full[:, : _MOST[k]], size)[0]
            levels.append(torch.cat([maps, 0.1 * torch.randn(_FREE[k], size, size, generator=generator)]))
        out[shell] = levels
    return out
