"""Trains the decoder on painted people; resumable."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lodestream_server.body.template import BodyTemplate
from lodestream_training.field import losses, maps, photometric, wardrobe
from lodestream_training.field.decoder import Decoder, draw_windows
from lodestream_training.field.targets import People
from lodestream_training.runs import Run
from lodestream_training.synth import attributes
from lodestream_training.synth.painter import Painter, logits

log = logging.getLogger("lodestream.train.field")
CAPACITY = 1800  # people kept in memory, about 4 MB each
FITTED = 2000  # people whose least-squares planes the wardrobe maps start from
FIRST = 300  # people painted before the first step
NEW = 2  # people painted at every step
RAYS_FROM = 0.9  # share of the budget after which the photometric loss joins


def train(
    body: Path, out: Path, minutes: float, batch_size: int = 8, seed: int = 1, rays_weight: float = 0.0
) -> Decoder:
    """Trains until the budget is spent, over all runs that share ``out``.

    Args:
        body: ``body.npz``. out: folder for ``field.pt`` and its log. minutes: budget of training time in all.
        batch_size: people a step. seed: of the people. rays_weight: of the photometric loss, which is for
            captures; on painted people it gains nothing (docs/log.md).
    """
    painter, template = Painter(body), BodyTemplate.load(body)
    torch.manual_seed(seed)
    model = Decoder(maps.initial(painter))
    if not (out / "field.pt").exists():
        wardrobe.fit(model, painter, FITTED, seed)
        log.info("wardrobe maps fitted to %d people", FITTED)
    run = Run(out, "field", minutes, model, torch.optim.Adam(_groups(model), betas=(0.9, 0.99)))
    people = People(painter, seed + run.step, CAPACITY)
    people.grow(FIRST)
    rng = np.random.default_rng(seed + run.step)
    for step in run.steps():
        people.grow(NEW)
        windows = draw_windows(rng)
        vectors, targets = people.draw(batch_size, windows)
        palettes, stages = model.sampled(vectors, windows)
        planes, terms = losses.total(palettes, stages, targets)
        many, truth = people.palettes(64)
        colours = losses.palette_loss(model.palettes(many), truth)
        parts = {"planes": planes, "palettes": colours, **terms}
        loss = planes + 3.0 * colours
        if rays_weight and run.progress > RAYS_FROM and step % 2 == 1:
            parts["rays"] = _rays(model, painter, template, vectors[0], np.random.default_rng(seed + step))
            loss = loss + rays_weight * parts["rays"]
        run.descend(loss, parts)
    return model


def _groups(model: Decoder) -> list[dict[str, object]]:
    """What is solved already moves slowly, the networks fast."""
    solved = [p for name, p in model.named_parameters() if "wardrobe" in name or "mixture" in name]
    others = [p for name, p in model.named_parameters() if "wardrobe" not in name and "mixture" not in name]
    return [{"params": solved, "lr": 5e-4}, {"params": others, "lr": 4e-3}]


def _rays(model: Decoder, painter: Painter, template: BodyTemplate, vector: Tensor, rng: np.random.Generator) -> Tensor:
    """The photometric loss of one person from one random view."""
    a = vector.numpy()
    slices = attributes.slices()
    truth = {s: replace(p, regions=logits(p.regions)) for s, p in painter.paint(a).items()}
    palettes, stages = model(vector[None])
    shape = template.shape(a[slices["phenotype"]], a[slices["ancestry"]], a[slices["face"]])
    raw = {s: p[0] for s, p in stages[-1].planes.items()}
    return photometric.loss(raw, {s: p[0] for s, p in palettes.items()}, truth, template, shape, rng)


def load(body: Path, out: Path) -> Decoder:
    """The decoder as training left it in ``out``."""
    model = Decoder(maps.initial(Painter(body)))
    model.load_state_dict(torch.load(out / "field.pt", weights_only=True)["model"])
    return model
