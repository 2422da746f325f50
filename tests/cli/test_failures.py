"""Every way in which a run fails has words of its own, and a cause that the exit code follows."""

from __future__ import annotations

import pytest

from scripts.engine.events import Diagnostic
from scripts.engine.failures import Failure, failures_of, is_news
from scripts.engine.progress import Progress

URN = "urn:pulumi:s::jichitai::jichitai:aws:Paas$aws:rds/instance:Instance::aws-paas-db"


def of_resource(message: str) -> Failure:
    progress = Progress(errors=[Diagnostic("error", message, URN), Diagnostic("error", "update failed", "")])
    (failure,) = failures_of(progress, "", 1)
    return failure


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (
            "transient",
            "creating RDS: operation error RDS: CreateDBInstance, ThrottlingException: Rate exceeded",
        ),
        ("transient", "StatusCode: 503, RequestID: x, api error ServiceUnavailable: try later"),
        ("denied", "api error AccessDenied: User: arn:aws:sts::1:x is not authorized to perform: rds:Create"),
        ("denied", "api error UnauthorizedOperation: with an explicit deny in a service control policy"),
        ("exists", "api error DBInstanceAlreadyExists: DB instance already exists"),
        ("exists", "api error InvalidSubnet.Conflict: The CIDR '10.0.0.0/24' conflicts with another subnet"),
        ("exists", "api error ResourceConflictException: Account is already subscribed to Security Hub"),
        ("quota", "api error VpcLimitExceeded: The maximum number of VPCs has been reached."),
        ("in_use", "api error DependencyViolation: The vpc 'vpc-1' has dependencies and cannot be deleted."),
        ("in_use", "api error BucketNotEmpty: The bucket you tried to delete is not empty"),
        ("protected", "api error InvalidParameterCombination: Cannot delete protected DB Instance"),
        ("provider", "rpc error: code = Unavailable desc = error reading from server: EOF"),
        ("provider", "connection error: dial tcp 127.0.0.1:7: connect: connection refused"),
        (
            "plugin",
            "Could not automatically download and install resource plugin 'pulumi-resource-aws' at version"
            " v7.51.1: error downloading provider aws to file: failed all 5 attempts",
        ),
        ("disk", "writing state: write /x: no space left on device"),
        ("refused", "api error InvalidParameterValue: The instance class is wrong"),
    ],
)
def test_causes(cause: str, message: str) -> None:
    failure = of_resource(message)
    assert failure.cause == cause
    assert failure.place is not None
    assert failure.place.layer == "paas"
    assert failure.what.ja
    assert failure.do.ja
    assert failure.do.en
    assert failure.what.ja != failure.what.en


def test_a_traceback_is_a_bug_and_only_its_last_line_is_said() -> None:
    trace = "Program failed:\nTraceback (most recent call last):\n  File x, line 1\nValueError: boom\n"
    (failure,) = failures_of(Progress(errors=[Diagnostic("error", trace, "")]), "", 1)
    assert (failure.cause, failure.why) == ("program", "ValueError: boom")


def test_an_invoke_that_the_cloud_refuses_is_no_bug() -> None:
    trace = (
        "Program failed:\nTraceback (most recent call last):\n  File x, line 1\n"
        "Exception: invoke of aws:ec2/getVpcs:getVpcs failed: api error AccessDenied: no"
    )
    (failure,) = failures_of(Progress(errors=[Diagnostic("error", trace, "")]), "", 1)
    assert (failure.cause, failure.why) == ("denied", "api error AccessDenied: no")


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (
            "passphrase",
            "error: getting stack configuration: get stack secrets manager: incorrect passphrase\n",
        ),
        (
            "passphrase",
            "error: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
        ),
        ("disk", "error: could not save: write /tmp/x: no space left on device"),
        ("engine", "error: something that nobody has seen before"),
        ("program", "Traceback (most recent call last):\n  File y\nKeyError: 'a'"),
    ],
)
def test_what_the_engine_says_before_it_starts(cause: str, said: str) -> None:
    (failure,) = failures_of(Progress(), said, 1)
    assert failure.cause == cause
    assert failure.place is None


def test_noise_is_not_a_failure_and_a_failure_is_said_once() -> None:
    errors = [
        Diagnostic("error", "api error X: no", URN),
        Diagnostic("error", "api error X: no", URN),
        Diagnostic("error", "update failed", ""),
        Diagnostic("error", "an unhandled error occurred: the program exited with code 1", ""),
    ]
    assert len(failures_of(Progress(errors=errors), "", 1)) == 1
    assert failures_of(Progress(), "", 0) == ()


def test_what_was_called_off_beside_a_failure_is_no_news() -> None:
    called_off = Diagnostic("error", "operation error EC2: CreateVpc, RequestCanceled: context canceled", URN)
    failed = Diagnostic("error", "api error VpcLimitExceeded: too many", URN)
    assert [f.cause for f in failures_of(Progress(errors=[called_off, failed]), "", 1)] == ["quota"]
    assert [f.cause for f in failures_of(Progress(errors=[called_off]), "", 1)] == ["cancelled"]
    assert (is_news(failed.message), is_news(called_off.message)) == (True, False)
