import inspect

import grpc
import pytest
from google.rpc import error_details_pb2

from lodestream_server import errors
from lodestream_server.rpc.status import to_status

SAMPLES = [
    errors.InvalidRequestError("prompt", "must be short"),
    errors.AvatarNotFoundError("a" * 32),
    errors.BundleChangedError("a" * 32, "old", "new"),
    errors.DataLossError("a" * 32, 3),
    errors.OverloadedError(9, 2.5),
    errors.DrainingError(),
    errors.StalledError(120.0),
    errors.OutOfTimeError(),
    errors.UnauthenticatedError("no token"),
    errors.PermissionDeniedError(("generate",)),
    errors.RateLimitedError("too many", 1.0),
]


def unpacked(status, kind):
    message = kind()
    return next((message for detail in status.details if detail.Unpack(message)), None)


def test_every_error_of_a_request_is_in_the_table():
    kinds = [k for _, k in inspect.getmembers(errors, inspect.isclass) if issubclass(k, errors.LodestreamError)]
    leaves = [k for k in kinds if not k.__subclasses__() and not issubclass(k, errors.StartupError)]
    assert {type(sample) for sample in SAMPLES} == set(leaves)
    assert all(errors.outside(sample) is not errors.INTERNAL for sample in SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_status(sample):
    status = to_status(sample, "a call")
    assert "a call" not in str(status)
    assert status.message == str(sample)
    look = errors.outside(sample)
    assert status.code == grpc.StatusCode[look.grpc].value[0]
    assert 400 <= look.http < 600
    info = unpacked(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain) == (look.reason, "lodestream")


def test_details():
    violation = unpacked(to_status(SAMPLES[0], ""), error_details_pb2.BadRequest).field_violations[0]
    assert (violation.field, violation.description) == ("prompt", "must be short")
    delay = unpacked(to_status(SAMPLES[4], ""), error_details_pb2.RetryInfo).retry_delay
    assert (delay.seconds, delay.nanos) == (2, 500_000_000)


def test_anything_else_is_internal_and_tells_nothing():
    error_id = errors.new_request_id()
    status = to_status(ValueError("/root/secret"), error_id)
    assert status.code == grpc.StatusCode.INTERNAL.value[0]
    assert "secret" not in str(status)
    assert error_id in status.message
    assert unpacked(status, error_details_pb2.ErrorInfo).metadata["error_id"] == error_id
