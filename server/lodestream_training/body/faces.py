"""Face modes: what makes one face differ from another, as a few linear directions of the base mesh.

MakeHuman has some two hundred sliders for the face. Random but plausible settings are drawn for one part of the face
at a time and reduced to that part's principal directions, so that every part varies by itself and none is lost beside
the larger ones; a last group moves left and right apart.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

SAMPLES = 500
FACE_MODES = 24
HEAD_SHAPES = ("diamond", "invertedtriangular", "oval", "rectangular", "round", "square", "triangular")


@dataclass(frozen=True)
class Part:
    """Sliders whose label contains a key of ``spread`` (the first that fits counts), set with that deviation."""

    modes: int
    spread: Mapping[str, float]


# standard deviation of the sliders, which reach from -1 to 1
PARTS: tuple[Part, ...] = (
    Part(3, {"forehead-temple": 0.35, "forehead-scale": 0.1, "forehead-nubian": 0.06, "forehead": 0.28,
             "head-trans": 0.0, "head-age": 0.0, "head-angle": 0.0, "head-fat": 0.3, "head-": 0.15}),
    Part(3, {"chin-cleft": 0.2, "chin-jaw-drop": 0.25, "chin-prognathism": 0.22, "chin-height": 0.28, "chin": 0.36}),
    Part(2, {"cheek-inner": 0.35, "cheek": 0.5}),
    Part(4, {"nose-trans-out": 0.0, "nose-trans": 0.15, "nose-compression": 0.15, "nose-greek": 0.2,
             "nose-base": 0.2, "nose-point-up": 0.2, "nose-scale-depth": 0.25, "nose": 0.34}),
    Part(3, {"mouth-trans-out": 0.0, "mouth-trans": 0.18, "mouth-laugh": 0.2, "mouth-dimples": 0.15, "-middle": 0.1,
             "-ext": 0.1, "mouth-scale": 0.3, "mouth": 0.36}),
    Part(2, {"eye-push": 0.15, "eye-bag": 0.35, "eye-trans": 0.35, "eye-scale": 0.35, "eye-": 0.4,
             "eyebrows-trans-forward": 0.3, "eyebrows": 0.55}),
    Part(1, {"ear-": 0.3}),
)  # fmt: skip
ASYMMETRIC = Part(6, {"nose-trans-out": 0.16, "mouth-trans-out": 0.16, "eye-push": 0.08, "eye-bag": 0.25, "eye-": 0.22,
                      "ear-": 0.1, "cheek": 0.35})  # fmt: skip
HEAD_SHAPE_SPREAD = 0.25


def modes(labels: Sequence[str], targets: Float, shapes: Float, rng: np.random.Generator) -> Float:
    """Random faces reduced to their principal directions.

    Args:
        labels: L sliders. targets: (L, 2, N * 3) metres at 1 and at -1. shapes: (S, N * 3) of HEAD_SHAPES at 1.
    Returns:
        (FACE_MODES, N * 3) metres per unit of a standard normal coefficient; the asymmetric ones come last.
    """
    out = []
    for number, part in enumerate((*PARTS, ASYMMETRIC)):
        settings = _settings(labels, part, rng, mirrored=part is not ASYMMETRIC)
        offsets = np.maximum(settings, 0) @ targets[:, 0] + np.maximum(-settings, 0) @ targets[:, 1]
        if number == 0:
            offsets += np.abs(rng.normal(0.0, HEAD_SHAPE_SPREAD, (SAMPLES, len(shapes)))) @ shapes
        offsets -= offsets.mean(0)
        values, vectors = np.linalg.eigh(offsets @ offsets.T)
        best = np.argsort(-values)[: part.modes]
        out.append(vectors[:, best].T @ offsets / np.sqrt(SAMPLES))
    return np.concatenate(out)


def _settings(labels: Sequence[str], part: Part, rng: np.random.Generator, *, mirrored: bool) -> Float:
    """(SAMPLES, L) in [-1, 1]: left and right alike where ``mirrored``, opposed where not."""
    out = np.zeros((SAMPLES, len(labels)))
    drawn: dict[str, Float] = {}
    for i, label in enumerate(labels):
        spread = next((s for word, s in part.spread.items() if word in label), 0.0)
        side = label[:2] if label[:2] in ("l-", "r-") else ""
        if not spread or (not mirrored and not side and "trans-out" not in label):
            continue
        stem = label.removeprefix(side)
        if stem not in drawn:
            drawn[stem] = np.clip(rng.normal(0.0, spread, SAMPLES), -1.0, 1.0)
        out[:, i] = -drawn[stem] if side == "r-" and not mirrored else drawn[stem]
    return out


def head_shapes(folder: Path, count: int) -> Float:
    """(S, count * 3) metres: MakeHuman's head shapes, which have no opposites; ``folder`` holds its targets."""
    out = np.zeros((len(HEAD_SHAPES), count, 3))
    for i, name in enumerate(HEAD_SHAPES):
        for line in gzip.decompress((folder / "head" / f"head-{name}.target.gz").read_bytes()).decode().splitlines():
            if line and not line.startswith("#"):
                vertex, *delta = line.split()
                out[i, int(vertex)] = [float(d) * 0.1 for d in delta]  # decimetres
    return out.reshape(len(HEAD_SHAPES), -1)
