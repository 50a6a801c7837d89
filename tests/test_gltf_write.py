import io
import json
import struct

import numpy as np
import pytest
from gltf_avatars import SKELETON, avatar, ball, full, picture
from PIL import Image

from lodestream_server.avatar import Avatar, Material
from lodestream_server.gltf import write_glb


def read(data: bytes) -> tuple[dict, bytes]:
    magic, version, length, size, kind = struct.unpack("<4sIIII", data[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), 0x4E4F534A)
    document = json.loads(data[20 : 20 + size])
    rest = data[20 + size :]
    assert struct.unpack("<II", rest[:8]) == (len(rest) - 8, 0x004E4942)
    return document, rest[8:]


def values(document: dict, blob: bytes, number: int) -> np.ndarray:
    accessor = document["accessors"][number]
    view = document["bufferViews"][accessor["bufferView"]]
    dtype = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}[accessor["componentType"]]
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    return np.frombuffer(blob, dtype, accessor["count"] * width, start).reshape(-1, width)


def test_the_same_avatar_gives_the_same_bytes() -> None:
    assert write_glb(full()) == write_glb(full())
    assert write_glb(full(), "atlas") == write_glb(full(), "atlas")


def test_who_the_avatar_is_stands_in_the_asset() -> None:
    document, _ = read(write_glb(avatar(level=3)))

    assert document["asset"]["extras"]["lodestream"] == {
        "avatar_id": "0" * 26,
        "level": 3,
        "seed": 7,
        "bundle": "embedded-1",
        "prompt_sha256": "ab" * 32,
    }


def test_a_layer_is_a_node_with_its_own_material_beside_the_skeleton() -> None:
    document, _ = read(write_glb(full()))
    nodes = document["nodes"]

    assert [node["name"] for node in nodes[:3]] == list(SKELETON.names)
    assert [node["name"] for node in nodes[3:]] == ["body", "hair", "top"]
    assert document["scenes"] == [{"nodes": [0, 3, 4, 5]}]
    assert [material["name"] for material in document["materials"]] == ["body", "hair", "top"]
    assert document["skins"][0]["joints"] == [0, 1, 2]
    assert all(node["skin"] == 0 for node in nodes[3:])


def test_geometry_survives() -> None:
    layer = ball("body", (0, 1, 0))
    document, blob = read(write_glb(avatar(layer)))
    primitive = document["meshes"][0]["primitives"][0]
    attributes = primitive["attributes"]

    assert np.array_equal(values(document, blob, attributes["POSITION"]), layer.positions)
    assert np.allclose(values(document, blob, attributes["NORMAL"]), layer.normals, atol=1e-6)
    assert np.allclose(values(document, blob, attributes["TEXCOORD_0"]) / 65535, layer.uv, atol=1e-5)
    assert np.array_equal(values(document, blob, primitive["indices"]).reshape(-1, 3), layer.triangles)
    bounds = document["accessors"][attributes["POSITION"]]
    assert np.float32(bounds["min"]).tolist() == layer.positions.min(0).tolist()
    assert np.float32(bounds["max"]).tolist() == layer.positions.max(0).tolist()


def test_only_the_finest_level_spells_weights_and_coordinates_out() -> None:
    kinds = {}
    for level in (0, 3):
        document, _ = read(write_glb(avatar(level=level)))
        attributes = document["meshes"][0]["primitives"][0]["attributes"]
        kinds[level] = [
            (accessor["componentType"], accessor.get("normalized", False))
            for accessor in (document["accessors"][attributes[name]] for name in ("TEXCOORD_0", "WEIGHTS_0"))
        ]

    assert kinds == {0: [(5126, False), (5126, False)], 3: [(5123, True), (5121, True)]}


def test_morph_targets_are_sparse_and_named() -> None:
    document, blob = read(write_glb(avatar()))
    mesh = document["meshes"][0]
    accessor = document["accessors"][mesh["primitives"][0]["targets"][0]["POSITION"]]

    assert mesh["extras"] == {"targetNames": ["jawOpen"]}
    assert "bufferView" not in accessor
    assert accessor["sparse"]["count"] == 3
    assert accessor["min"] == [0, 0, 0]
    view = document["bufferViews"][accessor["sparse"]["indices"]["bufferView"]]
    assert np.frombuffer(blob, np.uint16, 3, view.get("byteOffset", 0)).tolist() == [2, 5, 9]


def test_opaque_pictures_are_jpeg_and_holes_are_png() -> None:
    document, blob = read(write_glb(full()))
    opened = {}
    for image in document["images"]:
        view = document["bufferViews"][image["bufferView"]]
        start = view.get("byteOffset", 0)
        opened[image["name"]] = Image.open(io.BytesIO(blob[start : start + view["byteLength"]]))

    assert {name: picture.format for name, picture in opened.items()} == {
        "body": "JPEG",
        "body normal": "JPEG",
        "body orm": "JPEG",
        "hair": "PNG",
        "top": "JPEG",
    }
    assert np.array_equal(np.asarray(opened["hair"]), picture(32, 4))
    hair = document["materials"][1]
    assert (hair["alphaMode"], hair["doubleSided"]) == ("MASK", True)


