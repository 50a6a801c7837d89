import dataclasses

import pytest

from lodestream_server.pipeline.identity import avatar_id
from lodestream_server.pipeline.request import AvatarRequest

BASE = AvatarRequest("a man", seed=1, morph_targets=("jawOpen",))


def test_the_id_never_changes():
    assert avatar_id(BASE, "b-1") == "fd662e305ad5aae2c49048b82fd88c4c"


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a woman"},
        {"prompt": None},
        {"image": b"x"},
        {"seed": 2},
        {"levels": (3,)},
        {"rig": "vrm"},
        {"layout": "atlas"},
        {"morph_targets": ()},
    ],
    ids=str,
)
def test_everything_that_changes_the_bytes_changes_the_id(change):
    assert avatar_id(dataclasses.replace(BASE, **change), "b-1") != avatar_id(BASE, "b-1")
    assert avatar_id(BASE, "b-2") != avatar_id(BASE, "b-1")


def test_one_text_written_in_two_ways_is_one_avatar():
    composed, decomposed = (dataclasses.replace(BASE, prompt=text) for text in ("caf\u00e9", "cafe\u0301"))
    assert avatar_id(composed, "b") == avatar_id(decomposed, "b")
