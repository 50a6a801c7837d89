"""A real engine loads level 0, bends an elbow and a knee and draws it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCENE = Path(__file__).with_name("panda3d_scene.py")
OUT = Path(__file__).parents[1] / "out" / "panda3d"  # for looking at
SIZE = 480


@pytest.fixture(scope="module")
def scene(generate):
    """Pictures at rest and bent (SIZE, SIZE, 3), and what Panda3D found in the file."""
    pytest.importorskip("panda3d")
    file = generate(OUT, "a tall bald man in a red t-shirt and blue jeans", seed=1, levels=(0,))[0]
    command = [sys.executable, str(SCENE), str(file), str(OUT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    rest, bent = (np.asarray(Image.open(OUT / f"{name}.png").convert("RGB")).astype(int) for name in ("rest", "bent"))
    Image.fromarray(np.concatenate([rest, bent], axis=1).astype(np.uint8)).save(OUT / "both.png")
    return rest, bent, found


def silhouette(picture):
    return np.abs(picture - [0, 255, 255]).sum(2) > 60


def test_it_stands_on_the_floor_as_tall_as_a_tall_man(scene):
    _, _, found = scene

    assert found["low"][2] == pytest.approx(0, abs=0.01)
    assert 1.75 < found["high"][2] < 2.4
    assert {"mixamorig:Hips", "mixamorig:LeftForeArm", "mixamorig:LeftLeg"} <= set(found["joints"])


def test_its_colours_are_the_prompts(scene):
    rest, _, _ = scene
    red, green, blue = (rest[:, :, channel] for channel in range(3))
    figure = silhouette(rest)
    rows = np.flatnonzero(figure.any(1))
    down = ((np.arange(SIZE) - rows[0]) / (rows[-1] - rows[0]))[:, None]  # 0 at the crown, 1 at the soles
    chest, legs = figure & (down > 0.22) & (down < 0.42), figure & (down > 0.55) & (down < 0.85)

    reddish = (red > green + 40) & (red > blue + 40)
    bluish = (blue > red + 20) & (blue >= green)
    assert (reddish & chest).sum() > 0.4 * chest.sum()
    assert (bluish & legs).sum() > 0.5 * legs.sum()


def test_elbow_and_knee_bend(scene):
    rest, bent, _ = scene
    before, after = silhouette(rest), silhouette(bent)
    columns, rows = np.flatnonzero(before.any(0)), np.flatnonzero(before.any(1))
    left, right, top, bottom = columns[0], columns[-1], rows[0], rows[-1]
    middle, height = SIZE // 2, bottom - top
    hand = np.s_[top : top + height // 2, right - 30 : right + 1]  # the avatar's left is the picture's right
    below = np.s_[top + height // 3 : top + height // 2, middle + height // 5 : middle + height // 3]
    foot = np.s_[bottom - height // 10 : bottom + 1, middle:]
    other_half = np.s_[:, left:middle]

    assert before[hand].sum() > 100
    assert after[hand].sum() == 0
    assert before[below].sum() == 0
    assert after[below].sum() > 100
    assert before[foot].sum() > 200
    assert after[foot].sum() < 0.1 * before[foot].sum()
    unmoved = (before[other_half] == after[other_half]).mean()
    assert unmoved > 0.99
