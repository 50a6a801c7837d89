"""Level 3 of any avatar is at most 60,000 bytes, even with everything worn at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from khronos import assert_clean

from lodestream_server import layers
from lodestream_server.avatar import Avatar
from lodestream_server.gltf import write_glb
from lodestream_training.synth import attributes, people, pictures
from lodestream_training.synth.painter import logits

LIMIT = 60_000
LOADED = {"sleeve": "long", "glasses": "sunglasses", "bag": "backpack", "neckwear": "scarf"}
WORST = [
    {"top": "coat", "hair": "long", "headwear": "fedora"},
    {"top": "coat", "hair": "wavy", "headwear": "sunhat", "glasses": "glasses", "shoes": "sandals", "bottom": "shorts"},
    {"top": "labcoat", "hair": "long", "headwear": "hardhat"},
    {"top": "dress", "hair": "long", "headwear": "cap"},
    {"top": "robe", "hair": "long", "headwear": "peaked"},
    {"top": "kimono", "hair": "wavy", "headwear": "helmet"},
    {"top": "armour", "hair": "braids", "headwear": "headscarf"},
    {"top": "spacesuit", "hair": "wavy", "headwear": "chef"},
]
WORN = [LOADED | values for values in WORST] + [{} for _ in range(4)]
_SLICES = attributes.slices()


def level_3(number: int, rig: str) -> Avatar:
    figure, painter = pictures.tools()
    vector = people.draw(np.random.default_rng(number), WORN[number]).vector
    outfit = pictures.outfit_of(vector)
    planes = {name: replace(p, regions=logits(p.regions)) for name, p in painter.paint(vector).items()}
    shape = figure.template.shape(*(vector[_SLICES[name]] for name in ("phenotype", "ancestry", "face")))
    skeleton, worn = layers.build(figure, shape, figure.fitting.apply(planes, outfit), outfit, 3, rig, ())
    return Avatar("f" * 32, 3, 2**32 - 1, "embedded-1", "0" * 64, skeleton, worn)


@pytest.mark.parametrize("number", range(len(WORN)))
def test_level_3_keeps_to_its_budget(number: int) -> None:
    for rig in ("mixamo", "unreal", "vrm"):
        avatar = level_3(number, rig)
        assert "mouth" not in [layer.name for layer in avatar.layers]
        for layout in ("layers", "atlas"):
            assert len(write_glb(avatar, layout)) <= LIMIT


def test_what_is_written_then_is_clean(tmp_path) -> None:
    files = []
    for number, layout in ((0, "layers"), (1, "layers"), (1, "atlas"), (6, "layers"), (8, "atlas"), (9, "layers")):
        files.append(tmp_path / f"{number}-{layout}.glb")
        files[-1].write_bytes(write_glb(level_3(number, "mixamo"), layout))
    assert_clean(files)
