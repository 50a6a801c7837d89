"""What each stage is worth: the same measurements without it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray

from lodestream_server import layers
from lodestream_server.avatar import Bytes, Layer
from lodestream_server.field.camera import Camera
from lodestream_server.field.decoder import unpack
from lodestream_server.field.planes import Planes
from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_server.texture import albedo
from lodestream_training.evaluation.cielab import ciede2000, lab
from lodestream_training.evaluation.fidelity import psnr
from lodestream_training.evaluation.statistics import Estimate, mean
from lodestream_training.field.decoder import Decoder
from lodestream_training.field.wardrobe import balanced
from lodestream_training.render import Surface, render
from lodestream_training.synth import attributes, pictures

_AT = attributes.slices()
_FIELD = ("body", "head", "top", "bottom", "skirt", "footwear", "hair")
#: Prompts that leave most unsaid.
SHORT = ("a man", "a woman", "a boy", "a girl", "an old man", "an old woman", "a person in a red top", "a tall man",
         "a woman with long hair", "a man with a beard", "a girl in a dress", "a man in jeans")  # fmt: skip


def retrieval(pipeline: NeuralPipeline) -> dict[str, Estimate]:
    """How unlike the avatars of short prompts are, with the matched picture and without it.

    Mean pairwise ΔE00 of garment colours, and share of categories that differ.
    """
    found: dict[str, Estimate] = {}
    for name, matched in (("with retrieval", True), ("without", False)):
        latents = []
        for seed, prompt in enumerate(SHORT):
            if matched:
                latents.append(pipeline.begin(AvatarRequest(prompt, seed=seed)).latent)
            else:
                latents.append(pipeline.imagine(prompt, seed))
        apart = list(combinations(latents, 2))
        colours = ("top_colour", "bottom_colour", "shoe_colour")
        away = [float(ciede2000(lab(a[_AT[c]]), lab(b[_AT[c]]))) for a, b in apart for c in colours]
        groups = [_AT[g.name] for g in attributes.GROUPS if g.kind == "categorical"]
        differ = [float(np.mean([a[at].argmax() != b[at].argmax() for at in groups])) for a, b in apart]
        found[f"{name}: ΔE00 between garments"] = mean(away)
        found[f"{name}: categories that differ"] = mean(differ)
    return found


@torch.no_grad()
def paintings(decoder: Decoder, count: int, seed: int = 71) -> dict[str, Estimate]:
    """PSNR of level-0 pictures against the paintings' own, fresh people: in full, and without the texture stage."""
    figure, _ = pictures.tools()
    rng = np.random.default_rng(seed)
    full: list[float] = []
    bare: list[float] = []
    for _ in range(count):
        a = balanced(rng)
        outfit = pictures.outfit_of(a)
        shape = figure.template.shape(*(a[_AT[name]] for name in ("phenotype", "ancestry", "face")))
        palettes, stages = decoder(torch.tensor(a)[None])
        raw = {s: unpack(p[0].numpy(), palettes[s][0].numpy()) for s, p in stages[-1].planes.items()}
        planes = figure.fitting.apply(figure.gutters.fill(raw), outfit)
        truth = _drawn(pictures.person_layers(a, 0))
        made = layers.build(figure, shape, planes, outfit, 0, "unreal", ())[1]
        full.append(psnr(_drawn(made), truth))
        bare.append(psnr(_drawn(_plain(made, planes)), truth))
    return {"with the texture stage": mean(full), "without": mean(bare)}


def _plain(made: tuple[Layer, ...], planes: Planes) -> tuple[Layer, ...]:
    """The layers with nothing but regions, palette and shade on them."""

    def own(layer: Layer) -> Bytes:
        size = layer.material.albedo.shape[0]
        colours = albedo.mixed(planes[layer.name], layer.name, size).reshape(size, size, 3)
        return (np.clip(colours, 0, 1) * 255).astype(np.uint8)

    return tuple(
        replace(layer, material=replace(layer.material, albedo=own(layer))) if layer.name in _FIELD else layer
        for layer in made
    )


def _drawn(made: tuple[Layer, ...]) -> NDArray[np.float32]:
    surfaces = [Surface(p.positions, p.triangles, p.uv, p.material.albedo, p.normals, p.name) for p in made]
    camera = Camera.full(np.concatenate([s.positions for s in surfaces]), azimuth=-20.0)
    return render(surfaces, camera, size=(384, 384), supersample=2).astype(np.float32) / 255.0
