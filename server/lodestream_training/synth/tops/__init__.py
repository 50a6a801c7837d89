"""Paints tops on the tights shell: one module a family of garments, from shape, relief, shade and regions."""

from lodestream_training.synth.tops.assembly import top

__all__ = ["top"]
