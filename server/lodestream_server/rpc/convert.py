"""Messages to requests, and back. Everything that a client may get wrong is named here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from lodestream.v1 import avatar_pb2 as pb
from lodestream_server.errors import InvalidRequestError
from lodestream_server.pipeline.asset import LevelAsset, Match
from lodestream_server.pipeline.request import LEVELS, TEXTURE_SIZES, AvatarRequest

MAX_PROMPT = 2000  # code points
MAX_IMAGE = 16 * 2**20  # bytes
MAX_MORPH_TARGETS = 1024
CHUNK_BYTES = range(1024, 2**20 + 1)
DEFAULT_CHUNK_BYTES = 65536
PREVIEW_EDGE = range(16, 1025)
DEFAULT_PREVIEW = (384, 512)
RIGS: Mapping[int, str] = {
    pb.RIG_UNSPECIFIED: "mixamo",
    pb.RIG_MIXAMO: "mixamo",
    pb.RIG_UNREAL: "unreal",
    pb.RIG_VRM: "vrm",
}
LAYOUTS: Mapping[int, str] = {
    pb.LAYOUT_UNSPECIFIED: "layers",
    pb.LAYOUT_LAYERS: "layers",
    pb.LAYOUT_ATLAS: "atlas",
}
_VARINT = 0
_LENGTH_DELIMITED = 2
_VARINT_BYTES = 10
_FIXED_BYTES = {1: 8, 5: 4}  # by wire type
_LOOKED_AT = 256  # fields of a message that is none; no honest one has more
_ID_LENGTH = 32

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where a stream was cut off: ``offset`` bytes of ``level`` have arrived."""

    avatar_id: str
    level: int
    offset: int


@dataclass(frozen=True, slots=True)
class StreamCall:
    """A checked ``StreamAvatarRequest``: something new, or something to go on with."""

    subject: AvatarRequest | ResumePoint
    chunk_bytes: int


@dataclass(frozen=True, slots=True)
class PreviewCall:
    """A checked ``RenderPreviewRequest``."""

    avatar_id: str
    width: int
    height: int
    azimuth: float


def parse(kind: type[M], raw: bytes) -> M:
    """Decodes a message.

    Raises:
        InvalidRequestError: It is none; names the field whose text is not UTF-8.
    """
    try:
        return kind.FromString(raw)
    except DecodeError as error:
        field = _not_utf8(kind, raw)
        if field is None:
            raise InvalidRequestError("request", f"must be a {kind.DESCRIPTOR.full_name} message") from error
        raise InvalidRequestError(field, "must be valid UTF-8") from error


def stream_call(message: pb.StreamAvatarRequest, morph_targets: Mapping[str, tuple[str, ...]]) -> StreamCall:
    """Checks a request. ``morph_targets`` says what may be asked for.

    Raises:
        InvalidRequestError: Names the field and what is allowed.
    """
    chunk_bytes = message.chunk_bytes or DEFAULT_CHUNK_BYTES
    if chunk_bytes not in CHUNK_BYTES:
        raise InvalidRequestError("chunk_bytes", f"must be 0 or {CHUNK_BYTES[0]:,} to {CHUNK_BYTES[-1]:,}")
    if message.HasField("resume"):
        resume = message.resume
        if resume.level not in LEVELS:
            raise InvalidRequestError("resume.level", f"must be one of {_list(LEVELS)}, got {resume.level}")
        avatar_id = _avatar_id("resume.avatar_id", resume.avatar_id)
        return StreamCall(ResumePoint(avatar_id, resume.level, resume.offset), chunk_bytes)
    if len(message.image) > MAX_IMAGE:
        raise InvalidRequestError("image", f"must be at most {MAX_IMAGE:,} bytes, got {len(message.image):,}")
    image = message.image or None
    request = AvatarRequest(
        prompt=_prompt(message.prompt, required=image is None),
        image=image,
        seed=message.seed,
        levels=_levels(message.levels),
        rig=_enum("rig", RIGS, message.rig),
        layout=_enum("layout", LAYOUTS, message.layout),
        morph_targets=_morphs(message.morph_targets, morph_targets),
        texture_size=_texture_size(message.texture_size),
    )
    return StreamCall(request, chunk_bytes)


def preview_call(message: pb.RenderPreviewRequest) -> PreviewCall:
    """Checks a request.

    Raises:
        InvalidRequestError: Names the field and what is allowed.
    """
    avatar_id = _avatar_id("avatar_id", message.avatar_id)
    edges = []
    for name, given, default in zip(("width", "height"), (message.width, message.height), DEFAULT_PREVIEW, strict=True):
        edge = given or default
        if edge not in PREVIEW_EDGE:
            raise InvalidRequestError(name, f"must be 0 or {PREVIEW_EDGE[0]:,} to {PREVIEW_EDGE[-1]:,}, got {edge:,}")
        edges.append(edge)
    if not abs(message.azimuth) <= 360:
        raise InvalidRequestError("azimuth", f"must be -360 to 360 degrees, got {message.azimuth}")
    return PreviewCall(avatar_id, edges[0], edges[1], message.azimuth)


