"""The worker with the bundle that ships: real server, real prompts."""

import asyncio
import hashlib
import io
import itertools
import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lodestream
from lodestream import cli

PROMPT = "a tall bald man in a red t-shirt and blue jeans"
TRIANGLES = {3: 1_500, 2: 5_000, 1: 12_000, 0: 32_000}
TEXTURE = {3: 128, 2: 256, 1: 512, 0: 1024}


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with lodestream.LocalServer(data_dir=tmp_path_factory.mktemp("worker")) as worker:
        yield worker


@pytest.fixture(scope="module")
def client(worker):
    with lodestream.Client(worker.address) as client:
        yield client


@pytest.fixture(scope="module")
def man(client):
    return avatar(client, PROMPT)


def avatar(client, *args, **more):
    """Accepted, levels by number, done."""
    accepted, *events = (e for e in client.generate(*args, **more) if not isinstance(e, lodestream.Progress))
    return accepted, {e.level: e for e in events[:-1]}, events[-1]


def gltf(glb):
    magic, version, length, size, kind = struct.unpack("<4sIII4s", glb[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(glb), b"JSON")
    return json.loads(glb[20 : 20 + size])


def test_the_ready_line_says_where_and_what(worker):
    assert re.fullmatch(
        r"lodestream ready grpc=127\.0\.0\.1:\d+ http=127\.0\.0\.1:\d+ engine=onnxruntime-cpu "
        r"bundle=\S+-\S+\+[0-9a-f]{8} in \d+ ms",
        worker.ready_line,
    )


def test_levels_stay_within_their_budgets(man):
    _, levels, done = man
    assert list(levels) == [3, 2, 1, 0]
    for number, level in levels.items():
        assert 0 < level.triangles <= TRIANGLES[number]
        assert level.texture <= TEXTURE[number]
    assert len(levels[3].glb) <= 60_000
    assert sum(len(level.glb) for level in levels.values()) <= 2_500_000
    assert {"encode", "retrieve", "fuse", "decode_3", "extract_0", "write_0"} <= set(done.stages_ms)


def test_every_level_says_what_it_is(man):
    accepted, levels, _ = man
    skeletons = set()
    for number, level in levels.items():
        document = gltf(level.glb)
        assert document["asset"]["extras"]["lodestream"] == {
            "avatar_id": accepted.avatar_id,
            "level": number,
            "seed": 0,
            "bundle": accepted.bundle,
            "prompt_sha256": hashlib.sha256(PROMPT.encode()).hexdigest(),
        }
        (skin,) = document["skins"]
        skeletons.add(tuple(document["nodes"][joint]["name"] for joint in skin["joints"]))
    assert len(skeletons) == 1, "all levels share one skeleton"


def test_another_process_makes_the_same_bytes(man, tmp_path):
    with lodestream.LocalServer(data_dir=tmp_path) as other, lodestream.Client(other.address) as client:
        accepted, levels, _ = avatar(client, PROMPT)
    assert accepted.avatar_id == man[0].avatar_id
    assert {k: v.sha256 for k, v in levels.items()} == {k: v.sha256 for k, v in man[1].items()}


def test_prompts_and_seeds_make_a_difference(client, man):
    same = man[1][3].sha256
    assert avatar(client, PROMPT, levels=[3], seed=7)[1][3].sha256 != same
    assert avatar(client, "a woman in a long green dress", levels=[3])[1][3].sha256 != same


def test_a_picture_can_take_the_place_of_words(client):
    file = io.BytesIO()
    Image.new("RGB", (200, 300), "navy").save(file, "JPEG")
    accepted, levels, _ = avatar(client, image=file.getvalue(), levels=[3])
    assert accepted.match is None
    assert gltf(levels[3].glb)["meshes"]
    accepted, both, _ = avatar(client, PROMPT, image=file.getvalue(), levels=[3])
    assert accepted.match is None
    assert both[3].sha256 != levels[3].sha256


def test_rigs_layouts_and_morph_targets(client):
    joints = {}
    for rig in ("mixamo", "unreal", "vrm"):
        document = gltf(avatar(client, PROMPT, levels=[3], rig=rig)[1][3].glb)
        joints[rig] = {document["nodes"][joint]["name"] for joint in document["skins"][0]["joints"]}
    assert "mixamorig:Hips" in joints["mixamo"]
    assert "pelvis" in joints["unreal"]
    document = gltf(avatar(client, PROMPT, levels=[3], layout="atlas")[1][3].glb)
    assert [mesh["name"] for mesh in document["meshes"]] == ["avatar"]
    assert len(document["materials"]) == 1
    document = gltf(avatar(client, PROMPT, levels=[3], morph_targets=["jawOpen"])[1][3].glb)
    assert any("jawOpen" in mesh.get("extras", {}).get("targetNames", ()) for mesh in document["meshes"])


def test_accessories_are_layers_of_their_own(client):
    def layers(prompt):
        return {node["name"] for node in gltf(avatar(client, prompt, levels=[3])[1][3].glb)["nodes"] if "mesh" in node}

    dressed = layers("a woman in a coat with a red hat, sunglasses, a yellow scarf and a backpack")
    assert dressed >= {"body", "head", "headwear", "glasses", "neckwear", "bag"}
    bare = layers("a bareheaded man in a t-shirt and jeans, without a hat")
    assert bare >= {"body", "head"}
    assert "headwear" not in bare


def test_every_morph_target_of_the_info_can_be_asked_for(client):
    info = client.info()
    assert info.morph_targets[:2] == ("ARKit", "Oculus Visemes")
    document = gltf(avatar(client, PROMPT, levels=[3], morph_targets=info.morph_targets[:2])[1][3].glb)
    named = {name for mesh in document["meshes"] for name in mesh.get("extras", {}).get("targetNames", ())}
    assert len(named & set(info.morph_targets)) >= 52


def test_the_preview_shows_somebody(client, man):
    pictures = [
        np.asarray(Image.open(io.BytesIO(client.preview(man[0].avatar_id, width=96, height=128, azimuth=azimuth))))
        for azimuth in (0, 90)
    ]
    for picture in pictures:
        assert picture.shape == (128, 96, 3)
        figure = np.abs(picture.astype(int) - picture[0, 0]).sum(axis=2) > 30
        assert 0.05 < figure.mean() < 0.6
        assert not figure[:, [0, -1]].any(), "the avatar is in the middle"
    assert (pictures[0] != pictures[1]).any()


def test_the_process_never_loads_torch(worker, man):
    assert man
    maps = Path(f"/proc/{worker.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    text = maps.read_text()
    assert "onnxruntime" in text
    for library in ("torch", "transformers", "timm", "anny"):
        assert f"/{library}/" not in text


def test_one_command_makes_an_avatar(tmp_path, capsys):
    assert cli.main(["generate", "a woman in a yellow dress", "--out", str(tmp_path), "--levels", "3"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lod3.glb", "preview.png", "report.json"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["engine"] == "onnxruntime-cpu"
    assert report["match"]["id"]
    assert Image.open(tmp_path / "preview.png").size == (384, 512)
    assert "starting a private server" in capsys.readouterr().err


def test_many_users_at_once_get_what_one_alone_gets(worker):
    """Threads share networks and templates: nothing may leak from one avatar into another."""

    async def run():
        async with lodestream.AsyncClient(worker.address) as client:

            async def one(number):
                prompt = PROMPT if number % 2 else f"a woman in a blue skirt, number {number}"
                return [
                    (prompt, e.sha256)
                    async for e in client.generate(prompt, seed=number * 1000, levels=[3])
                    if isinstance(e, lodestream.Level)
                ]

            return list(itertools.chain(*await asyncio.gather(*map(one, range(8)))))

    together = asyncio.run(run())
    with lodestream.LocalServer("--workers", "1") as other, lodestream.Client(other.address) as client:
        alone = [
            (prompt, avatar(client, prompt, levels=[3], seed=n * 1000)[1][3].sha256)
            for n, (prompt, _) in enumerate(together)
        ]
    assert together == alone
