"""Accessories, modelled by formula on the reference body: `bake` writes ``accessories.npz``."""

from lodestream_training.body.accessories.bake import KINDS, TARGETS, bake

__all__ = ["KINDS", "TARGETS", "bake"]