def match_message(match: Match | None) -> pb.Match | None:
    """The message of a match."""
    return None if match is None else pb.Match(id=match.id, score=match.score)


def level_start(asset: LevelAsset) -> pb.LevelStart:
    """The message that begins a level."""
    return pb.LevelStart(
        level=asset.level,
        total_bytes=len(asset.glb),
        sha256=asset.sha256,
        triangles=asset.triangles,
        vertices=asset.vertices,
        texture_size=asset.texture,
    )


def _prompt(text: str, *, required: bool) -> str | None:
    if len(text) > MAX_PROMPT:
        raise InvalidRequestError("prompt", f"must be at most {MAX_PROMPT:,} characters, got {len(text):,}")
    bad = next((c for c in text if unicodedata.category(c) == "Cc" and c not in "\t\r\n"), None)
    if bad is not None:
        raise InvalidRequestError("prompt", f"must not contain control characters, found U+{ord(bad):04X}")
    text = unicodedata.normalize("NFC", text.strip())
    if required and not text:
        raise InvalidRequestError("prompt", f"must be 1 to {MAX_PROMPT:,} characters, or come with an image")
    return text or None


def _levels(levels: Sequence[int]) -> tuple[int, ...]:
    for level in levels[: len(LEVELS) + 1]:  # there may be millions
        if level not in LEVELS:
            raise InvalidRequestError("levels", f"must be of {_list(LEVELS)}, got {level}")
    if len(levels) > len(LEVELS) or len(set(levels)) != len(levels):
        raise InvalidRequestError("levels", "must name every level at most once")
    return tuple(level for level in LEVELS if level in levels or not levels)


def _enum(field: str, names: Mapping[int, str], value: int) -> str:
    if value not in names:
        raise InvalidRequestError(field, f"must be one of {_list(dict.fromkeys(names.values()))}, got {value}")
    return names[value]


def _texture_size(value: int) -> int:
    size = value or TEXTURE_SIZES[0]
    if size not in TEXTURE_SIZES:
        raise InvalidRequestError("texture_size", f"must be 0 or one of {_list(TEXTURE_SIZES)}, got {value:,}")
    return size


def _morphs(names: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if len(names) > MAX_MORPH_TARGETS:
        raise InvalidRequestError("morph_targets", f"must be at most {MAX_MORPH_TARGETS:,} names, got {len(names):,}")
    for name in names:
        if name not in known:
            raise InvalidRequestError("morph_targets", f"must be of {_list(known)}, got {name[:64]!r}")
    return tuple(sorted({target for name in names for target in known[name]}))


def _avatar_id(field: str, text: str) -> str:
    if len(text) != _ID_LENGTH or not set(text) <= set("0123456789abcdef"):
        raise InvalidRequestError(field, f"must be {_ID_LENGTH} lower-case hex digits")
    return text


def _not_utf8(kind: type[Message], raw: bytes) -> str | None:
    """Name of the first text field that is not UTF-8, ``None`` if that is not what is wrong with ``raw``."""
    for number, data in islice(_fields(raw), _LOOKED_AT):
        field = kind.DESCRIPTOR.fields_by_number.get(number)
        if field is None:
            continue
        if field.type == field.TYPE_STRING:
            try:
                data.decode()
            except UnicodeDecodeError:
                return str(field.name)
        elif isinstance(field.message_type, Descriptor):
            inner = _not_utf8(message_factory.GetMessageClass(field.message_type), data)
            if inner is not None:
                return f"{field.name}.{inner}"
    return None


def _fields(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers of a message's fields and the bytes of those that have a length, up to where it breaks off.

    See protobuf.dev/programming-guides/encoding.
    """
    at = 0
    with suppress(IndexError):
        while True:
            tag, at = _varint(raw, at)
            wire_type, number = tag & 7, tag >> 3
            size = 0
            if wire_type == _VARINT:
                _, at = _varint(raw, at)
            elif wire_type in _FIXED_BYTES:
                at += _FIXED_BYTES[wire_type]
            elif wire_type == _LENGTH_DELIMITED:
                size, at = _varint(raw, at)
            if wire_type not in (_VARINT, _LENGTH_DELIMITED, *_FIXED_BYTES) or size > len(raw) - at:
                return
            yield number, raw[at : at + size]
            at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """The number that begins at ``at``, and where it ends.

    Raises:
        IndexError: ``raw`` ends before, or it is none.
    """
    value = 0
    for place in range(_VARINT_BYTES):
        byte = raw[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise IndexError


def _list(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)
