"""What the Khronos validator says about our files: nothing at all, not even a hint."""

import numpy as np
import pytest
from gltf_avatars import full
from khronos import assert_clean

from lodestream_server.gltf import write_glb

PROMPTS = 20


def test_files_made_by_hand_are_clean(tmp_path):
    files = []
    for level in (3, 2, 1, 0):
        for layout in ("layers", "atlas"):
            files.append(tmp_path / f"{level}-{layout}.glb")
            files[-1].write_bytes(write_glb(full(level), layout))
    assert_clean(files)


def test_twenty_random_prompts_are_clean_at_every_level(generate, tmp_path):
    captions = pytest.importorskip("lodestream_training.language.caption")
    rng = np.random.default_rng(2026)
    files = []
    for number in range(PROMPTS):
        prompt = captions.draw(rng)[1].text
        levels = generate(tmp_path / str(number), prompt, seed=number)
        assert sorted(levels) == [0, 1, 2, 3], prompt
        files += levels.values()
    assert_clean(files)


@pytest.mark.parametrize(
    "options",
    [
        {"layout": "atlas"},
        {"rig": "unreal"},
        {"rig": "vrm"},
        {"morph_targets": ("ARKit", "Oculus Visemes")},
        {"morph_targets": ("ARKit",), "layout": "atlas"},
    ],
    ids=lambda options: " ".join(str(value) for value in options.values()),
)
def test_every_way_of_writing_is_clean(generate, tmp_path, options):
    levels = generate(tmp_path, "an old man with a full beard in a hoodie and shorts", seed=1, **options)
    assert_clean(levels.values())
