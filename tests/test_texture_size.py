"""Level 0's textures may be asked for twice as large."""

from __future__ import annotations

import io
import json
import struct

import pytest
from PIL import Image

from lodestream.v1 import avatar_pb2 as pb
from lodestream_server.config import Config
from lodestream_server.errors import InvalidRequestError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.loading import load
from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_server.rpc import convert


@pytest.fixture(scope="module")
def pipeline() -> NeuralPipeline:
    return load(Config(), Metrics())


def pictures(glb: bytes) -> dict[str, tuple[int, int]]:
    """Size of every material's albedo by the material's name."""
    length = struct.unpack_from("<I", glb, 12)[0]
    document, binary = json.loads(glb[20 : 20 + length]), glb[28 + length :]
    out = {}
    for material in document["materials"]:
        index = material["pbrMetallicRoughness"]["baseColorTexture"]["index"]
        image = document["images"][document["textures"][index]["source"]]
        view = document["bufferViews"][image["bufferView"]]
        data = binary[view.get("byteOffset", 0) :][: view["byteLength"]]
        out[material["name"]] = Image.open(io.BytesIO(data)).size
    return out


def test_textures_of_2048_are_drawn_at_that_size(pipeline) -> None:
    prompt = "a man in a striped t-shirt and jeans"
    job = pipeline.begin(AvatarRequest(prompt, texture_size=2048))
    usual = pipeline.begin(AvatarRequest(prompt))
    large, small = pipeline.level(job, 0), pipeline.level(usual, 0)
    assert (large.texture, small.texture) == (2048, 1024)
    assert large.triangles == small.triangles
    assert job.avatar_id != usual.avatar_id
    sizes, usual_sizes = pictures(large.glb), pictures(small.glb)
    assert sizes["top"] == (2048, 2048)
    assert usual_sizes["top"] == (1024, 1024)
    assert sizes["body"] == (1024, 1024)  # plain skin needs half
    again = pipeline.level(pipeline.begin(AvatarRequest(prompt, texture_size=2048)), 0)
    assert again.sha256 == large.sha256


def test_coarser_levels_keep_their_size(pipeline) -> None:
    job = pipeline.begin(AvatarRequest("a woman in a dress", texture_size=2048))
    assert pipeline.level(job, 3).texture == 128


@pytest.mark.parametrize(("asked", "got"), [(0, 1024), (1024, 1024), (2048, 2048)])
def test_sizes_that_may_be_asked_for(asked: int, got: int) -> None:
    call = convert.stream_call(pb.StreamAvatarRequest(prompt="a man", texture_size=asked), {})
    assert call.subject.texture_size == got


def test_other_sizes_are_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidRequestError, match="1024, 2048"):
        convert.stream_call(pb.StreamAvatarRequest(prompt="a man", texture_size=4096), {})
