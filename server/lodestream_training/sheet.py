"""Pictures for looking at: the gallery of docs/ and the views of one GLB.

``python -m lodestream_training.sheet gallery docs/gallery.png`` asks a private server for many avatars;
``python -m lodestream_training.sheet views lod0.glb out.png`` draws one file from all sides and in two poses.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from lodestream_server.field.camera import Camera
from lodestream_server.field.scan import project, scan
from lodestream_training import lettering
from lodestream_training.glb import Pose, load_glb
from lodestream_training.lighting import Studio
from lodestream_training.prompts import LEVELS_OF, PROMPTS, Prompt
from lodestream_training.render import Bytes, Float, Surface, render

LIMBS_BENT: Pose = {
    "mixamorig:LeftArm": (0.0, 0.0, -1.1),
    "mixamorig:RightArm": (0.0, 0.0, 1.1),
    "mixamorig:LeftForeArm": (0.0, -1.5, 0.0),
    "mixamorig:LeftUpLeg": (-0.9, 0.0, 0.0),
    "mixamorig:LeftLeg": (1.2, 0.0, 0.0),
}
ARMS_DOWN: Pose = {
    "mixamorig:LeftArm": (0.0, 0.0, -1.36),
    "mixamorig:RightArm": (0.0, 0.0, 1.36),
    "mixamorig:LeftForeArm": (0.0, -0.3, 0.0),
    "mixamorig:RightForeArm": (0.0, 0.3, 0.0),
    "mixamorig:LeftUpLeg": (0.0, 0.0, -0.05),
    "mixamorig:RightUpLeg": (0.0, 0.0, 0.05),
    "mixamorig:LeftFoot": (0.0, 0.0, 0.05),
    "mixamorig:RightFoot": (0.0, 0.0, -0.05),
    **{
        f"mixamorig:{side}Hand{finger}{joint}": (0.0, 0.0, bend)
        for side, bend in (("Left", -0.22), ("Right", 0.22))
        for finger in ("Index", "Middle", "Ring", "Pinky")
        for joint in (1, 2)
    },
}

_SEED = 1
_TALL = 2.2  # metres that fill a portrait
_PAPER = (236, 238, 241)
_WALL = ((214, 218, 224), (196, 200, 207))  # behind faces: above, below
_INK = (40, 44, 52)
_CAPTION_SIZE = 13
_COLUMNS = 8
_FULL, _FACE = (198, 470), (282, 470)  # width and height of a cell's two pictures
_LETTERS = 19  # of the gallery's captions
_GAP = 6
_MOST_BYTES = 6_000_000
_ROUNDING = (1, 2, 3, 4, 6)  # steps of 8-bit colours
_STUDIO = Studio()


def contact_sheet(
    images: Sequence[Bytes], columns: int, captions: Sequence[str] = (), letters: int = _CAPTION_SIZE
) -> Bytes:
    """Pictures (h, w, 3) of one size in rows, each above its caption in ``letters`` pixels -> (H, W, 3) uint8."""
    height, width = images[0].shape[:2]
    fonts = [lettering.font(letters, chinese=lettering.is_chinese(caption)) for caption in captions]
    wrapped = [lettering.wrap(caption, font, 0.94 * width) for caption, font in zip(captions, fonts, strict=True)]
    band = (max((len(lines) for lines in wrapped), default=0) * (letters + 4) + 10 + letters // 2) if captions else 0
    rows = math.ceil(len(images) / columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + band)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, image in enumerate(images):
        left, top = number % columns * width, number // columns * (height + band)
        sheet.paste(Image.fromarray(image), (left, top))
        if captions:
            draw.multiline_text(
                (left + width // 2, top + height + letters // 3),
                "\n".join(wrapped[number]),
                _INK,
                fonts[number],
                anchor="ma",
                align="center",
                spacing=4,
            )
    return np.asarray(sheet)


def views(source: Path | bytes, size: int = 480) -> Bytes:
    """Front, side, back and face at rest, then the front with the arms down and with limbs bent -> (H, W, 3)."""
    rest = load_glb(source)
    presets = (Camera.front_full, Camera.side_full, Camera.back_full)
    drawn = [_portrait(rest, preset, size) for preset in presets]
    eyes = next((surface.positions for surface in rest if surface.name == "eyes"), None)
    drawn.append(_portrait(rest, lambda points: Camera.face(points, eyes), size))
    drawn.append(_portrait(load_glb(source, ARMS_DOWN), lambda points: Camera.full(points, -30), size))
    drawn.append(_portrait(load_glb(source, LIMBS_BENT), lambda points: Camera.full(points, 40), size))
    return contact_sheet(drawn, 3)


def _portrait(surfaces: list[Surface], camera: Callable[[np.ndarray], Camera], size: int) -> Bytes:
    points = np.concatenate([surface.positions for surface in surfaces])
    return render(surfaces, camera(points), _STUDIO, (size, size), background=_PAPER, supersample=2)


def portrait(source: Path | bytes, scale: float = 1.0) -> Bytes:
    """An avatar that stands with its arms down, and its face beside it -> (height, width, 3).

    All stand on one line; differences in height are shown at about half, so that children are not lost beside giants.
    """
    surfaces = load_glb(source, ARMS_DOWN)
    points = np.concatenate([surface.positions for surface in surfaces])
    points[:, 1] -= points[:, 1].min()
    starts = np.cumsum([0, *(len(surface.positions) for surface in surfaces)])
    surfaces = [s._replace(positions=points[a:b]) for s, a, b in zip(surfaces, starts, starts[1:], strict=False)]
    full, face = ((round(scale * w), round(scale * h)) for w, h in (_FULL, _FACE))

    span = 1.07 * float(points[:, 1].max()) ** 0.5 * _TALL**0.5
    camera = Camera.look(-14.0, 3.0, (0.0, 0.46 * span, 0.0), span, fov=20.0)
    standing = render(surfaces, camera, _STUDIO, full, _floor(surfaces, camera, full), 2)

    closeup = render(surfaces, _face(points, surfaces), _STUDIO, face, _wall(face), 2)
    gap = np.full((full[1], _GAP, 3), _PAPER, np.uint8)
    return np.concatenate([gap, standing, closeup, gap], axis=1)


def _face(points: Float, surfaces: Sequence[Surface]) -> Camera:
    """Head and shoulders, with room above for hair and hats."""
    top = float(points[:, 1].max())
    eyes = next((s.positions.mean(0) for s in surfaces if s.name == "eyes"), np.array([0, 0.93 * top, 0]))
    span = 0.58
    middle = max(float(eyes[1]) - 0.07, top + 0.03 - span / 2)
    return Camera.look(-20.0, 2.0, (float(eyes[0]), middle, float(eyes[2]) - 0.06), span, fov=20.0)


def _wall(size: tuple[int, int]) -> Bytes:
    """A backdrop (height, width, 3) that darkens downwards."""
    width, height = size
    above, below = np.array(_WALL, np.float64)
    rows = above + np.linspace(0, 1, height)[:, None] * (below - above)
    return np.rint(rows).astype(np.uint8)[:, None].repeat(width, 1)


def _floor(surfaces: Sequence[Surface], camera: Camera, size: tuple[int, int]) -> Bytes:
    """Paper (height, width, 3) with the soft shadow of what stands on it, darkest where it touches."""
    width, height = size
    dark = np.zeros((height, width))
    for below, blur, strength in ((0.06, 0.006, 0.38), (0.6, 0.022, 0.3)):  # metres; of the picture's height
        touched = np.zeros(height * width, np.uint8)
        for surface in surfaces:
            near = surface.positions[surface.triangles][:, :, 1].max(1) < below
            dropped = surface.positions * np.array([1, 0, 1], np.float32)
            pixels, depth = project(dropped, camera, width, height)
            touched[scan(pixels, depth, surface.triangles[near], width, height).pixel] = 255
        mask = Image.fromarray(touched.reshape(height, width)).filter(ImageFilter.GaussianBlur(blur * height))
        dark = 1 - (1 - dark) * (1 - strength * np.asarray(mask) / 255)
    return np.rint(np.array(_PAPER) * (1 - dark[:, :, None])).astype(np.uint8)


def gallery(prompts: Sequence[Prompt] = PROMPTS, strip: Prompt = LEVELS_OF) -> Bytes:
    """Asks a private server for ``prompts`` and draws what comes; ``strip`` at all levels below -> (H, W, 3)."""
    import lodestream

    with lodestream.LocalServer() as server, lodestream.Client(server.address) as client:

        def levels(prompt: Prompt, wanted: Sequence[int]) -> list[lodestream.Level]:
            events = client.generate(prompt.text, levels=tuple(wanted), seed=_SEED)
            return [event for event in events if isinstance(event, lodestream.Level)]

        people = [portrait(levels(prompt, (0,))[0].glb) for prompt in prompts]
        steps = sorted(levels(strip, (3, 2, 1, 0)), key=lambda level: -level.level)
    captions = [lettering.caption(*prompt) for prompt in prompts]
    notes = [f"level {s.level}: {s.triangles:,} triangles, {len(s.glb) / 1000:,.0f} kB" for s in steps]
    return poster(people, captions, [portrait(step.glb, _strip_scale()) for step in steps], notes, strip.text)


def _strip_scale() -> float:
    """How much larger the four pictures of the strip are, so that they fill a row."""
    return (_COLUMNS * (_FULL[0] + _FACE[0] + 2 * _GAP) / 4 - 2 * _GAP - 1) / (_FULL[0] + _FACE[0])


def poster(
    people: Sequence[Bytes], captions: Sequence[str], steps: Sequence[Bytes], notes: Sequence[str], title: str
) -> Bytes:
    """The gallery's sheet: ``people`` in rows, then ``steps``, the levels of ``title``, under a line with its name."""
    above = contact_sheet(people, _COLUMNS, captions, _LETTERS)
    below = contact_sheet(steps, len(steps), notes, round(1.4 * _LETTERS))
    band = Image.new("RGB", (above.shape[1], 4 * _LETTERS), _PAPER)
    ImageDraw.Draw(band).text(
        (band.width // 2, band.height // 2), title, _INK, lettering.font(round(1.4 * _LETTERS)), anchor="mm"
    )
    width = above.shape[1]
    parts = [np.asarray(part)[:, :width] for part in (above, band, below)]
    return np.concatenate([np.pad(p, ((0, 0), (0, width - p.shape[1]), (0, 0)), mode="edge") for p in parts])


def save(picture: Bytes, path: Path, most: int = _MOST_BYTES) -> None:
    """Writes (H, W, 3) as PNG; while it has more than ``most`` bytes, colours are rounded more coarsely."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for step in _ROUNDING:
        rounded = np.minimum((picture.astype(np.uint16) + step // 2) // step * step, 255)
        Image.fromarray(rounded.astype(np.uint8)).save(path, optimize=True)
        if path.stat().st_size <= most:
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="lodestream_training.sheet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("gallery", help="many prompts side by side")
    command.add_argument("output", type=Path)
    command = commands.add_parser("views", help="one GLB from all sides")
    command.add_argument("glb", type=Path)
    command.add_argument("output", type=Path)
    command.add_argument("--size", type=int, default=480, help="pixels of one view")
    options = parser.parse_args(arguments)
    picture = gallery() if options.command == "gallery" else views(options.glb, options.size)
    save(picture, options.output)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
