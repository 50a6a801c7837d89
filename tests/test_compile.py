"""`lodestream-server compile` from the outside."""

import json

import pytest
from rtx_support import needed

from lodestream_server import bundle, cli
from lodestream_server.encoders.engines import nvidia


def lines(capsys):
    captured = capsys.readouterr()
    return [json.loads(line) for line in captured.out.splitlines()], captured.err


@needed
def test_the_embedded_bundle_is_built_once(tmp_path, capsys):
    command = ["compile", "--engine", "tensorrt-rtx", "--compute-capability", "SM120", "--out", str(tmp_path)]
    assert cli.main(command) == 0
    built, stderr = lines(capsys)
    assert {line["model"] for line in built} == {path.stem for path in bundle.embedded().glob("*.onnx")}
    assert "field_3" in {line["model"] for line in built}
    for line in built:
        assert line["seconds"] > 0.1
        assert line["bytes"] > 1e6
        assert line["layers"] > 100
        assert len(line["cache_key"]) == 64
        assert (line["cached"], line["precision"], line["compute_capability"]) == (False, "fp16", "SM120")
    assert len({line["cache_key"] for line in built}) == len(built)
    assert "█" not in stderr, "no progress bar: this is no terminal"
    assert cli.main(command) == 0
    again, _ = lines(capsys)
    assert all(line["cached"] for line in again)
    assert [line["cache_key"] for line in again] == [line["cache_key"] for line in built]


@needed
def test_a_target_that_cannot_be_built_for(tmp_path, capsys):
    assert (
        cli.main(["compile", "--engine", "tensorrt-rtx", "--compute-capability", "SM10", "--out", str(tmp_path)]) == 2
    )
    assert "cannot build for SM10; it builds for SM75" in capsys.readouterr().err


@needed
@pytest.mark.skipif(nvidia.device() is not None, reason="there is a GPU")
def test_without_a_gpu_a_target_must_be_named(tmp_path, capsys):
    assert cli.main(["compile", "--engine", "tensorrt-rtx", "--out", str(tmp_path)]) == 2
    assert "name one with --compute-capability" in capsys.readouterr().err


@needed
def test_a_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_bytes(b"")
    command = ["compile", "--engine", "tensorrt-rtx", "--compute-capability", "SM89", "--out", str(tmp_path / "file")]
    assert cli.main(command) == 2
    assert "the plan could not be written" in capsys.readouterr().err


def test_the_full_profile_needs_a_bundle(capsys):
    assert cli.main(["compile", "--profile", "full"]) == 2
    assert "--bundle: must name the folder" in capsys.readouterr().err


def test_a_package_that_is_missing_is_named(monkeypatch, capsys):
    from lodestream_server.encoders.engines import tensorrt_build

    monkeypatch.setattr(tensorrt_build, "PACKAGES", {"tensorrt": ("no_such_package",)})
    assert cli.main(["compile", "--engine", "tensorrt", "--compute-capability", "SM90"]) == 2
    assert "the Python package no_such_package is missing" in capsys.readouterr().err
