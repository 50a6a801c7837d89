"""The worker dies without warning, at any moment of a stream: clients end up with the same bytes, the store is whole.

Six moments by default, a hundred with ``LODESTREAM_SOAK=1`` in the environment.
"""

import os
import random
import signal
import threading
import time

import pytest

import lodestream
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.request import LEVELS
from lodestream_server.store.level_store import LevelStore

DEATHS = 100 if os.environ.get("LODESTREAM_SOAK") == "1" else 6
PROMPTS = (
    "an old woman in a purple jumper and a long black skirt",
    "a tall bald man in a red t-shirt and blue jeans",
    "a woman in a trench coat with a hat",
)
CHUNK = 4096


class Mortal:
    """A server that can be killed and started again on the same address with the same store."""

    def __init__(self, data_dir):
        self.data_dir = data_dir
        self.kept = set()
        self.server = self._start("127.0.0.1:0")
        self.address = self.server.address

    def _start(self, address):
        return lodestream.LocalServer("--listen", address, "--workers", "2", data_dir=self.data_dir).__enter__()

    def kill(self):
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.__exit__(None, None, None)
        self.kept |= {path for path in files(self.data_dir / "avatars") if not path.name.startswith(".tmp-")}

    def rise(self):
        self.server = self._start(self.address)

    def end(self):
        """Sends SIGTERM: what is queued for the store is written."""
        self.server.__exit__(None, None, None)


def files(root):
    return [path for path in root.rglob("*") if path.is_file()]


def watched(events, seen):
    for event in events:
        seen.append(event)
        if isinstance(event, lodestream.Level):
            yield event.level, event.sha256, event.glb


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """What an undisturbed server makes of each prompt, and how long it takes (seconds)."""
    with (
        lodestream.LocalServer(data_dir=tmp_path_factory.mktemp("calm")) as server,
        lodestream.Client(server.address) as client,
    ):
        avatars = {}
        began = time.monotonic()
        for n in range(DEATHS):
            prompt, seed = PROMPTS[n % len(PROMPTS)], n
            avatars[n] = list(watched(client.generate(prompt, seed=seed, chunk_bytes=CHUNK), []))
        return avatars, (time.monotonic() - began) / DEATHS


def test_a_server_may_be_killed_at_any_moment(tmp_path, reference):
    avatars, seconds = reference
    rng = random.Random(int(os.environ.get("LODESTREAM_SEED", "1")))
    mortal = Mortal(tmp_path)
    ids, struck, moments = {}, 0, []
    with lodestream.Client(mortal.address, timeout=120) as client:
        for n in range(DEATHS):
            # one moment in each slice of the stream's duration, from before its first byte to its end
            moment = seconds * (n % 6 + rng.random()) / 6
            moments.append(moment)
            seen = []
            killed = threading.Event()

            def death(moment=moment, killed=killed):
                time.sleep(moment)
                mortal.kill()
                killed.set()
                mortal.rise()

            thread = threading.Thread(target=death)
            thread.start()
            stream = watched(client.generate(PROMPTS[n % len(PROMPTS)], seed=n, chunk_bytes=CHUNK), seen)
            found = []
            for level in stream:
                found.append(level)
                struck += level[0] == LEVELS[-1] and killed.is_set()
            thread.join()
            assert found == avatars[n], f"killed after {moment:.3f} s"
            progress = [(-e.level, e.received) for e in seen if isinstance(e, lodestream.Progress)]
            assert progress == sorted(set(progress)), "no byte is reported twice"
            ids[n] = seen[0].avatar_id
    mortal.end()
    assert struck >= DEATHS // 3, f"{struck} of {DEATHS} streams were under way at {moments}"
    assert mortal.kept <= set(files(tmp_path / "avatars")), "what was there at a death is there at the end"
    check_store(tmp_path / "avatars", ids, avatars)


def check_store(root, ids, avatars):
    """Every entry is whole, and what was not finished can be finished."""
    metrics = Metrics()
    found = files(root)
    assert not [path for path in found if path.name.startswith(".tmp-")], "each start sweeps what the last left"
    assert not (root / "quarantine").exists()
    store = LevelStore(root, 10**10, metrics)
    for n, avatar_id in ids.items():
        recipe = store.recipe(avatar_id)
        for level, sha256, glb in avatars[n]:
            kept = store.get(avatar_id, level)
            if recipe is None:
                assert kept is None
            elif kept is not None:
                assert (kept.sha256, kept.glb) == (sha256, glb)
            assert store.sha256(avatar_id, level) in {None, sha256}
    assert metrics.registry.get_sample_value("lodestream_store_corrupt_total") == 0
    kept = metrics.registry.get_sample_value("lodestream_store_hits_total")
    assert kept == sum(path.suffix == ".glb" for path in found)
    assert kept >= 2 * len(ids)


def test_a_finished_avatar_outlives_any_number_of_deaths(tmp_path, reference):
    avatars, _ = reference
    mortal = Mortal(tmp_path)
    with lodestream.Client(mortal.address) as client:
        list(client.generate(PROMPTS[0], seed=0))
        time.sleep(0.5)  # the store writes behind the stream
        mortal.kill()
        mortal.rise()
        found = [
            (e.level, e.sha256, e.glb) for e in client.generate(PROMPTS[0], seed=0) if isinstance(e, lodestream.Level)
        ]
        done = list(client.generate(PROMPTS[0], seed=0))[-1]
    mortal.end()
    assert found == avatars[0]
    assert done.stages_ms == {}, "it came from the store"
