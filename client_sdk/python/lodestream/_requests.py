"""Builds messages from plain arguments and reads the plain answers; shared by both clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from lodestream._events import ServerInfo
from lodestream.v1 import avatar_pb2 as pb

RIGS: Mapping[str, pb.Rig] = {"mixamo": pb.RIG_MIXAMO, "unreal": pb.RIG_UNREAL, "vrm": pb.RIG_VRM}
LAYOUTS: Mapping[str, pb.Layout] = {"layers": pb.LAYOUT_LAYERS, "atlas": pb.LAYOUT_ATLAS}

OPTIONS = (
    ("grpc.max_receive_message_length", 64 * 2**20),
    ("grpc.max_send_message_length", 64 * 2**20),
    ("grpc.use_local_subchannel_pool", 1),  # else all clients of a process share one connection and its limits
)

Picture = bytes | str | PathLike[str]


def stream_request(
    prompt: str,
    image: Picture | None,
    seed: int | None,
    levels: Iterable[int] | None,
    rig: str,
    layout: str,
    morph_targets: Iterable[str],
    chunk_bytes: int,
    texture_size: int = 0,
) -> pb.StreamAvatarRequest:
    """The message of a call to ``generate``.

    Raises:
        ValueError: A value cannot even be sent.
        OSError: The picture cannot be read.
    """
    if rig not in RIGS:
        raise ValueError(f"rig must be one of {', '.join(RIGS)}, got {rig!r}")
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    if isinstance(image, str | PathLike):
        image = Path(image).read_bytes()
    return pb.StreamAvatarRequest(
        prompt=prompt,
        image=image or b"",
        seed=seed,
        levels=levels or (),
        rig=RIGS[rig],
        layout=LAYOUTS[layout],
        morph_targets=morph_targets,
        chunk_bytes=chunk_bytes,
        texture_size=texture_size,
    )


def server_info(message: pb.GetServerInfoResponse) -> ServerInfo:
    """The plain form of the answer."""
    return ServerInfo(
        version=message.version,
        bundle=message.bundle,
        engine=message.engine,
        levels=tuple(message.levels),
        gallery_size=message.gallery_size,
        rigs=tuple(name for name, number in RIGS.items() if number in message.rigs),
        layouts=tuple(name for name, number in LAYOUTS.items() if number in message.layouts),
        morph_targets=tuple(message.morph_targets),
    )