def test_a_normal_map_brings_tangents_along_u() -> None:
    document, blob = read(write_glb(full()))
    body = document["meshes"][0]["primitives"][0]["attributes"]
    tangents = values(document, blob, body["TANGENT"])
    normals = values(document, blob, body["NORMAL"])
    middle = 6 * 13 + 3  # on the equator, a quarter round: the surface faces +X and u grows towards -Z

    assert normals[middle] == pytest.approx([1, 0, 0], abs=1e-6)
    assert tangents[middle] == pytest.approx([0, 0, -1, 1], abs=0.01)
    assert "TANGENT" not in document["meshes"][2]["primitives"][0]["attributes"]


def test_textures_repeat_only_where_coordinates_leave_the_picture() -> None:
    document, _ = read(write_glb(full()))
    samplers = [document["samplers"][texture["sampler"]].get("wrapS") for texture in document["textures"]]

    assert samplers == [33071] * 4 + [10497]
    uv = document["accessors"][document["meshes"][2]["primitives"][0]["attributes"]["TEXCOORD_0"]]
    assert uv["componentType"] == 5126


def test_the_coarsest_level_has_short_indices_own_coordinates_and_nothing_translucent() -> None:
    layers = [ball(name, (0, 1, 0), rings=8, material=Material(picture(64))) for name in ("body", "top")]
    glass = ball("glasses", (0, 2, 0), rings=8, material=Material(picture(32, 4), alpha="BLEND"))
    document, blob = read(write_glb(avatar(*layers, glass, level=3)))
    primitives = [mesh["primitives"][0] for mesh in document["meshes"]]

    assert len(document["images"]) == len(document["textures"]) == 3
    assert [material["name"] for material in document["materials"]] == ["body", "top", "glasses"]
    assert not any("alphaMode" in material for material in document["materials"])
    assert {document["accessors"][one["indices"]]["componentType"] for one in primitives} == {5121}
    for layer, one in zip(layers, primitives, strict=False):
        assert np.array_equal(values(document, blob, one["indices"]).reshape(-1, 3), layer.triangles)
        uv = values(document, blob, one["attributes"]["TEXCOORD_0"])
        assert np.abs(uv / 65535 - layer.uv).max() < 1e-5  # those of every other level


def test_the_coarsest_level_stores_equal_skins_once() -> None:
    layers = [ball(name, (0, 1, 0), rings=8) for name in ("body", "top")]
    document, _ = read(write_glb(avatar(*layers, level=3)))
    attributes = [mesh["primitives"][0]["attributes"] for mesh in document["meshes"]]

    for name in ("JOINTS_0", "WEIGHTS_0"):
        first, second = (document["accessors"][one[name]] for one in attributes)
        assert first == second
        assert document["bufferViews"][first["bufferView"]]["byteLength"] == 4 * first["count"]


def test_many_vertices_take_long_indices() -> None:
    document, _ = read(write_glb(avatar(ball("body", (0, 1, 0), rings=257))))
    indices = document["accessors"][document["meshes"][0]["primitives"][0]["indices"]]

    assert indices["componentType"] == 5125


def test_the_coarsest_level_is_small() -> None:
    names = ["body", "head", "eyes", "hair", "top", "bottom", "footwear", "brows"]
    layers = [ball(name, (0, k / 4, 0), rings=8, material=Material(picture(128))) for k, name in enumerate(names)]
    data = write_glb(avatar(*layers, level=3))

    assert sum(len(layer.triangles) for layer in layers) == 1024
    assert len(data) <= 60_000


def test_pictures_shrink_to_a_budget_and_geometry_does_not() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    one = avatar(ball("body", (0, 1, 0), material=Material(noise)), ball("top", (0, 1.2, 0)))
    free, limited = write_glb(one), write_glb(one, max_bytes=24_000)

    assert len(free) > 24_000 >= len(limited)
    document, blob = read(limited)
    (full_document, full_blob) = read(free)
    assert document["accessors"] == full_document["accessors"]
    pictures = {
        image["name"]: document["bufferViews"][image["bufferView"]]["byteLength"] for image in document["images"]
    }
    untouched = full_document["bufferViews"][full_document["images"][1]["bufferView"]]["byteLength"]
    assert pictures["top"] == untouched
    assert np.array_equal(values(document, blob, 1), values(full_document, full_blob, 1))


def test_no_layers_is_an_error() -> None:
    empty = Avatar("x", 3, 0, "b", "0" * 64, SKELETON, ())

    with pytest.raises(ValueError, match="at least one layer"):
        write_glb(empty)
