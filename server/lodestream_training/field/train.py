"""Trains the decoder on painted people; resumable."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lodestream_server.body.template import BodyTemplate
from lodestream_training.field import losses, maps, photometric
from lodestream_training.field.decoder import Decoder, draw_windows
from lodestream_training.field.targets import People
from lodestream_training.synth import attributes
from lodestream_training.synth.painter import Painter, logits

log = logging.getLogger("lodestream.train.field")
CHECKPOINT_SECONDS = 120.0
CAPACITY = 1800  # people kept in memory, about 4 MB each
FIRST = 300  # people painted before the first step
NEW = 2  # people painted at every step
RAYS_FROM = 0.9  # share of the budget after which the photometric loss joins


def train(body: Path, out: Path, minutes: float, batch_size: int = 8, seed: int = 1) -> Decoder:
    """Trains until the budget is spent, over all runs that share ``out``.

    Args:
        body: ``body.npz``. out: folder for ``field.pt`` and ``field.jsonl``. minutes: budget of training time in all.
        batch_size: people a step. seed: of the people.
    """
    out.mkdir(parents=True, exist_ok=True)
    painter, template = Painter(body), BodyTemplate.load(body)
    torch.manual_seed(seed)
    model = Decoder(maps.initial(painter))
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3, betas=(0.9, 0.99))
    path = out / "field.pt"
    step, spent = 0, 0.0
    if path.exists():
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
        log.info("resumed at step %d, %.1f minutes", step, spent / 60)
    people = People(painter, seed + step, CAPACITY)
    people.grow(FIRST)
    rng = np.random.default_rng(seed + step)
    begun, saved = time.monotonic() - spent, time.monotonic()
    while (elapsed := time.monotonic() - begun) < minutes * 60:
        progress = elapsed / (minutes * 60)
        for group in optimiser.param_groups:
            group["lr"] = 4e-3 * min(1.0, (step + 1) / 50) * (0.03 + 0.97 * (1 - progress))
        people.grow(NEW)
        windows = draw_windows(rng)
        vectors, targets = people.draw(batch_size, windows)
        palettes, stages = model.sampled(vectors, windows)
        loss, terms = losses.total(palettes, stages, targets)
        many, truth = people.palettes(64)
        colours = losses.palette_loss(model.palettes(many), truth)
        terms["palettes"] = float(colours.detach())
        loss = loss + 3.0 * colours
        if progress > RAYS_FROM and step % 2 == 1:
            rays = _rays(model, painter, template, vectors[0], np.random.default_rng(seed + step))
            terms["rays"] = float(rays.detach())
            loss = loss + 20.0 * rays
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        step += 1
        if step % 20 == 0:
            row = {"step": step, "minutes": round(elapsed / 60, 2), "loss": round(float(loss.detach()), 4)}
            row |= {n: round(v, 4) for n, v in terms.items()}
            with (out / "field.jsonl").open("a") as file:
                file.write(json.dumps(row) + "\n")
            log.info("step %d  %.1f min  loss %.3f", step, elapsed / 60, row["loss"])
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            _save(path, model, optimiser, step, elapsed)
            saved = time.monotonic()
    _save(path, model, optimiser, step, time.monotonic() - begun)
    return model


def _rays(model: Decoder, painter: Painter, template: BodyTemplate, vector: Tensor, rng: np.random.Generator) -> Tensor:
    """The photometric loss of one person from one random view."""
    a = vector.numpy()
    slices = attributes.slices()
    truth = {s: replace(p, regions=logits(p.regions)) for s, p in painter.paint(a).items()}
    palettes, stages = model(vector[None])
    shape = template.shape(a[slices["phenotype"]], a[slices["face"]])
    raw = {s: p[0] for s, p in stages[-1].planes.items()}
    return photometric.loss(raw, {s: p[0] for s, p in palettes.items()}, truth, template, shape, rng)


def _save(path: Path, model: Decoder, optimiser: torch.optim.Optimizer, step: int, spent: float) -> None:
    scratch = path.with_suffix(".tmp")
    torch.save(
        {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "spent": spent}, scratch
    )
    scratch.replace(path)


def load(body: Path, out: Path) -> Decoder:
    """The decoder as training left it in ``out``."""
    model = Decoder(maps.initial(Painter(body)))
    model.load_state_dict(torch.load(out / "field.pt", weights_only=True)["model"])
    return model
