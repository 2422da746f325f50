"""The platform on OCI: databases, queues, hand-over, registries, secrets, certificates.

What packages run as, and what they may do, is written in the baseline's policies: statements of a
tenancy are counted together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pulumi
import pulumi_oci as oci

from components.contract import PaasGives, PaasNeeds
from components.derive import hosted, runs
from components.oci import facts, grants
from components.oci.baseline.keys import ROTATION_DAYS
from components.oci.paas import handover
from components.oci.paas.databases import Databases
from components.oci.place import Place, place
from stacks.plan import CloudPlan, PackagePlan

TYPE = "jichitai:oci:Paas"

CA_YEARS = 10
"""Validity of the private root, years (our choice: longer than the archive of what it signed)."""
FAILURES = 5
"""How often a message may fail before it is put aside (our choice)."""
CA_KEY = oci.kms.KeyKeyShapeArgs(algorithm="RSA", length=512)
"""RSA with 512 bytes: a root's key must be asymmetric (Certificates documentation)."""


def secret(spot: Place, package: PackagePlan, kind: str) -> oci.vault.Secret:
    """A secret of a package whose value the vault makes itself; it is never in the state.

    Whoever runs the application replaces that of `application`; that of `database` is the
    administrator's password.
    """
    return oci.vault.Secret(
        spot.child(package.key, kind),
        compartment_id=spot.compartment,
        vault_id=spot.gives("vault"),
        key_id=spot.baseline.keys["data"],
        secret_name=spot.plan.name(package.key, kind, limit=255),
        description=f"{package.key}: {kind}",
        enable_auto_generation=True,
        secret_generation_context={
            "generation_type": "PASSPHRASE",
            "generation_template": "DBAAS_DEFAULT_PASSWORD",
            "passphrase_length": 30,
        },
        freeform_tags=spot.labels(package),
        defined_tags=spot.owner(package),
        opts=spot.opts(keep=True),
    )


class Paas(pulumi.ComponentResource):
    """The platform services of one tenant on OCI."""

    gives: PaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: PaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._plan = plan
        self._place = place("paas", name, plan, self, given.baseline)
        packages = hosted(plan)
        databases = Databases(self._place, given.iaas)
        self.gives = PaasGives(
            # Containers run as instances of their own: there is no cluster to care for.
            cluster=None,
            registries={p.key: self._repository(p) for p in packages if runs(p, "container")},
            databases={
                p.key: databases.build(p, secret(self._place, p, "database")) for p in packages if p.database
            },
            secrets={p.key: secret(self._place, p, "application").id for p in packages if p.workloads},
            queues={p.key: self._queue(p) for p in packages if p.queue},
            handovers={key: handover.build(self._place, key) for key in handover.networks(plan)},
            identities={p.key: pulumi.Output.from_input(grants.group_name(plan, p)) for p in packages},
            authority=self._authority(packages),
        )
        self.register_outputs({"registries": self.gives.registries, "handovers": self.gives.handovers})

    def _repository(self, package: PackagePlan) -> pulumi.Output[str]:
        """One repository a package; what was pushed under a tag stays what it is. Gives its URL."""
        made = oci.artifacts.ContainerRepository(
            self._place.child(package.key, "images"),
            compartment_id=self._place.compartment,
            display_name=grants.repository(self._plan, package),
            is_immutable=True,
            is_public=False,
            freeform_tags=self._place.labels(package),
            defined_tags=self._place.owner(package),
            opts=self._place.opts(),
        )
        host = facts.registry_host(self._plan.region)
        return pulumi.Output.concat(host, "/", made.namespace, "/", made.display_name)

    def _queue(self, package: PackagePlan) -> pulumi.Output[str]:
        """The queue of a package; messages that keep failing go to its dead-letter queue. Gives its OCID."""
        return oci.queue.Queue(
            self._place.child(package.key, "queue"),
            compartment_id=self._place.compartment,
            display_name=self._plan.name(package.key),
            custom_encryption_key_id=self._place.baseline.keys["messages"],
            dead_letter_queue_delivery_count=FAILURES,
            retention_in_seconds=facts.MESSAGE_DAYS * 86_400,
            visibility_in_seconds=300,
            timeout_in_seconds=20,
            freeform_tags=self._place.labels(package),
            defined_tags=self._place.owner(package),
            opts=self._place.opts(),
        ).id

    def _authority(self, packages: tuple[PackagePlan, ...]) -> pulumi.Output[str] | None:
        """The private authority for the packages' names: the manifest's, else a root of our own."""
        spot, plan = self._place, self._plan
        if plan.certificate_authority:
            return pulumi.Output.from_input(plan.certificate_authority)
        if not any(p.exposed and not p.certificate for p in packages):
            return None
        key = oci.kms.Key(
            spot.child("authority-key"),
            compartment_id=spot.compartment,
            display_name=plan.name("authority"),
            management_endpoint=spot.gives("key-endpoint"),
            key_shape=CA_KEY,
            protection_mode="HSM",
            # A version of the authority keeps the key's version that it was made with.
            is_auto_rotation_enabled=True,
            auto_key_rotation_details={"rotation_interval_in_days": ROTATION_DAYS},
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        return oci.certificatesmanagement.CertificateAuthority(
            spot.child("authority"),
            compartment_id=spot.compartment,
            name=plan.name("authority"),
            kms_key_id=key.id,
            certificate_authority_config={
                "config_type": "ROOT_CA_GENERATED_INTERNALLY",
                "signing_algorithm": "SHA256_WITH_RSA",
                "subject": {"common_name": f"{plan.prefix} private root", "country": "JP"},
                "validity": {"time_of_validity_not_after": last_day(datetime.now(UTC))},
            },
            certificate_authority_rules=[
                {
                    "rule_type": "CERTIFICATE_AUTHORITY_ISSUANCE_EXPIRY_RULE",
                    "leaf_certificate_max_validity_duration": "P397D",
                }
            ],
            freeform_tags=spot.labels(),
            # The last day is that of the first `up`.
            opts=spot.opts(ignore=["certificateAuthorityConfig.validity"]),
        ).id


def last_day(now: datetime) -> str:
    """When a root made at `now` ends, as the API writes times."""
    return (now + timedelta(days=365 * CA_YEARS)).strftime("%Y-%m-%dT00:00:00.000Z")
