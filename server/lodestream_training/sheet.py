"""Pictures for looking at: the gallery of docs/ and the views of one GLB.

``python -m lodestream_training.sheet gallery docs/gallery.png`` asks a private server for twenty avatars;
``python -m lodestream_training.sheet views lod0.glb out.png`` draws one file from all sides and in two poses.
"""

from __future__ import annotations

import argparse
import math
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lodestream_server.field.camera import Camera
from lodestream_training.glb import Pose, load_glb
from lodestream_training.render import Bytes, Surface, render

PROMPTS: tuple[str, ...] = (
    "a tall bald man in a red t-shirt and blue jeans",
    "an old woman with grey hair in a bun, wearing a purple cardigan and a long black skirt",
    "a muscular man with a mohawk in a black tank top and camouflage green shorts",
    "a slim woman with long blonde hair in a yellow summer dress",
    "a businessman in a navy suit with a white shirt and a red tie",
    "a girl with a ginger ponytail in a pink hoodie and grey leggings",
    "a heavy middle-aged man with a full beard in a green plaid shirt and brown trousers",
    "a black woman with an afro in an orange jumper and white jeans",
    "a short boy with brown hair in a striped blue and white t-shirt and red shorts",
    "an elderly man with a white moustache in a beige polo shirt and dark trousers",
    "a young woman with a black bob in a white blouse and a knee-length red skirt",
    "a tall athletic woman with dark skin in a teal tank top and black leggings",
    "a man with a goatee in a leather jacket, grey t-shirt and black jeans, wearing boots",
    "a woman in a long emerald green dress with auburn hair",
    "a teenager with messy brown hair in a black hoodie and light blue jeans",
    "a heavy woman in a polka dot dress and white trainers",
    "a pale man with a buzz cut in a khaki shirt, brown shorts and sandals",
    "a woman with a high ponytail in a grey pinstripe suit",
    "an old bald man with stubble in a burgundy jumper and corduroy trousers",
    "a young man with long black hair in a turquoise shirt and white trousers, barefoot",
)
LIMBS_BENT: Pose = {
    "mixamorig:LeftArm": (0.0, 0.0, -1.1),
    "mixamorig:RightArm": (0.0, 0.0, 1.1),
    "mixamorig:LeftForeArm": (0.0, -1.5, 0.0),
    "mixamorig:LeftUpLeg": (-0.9, 0.0, 0.0),
    "mixamorig:LeftLeg": (1.2, 0.0, 0.0),
}
ARMS_DOWN: Pose = {"mixamorig:LeftArm": (0.0, 0.0, -1.15), "mixamorig:RightArm": (0.0, 0.0, 1.15)}

_SEED = 1
_TALL = 2.2  # metres that fill a portrait
_PAPER = (236, 238, 241)
_INK = (40, 44, 52)
_CAPTION_SIZE = 13


def contact_sheet(images: Sequence[Bytes], columns: int, captions: Sequence[str] = ()) -> Bytes:
    """Pictures (h, w, 3) of one size in rows, each above its caption -> (H, W, 3) uint8."""
    height, width = images[0].shape[:2]
    font = ImageFont.load_default(size=_CAPTION_SIZE)
    wrapped = [textwrap.wrap(caption, max(8, int(width / (0.52 * _CAPTION_SIZE)))) for caption in captions]
    band = (max((len(lines) for lines in wrapped), default=0) * (_CAPTION_SIZE + 4) + 10) if captions else 0
    rows = math.ceil(len(images) / columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + band)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, image in enumerate(images):
        left, top = number % columns * width, number // columns * (height + band)
        sheet.paste(Image.fromarray(image), (left, top))
        if captions:
            text = "\n".join(wrapped[number])
            draw.multiline_text(
                (left + width // 2, top + height + 2), text, _INK, font, anchor="ma", align="center", spacing=4
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
    return render(surfaces, camera(points), size=(size, size), background=_PAPER, supersample=2)


def portrait(source: Path | bytes, width: int = 260, height: int = 400) -> Bytes:
    """The front of an avatar with its arms down, for a row of people -> (height, width, 3).

    All stand on one line; differences in height are shown at about half, so that children are not lost beside giants.
    """
    surfaces = load_glb(source, ARMS_DOWN)
    tall = max(float(surface.positions[:, 1].max()) for surface in surfaces)
    span = 1.12 * tall**0.5 * _TALL**0.5
    camera = Camera.look(-12.0, 3.0, (0.0, 0.44 * span, 0.0), span, fov=20.0)
    return render(surfaces, camera, size=(width, height), background=_floor(camera, width, height), supersample=2)


def _floor(camera: Camera, width: int, height: int) -> Bytes:
    """Paper with a soft shadow around the origin of the floor -> (height, width, 3)."""
    rows, columns = np.indices((height, width)) + 0.5
    focal = height / 2 / np.tan(np.radians(camera.fov) / 2)
    x, y, z = camera.rotation @ -camera.position
    across = (columns - (width / 2 - x / z * focal)) / (0.36 * focal / -z)
    down = (rows - (height / 2 + y / z * focal)) / (0.07 * focal / -z)
    shadow = 0.3 * np.exp(-(across**2) - down**2)
    return np.rint(np.array(_PAPER) * (1 - shadow[:, :, None])).astype(np.uint8)


def gallery(prompts: Sequence[str] = PROMPTS, columns: int = 5) -> Bytes:
    """Asks a private server for ``prompts`` and draws what comes, front views above their prompts."""
    import lodestream

    drawn = []
    with lodestream.LocalServer() as server, lodestream.Client(server.address) as client:
        for prompt in prompts:
            events = client.generate(prompt, levels=(0,), seed=_SEED)
            drawn += [portrait(event.glb) for event in events if isinstance(event, lodestream.Level)]
    return contact_sheet(drawn, columns, prompts)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="lodestream_training.sheet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("gallery", help="twenty prompts side by side")
    command.add_argument("output", type=Path)
    command = commands.add_parser("views", help="one GLB from all sides")
    command.add_argument("glb", type=Path)
    command.add_argument("output", type=Path)
    command.add_argument("--size", type=int, default=480, help="pixels of one view")
    options = parser.parse_args(arguments)
    picture = gallery() if options.command == "gallery" else views(options.glb, options.size)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(options.output, optimize=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
