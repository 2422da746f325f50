"""Which functions find which stored resources, and by what."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.aws.lookups import Lookup, lookup

_NONE = "NoResults"
LOOKUPS: Mapping[str, Lookup] = {
    "ec2/getVpc": lookup(
        "ec2.Vpc",
        "id cidrBlock default=isDefault",
        "InvalidVpcID.NotFound",
        "no matching EC2 VPC found: {value}",
    ),
    "ec2/getVpcs": lookup("ec2.Vpc", "", _NONE, "", many=True),
    "ec2/getSubnet": lookup(
        "ec2.Subnet",
        "id vpcId cidrBlock availabilityZone availabilityZoneId defaultForAz",
        "InvalidSubnetID.NotFound",
        "no matching EC2 Subnet found: {value}",
    ),
    "ec2/getSubnets": lookup("ec2.Subnet", "", _NONE, "", many=True),
    "ec2/getSecurityGroup": lookup(
        "ec2.SecurityGroup",
        "id name vpcId",
        "InvalidGroup.NotFound",
        "no matching EC2 Security Group found: {value}",
    ),
    "ec2/getSecurityGroups": lookup("ec2.SecurityGroup", "", _NONE, "", many=True),
    "ec2/getRouteTable": lookup(
        "ec2.RouteTable",
        "routeTableId=id vpcId",
        "InvalidRouteTableID.NotFound",
        "no matching EC2 Route Table found: {value}",
        routeTableId="id",
    ),
    "ec2/getRouteTables": lookup("ec2.RouteTable", "vpcId", _NONE, "", many=True),
    "ec2/getManagedPrefixList": lookup(
        "ec2.ManagedPrefixList",
        "id name",
        "InvalidPrefixListId.NotFound",
        "no matching EC2 Managed Prefix List found: {value}",
    ),
    "ec2/getVpcEndpoint": lookup(
        "ec2.VpcEndpoint",
        "id vpcId serviceName vpcEndpointType state",
        "InvalidVpcEndpointId.NotFound",
        "no matching EC2 VPC Endpoint found: {value}",
    ),
    "ec2/getNetworkInterface": lookup(
        "ec2.NetworkInterface",
        "id",
        "InvalidNetworkInterfaceID.NotFound",
        "no matching EC2 Network Interface found: {value}",
    ),
    "ec2/getNetworkInterfaces": lookup("ec2.NetworkInterface", "", _NONE, "", many=True),
    "ec2/getInternetGateway": lookup(
        "ec2.InternetGateway",
        "internetGatewayId=id",
        "InvalidInternetGatewayID.NotFound",
        "no matching EC2 Internet Gateway found: {value}",
        internetGatewayId="id",
    ),
    "ec2/getInstance": lookup(
        "ec2.Instance",
        "instanceId=id",
        "InvalidInstanceID.NotFound",
        "no matching EC2 Instance found: {value}",
        instanceId="id",
    ),
    "ec2transitgateway/getTransitGateway": lookup(
        "ec2transitgateway.TransitGateway",
        "id",
        "InvalidTransitGatewayID.NotFound",
        "no matching EC2 Transit Gateway found: {value}",
    ),
    "ec2transitgateway/getRouteTable": lookup(
        "ec2transitgateway.RouteTable",
        "id",
        "InvalidRouteTableID.NotFound",
        "no matching EC2 Transit Gateway Route Table found: {value}",
    ),
    "ec2transitgateway/getVpcAttachment": lookup(
        "ec2transitgateway.VpcAttachment",
        "id",
        "InvalidTransitGatewayAttachmentID.NotFound",
        "no matching EC2 Transit Gateway VPC Attachment found: {value}",
    ),
    "ec2transitgateway/getDirectConnectGatewayAttachment": lookup(
        "directconnect.GatewayAssociation",
        "dxGatewayId transitGatewayId=associatedGatewayId",
        "InvalidTransitGatewayAttachmentID.NotFound",
        "no matching EC2 Transit Gateway Direct Connect Gateway Attachment found: {value}",
        everywhere=False,
        id="transitGatewayAttachmentId",
    ),
    "directconnect/getConnection": lookup(
        "directconnect.Connection",
        "name",
        "DirectConnectClientException",
        "no Direct Connect Connection {value}",
    ),
    "directconnect/getGateway": lookup(
        "directconnect.Gateway",
        "name",
        "DirectConnectClientException",
        "no Direct Connect Gateway {value}",
        everywhere=True,
    ),
    "route53/getZone": lookup(
        "route53.Zone",
        "zoneId=id name",
        "NoSuchHostedZone",
        "no matching Route 53 Hosted Zone found: {value}",
        everywhere=True,
    ),
    "route53/getResolverEndpoint": lookup(
        "route53.ResolverEndpoint",
        "resolverEndpointId=id",
        "ResourceNotFoundException",
        "no matching resolver endpoint: {value}",
        vpcId="hostVpcId",
    ),
    "route53/getResolverRule": lookup(
        "route53.ResolverRule",
        "resolverRuleId=id domainName name resolverEndpointId ruleType",
        "ResourceNotFoundException",
        "no matching resolver rule: {value}",
        resolverRuleId="id",
    ),
    "iam/getPolicy": lookup(
        "iam.Policy", "arn name", "NoSuchEntity", "no matching IAM Policy found: {value}", everywhere=True
    ),
    "iam/getInstanceProfile": lookup(
        "iam.InstanceProfile",
        "name",
        "NoSuchEntity",
        "Instance Profile {value} cannot be found.",
        everywhere=True,
        roleName="role",
    ),
    "guardduty/getDetector": lookup(
        "guardduty.Detector", "id", "ResourceNotFoundException", "no GuardDuty Detector in the region {value}"
    ),
    "kms/getAlias": lookup("kms.Alias", "name", "NotFoundException", "Alias {value} is not found."),
    "rds/getInstance": lookup(
        "rds.Instance",
        "dbInstanceIdentifier=identifier",
        "DBInstanceNotFound",
        "DBInstance {value} not found.",
        dbInstanceArn="arn",
        dbInstanceClass="instanceClass",
        masterUsername="username",
    ),
    "rds/getCluster": lookup(
        "rds.Cluster", "clusterIdentifier", "DBClusterNotFoundFault", "DBCluster {value} not found."
    ),
    "s3/getBucket": lookup("s3.Bucket", "bucket", "NotFound", "no S3 bucket {value}"),
    "s3/getBucketPolicy": lookup(
        "s3.BucketPolicy", "bucket", "NoSuchBucketPolicy", "The bucket policy does not exist: {value}"
    ),
    "s3/getAccountPublicAccessBlock": lookup(
        "s3.AccountPublicAccessBlock",
        "",
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found",
        everywhere=True,
    ),
    "secretsmanager/getSecret": lookup(
        "secretsmanager.Secret",
        "arn name",
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret {value}",
    ),
    "lb/getLoadBalancer": lookup(
        "lb.LoadBalancer", "arn name", "LoadBalancerNotFound", "One or more load balancers not found: {value}"
    ),
    "lb/getTargetGroup": lookup(
        "lb.TargetGroup", "arn name", "TargetGroupNotFound", "One or more target groups not found: {value}"
    ),
    "ecs/getCluster": lookup(
        "ecs.Cluster",
        "clusterName=name",
        "ClusterNotFoundException",
        "Cluster {value} not found.",
        clusterName="name",
    ),
    "ecr/getRepository": lookup(
        "ecr.Repository",
        "name",
        "RepositoryNotFoundException",
        "The repository with name '{value}' does not exist",
    ),
    "cloudwatch/getLogGroup": lookup(
        "cloudwatch.LogGroup",
        "name",
        "ResourceNotFoundException",
        "The specified log group does not exist: {value}",
    ),
    "cloudwatch/getEventBus": lookup(
        "cloudwatch.EventBus", "name", "ResourceNotFoundException", "Event bus {value} does not exist."
    ),
    "sns/getTopic": lookup("sns.Topic", "name", "NotFound", "no SNS topic {value}"),
    "sqs/getQueue": lookup(
        "sqs.Queue",
        "name",
        "AWS.SimpleQueueService.NonExistentQueue",
        "The specified queue does not exist: {value}",
    ),
    "backup/getVault": lookup(
        "backup.Vault", "name", "ResourceNotFoundException", "Backup vault {value} does not exist."
    ),
    "backup/getPlan": lookup(
        "backup.Plan",
        "planId=id",
        "ResourceNotFoundException",
        "Backup plan {value} does not exist.",
        planId="id",
    ),
    "efs/getFileSystem": lookup(
        "efs.FileSystem",
        "fileSystemId=id creationToken",
        "FileSystemNotFound",
        "File system '{value}' does not exist.",
        fileSystemId="id",
    ),
    "networkfirewall/getFirewall": lookup(
        "networkfirewall.Firewall", "arn name", "ResourceNotFoundException", "no Network Firewall {value}"
    ),
    "acm/getCertificate": lookup(
        "acm.Certificate",
        "domain=domainName",
        "ResourceNotFoundException",
        "no ACM certificate for {value}",
        domain="domainName",
    ),
    "ram/getResourceShare": lookup(
        "ram.ResourceShare", "name", "UnknownResourceException", "no RAM resource share {value}"
    ),
}
