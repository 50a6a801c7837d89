"""Trains the decoder on painted people; resumable."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import torch

from lodestream_training.field import losses, maps
from lodestream_training.field.decoder import Decoder
from lodestream_training.field.targets import stream
from lodestream_training.synth.painter import Painter

log = logging.getLogger("lodestream.train.field")
CHECKPOINT_SECONDS = 120.0


def train(body: Path, out: Path, minutes: float, batch_size: int = 4, seed: int = 1) -> Decoder:
    """Trains until the budget is spent, over all runs that share ``out``.

    Args:
        body: ``body.npz``. out: folder for ``field.pt`` and ``field.jsonl``. minutes: budget of training time in all.
        batch_size: people a step. seed: of the people.
    """
    out.mkdir(parents=True, exist_ok=True)
    painter = Painter(body)
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
    people = stream(painter, seed + step, batch_size)
    windows_rng = torch.Generator().manual_seed(seed + step)
    begun, saved = time.monotonic() - spent, time.monotonic()
    while (elapsed := time.monotonic() - begun) < minutes * 60:
        progress = elapsed / (minutes * 60)
        for group in optimiser.param_groups:
            group["lr"] = 4e-3 * min(1.0, (step + 1) / 50) * (0.03 + 0.97 * (1 - progress))
        vectors, targets = next(people)
        palettes, stages, windows = model.sampled(vectors, windows_rng)
        loss, terms = losses.total(palettes, stages, targets, windows)
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
            log.info("step %d  %.1f min  loss %.3f", step, elapsed / 60, float(loss.detach()))
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            _save(path, model, optimiser, step, elapsed)
            saved = time.monotonic()
    _save(path, model, optimiser, step, time.monotonic() - begun)
    return model


def _save(path: Path, model: Decoder, optimiser: torch.optim.Optimizer, step: int, spent: float) -> None:
    scratch = path.with_suffix(".tmp")
    torch.save(
        {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "spent": spent}, scratch
    )
    scratch.replace(path)
