"""Whether other seeds make other people who still fit the prompt, and whether avatars are more than training people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_training.evaluation.cielab import ciede2000, lab
from lodestream_training.evaluation.statistics import Estimate, mean, share
from lodestream_training.language import caption as captions
from lodestream_training.synth import attributes

SEEDS = (0, 1, 2, 3)
_AT = attributes.slices()


def evaluate(pipeline: NeuralPipeline, count: int = 60, seed: int = 41) -> dict[str, Estimate]:
    """Of ``count`` prompts at the seeds above: how far apart bodies, faces and colours are, what stays right."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {"face, mm": [], "body, mm": [], "unsaid colours, ΔE00": []}
    right: list[bool] = []
    for _ in range(count):
        person, caption = captions.draw(rng, "combinations", 0.0)
        jobs = [pipeline.begin(AvatarRequest(caption.text, seed=s)) for s in SEEDS]
        head = np.unique(pipeline.figure.template.meshes["head", 0].vertex)
        colours = [g.name for g in attributes.GROUPS if g.kind == "colour" and g.name not in caption.said]
        for one, two in combinations(jobs, 2):
            moved = np.linalg.norm(one.shape.vertices - two.shape.vertices, axis=1) * 1000
            found["body, mm"].append(float(moved.mean()))
            apart = one.shape.vertices[head] - two.shape.vertices[head]
            found["face, mm"].append(float(np.linalg.norm(apart - apart.mean(0), axis=1).mean() * 1000))
            labs = [lab(np.stack([j.latent[_AT[c]] for c in colours])) for j in (one, two)]
            found["unsaid colours, ΔE00"].append(float(ciede2000(*labs).mean()))
        for group in attributes.GROUPS:
            if group.kind == "categorical" and group.name in caption.said:
                right += [j.outfit.values[group.name] == person.values[group.name] for j in jobs]
    out = {name: mean(values) for name, values in found.items()}
    return out | {"said categories right at every seed": share(right)}


def nearest(pipeline: NeuralPipeline, texts: Sequence[str], people: np.ndarray) -> Estimate:
    """Mean share of categories in which an avatar agrees with the most similar of ``people`` (N, attributes.SIZE)."""
    groups = [_AT[g.name] for g in attributes.GROUPS if g.kind == "categorical"]
    known = np.stack([people[:, at].argmax(1) for at in groups], axis=1)
    best: list[float] = []
    for text in texts:
        latent = pipeline.begin(AvatarRequest(text, seed=1)).latent
        own = np.array([latent[at].argmax() for at in groups])
        best.append(float((known == own).mean(axis=1).max()))
    return mean(best)
