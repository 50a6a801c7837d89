import contextvars
import hashlib
import io
import json
import logging
import time

import grpc
import pytest
import rpc_support
from rpc_support import FAKE, call, fake_server, refusal

from lodestream.v1 import avatar_pb2 as pb
from lodestream_server import logs
from lodestream_server.security import tokens

PROMPT = "a very\tprivate 'person' in \\ 绿色 👩🏽\u200d🦱"
SECRET = tokens.new("a", "generate", None)[0]


@pytest.fixture(params=["text", "json"])
def written(request):
    """What a logger writes, as a function of what uses it."""

    def run(use):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logs.JsonFormatter() if request.param == "json" else logs.TextFormatter())
        logger = logging.getLogger("lodestream.test")
        logger.propagate = False
        logger.setLevel("INFO")
        logger.handlers = [handler]
        contextvars.copy_context().run(use, logger)
        return stream.getvalue()

    return run


def fail(log, *said):
    try:
        bytes.fromhex("no")
    except ValueError as error:
        error.args = said
        log.exception("failed")


def test_tokens_are_left_out(written):
    def use(log):
        log.info("got %s", SECRET, extra={"header": f"Bearer {SECRET}", "other": "bearer abc.def", "list": [SECRET]})
        fail(log, f"no {SECRET!r}")

    text = written(use)
    assert SECRET not in text
    assert "abc.def" not in text
    assert text.count("[token]") == 5
    assert "ValueError: no '[token]'" in text


def test_hidden_texts_become_their_hash(written):
    def use(log):
        logs.hide(PROMPT)
        log.info("made %s", PROMPT, extra={"prompt": PROMPT})
        fail(log, PROMPT, f"in {PROMPT!r}")

    text = written(use)
    assert "private" not in text
    assert text.count(f"[sha256 {hashlib.sha256(PROMPT.encode()).hexdigest()[:16]}]") >= 4


def test_what_is_hidden_is_forgotten_with_the_task(written):
    def use(log):
        contextvars.copy_context().run(logs.hide, PROMPT)
        log.info("made %s", PROMPT)

    assert "private" in written(use)


def test_short_words_are_not_torn_out_of_the_log(written):
    def use(log):
        logs.hide("a")
        log.info("a level of an avatar")

    assert "a level of an avatar" in written(use)


LOUD = f"""
import sys
sys.path.insert(0, {str(FAKE.parent)!r})
import fake

class Loud(fake.FakePipeline):
    def begin(self, request):
        if "boom" in request.prompt:
            raise RuntimeError(f"cannot read {{request.prompt!r}} of {{request}}")
        return super().begin(request)

fake.FakePipeline = Loud
sys.exit(fake.main())
"""


def test_a_server_logs_neither_prompts_nor_tokens_nor_what_requests_quote(tmp_path, monkeypatch):
    (tmp_path / "loud.py").write_text(LOUD)
    monkeypatch.setattr(rpc_support, "FAKE", tmp_path / "loud.py")
    (tmp_path / "t").write_text(f"a sha256:{hashlib.sha256(SECRET.encode()).hexdigest()} generate,resume\n")
    options = ("--tokens", str(tmp_path / "t"), "--log-format", "json", "--log-level", "info")
    with fake_server(tmp_path, *options) as server, grpc.insecure_channel(server.address) as channel:

        class Add(grpc.UnaryStreamClientInterceptor):
            def intercept_unary_stream(self, continuation, details, request):
                return continuation(details._replace(metadata=[("authorization", f"Bearer {SECRET}")]), request)

        known = grpc.intercept_channel(channel, Add())
        messages = list(call(known, pb.StreamAvatarRequest(prompt=PROMPT)))
        refusal(known, pb.StreamAvatarRequest(prompt=PROMPT + " boom"))
        refusal(known, pb.StreamAvatarRequest(prompt=PROMPT, morph_targets=["private thing"]))
        refusal(channel, pb.StreamAvatarRequest(prompt=PROMPT))
        deadline = time.monotonic() + 5
        while len(server.stderr) < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        text = "".join(server.stderr)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["message"] for line in lines] == ["streamed", "internal error", "refused", "refused"]
    assert lines[0]["avatar_id"] == messages[0].accepted.avatar_id
    assert 'cannot read "[sha256 ' in lines[1]["exception"]
    assert lines[2]["reason"] == "morph_targets"
    assert "private" not in text
    assert SECRET not in text
    assert "127.0.0.1" not in text


def test_hiding_what_no_line_can_hold_costs_nothing():
    began = time.thread_time()
    logs.hide("名" * 2**22)
    assert logs.clean("a line about something else") == "a line about something else"
    assert time.thread_time() - began < 0.5
