"""Small avatars made by hand, for the tests of the glTF writer."""

import numpy as np

from lodestream_server.avatar import Avatar, Layer, Material, Morph, Skeleton

SKELETON = Skeleton(
    ("mixamorig:Hips", "mixamorig:Spine", "mixamorig:LeftArm"),
    (-1, 0, 1),
    np.array([[0, 1, 0], [0, 1.25, 0.01], [0.2, 1.4, 0]], np.float32),
)


def picture(side: int, channels: int = 3, colour: tuple[int, ...] = (200, 60, 40, 255)) -> np.ndarray:
    """A flat colour with a dark square in its middle; with four channels the square is a hole."""
    pixels = np.full((side, side, channels), colour[:channels], np.uint8)
    middle = np.s_[side // 4 : side // 2, side // 4 : side // 2]
    pixels[middle] = 0
    return pixels


def ball(name: str, centre: tuple[float, float, float], rings: int = 12, material: Material | None = None) -> Layer:
    """A textured sphere of 2·rings² triangles, skinned to two joints, with one morph target."""
    grid = np.linspace(0, 1, rings + 1)
    u, v = (values.ravel() for values in np.meshgrid(grid, grid))
    turn, tilt = 2 * np.pi * u, np.pi * v
    normals = np.stack([np.sin(turn) * np.sin(tilt), np.cos(tilt), np.cos(turn) * np.sin(tilt)], 1).astype(np.float32)
    corner = (np.arange(rings)[:, None] * (rings + 1) + np.arange(rings)).ravel()
    below = corner + rings + 1
    triangles = np.concatenate([np.stack([corner, below, corner + 1], 1), np.stack([corner + 1, below, below + 1], 1)])
    weights = np.stack([v, 1 - v, np.zeros_like(v), np.zeros_like(v)], 1).astype(np.float32)
    joints = np.where(weights > 0, np.array([0, 1, 0, 0]), 0).astype(np.uint8)
    return Layer(
        name,
        (normals * 0.1 + np.array(centre)).astype(np.float32),
        normals,
        np.stack([u, v], 1).astype(np.float32),
        joints,
        weights,
        triangles.astype(np.int32),
        material or Material(picture(32)),
        {"jawOpen": Morph(np.array([5, 2, 9], np.int32), np.full((3, 3), 0.01, np.float32))},
    )


def avatar(*layers: Layer, level: int = 2) -> Avatar:
    return Avatar("0" * 26, level, 7, "embedded-1", "ab" * 32, SKELETON, layers or (ball("body", (0, 1, 0)),))


def full(level: int = 0) -> Avatar:
    """Three layers: one with a normal and an ORM map, one with holes, one whose texture repeats."""
    flat = np.full((32, 32, 3), (128, 128, 255), np.uint8)
    rich = Material(picture(32), normal=flat, orm=picture(32))
    holes = Material(picture(32, 4), alpha="MASK", double_sided=True)
    tiled = ball("top", (0, 1.2, 0))
    tiled = Layer(**{name: getattr(tiled, name) for name in tiled.__slots__} | {"uv": tiled.uv * 3})
    return avatar(ball("body", (0, 1, 0), material=rich), ball("hair", (0, 1.4, 0), material=holes), tiled, level=level)
