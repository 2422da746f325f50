"""The tables agree with the SDK they speak about and with themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from providers.twin.api import Operation
from providers.twin.aws.functions import every as functions
from providers.twin.aws.tables import every
from providers.twin.aws.words import token as aws
from providers.twin.behaviour import Behaviour, holes
from providers.twin.schema import Catalogue

RECORDS = every()
_HOLE = re.compile(
    r"(hex|digits|alnum|upper)\d+[a-z]*|unit|region|partition|id|resource|kind|uuid|now|generic|value"
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return Catalogue("pulumi_aws", folder=tmp_path_factory.mktemp("cache"))


def _top(path: str) -> str:
    return path.split(".")[0].split("[")[0]


def _templates(record: Behaviour) -> Iterator[str]:
    yield from (
        maker for maker in (record.id, record.arn, *record.computed.values()) if isinstance(maker, str)
    )
    yield from record.handles
    for unique in record.unique:
        yield from (unique.scope, unique.value, unique.answer.message)
    for answer in (record.missing, record.exists, record.in_use):
        if answer is not None:
            yield answer.message


def _wrong(token: str, record: Behaviour, catalogue: Catalogue) -> set[str]:
    schema = catalogue.resource(token)
    wrong = {f"fixed {path}" for path in record.fixed if _top(path) not in schema.inputs}
    wrong |= {f"computed {name}" for name in record.computed if name not in schema.outputs}
    wrong |= {f"default {name}" for name in record.defaults if name not in schema.outputs}
    wrong |= {f"reference {ref.path}" for ref in record.refs if _top(ref.path) not in schema.inputs}
    wrong |= {f"target {kind}" for ref in record.refs for kind in ref.kinds if kind not in RECORDS}
    wrong |= {f"guard {guard.path}" for guard in record.guards if _top(guard.path) not in schema.outputs}
    if record.autoname:
        wrong |= {record.autoname} - set(schema.inputs)
    for template in _templates(record):
        for hole in holes(template)[1::2]:
            if (
                not _HOLE.fullmatch(hole)
                and _top(hole) not in schema.outputs
                and _top(hole) not in schema.inputs
            ):
                wrong.add(f"hole {hole}")
    return wrong


def test_records_speak_of_properties_that_exist(catalogue: Catalogue) -> None:
    assert len(RECORDS) > 250
    wrong = {token: found for token, record in RECORDS.items() if (found := _wrong(token, record, catalogue))}
    assert wrong == {}


def test_every_declared_operation_is_in_the_api_models() -> None:
    for record in RECORDS.values():
        if record.api:
            assert Operation(record.api).root is not None


def test_every_function_is_in_the_sdk(catalogue: Catalogue) -> None:
    for token in functions():
        assert catalogue.function(token).outputs


# The resource types that the AWS tenant is made of.
_TENANT = """ ec2.Vpc ec2.Subnet ec2.RouteTable ec2.Route ec2.RouteTableAssociation
ec2.MainRouteTableAssociation ec2.NetworkAcl ec2.NetworkAclRule ec2.NetworkAclAssociation ec2.SecurityGroup
vpc.SecurityGroupIngressRule vpc.SecurityGroupEgressRule ec2.DefaultSecurityGroup ec2.DefaultVpc
ec2.VpcEndpoint ec2.VpcEndpointService ec2.FlowLog ec2.InternetGateway ec2.NatGateway ec2.Eip ec2.Instance
ec2.LaunchTemplate ebs.EncryptionByDefault ebs.DefaultKmsKey ec2.InstanceMetadataDefaults
ec2.SerialConsoleAccess ec2.VpcBlockPublicAccessOptions ec2.ManagedPrefixList
ec2transitgateway.TransitGateway ec2transitgateway.VpcAttachment ec2transitgateway.RouteTable
ec2transitgateway.RouteTableAssociation ec2transitgateway.RouteTablePropagation ec2transitgateway.Route
ec2transitgateway.PrefixListReference directconnect.Connection directconnect.Gateway
directconnect.GatewayAssociation directconnect.PrivateVirtualInterface directconnect.TransitVirtualInterface
directconnect.HostedTransitVirtualInterfaceAcceptor directconnect.LinkAggregationGroup
networkfirewall.Firewall networkfirewall.FirewallPolicy networkfirewall.RuleGroup
networkfirewall.LoggingConfiguration route53.Zone route53.Record route53.ZoneAssociation
route53.ResolverEndpoint route53.ResolverRule route53.ResolverRuleAssociation route53.ResolverQueryLogConfig
s3.Bucket s3.BucketVersioning s3.BucketObjectLockConfiguration s3.AccountPublicAccessBlock s3.AccessPoint
cloudtrail.Trail cfg.Recorder cfg.RecorderStatus cfg.DeliveryChannel cfg.Rule cfg.ConformancePack
cfg.RetentionConfiguration guardduty.Detector guardduty.DetectorFeature guardduty.PublishingDestination
securityhub.Account securityhub.StandardsSubscription accessanalyzer.Analyzer inspector2.Enabler
macie2.Account kms.Key kms.Alias kms.Grant kms.ReplicaKey iam.Role iam.RolePolicy iam.RolePolicyAttachment
iam.Policy iam.InstanceProfile iam.AccountPasswordPolicy iam.OpenIdConnectProvider backup.Vault
backup.VaultLockConfiguration backup.VaultPolicy backup.VaultNotifications backup.Plan backup.Selection
backup.RegionSettings budgets.Budget account.AlternativeContact sns.Topic sns.TopicPolicy
sns.TopicSubscription sqs.Queue sqs.QueuePolicy cloudwatch.LogGroup cloudwatch.LogMetricFilter
cloudwatch.MetricAlarm cloudwatch.EventRule cloudwatch.EventTarget cloudwatch.EventBus
cloudwatch.CompositeAlarm cloudwatch.LogResourcePolicy ssm.PatchBaseline ssm.PatchGroup
ssm.MaintenanceWindow ssm.MaintenanceWindowTarget ssm.MaintenanceWindowTask ssm.Parameter ssm.Document
ssm.Association ssm.DefaultPatchBaseline ssm.ServiceSetting efs.FileSystem efs.MountTarget efs.AccessPoint
efs.BackupPolicy efs.FileSystemPolicy ecs.Cluster ecs.Service ecs.TaskDefinition
ecs.ClusterCapacityProviders ecr.Repository ecr.LifecyclePolicy ecr.RepositoryPolicy
ecr.RegistryScanningConfiguration rds.Instance rds.Cluster rds.ClusterInstance rds.SubnetGroup
rds.ParameterGroup rds.ClusterParameterGroup rds.OptionGroup rds.InstanceAutomatedBackupsReplication
rds.EventSubscription secretsmanager.Secret secretsmanager.SecretRotation secretsmanager.SecretPolicy
lb.LoadBalancer lb.TargetGroup lb.Listener lb.ListenerRule lb.TargetGroupAttachment acm.Certificate
acmpca.CertificateAuthority scheduler.Schedule scheduler.ScheduleGroup lambda.Function appautoscaling.Target
appautoscaling.Policy appautoscaling.ScheduledAction autoscaling.Group resourcegroups.Group
servicequotas.ServiceQuota costexplorer.AnomalyMonitor costexplorer.AnomalySubscription
"""


def test_what_a_municipal_tenant_is_made_of_is_modelled() -> None:
    assert {short for short in _TENANT.split() if aws(short) not in RECORDS} == set()
