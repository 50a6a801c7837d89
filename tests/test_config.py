from pathlib import Path

import pytest

from lodestream_server.config import Config, load
from lodestream_server.errors import ConfigError


def test_defaults():
    config = load([], {})
    assert (config.listen, config.http, config.bundle) == ("127.0.0.1:50051", "127.0.0.1:8080", "embedded")
    assert config.workers >= 1


def test_flags_win_over_environment_over_file_over_defaults(tmp_path):
    file = tmp_path / "options.toml"
    file.write_text('listen = "1.1.1.1:1"\nhttp = "1.1.1.1:2"\nworkers = 7\n')
    environ = {"LODESTREAM_LISTEN": "2.2.2.2:2", "LODESTREAM_HTTP": "2.2.2.2:3"}
    config = load(["--config", str(file), "--listen", "3.3.3.3:3"], environ)
    assert (config.listen, config.http, config.workers) == ("3.3.3.3:3", "2.2.2.2:3", 7)
    assert load([], environ | {"LODESTREAM_CONFIG": str(file)}).workers == 7


@pytest.mark.parametrize("name", Config.__dataclass_fields__)
def test_every_option_is_a_flag_and_a_variable(name):
    known = {"listen": "a:1", "http": "off", "log_format": "json", "log_level": "debug", "traces": "http://a:1"}
    text = (known | {"engine": "openvino", "precision": "fp16", "insecure": "True", "reflection": "off"}).get(name, "5")
    by_flag = load(["--" + name.replace("_", "-"), text], {})
    by_variable = load([], {f"LODESTREAM_{name.upper()}": text})
    assert getattr(by_flag, name) == getattr(by_variable, name)
    assert str(getattr(by_flag, name)) in (text, "5.0")


@pytest.mark.parametrize(
    ("argv", "environ", "said"),
    [
        (["--listen", "nowhere"], {}, "--listen: must be HOST:PORT, the port 0 to 65535, got 'nowhere'"),
        (["--listen", ":1"], {}, "--listen"),
        (["--listen", "a:65536"], {}, "--listen"),
        ([], {"LODESTREAM_WORKERS": "0"}, "LODESTREAM_WORKERS: must be at least 1, got '0'"),
        ([], {"LODESTREAM_DRAIN": "nan"}, "LODESTREAM_DRAIN"),
        (["--traces", "collector:4317"], {}, "--traces: must begin with http:// or https://"),
        (["--log-format", "xml"], {}, "must be one of text, json"),
        (["--config", "/no/such.toml"], {}, "--config /no/such.toml: No such file"),
    ],
)
def test_a_bad_value_is_named_with_its_source(argv, environ, said):
    with pytest.raises(ConfigError) as caught:
        load(argv, environ)
    assert said in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [("colour = 1", "unknown option colour"), ("a = = b", "Invalid value")])
def test_a_bad_file_is_named(tmp_path, text, said):
    file = tmp_path / "options.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load(["--config", str(file)], {})


def test_an_unknown_flag_ends_with_2():
    with pytest.raises(SystemExit) as caught:
        load(["--colour"], {})
    assert caught.value.code == 2


def test_the_data_folder_follows_the_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert load([], {}).data_dir == tmp_path / "lodestream"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert load([], {}).data_dir == Path.home() / ".cache" / "lodestream"
