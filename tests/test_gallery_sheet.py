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
from lodestream_training import lettering, sheet
from lodestream_training.glb import axis_angle, load_glb
from lodestream_training.lighting import Light, Studio, roll_off
from lodestream_training.prompts import PROMPTS
from lodestream_training.render import Surface, render
from lodestream_training.shadow import ShadowMap

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


STUDIO = Studio(dome=6, resolution=64)
FRONT = Camera.look(0, 0, (0, 0, 0), 2.0)


def plain(*colour: int, side: int = 8) -> np.ndarray:
    return np.full((side, side, len(colour)), colour, np.uint8)


def test_a_flat_normal_map_changes_nothing_and_a_tilted_one_turns_the_light():
    surface = Surface(*QUAD, plain(150, 150, 150))
    bare, flat, left, right = (
        render([surface._replace(normal_map=normal)], FRONT, STUDIO, (32, 32))
        for normal in (None, plain(128, 128, 255), plain(60, 128, 230), plain(196, 128, 230))
    )

    assert np.array_equal(bare, flat)
    assert left[16, 16].mean() > bare[16, 16].mean() + 1  # the key shines from the left
    assert right[16, 16].mean() < bare[16, 16].mean() - 1


def test_metal_tints_what_it_mirrors():
    """What lies on black is all mirrored: white on a dielectric, gold on gold, whose diffuse part is nothing."""
    gold = Surface(*QUAD, plain(255, 200, 60), roughness=0.3, metallic=1.0)
    black = Surface(*QUAD, plain(0, 0, 0), roughness=0.3)
    metal, lacquer = (render([s], FRONT, STUDIO, (32, 32))[16, 16].astype(float) for s in (gold, black))

    assert metal[2] < 0.6 * metal[0]
    assert metal[0] > 2 * lacquer[0]
    assert lacquer[2] == pytest.approx(lacquer[0], rel=0.1)


def test_the_orm_map_scales_the_factors_and_darkens():
    surface = Surface(*QUAD, plain(200, 120, 80), roughness=0.5, metallic=1.0)
    bare, white, occluded, cloth = (
        render([surface._replace(orm=orm)], FRONT, STUDIO, (32, 32))
        for orm in (None, plain(255, 255, 255), plain(60, 255, 255), plain(255, 255, 0))
    )

    assert np.array_equal(bare, white)
    assert occluded[16, 16].sum() < bare[16, 16].sum()
    assert np.array_equal(cloth, render([surface._replace(metallic=0.0)], FRONT, STUDIO, (32, 32)))


def test_mask_cuts_and_blend_lets_through():
    back = Surface(*QUAD, plain(255, 0, 0))
    front = Surface(QUAD[0] + np.float32([0, 0, 0.3]), *QUAD[1:], plain(0, 0, 255, 100))
    farther = Surface(QUAD[0] + np.float32([0, 0, 0.2]), *QUAD[1:], plain(0, 255, 0, 255), alpha="BLEND")

    def middle(*layers: Surface) -> list[int]:
        return render(layers, FRONT, UNLIT, (32, 32))[16, 16].tolist()

    assert middle(front, back) == [255, 0, 0]
    assert middle(front._replace(alpha="OPAQUE"), back) == [0, 0, 255]
    mixed = [round(255 * (1.055 * share ** (1 / 2.4) - 0.055)) for share in (155 / 255, 0, 100 / 255)]
    mixed[1] = 0
    assert middle(front._replace(alpha="BLEND"), back) == pytest.approx(mixed, abs=1)
    through = middle(front._replace(alpha="BLEND"), farther, back)
    assert through == pytest.approx([0, mixed[0], mixed[2]], abs=1)
    assert middle(farther, front._replace(alpha="BLEND"), back) == through


def test_shadows_fall_behind_what_stands_in_the_light():
    above = QUAD[0] * np.float32([0.5, 0.5, 0]) + np.float32([0, 0, 0.5])
    towards = np.float32([0, 0, 1])
    shadow = ShadowMap(above, QUAD[1], towards, np.zeros(3, np.float32), 1.5, 128)
    asked = np.float32([[0, 0, 0], [0.8, 0, 0], [0, 0, 0.9], [5, 0, 0]])

    assert shadow.visible(asked, np.tile(towards, (4, 1))).tolist() == [0, 1, 1, 1]
    assert shadow.visible(asked, np.tile(-towards, (4, 1))).tolist() == [0, 0, 0, 0]


def test_highlights_roll_off_below_white():
    light = np.linspace(0, 4, 50, dtype=np.float32)[:, None].repeat(3, 1)
    bent = roll_off(light)

    assert np.array_equal(bent[:5], light[:5])
    assert (np.diff(bent[:, 0]) > 0).all()
    assert bent.max() < 1


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
    source = full(level=2)
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


def test_many_different_prompts():
    texts = {prompt.text for prompt in PROMPTS}
    chinese = [prompt for prompt in PROMPTS if lettering.is_chinese(prompt.text)]

    assert len(texts) == len(PROMPTS) >= 44
    assert len(chinese) >= 6
    assert all(prompt.meaning for prompt in chinese)


def test_words_that_no_font_has_are_told_in_english(monkeypatch):
    monkeypatch.setattr(lettering, "chinese_font", lambda: None)

    assert lettering.caption("一个医生", "a doctor") == "[in Chinese: a doctor]"
    assert lettering.caption("a doctor") == "a doctor"


def test_chinese_breaks_anywhere_and_english_between_words():
    letters = lettering.font(10)
    wide = letters.getlength("aaaa bbbb")

    assert lettering.wrap("aaaa bbbb cc", letters, wide) == ["aaaa bbbb", "cc"]
    assert len(lettering.wrap("一个医生" * 8, letters, wide)) > 1


def test_a_portrait_stands_on_the_floor_beside_its_face(monkeypatch):
    monkeypatch.setattr(sheet, "ARMS_DOWN", {})
    material = Material(np.full((16, 16, 3), (200, 30, 30), np.uint8))

    drawn = sheet.portrait(write_glb(avatar(ball("body", (0, 1, 0), material=material))), 0.3)

    red = (drawn[:, :, 0] > 90) & (drawn[:, :, 1] < 70)
    middle = drawn.shape[1] * 2 // 5
    assert red[:, :middle].any()
    assert red[:, middle:].any()


def test_the_poster_is_as_wide_as_its_rows():
    cells = [np.full((40, 60, 3), 200, np.uint8)] * 9
    steps = [np.full((80, 119, 3), 90, np.uint8)] * 4

    assert sheet.poster(cells, ["somebody"] * 9, steps, ["a level"] * 4, "all").shape[1] == 8 * 60


def test_a_large_file_loses_shades_not_size(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)

    sheet.save(noise, tmp_path / "all.png", 10**6)
    sheet.save(noise, tmp_path / "few.png", 9_000)

    assert np.array_equal(np.asarray(Image.open(tmp_path / "all.png")), noise)
    few = np.asarray(Image.open(tmp_path / "few.png"))
    assert few.shape == noise.shape
    assert np.abs(few.astype(int) - noise).max() in range(1, 4)


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
