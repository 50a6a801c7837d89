"""A training run: a folder with its checkpoint and its log, a time budget that survives interruption."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)
SAVE_EVERY_S = 120.0
#: Steps over which the learning rate rises.
WARM_UP = 50


class Run:
    """Counts steps and seconds, decays the learning rate over the budget, saves and resumes ``<out_dir>/<name>.pt``."""

    def __init__(
        self, out_dir: Path, name: str, minutes: float, model: nn.Module, optimiser: torch.optim.Optimizer
    ) -> None:
        self.path = out_dir / f"{name}.pt"
        self.budget = minutes * 60.0
        self.model = model
        self.optimiser = optimiser
        self.spent = 0.0
        self.step = 0
        self.means: dict[str, float] = {}
        self._peaks = [group["lr"] for group in optimiser.param_groups]
        out_dir.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            state = torch.load(self.path, weights_only=True)
            model.load_state_dict(state["model"])
            optimiser.load_state_dict(state["optimiser"])
            self.spent, self.step = state["spent"], state["step"]
            log.info("%s: resumed at step %d, %.0f s", name, self.step, self.spent)

    @property
    def progress(self) -> float:
        """Share of the budget that is spent."""
        return min(1.0, self.spent / self.budget)

    def steps(self) -> Iterator[int]:
        """Step numbers until the budget is spent; sets the learning rate before each, logs and saves after."""
        saved = before = time.monotonic()
        while self.spent < self.budget:
            factor = min(1.0, (self.step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress)))
            for group, peak in zip(self.optimiser.param_groups, self._peaks, strict=True):
                group["lr"] = peak * factor
            yield self.step
            self.step += 1
            now = time.monotonic()
            self.spent += now - before
            before = now
            if self.step % 20 == 0:
                shown = " ".join(f"{name} {value:.3f}" for name, value in self.means.items())
                log.info("%s: step %d, %.0f of %.0f s, %s", self.path.stem, self.step, self.spent, self.budget, shown)
            if now - saved > SAVE_EVERY_S:
                self.save()
                saved = before = time.monotonic()
        self.save()

    def descend(self, loss: Tensor, parts: Mapping[str, Tensor]) -> None:
        """One step down ``loss``, gradients clipped; keeps running means of ``parts`` for the log."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        for name, value in parts.items():
            self.means[name] = 0.95 * self.means.get(name, value.item()) + 0.05 * value.item()

    def save(self) -> None:
        """Write the checkpoint in one piece."""
        whole = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        fresh = self.path.with_suffix(".new")
        torch.save({**whole, "spent": self.spent, "step": self.step}, fresh)
        fresh.replace(self.path)
