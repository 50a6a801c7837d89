"""Loads a GLB into Panda3D and draws it offscreen, at rest and with bent limbs: GLB FOLDER.

A process of its own, as Panda3D's window is global. Prints one line of JSON.
"""

import json
import sys
from pathlib import Path

from direct.actor.Actor import Actor
from direct.showbase.ShowBase import ShowBase
from gltf._converter import Converter
from gltf.parseutils import parse_gltf_file
from panda3d.core import AmbientLight, DirectionalLight, NodePath, load_prc_file_data

SIZE = 480
BACKGROUND = (0, 1, 1)  # linear; a colour that the avatar of the test does not have
# degrees of heading, pitch and roll: the forearm hangs down, the lower leg goes back
BENDS = {"mixamorig:LeftForeArm": (0, 0, 90), "mixamorig:LeftLeg": (0, 90, 0)}


def load(file: Path) -> Actor:
    """panda3d-gltf builds its character at the node that joints and meshes share, so they get one here.

    The file itself keeps skinned meshes at the root, as glTF's validator asks for.
    """
    document = parse_gltf_file(str(file))
    scene = document["scenes"][0]
    document["nodes"].append({"name": "avatar", "children": scene["nodes"]})
    scene["nodes"] = [len(document["nodes"]) - 1]
    converter = Converter(str(file))
    converter.update(document)
    return Actor(NodePath(converter.active_scene.node()))


def light(base: ShowBase) -> None:
    for kind, strength, direction in ((AmbientLight, 0.55, None), (DirectionalLight, 0.75, (-25, -35, 0))):
        node = kind(kind.__name__)
        node.set_color((strength, strength, strength, 1))
        path = base.render.attach_new_node(node)
        if direction:
            path.set_hpr(*direction)
        base.render.set_light(path)


def main(file: Path, folder: Path) -> None:
    load_prc_file_data("", f"window-type offscreen\nwin-size {SIZE} {SIZE}\nnotify-level error\n")
    load_prc_file_data("", "framebuffer-srgb 1\nframebuffer-multisample 1\nmultisamples 4\naudio-library-name null\n")
    base = ShowBase(windowType="offscreen")
    base.set_background_color(*BACKGROUND)
    actor = load(file)
    actor.reparent_to(base.render)
    light(base)
    low, high = actor.get_tight_bounds()
    base.cam.set_pos(0, -2.9 * (high.z - low.z), (low.z + high.z) / 2)
    base.camLens.set_fov(24)

    def draw(name: str) -> None:
        for _ in range(3):
            base.graphicsEngine.render_frame()
        base.win.save_screenshot(str(folder / name))

    draw("rest.png")
    for joint, turn in BENDS.items():
        handle = actor.control_joint(None, "modelRoot", joint)
        handle.set_hpr(handle, *turn)
    draw("bent.png")
    names = [joint.name for joint in actor.get_joints()]
    print(json.dumps({"joints": names, "low": list(low), "high": list(high), "renderer": base.win.gsg.driver_renderer}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
