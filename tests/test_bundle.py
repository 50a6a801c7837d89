import hashlib
import json
import subprocess
import sys

import pytest
from rpc_support import environ

from lodestream_server import bundle
from lodestream_server.errors import BundleError, BundleFileError


@pytest.fixture
def folder(tmp_path):
    data = {"a.onnx": b"weights", "gallery/1.jpg": b"picture"}
    for name, content in data.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    files = {n: {"sha256": hashlib.sha256(c).hexdigest(), "bytes": len(c)} for n, c in data.items()}
    (tmp_path / "manifest.json").write_text(json.dumps({"name": "tiny", "version": "2", "files": files}))
    return tmp_path


def test_a_good_bundle(folder):
    loaded = bundle.load(str(folder))
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert loaded.id == f"tiny-2+{digest[:8]}"
    assert loaded.path("a.onnx").read_bytes() == b"weights"
    with pytest.raises(BundleError, match=r"has no b\.onnx"):
        loaded.path("b.onnx")


def test_a_corrupt_file_is_named_with_both_hashes(folder):
    (folder / "a.onnx").write_bytes(b"weightz")
    with pytest.raises(BundleFileError) as caught:
        bundle.load(str(folder))
    for part in (
        str(folder / "a.onnx"),
        hashlib.sha256(b"weights").hexdigest(),
        hashlib.sha256(b"weightz").hexdigest(),
    ):
        assert part in str(caught.value)


def test_a_missing_file_is_named(folder):
    (folder / "gallery/1.jpg").unlink()
    with pytest.raises(BundleFileError, match=r"gallery/1\.jpg is broken: expected sha256 [0-9a-f]{64}, found no file"):
        bundle.load(str(folder))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x", "version": 1, "files": {"a": 3}}', "\xff"])
def test_a_bad_manifest_is_named(folder, text):
    (folder / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(BundleError, match="is no bundle manifest"):
        bundle.load(str(folder))


def test_a_file_outside_of_the_bundle_is_refused(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../evil"] = {"sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="outside"):
        bundle.load(str(folder))


def test_no_bundle(tmp_path):
    with pytest.raises(BundleError, match=r"manifest\.json is missing"):
        bundle.load(str(tmp_path / "none"))


def test_the_bundle_that_ships_is_whole_and_speaks_the_trainers_latent():
    attributes = pytest.importorskip("lodestream_training.synth.attributes")
    loaded = bundle.load("embedded")  # every hash is right
    spoken = [(g["name"], g["kind"], g["size"], tuple(g["values"])) for g in loaded.manifest["latent"]]
    assert spoken == [(g.name, g.kind, g.size, g.values) for g in attributes.GROUPS]
    networks = ["text_tower", "picture_tower", "fusion", *(f"field_{stage}" for stage in range(4))]
    for name in (*(f"{n}.onnx" for n in networks), "body.npz", "accessories.npz", "gallery.npz", "tokenizer.json"):
        assert loaded.path(name).stat().st_size == loaded.manifest["files"][name]["bytes"]
    assert sorted(p.stem for p in loaded.root.glob("*.onnx")) == sorted(networks), "no network lies around unused"
    (size,) = (entry["outputs"] for name, entry in loaded.manifest["tensors"].items() if name == "fusion")
    assert {name: shape[-1] for name, shape in size.items()} == dict.fromkeys(("latent", "said"), attributes.SIZE)


def test_the_server_refuses_to_start_on_a_corrupt_file(folder, tmp_path):
    (folder / "a.onnx").write_bytes(b"weightz")
    command = [sys.executable, "-m", "lodestream_server", "--listen", "127.0.0.1:0", "--http", "off"]
    command += ["--data-dir", str(tmp_path / "d"), "--bundle", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ(), timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    for part in ("a.onnx", hashlib.sha256(b"weights").hexdigest(), hashlib.sha256(b"weightz").hexdigest()):
        assert part in done.stderr
    assert "Traceback" not in done.stderr
