"""Whether the mesh looks like the field, and coarse levels like the finest: the same view, the same light, PSNR."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lodestream_server import layers
from lodestream_server.field import volume
from lodestream_server.field.camera import Camera
from lodestream_server.field.planes import sample
from lodestream_server.field.preview import BACKGROUND
from lodestream_server.field.scan import blend, project, scan
from lodestream_server.field.volume import Solid, light
from lodestream_server.pipeline.neural import NeuralJob, NeuralPipeline
from lodestream_server.pipeline.request import LEVELS, AvatarRequest
from lodestream_server.texture.albedo import compose_field
from lodestream_training.evaluation.statistics import Estimate, mean

Float = NDArray[np.float32]
SIZE = (384, 512)
AZIMUTH = 20.0
_SUPERSAMPLED = 2


def psnr(one: Float, other: Float) -> float:
    """Peak signal-to-noise ratio of pictures in [0, 1], decibels."""
    return float(-10 * np.log10(np.mean((one.astype(np.float64) - other) ** 2) + 1e-12))


def evaluate(pipeline: NeuralPipeline, prompts: Sequence[str], seed: int = 1) -> dict[str, Estimate]:
    """``field`` against the level-0 mesh, and levels 1 to 3 against level 0: mean PSNR over ``prompts``."""
    found: dict[str, list[float]] = {}
    for prompt in prompts:
        job = pipeline.begin(AvatarRequest(prompt, seed=seed))
        meshes: dict[int, Float] = {}
        camera = _camera(job)
        for level in LEVELS:
            pipeline.decode(job, level)
            meshes[level] = _mesh(job, pipeline, level, camera)
        found.setdefault("field", []).append(psnr(_field(job, pipeline, camera), meshes[0]))
        for level in LEVELS[:-1]:
            found.setdefault(f"level {level}", []).append(psnr(meshes[level], meshes[0]))
    return {name: mean(values) for name, values in found.items()}


def _camera(job: NeuralJob) -> Camera:
    low, high = job.shape.vertices.min(0), job.shape.vertices.max(0)
    return Camera.look(AZIMUTH, 4.0, (low + high) / 2, float(high[1] - low[1]) * 1.12)


def _fine() -> tuple[int, int]:
    return SIZE[0] * _SUPERSAMPLED, SIZE[1] * _SUPERSAMPLED


def _shrunk(picture: Float) -> Float:
    width, height = SIZE
    return picture.reshape(height, _SUPERSAMPLED, width, _SUPERSAMPLED, 3).mean((1, 3))


def _field(job: NeuralJob, pipeline: NeuralPipeline, camera: Camera) -> Float:
    figure = pipeline.figure
    colours = compose_field(job.planes, job.outfit, figure.cloths)
    fixed = layers.fixed_surfaces(figure, job.shape, job.planes, job.outfit, 0, figure.template.rigs["mixamo"])
    solids = layers.solids(figure, job.planes, job.outfit, fixed)
    return _shrunk(volume.render(figure.template, job.shape, job.planes, colours, solids, camera, _fine(), BACKGROUND))


def _mesh(job: NeuralJob, pipeline: NeuralPipeline, level: int, camera: Camera) -> Float:
    """Every layer of a level as it leaves for the wire, nearest surface first, in the field's light."""
    width, height = _fine()
    depth = np.full(width * height, np.inf, np.float32)
    out = np.tile(BACKGROUND, (width * height, 1))
    glass: list[Solid] = []
    figure, bones = pipeline.figure, pipeline.figure.template.rigs["mixamo"]
    surfaces = layers.surfaces(figure, job.shape, job.planes, job.outfit, level, bones)
    for solid in layers.solids(figure, job.planes, job.outfit, surfaces, level):
        if solid.albedo.shape[2] == 4:
            glass.append(solid)
            continue
        at, colour, far, _ = _drawn(solid, camera, width, height)
        order = np.argsort(-far, kind="stable")
        nearer = far[order] < depth[at[order]]
        place = at[order][nearer]
        out[place] = colour[order][nearer]
        depth[place] = far[order][nearer]
    for solid in glass:
        at, colour, far, alpha = _drawn(solid, camera, width, height)
        for k in np.argsort(-far, kind="stable"):
            if far[k] < depth[at[k]]:
                out[at[k]] += (colour[k] - out[at[k]]) * alpha[k]
    return _shrunk(np.clip(out, 0, 1).reshape(height, width, 3).astype(np.float32))


def _drawn(solid: Solid, camera: Camera, width: int, height: int) -> tuple[NDArray[np.int64], Float, Float, Float]:
    pixels, far = project(solid.positions, camera, width, height)
    hit = scan(pixels, far, solid.triangles, width, height)
    values = np.concatenate([solid.uv, solid.normals], axis=1).astype(np.float32)
    at = blend(values, solid.triangles, hit)
    image = solid.albedo.astype(np.float32).transpose(2, 0, 1) / 255.0
    seen = sample(image, at[:, :2])
    alpha = seen[:, 3] if seen.shape[1] == 4 else np.ones(len(seen), np.float32)
    return hit.pixel, seen[:, :3] * light(at[:, 2:5], camera)[:, None], hit.depth, alpha
