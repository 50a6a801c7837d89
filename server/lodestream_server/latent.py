"""The structured latent: what fusion says about a person, made definite by the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lodestream_server.avatar import Float

KINDS = ("categorical", "colour", "phenotype", "noise")


@dataclass(frozen=True, slots=True)
class LatentSpec:
    """Named slices of the latent, as the bundle's manifest lists them; ``size`` numbers in all."""

    kinds: Mapping[str, str]
    slices: Mapping[str, slice]
    values: Mapping[str, tuple[str, ...]]
    size: int

    @staticmethod
    def from_manifest(groups: Sequence[Mapping[str, Any]]) -> LatentSpec:
        """Reads the manifest's ``latent`` list.

        Raises:
            ValueError: a group of a kind that is not known.
        """
        kinds: dict[str, str] = {}
        slices: dict[str, slice] = {}
        values: dict[str, tuple[str, ...]] = {}
        at = 0
        for group in groups:
            name, kind, size = str(group["name"]), str(group["kind"]), int(group["size"])
            if kind not in KINDS:
                raise ValueError(f"latent group {name} is of unknown kind {kind}; known: {', '.join(KINDS)}")
            kinds[name] = kind
            slices[name] = slice(at, at + size)
            values[name] = tuple(str(v) for v in group.get("values", ()))
            at += size
        return LatentSpec(kinds, slices, values, at)

    def draw(self, raw: Float, seed: int) -> Float:
        """The definite latent of one avatar.

        Args:
            raw: (L,) what fusion says: logits in categorical slices, colours and phenotypes in [0, 1].
            seed: draws the noise slices (PCG64, standard normal); the words' part does not depend on it.
        Returns:
            (L,) one-hot categories, clamped colours and phenotypes, noise.
        """
        rng = np.random.Generator(np.random.PCG64(seed))
        out = np.clip(raw, 0.0, 1.0).astype(np.float32)
        for name, part in self.slices.items():
            if self.kinds[name] == "categorical":
                out[part] = 0.0
                out[part.start + int(raw[part].argmax())] = 1.0
            elif self.kinds[name] == "noise":
                out[part] = np.clip(rng.standard_normal(part.stop - part.start), -2.2, 2.2)
        return out

    def describe(self, latent: Float) -> dict[str, str]:
        """Names of the chosen categories, for logs and evaluation."""
        return {
            name: self.values[name][int(latent[part].argmax())]
            for name, part in self.slices.items()
            if self.kinds[name] == "categorical"
        }
