"""Avatars as glTF 2.0 binaries: pure functions of arrays."""

from lodestream_server.gltf.write import Layout, write_glb

__all__ = ["Layout", "write_glb"]
