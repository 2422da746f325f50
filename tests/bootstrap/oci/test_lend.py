"""What a pipeline gets on OCI: by its token alone, without any profile, for as long as a command runs."""

from __future__ import annotations

import pytest

from scripts.bootstrap.calls import Recorder
from scripts.bootstrap.compatible import Store
from scripts.bootstrap.lend import CLIENT, CLIENT_SECRET, DOMAIN_URL, LendError, lent
from tests.bootstrap.oci.conftest import STACK, World
from tests.bootstrap.oci.ground import NAMESPACE


@pytest.fixture
def pipeline(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The tenancy after the bootstrap, and a machine on which there is no profile."""
    world.run()
    app = world.tenancy.all("apps")[0]
    for name, value in {
        DOMAIN_URL: world.server.url,
        CLIENT: app["name"],
        CLIENT_SECRET: app["clientSecret"],
        "OCI_CONFIG_FILE": str(world.folder / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    return world


def test_by_the_token_alone(pipeline: World) -> None:
    with lent(pipeline.settings()) as loan:
        got = loan.environment
        assert got["PULUMI_CONFIG_PASSPHRASE"] == pipeline.tenancy.all("secrets")[0]["_value"]
        assert got["PULUMI_BACKEND_URL"].startswith(f"s3://jichitai-{STACK}-state?endpoint=")
        place = f"{pipeline.server.url}/compat/{NAMESPACE}"
        store = Store(Recorder(), place, "ap-tokyo-1", got["AWS_ACCESS_KEY_ID"], got["AWS_SECRET_ACCESS_KEY"])
        at = {"Bucket": f"jichitai-{STACK}-state", "Key": ".jichitai/proof"}
        assert len(store.ask("GetObject", at)["Body"]) == 64
        assert got["AWS_SECRET_ACCESS_KEY"] not in repr(loan)
    assert not pipeline.tenancy.all("secretkeys"), "what was lent is taken back"


def test_it_is_taken_back_whatever_happens(pipeline: World) -> None:
    with pytest.raises(ZeroDivisionError), lent(pipeline.settings()):
        raise ZeroDivisionError
    assert not pipeline.tenancy.all("secretkeys")


def test_without_token_or_client_nothing_is_lent(pipeline: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LendError, match="--token-file"), lent(pipeline.settings(proof=False)):
        pass
    monkeypatch.delenv(CLIENT_SECRET)
    with pytest.raises(LendError, match=CLIENT_SECRET), lent(pipeline.settings()):
        pass


def test_the_deployer_may_not_change_who_deploys(pipeline: World) -> None:
    """Its statements name no users, groups or domains; the tenancy refuses them."""
    from scripts.bootstrap.oci.session import Oci

    session = Oci(pipeline.settings(), recorder := Recorder())
    app = pipeline.tenancy.all("apps")[0]
    session.goes_by(pipeline.server.url, app["name"], app["clientSecret"])
    session.only_as_deployer()
    group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "more"}
    with recorder.changing(), pytest.raises(Exception, match="NotAuthorizedOrNotFound"):
        session.ask("domain", "CreateGroup", pipeline.server.url, group=group)
