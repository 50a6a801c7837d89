"""The whole run: look at people, train fusion, export, bake the gallery, write the manifest."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from lodestream_server.encoders.tokenize import PromptTokenizer
from lodestream_training.full import bundle as bundles
from lodestream_training.full.seen import look
from lodestream_training.full.towers import Towers
from lodestream_training.full.train import train

log = logging.getLogger("lodestream.train")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much: ``minutes`` of training, at most ``steps``, ``people`` looked at, pictures in the ``gallery``."""

    minutes: float
    steps: int | None = None
    people: int = 9000
    gallery: int = 288


def run(towers: Towers, embedded: Path, work: Path, bundle_dir: Path, plan: Plan) -> Path:
    """Makes a bundle that the server serves; goes on where it was interrupted. Returns the manifest's path.

    Args:
        towers: what is frozen. embedded: the bundle whose field, body and accessories are taken over.
        work: people and checkpoints, in a folder of their own for each set of towers. bundle_dir: the new bundle.
        plan: how much of everything.
    """
    bundles.take_over(embedded, bundle_dir)
    towers.tokenizer.save(str(bundle_dir / "tokenizer.json"), pretty=False)
    tokenizer = PromptTokenizer(bundle_dir / "tokenizer.json", towers.texts)
    folder = work / f"full-{towers.fingerprint()}"
    seen = look(towers, folder / "people", plan.people)
    fusion = train(towers, tokenizer, seen, folder, plan.minutes, plan.steps)
    bundles.bake_gallery(towers, bundle_dir, plan.gallery)
    for name, difference in bundles.export(towers, fusion, bundle_dir).items():
        log.info("%s: largest difference to torch %.2e", name, difference)
    return bundles.write(towers, bundle_dir)
