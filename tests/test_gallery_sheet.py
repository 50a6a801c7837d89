"""The renderer, the GLB reader and the sheets that are made of them."""

import numpy as np
import pytest
from gltf_avatars import avatar, ball, full, picture
from PIL import Image

from lodestream_server.avatar import Material
from lodestream_server.gltf import write_glb

pytest.importorskip("lodestream_training.render")

from lodestream_server.body.normals import vertex_normals
from lodestream_server.field.camera import Camera
from lodestream_training import sheet
from lodestream_training.glb import axis_angle, load_glb
from lodestream_training.render import Light, Surface, render

QUAD = (
    np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32),
    np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32),
)
UNLIT = Light(
    key=np.zeros(3, np.float32), fill=np.zeros(3, np.float32), sky=np.ones(3, np.float32), ground=np.ones(3, np.float32)
)


def test_a_quad_shows_its_texture_the_right_way_up():
    corners = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], np.uint8)
    texture = corners.repeat(32, 0).repeat(32, 1)

    drawn = render([Surface(*QUAD, texture)], Camera.look(0, 0, (0, 0, 0), 2.0), UNLIT, (64, 64))

    assert [drawn[y, x].tolist() for y, x in ((16, 16), (16, 48), (48, 16), (48, 48))] == corners.reshape(4, 3).tolist()


def test_the_nearer_surface_wins_and_holes_show_what_is_behind():
    red = np.full((8, 8, 3), (255, 0, 0), np.uint8)
    green = np.full((8, 8, 4), (0, 255, 0, 255), np.uint8)
    green[:, :4, 3] = 0
    front = Surface(QUAD[0] + np.float32([0, 0, 0.5]), *QUAD[1:], green)

    for order in ([Surface(*QUAD, red), front], [front, Surface(*QUAD, red)]):
        drawn = render(order, Camera.look(0, 0, (0, 0, 0), 1.5), UNLIT, (64, 64))
        assert drawn[32, 8].tolist() == [255, 0, 0]
        assert drawn[32, 56].tolist() == [0, 255, 0]


def test_perspective_is_correct():
    tilted = QUAD[0].copy()
    tilted[2:, 2] = -4  # the upper edge lies far behind
    half = np.zeros((64, 64, 3), np.uint8)
    half[:32] = 255
    camera = Camera(np.array([0, 0, 3], np.float32), np.eye(3, dtype=np.float32), 60)

    drawn = render([Surface(tilted, *QUAD[1:], half)], camera, UNLIT, (256, 256), (128, 128, 128))
    edge = np.flatnonzero(drawn[:, 128, 0] == 0)[0]

    assert edge == pytest.approx(128, abs=1)  # the texture's middle is at (0, 0, -2), straight ahead


def test_azimuth_90_sees_the_left_side():
    camera = Camera.look(90, 0, (0, 0, 0), 2)

    assert camera.position[0] > 1
    assert camera.rotation[0].tolist() == pytest.approx([0, 0, -1], abs=1e-6)  # its right is the avatar's back


def test_normals_of_a_quad_face_its_viewer():
    assert vertex_normals(QUAD[0], QUAD[1]).tolist() == [[0, 0, 1]] * 4


def test_what_was_written_is_read_back():
    source = full(level=3)
    surfaces = {surface.name: surface for surface in load_glb(write_glb(source))}

    assert list(surfaces) == ["body", "hair", "top"]
    for layer in source.layers:
        assert np.allclose(surfaces[layer.name].positions, layer.positions)
        assert np.allclose(surfaces[layer.name].uv, layer.uv, atol=1e-5)
        assert np.array_equal(surfaces[layer.name].triangles, layer.triangles)
    assert np.array_equal(surfaces["hair"].albedo, picture(32, 4))


def test_a_pose_turns_what_hangs_on_the_joint():
    layer = ball("body", (0, 1.25, 0.01))
    rest = load_glb(write_glb(avatar(layer)))[0]
    posed = load_glb(write_glb(avatar(layer)), {"mixamorig:Spine": (0, 0, np.pi / 2)})[0]
    joint = np.array([0, 1.25, 0.01])
    top = rest.positions[:, 1].argmax()  # hangs on the spine alone

    assert posed.positions[top] - joint == pytest.approx(
        axis_angle((0, 0, np.pi / 2)) @ (rest.positions[top] - joint), abs=1e-5
    )
    assert posed.normals[top] == pytest.approx([-1, 0, 0], abs=1e-5)
    with pytest.raises(KeyError):
        load_glb(write_glb(avatar(layer)), {"tail": (0, 0, 1)})


def test_a_sheet_holds_every_picture_and_caption():
    pictures = [np.full((40, 30, 3), 20 * number, np.uint8) for number in range(5)]
    bare = sheet.contact_sheet(pictures, 3)
    captioned = sheet.contact_sheet(pictures, 3, ["a long caption about somebody"] * 5)

    assert bare.shape == (80, 90, 3)
    assert bare[60, 45].tolist() == [80, 80, 80]
    assert captioned.shape[0] > bare.shape[0]


def test_twenty_different_prompts():
    assert len(set(sheet.PROMPTS)) == 20


def test_views_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "ARMS_DOWN", {"mixamorig:LeftArm": (0, 0, -1)})
    monkeypatch.setattr(sheet, "LIMBS_BENT", {"mixamorig:Spine": (1, 0, 0)})
    material = Material(np.full((16, 16, 3), (200, 30, 30), np.uint8))
    (tmp_path / "one.glb").write_bytes(write_glb(avatar(ball("body", (0, 1, 0), material=material))))

    assert sheet.main(["views", str(tmp_path / "one.glb"), str(tmp_path / "views.png"), "--size", "64"]) == 0

    drawn = np.asarray(Image.open(tmp_path / "views.png"))
    assert drawn.shape == (128, 192, 3)
    red = (drawn[:, :, 0] > 100) & (drawn[:, :, 1] < 90)
    assert all(red[y : y + 64, x : x + 64].sum() > 100 for y in (0, 64) for x in (0, 64, 128))
