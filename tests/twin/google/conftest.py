"""Connections to the running twin as Google Cloud; every test gets a project that nobody else uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from providers.twin import client
from providers.twin.caller import Caller, Made
from providers.twin.google.words import token
from providers.wire import Value

_UNITS = itertools.count(1)
SERVICES = ("compute", "dns", "cloudkms", "sqladmin", "run", "iam", "cloudresourcemanager", "pubsub")


class Project:
    """One project with its services on: short names, and what is needed by most tests."""

    def __init__(self, caller: Caller, unit: str) -> None:
        self.caller, self.unit = caller, unit

    def make(self, short: str, label: str, /, **inputs: Value) -> Made:
        return self.caller.create(token(short), label, inputs)

    def on(self, *services: str) -> None:
        for service in services:
            self.make("projects.Service", service, service=f"{service}.googleapis.com")


@pytest.fixture
def virgin(running: client.Running) -> Iterator[Project]:
    """A project as it is handed over."""
    unit = f"lg-test-{next(_UNITS):06}"
    caller = Caller(running.ports["gcp"], {"project": unit, "region": "asia-northeast1"})
    yield Project(caller, unit)
    caller.close()


@pytest.fixture
def project(virgin: Project) -> Project:
    """A project with the services that the tests use."""
    virgin.on(*SERVICES)
    return virgin


@pytest.fixture
def network(project: Project) -> Made:
    """A network without subnets."""
    return project.make("compute.Network", "net", name="net", autoCreateSubnetworks=False)
