"""Pictures of avatars as a pipeline makes them, the way the training pictures are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lodestream_server import layers
from lodestream_server.field.camera import Camera
from lodestream_server.pipeline.neural import NeuralJob, NeuralPipeline
from lodestream_training.render import Surface, render

BACKGROUND = (236, 238, 241)
SIZE = 256


def front(pipeline: NeuralPipeline, job: NeuralJob, level: int = 0, size: int = SIZE) -> NDArray[np.uint8]:
    """(size, size, 3) uint8: a level in A pose from the front."""
    pipeline.decode(job, level)
    _, parts = layers.build(pipeline.figure, job.shape, job.planes, job.outfit, level, "unreal", ())
    surfaces = [Surface(p.positions, p.triangles, p.uv, p.material.albedo, p.normals, p.name) for p in parts]
    points = np.concatenate([s.positions for s in surfaces])
    return render(surfaces, Camera.full(points, azimuth=0.0, elevation=4.0), size=(size, size), background=BACKGROUND)
