"""A pipeline that needs no weights, behind the real server: `python tests/fake.py --listen …`.

Prompts that contain these words behave in a special way: `slow` (each level takes 0.3 s), `boom` (fails), `big`
(2 MB a level), `drift` (level 3 differs every time it is made).
"""

import asyncio
import hashlib
import io
import random
import sys
import time
from types import MappingProxyType, SimpleNamespace

from lodestream_server import config, logs
from lodestream_server.app import serve
from lodestream_server.encoders.picture import open_picture
from lodestream_server.errors import StartupError
from lodestream_server.pipeline.asset import LevelAsset, Match
from lodestream_server.pipeline.identity import avatar_id
from lodestream_server.pipeline.stopwatch import Stopwatch

SIZES = {3: 5_000, 2: 70_000, 1: 200_000, 0: 300_000}


class FakePipeline:
    bundle = "fake-1+00000000"
    engine = "fake"
    gallery_size = 3
    morph_targets = MappingProxyType(
        {"ARKit": ("jawOpen", "mouthClose"), "jawOpen": ("jawOpen",), "mouthClose": ("mouthClose",)}
    )

    def __init__(self, observe=lambda *_: None):
        self.observe = observe
        self.made = []

    def avatar_id(self, request):
        return avatar_id(request, self.bundle)

    def begin(self, request):
        watch = Stopwatch(self.observe)
        with watch.stage("encode"):
            if request.image is not None:
                open_picture(request.image)
        if "boom" in (request.prompt or ""):
            raise RuntimeError("secret of /etc/shadow")
        match = None if request.image is not None else Match("p1", 0.5)
        return SimpleNamespace(
            request=request, avatar_id=self.avatar_id(request), match=match, watch=watch, stages_ms=watch.stages_ms
        )

    def level(self, job, level):
        prompt = job.request.prompt or ""
        with job.watch.stage("decode", level):
            if "slow" in prompt:
                time.sleep(0.3)
            self.made.append((job.avatar_id, level))
            salt = time.time_ns() if "drift" in prompt and level == 3 else 0
            glb = random.Random(f"{job.avatar_id} {level} {salt}").randbytes(
                2_000_000 if "big" in prompt else SIZES[level]
            )
        return LevelAsset(level, glb, hashlib.sha256(glb).hexdigest(), 100 * (4 - level), 99, 128 << (3 - level))

    def preview(self, _job, width, height, azimuth):
        from PIL import Image

        file = io.BytesIO()
        Image.new("RGB", (width, height), (int(abs(azimuth)) % 256, 9, 9)).save(file, "PNG")
        return file.getvalue()


def load(_config, metrics):
    metrics.gallery_pictures.set(3)
    return FakePipeline(lambda stage, seconds: metrics.stage.labels(stage).observe(seconds))


def main():
    try:
        options, sources = config.trace()
        logs.configure(options.log_format, options.log_level)
        asyncio.run(serve(options, load, time.perf_counter(), config.load if "config" in sources else None))
    except StartupError as error:
        sys.stderr.write(f"fake: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
