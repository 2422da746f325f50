"""The managed databases. Each has the tenant's key, copies of its backups elsewhere, no public address."""

from __future__ import annotations

import base64

import pulumi
import pulumi_oci as oci

from components.contract import DatabaseGives, IaasGives
from components.derive import data_role
from components.oci import facts
from components.oci.access import elsewhere
from components.oci.facts import first_key
from components.oci.lookups import domain
from components.oci.paas import engines
from components.oci.place import Place
from stacks.plan import DatabasePlan, PackagePlan

BACKUP_AT = "17:00"
"""02:00 in Tokyo, as UTC."""


class Databases:
    """Builds the databases of one tenant."""

    def __init__(self, place: Place, iaas: IaasGives) -> None:
        """Make them in `place`, in the data subnets of `iaas`."""
        self._place = place
        self._plan = place.plan
        self._iaas = iaas

    def build(self, package: PackagePlan, password: oci.vault.Secret) -> DatabaseGives:
        """The database of `package`, whose administrator's password is in the vault as `password`."""
        database = package.database
        if database is None:
            raise ValueError(f"package {package.key} has no database")
        build = {"postgresql": self._postgresql, "mysql": self._mysql, "autonomous": self._autonomous}
        return build[engines.service(database)](package, database, password)

    def _subnet(self, package: PackagePlan) -> pulumi.Output[str]:
        network = self._plan.networks[package.network]
        return self._iaas.networks[package.network].subnets[first_key(network, data_role(package))]

    def _group(self, package: PackagePlan) -> pulumi.Output[str]:
        return self._iaas.networks[package.network].groups[f"{package.key}-data"]

    def _days(self, database: DatabasePlan) -> int:
        return engines.backup_days(database, self._plan.baseline.retention.backup_days)

    def _postgresql(
        self, package: PackagePlan, database: DatabasePlan, password: oci.vault.Secret
    ) -> DatabaseGives:
        place, plan = self._place, self._plan
        cores = int(facts.ocpus(database.vcpu))
        made = oci.psql.DbSystem(
            place.child(package.key, "postgresql"),
            compartment_id=place.compartment,
            display_name=plan.name(package.key),
            db_version=database.version,
            shape=facts.POSTGRESQL_SHAPE,
            instance_count=engines.instances(database),
            instance_ocpu_count=cores,
            instance_memory_size_in_gbs=int(facts.memory(database.vcpu, database.memory_gb)),
            network_details={"subnet_id": self._subnet(package), "nsg_ids": [self._group(package)]},
            storage_details={
                "system_type": "OCI_OPTIMIZED_STORAGE",
                "is_regionally_durable": True,
                "iops": str(engines.IOPS),
                "kms_key_id": place.baseline.keys["data"],
            },
            credentials={
                "username": database.administrator,
                "password_details": {
                    "password_type": "VAULT_SECRET",
                    "secret_id": password.id,
                    "secret_version": "1",
                },
            },
            management_policy={
                "backup_policy": {
                    "kind": "DAILY",
                    "backup_start": BACKUP_AT,
                    "retention_days": self._days(database),
                    "copy_policy": {
                        "compartment_id": place.compartment,
                        "regions": [plan.recovery_region],
                        "kms_key_ids": [place.gives("recovery-key")],
                        "retention_period": self._days(database),
                    },
                },
                "pitr_policy": {"kind": "STANDARD", "restore_days": self._days(database)},
                "maintenance_window_start": "SAT 18:00",
            },
            freeform_tags=place.labels(package),
            defined_tags=place.owner(package),
            opts=place.opts(keep=True),
        )
        address = made.network_details.apply(lambda details: details.primary_db_endpoint_private_ip or "")
        return self._gives(made.id, address, database, password)

    def _mysql(
        self, package: PackagePlan, database: DatabasePlan, password: oci.vault.Secret
    ) -> DatabaseGives:
        """MySQL HeatWave. The one service that takes a password by value only: it is read from the vault
        when the database is made, marked as a secret, and never compared again, so that whoever rotates
        it in both places changes nothing here."""
        place, plan = self._place, self._plan
        value = oci.secrets.get_secretbundle_output(
            secret_id=password.id, opts=pulumi.InvokeOutputOptions(parent=place.parent)
        ).secret_bundle_contents.apply(lambda found: base64.b64decode(found[0].content).decode())
        made = oci.mysql.MysqlDbSystem(
            place.child(package.key, "mysql"),
            compartment_id=place.compartment,
            availability_domain=domain(place),
            display_name=plan.name(package.key),
            shape_name=facts.mysql_shape(database.vcpu, database.memory_gb),
            mysql_version=engines.MYSQL_VERSIONS.get(database.version, database.version),
            subnet_id=self._subnet(package),
            nsg_ids=[self._group(package)],
            port=database.port,
            admin_username=database.administrator,
            admin_password=pulumi.Output.secret(value),
            is_highly_available=database.multi_zone,
            data_storage_size_in_gb=engines.mysql_storage(database),
            data_storage={"is_auto_expand_storage_enabled": False},
            encrypt_data={"key_generation_type": "BYOK", "key_id": place.baseline.keys["data"]},
            database_console={"status": "DISABLED"},
            crash_recovery="ENABLED",
            backup_policy={
                "is_enabled": True,
                "window_start_time": BACKUP_AT,
                "retention_in_days": self._days(database),
                "pitr_policy": {"is_enabled": True},
                "copy_policies": [
                    {
                        "copy_to_region": plan.recovery_region,
                        "backup_copy_retention_in_days": self._days(database),
                    }
                ],
            },
            deletion_policies=[
                {
                    "automatic_backup_retention": "RETAIN" if plan.protect else "DELETE",
                    "final_backup": "REQUIRE_FINAL_BACKUP" if plan.protect else "SKIP_FINAL_BACKUP",
                    "is_delete_protected": plan.protect,
                }
            ],
            maintenance={"window_start_time": "SAT 18:00"},
            customer_contacts=[{"email": plan.baseline.contacts["operations"].email}],
            freeform_tags=place.labels(package),
            defined_tags=place.owner(package),
            opts=place.opts(keep=True, ignore=["adminPassword"]),
        )
        return self._gives(made.id, made.ip_address, database, password)

    def _autonomous(
        self, package: PackagePlan, database: DatabasePlan, password: oci.vault.Secret
    ) -> DatabaseGives:
        place, plan = self._place, self._plan
        made = oci.database.AutonomousDatabase(
            place.child(package.key, "oracle"),
            compartment_id=place.compartment,
            # Letters and digits, 30 at most, a letter first (API: dbName).
            db_name="".join(c for c in plan.name(package.key, limit=30) if c.isalnum())[:30],
            display_name=plan.name(package.key),
            db_version=engines.ORACLE_VERSIONS.get(database.version, database.version),
            db_workload="OLTP",
            compute_model="ECPU",
            compute_count=engines.ecpus(database),
            data_storage_size_in_gb=engines.autonomous_storage(database),
            is_auto_scaling_enabled=False,
            is_dedicated=False,
            license_model="LICENSE_INCLUDED",
            secret_id=password.id,
            secret_version_number=1,
            subnet_id=self._subnet(package),
            nsg_ids=[self._group(package)],
            private_endpoint_label=facts.dns_label(package.key),
            # TLS without a wallet, on the port of the allow list; nobody else reaches the endpoint.
            is_mtls_connection_required=False,
            kms_key_id=place.baseline.keys["data"],
            vault_id=place.gives("vault"),
            backup_retention_period_in_days=self._days(database),
            is_local_data_guard_enabled=database.multi_zone,
            customer_contacts=[{"email": plan.baseline.contacts["operations"].email}],
            freeform_tags=place.labels(package),
            defined_tags=place.owner(package),
            opts=place.opts(keep=True),
        )
        self._oracle_copy(package, made)
        address = made.private_endpoint.apply(lambda name: name or "")
        return self._gives(made.id, address, database, password)

    def _oracle_copy(self, package: PackagePlan, primary: oci.database.AutonomousDatabase) -> None:
        """The backup-based peer in the recovery region: the backups are there, and start there on the day.

        It stands in a network of its own that is joined to nothing, with the ranges of the first, so that
        what is restored there answers at home's addresses.
        """
        place, plan = self._place, self._plan
        network = plan.networks[package.network]
        there = elsewhere(place, plan.recovery_region, package.key)
        vcn = oci.core.Vcn(
            place.child(package.key, "recovery-vcn"),
            compartment_id=place.compartment,
            display_name=plan.name(package.key, "recovery"),
            cidr_blocks=[str(network.cidr)],
            freeform_tags=place.labels(package),
            opts=place.opts(provider=there),
        )
        oci.core.DefaultSecurityList(
            place.child(package.key, "recovery-list"),
            manage_default_resource_id=vcn.default_security_list_id,
            freeform_tags=place.labels(package),
            opts=place.opts(provider=there),
        )
        subnet = oci.core.Subnet(
            place.child(package.key, "recovery-subnet"),
            compartment_id=place.compartment,
            vcn_id=vcn.id,
            display_name=plan.name(package.key, "recovery"),
            cidr_block=str(facts.subnet_range(network, data_role(package))),
            prohibit_internet_ingress=True,
            prohibit_public_ip_on_vnic=True,
            freeform_tags=place.labels(package),
            opts=place.opts(provider=there),
        )
        self._recovery_flows(package, vcn, there)
        oci.database.AutonomousDatabase(
            place.child(package.key, "oracle", "copy"),
            compartment_id=place.compartment,
            db_name=primary.db_name,
            display_name=plan.name(package.key, "copy"),
            source="CROSS_REGION_DISASTER_RECOVERY",
            source_id=primary.id,
            remote_disaster_recovery_type="BACKUP_BASED",
            is_replicate_automatic_backups=True,
            subnet_id=subnet.id,
            freeform_tags=place.labels(package),
            opts=place.opts(keep=True, provider=there),
        )

    def _recovery_flows(self, package: PackagePlan, vcn: oci.core.Vcn, there: oci.Provider) -> None:
        """Every connection of the network in the recovery region: one day it may carry all."""
        place, plan = self._place, self._plan
        opts, labels, named = (
            place.opts(provider=there),
            place.labels(package),
            plan.name(package.key, "recovery"),
        )
        group = oci.logging.LogGroup(
            place.child(package.key, "recovery-logs"),
            compartment_id=place.compartment,
            display_name=named,
            freeform_tags=labels,
            opts=opts,
        )
        everything = oci.core.CaptureFilter(
            place.child(package.key, "recovery-flows-all"),
            compartment_id=place.compartment,
            display_name=named,
            filter_type="FLOWLOG",
            flow_log_capture_filter_rules=[
                {"is_enabled": True, "priority": 0, "sampling_rate": 1, "flow_log_type": "ALL"}
            ],
            freeform_tags=labels,
            opts=opts,
        )
        oci.logging.Log(
            place.child(package.key, "recovery-flows"),
            log_group_id=group.id,
            display_name=named,
            log_type="SERVICE",
            is_enabled=True,
            retention_duration=facts.log_days(plan.baseline.retention.log_days),
            configuration={
                "compartment_id": place.compartment,
                "source": {
                    "source_type": "OCISERVICE",
                    "service": "flowlogs",
                    "category": "vcn",
                    "resource": vcn.id,
                    "parameters": {"capture_filter": everything.id},
                },
            },
            freeform_tags=labels,
            opts=opts,
        )

    @staticmethod
    def _gives(
        id_: pulumi.Output[str],
        address: pulumi.Output[str],
        database: DatabasePlan,
        password: oci.vault.Secret,
    ) -> DatabaseGives:
        return DatabaseGives(
            id=id_,
            address=address,
            port=pulumi.Output.from_input(database.port),
            secret=password.id,
        )
