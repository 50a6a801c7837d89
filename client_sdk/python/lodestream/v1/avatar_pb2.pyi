from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Rig(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIG_UNSPECIFIED: _ClassVar[Rig]
    RIG_MIXAMO: _ClassVar[Rig]
    RIG_UNREAL: _ClassVar[Rig]
    RIG_VRM: _ClassVar[Rig]

class Layout(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LAYOUT_UNSPECIFIED: _ClassVar[Layout]
    LAYOUT_LAYERS: _ClassVar[Layout]
    LAYOUT_ATLAS: _ClassVar[Layout]
RIG_UNSPECIFIED: Rig
RIG_MIXAMO: Rig
RIG_UNREAL: Rig
RIG_VRM: Rig
LAYOUT_UNSPECIFIED: Layout
LAYOUT_LAYERS: Layout
LAYOUT_ATLAS: Layout

class StreamAvatarRequest(_message.Message):
    __slots__ = ("prompt", "image", "seed", "levels", "rig", "layout", "morph_targets", "chunk_bytes", "resume", "texture_size")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    RIG_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    MORPH_TARGETS_FIELD_NUMBER: _ClassVar[int]
    CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    TEXTURE_SIZE_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    image: bytes
    seed: int
    levels: _containers.RepeatedScalarFieldContainer[int]
    rig: Rig
    layout: Layout
    morph_targets: _containers.RepeatedScalarFieldContainer[str]
    chunk_bytes: int
    resume: Resume
    texture_size: int
    def __init__(self, prompt: _Optional[str] = ..., image: _Optional[bytes] = ..., seed: _Optional[int] = ..., levels: _Optional[_Iterable[int]] = ..., rig: _Optional[_Union[Rig, str]] = ..., layout: _Optional[_Union[Layout, str]] = ..., morph_targets: _Optional[_Iterable[str]] = ..., chunk_bytes: _Optional[int] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., texture_size: _Optional[int] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("avatar_id", "level", "offset")
    AVATAR_ID_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    avatar_id: str
    level: int
    offset: int
    def __init__(self, avatar_id: _Optional[str] = ..., level: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class StreamAvatarResponse(_message.Message):
    __slots__ = ("accepted", "level_start", "chunk", "level_end", "done")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    LEVEL_START_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    LEVEL_END_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    accepted: Accepted
    level_start: LevelStart
    chunk: Chunk
    level_end: LevelEnd
    done: Done
    def __init__(self, accepted: _Optional[_Union[Accepted, _Mapping]] = ..., level_start: _Optional[_Union[LevelStart, _Mapping]] = ..., chunk: _Optional[_Union[Chunk, _Mapping]] = ..., level_end: _Optional[_Union[LevelEnd, _Mapping]] = ..., done: _Optional[_Union[Done, _Mapping]] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ("avatar_id", "levels", "match", "seed", "bundle", "engine")
    AVATAR_ID_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    avatar_id: str
    levels: _containers.RepeatedScalarFieldContainer[int]
    match: Match
    seed: int
    bundle: str
    engine: str
    def __init__(self, avatar_id: _Optional[str] = ..., levels: _Optional[_Iterable[int]] = ..., match: _Optional[_Union[Match, _Mapping]] = ..., seed: _Optional[int] = ..., bundle: _Optional[str] = ..., engine: _Optional[str] = ...) -> None: ...

class Match(_message.Message):
    __slots__ = ("id", "score")
    ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    id: str
    score: float
    def __init__(self, id: _Optional[str] = ..., score: _Optional[float] = ...) -> None: ...

class LevelStart(_message.Message):
    __slots__ = ("level", "total_bytes", "sha256", "triangles", "vertices", "texture_size")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    TRIANGLES_FIELD_NUMBER: _ClassVar[int]
    VERTICES_FIELD_NUMBER: _ClassVar[int]
    TEXTURE_SIZE_FIELD_NUMBER: _ClassVar[int]
    level: int
    total_bytes: int
    sha256: str
    triangles: int
    vertices: int
    texture_size: int
    def __init__(self, level: _Optional[int] = ..., total_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., triangles: _Optional[int] = ..., vertices: _Optional[int] = ..., texture_size: _Optional[int] = ...) -> None: ...

class Chunk(_message.Message):
    __slots__ = ("offset", "data")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class LevelEnd(_message.Message):
    __slots__ = ("level",)
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    level: int
    def __init__(self, level: _Optional[int] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ("stages_ms", "total_ms")
    class StagesMsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    STAGES_MS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MS_FIELD_NUMBER: _ClassVar[int]
    stages_ms: _containers.ScalarMap[str, float]
    total_ms: float
    def __init__(self, stages_ms: _Optional[_Mapping[str, float]] = ..., total_ms: _Optional[float] = ...) -> None: ...

class RenderPreviewRequest(_message.Message):
    __slots__ = ("avatar_id", "width", "height", "azimuth")
    AVATAR_ID_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    AZIMUTH_FIELD_NUMBER: _ClassVar[int]
    avatar_id: str
    width: int
    height: int
    azimuth: float
    def __init__(self, avatar_id: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., azimuth: _Optional[float] = ...) -> None: ...

class RenderPreviewResponse(_message.Message):
    __slots__ = ("png",)
    PNG_FIELD_NUMBER: _ClassVar[int]
    png: bytes
    def __init__(self, png: _Optional[bytes] = ...) -> None: ...

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("version", "bundle", "engine", "levels", "gallery_size", "rigs", "layouts", "morph_targets")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    GALLERY_SIZE_FIELD_NUMBER: _ClassVar[int]
    RIGS_FIELD_NUMBER: _ClassVar[int]
    LAYOUTS_FIELD_NUMBER: _ClassVar[int]
    MORPH_TARGETS_FIELD_NUMBER: _ClassVar[int]
    version: str
    bundle: str
    engine: str
    levels: _containers.RepeatedScalarFieldContainer[int]
    gallery_size: int
    rigs: _containers.RepeatedScalarFieldContainer[Rig]
    layouts: _containers.RepeatedScalarFieldContainer[Layout]
    morph_targets: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, version: _Optional[str] = ..., bundle: _Optional[str] = ..., engine: _Optional[str] = ..., levels: _Optional[_Iterable[int]] = ..., gallery_size: _Optional[int] = ..., rigs: _Optional[_Iterable[_Union[Rig, str]]] = ..., layouts: _Optional[_Iterable[_Union[Layout, str]]] = ..., morph_targets: _Optional[_Iterable[str]] = ...) -> None: ...
