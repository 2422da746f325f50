"""The whole life of a tenant on two clouds: one manifest, one stack, a line between them."""

from __future__ import annotations

import json

import pytest

from scripts.cli.exits import Exit
from tests.conftest import Clone, Cloning
from tests.lifecycle import inventories
from tests.lifecycle.lives import changes, made, succeeded, torn_down
from tests.stacks.examples import KURASHIKI

SDKS = """
import json, pathlib, sys
_sdks = sorted(m for m in sys.modules if m.startswith("pulumi_") and "." not in m)
pathlib.Path({file!r}).write_text(json.dumps(_sdks), encoding="utf-8")
"""


def noting_sdks(clone: Clone) -> None:
    """Make the clone's program write down, at its end, which SDKs it has imported."""
    program = clone.folder / "stacks" / "__main__.py"
    note = SDKS.format(file=str(clone.folder / "sdks.json"))
    program.write_text(program.read_text(encoding="utf-8") + note, encoding="utf-8")


@pytest.mark.xdist_group("lifecycle-joined")
def test_the_life_of_a_tenant_on_two_clouds(cloning: Cloning) -> None:
    clone = cloning()
    noting_sdks(clone)
    first = succeeded(clone, "up", KURASHIKI)
    clouds = first["outputs"]["tenant"]["clouds"]
    assert set(clouds) == {"azure", "oci"}
    assert [list(cloud["urls"]) for cloud in clouds.values()] == [["residents"], ["tax"]]
    sdks = json.loads((clone.folder / "sdks.json").read_text(encoding="utf-8"))
    assert sdks == ["pulumi_azure_native", "pulumi_oci"], "the SDKs in use, and no other"
    inventories.holds(clone.state(KURASHIKI), KURASHIKI)
    assert changes(succeeded(clone, "up", KURASHIKI)) == []
    assert changes(succeeded(clone, "refresh", KURASHIKI)) == []

    # The line: Azure's key is what OCI took, and Azure uses it.
    rows = {row.name: row for row in clone.rows() if row.name}
    order, taken = rows["azure-lgwan-join-interconnect"], rows["oci-lgwan-join-interconnect"]
    by_urn = {r["urn"].rsplit("::", 1)[1]: r for r in clone.state(KURASHIKI)["resources"]}
    (source,) = by_urn[taken.name]["propertyDependencies"]["providerServiceKeyName"]
    assert source.endswith(f"::{order.name}")
    assert rows["azure-lgwan-connection-main-interconnect"].state["peer"] == {"id": order.id}
    assert order.state["serviceKey"] not in str(clone.state(KURASHIKI)["resources"]), (
        "who has it takes the line"
    )

    # Behind the engine's back, on both sides: the line is cut on one, widened on the other.
    connection = rows["azure-lgwan-connection-main-interconnect"]
    assert clone.run("twin", "tamper", connection.id, "--type", connection.type, "--delete").code == Exit.OK
    assert clone.run("twin", "tamper", taken.id, "--set", "bandwidthShapeName=10 Gbps").code == Exit.OK
    drift = clone.run("drift", KURASHIKI, "--json")
    assert drift.code == Exit.DIFFERENT, drift.err
    assert {c["resource"] for c in drift.document["changes"]} == {connection.name, taken.name}
    succeeded(clone, "refresh", KURASHIKI)
    repaired = succeeded(clone, "up", KURASHIKI)
    assert {c["resource"] for c in repaired["changes"]} >= {connection.name, taken.name}
    assert made(clone) != []
    torn_down(clone, KURASHIKI)
    clone.close()
