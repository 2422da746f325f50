"""IAM, KMS, Secrets Manager and the account's own settings."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Final

from providers.twin.aws.policies import managed_policies, may_be_managed, policy
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_IAM: Final = "arn:{partition}:iam::{unit}:"
_KMS: Final = "arn:{partition}:kms:{region}:{unit}:"
_SECRETS: Final = "arn:{partition}:secretsmanager:{region}:{unit}:secret:"


def _no_such(what: str) -> Answer:
    return Answer("NoSuchEntity", f"The {what} with name {{value}} cannot be found.", 404)


def _taken(what: str) -> Answer:
    return Answer("EntityAlreadyExists", f"{what} with name {{value}} already exists.", 409)


_CONFLICT = Answer(
    "DeleteConflict", "Cannot delete entity, must detach all policies and remove it from {value} first.", 409
)
ROLE_MISSING: Final = _no_such("role")
KEY_MISSING: Final = Answer("NotFoundException", "Key '{value}' does not exist")
KEYS: Final = ("kms.Key", "kms.ReplicaKey", "kms.Alias")


def key(path: str, *, anywhere: bool = False) -> Value:
    """A reference to a KMS key by id, ARN or alias; a key in use may be scheduled for deletion all the
    same.
    """
    return name(path, *KEYS, anywhere=anywhere, missing=KEY_MISSING)


def role(path: str) -> Value:
    """A reference to an IAM role by ARN or name."""
    return name(path, "iam.Role", missing=ROLE_MISSING)


def _known_policy(scope: Scope) -> None:
    for arn in [scope.inputs.get("policyArn"), *(scope.inputs.get("managedPolicyArns") or [])]:
        if isinstance(arn, str) and ":iam::aws:policy/" in arn and arn not in managed_policies():
            raise Refusal("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)


def _window(scope: Scope) -> None:
    days = scope.inputs.get("deletionWindowInDays")
    if days is not None and not 7 <= int(days) <= 30:
        raise Refusal("ValidationException", f"PendingWindowInDays {days} is not between 7 and 30")


def _rotation(scope: Scope) -> None:
    days = scope.inputs.get("rotationPeriodInDays")
    if days is not None and not 90 <= int(days) <= 2560:
        raise Refusal("ValidationException", f"RotationPeriodInDays {days} is not between 90 and 2560")


def _key_policy(scope: Scope) -> str:
    """The policy that AWS gives a key where none is named."""
    return json.dumps(
        {
            "Id": "key-default-1",
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Enable IAM User Permissions",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{scope.unit}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        }
    )


def _alias_name(scope: Scope) -> None:
    alias = str(scope.get("name") or "")
    if not alias.startswith("alias/") or alias.startswith("alias/aws/"):
        raise Refusal(
            "ValidationException", f"Alias name {alias} must begin with alias/ and not with alias/aws/"
        )


def _alias_target(scope: Scope) -> Value:
    row = scope.target("targetKeyId")
    return row.state.get("arn") if row is not None else None


def _multi_region(scope: Scope) -> None:
    row = scope.target("primaryKeyArn")
    if row is not None and not row.state.get("multiRegion"):
        raise Refusal("UnsupportedOperationException", f"{row.id} is not a multi-Region primary key")
    if row is not None and row.region == scope.region:
        raise Refusal(
            "ValidationException", f"a replica of {row.id} cannot be in the primary key's own Region"
        )


def _replica_of(field: str) -> Value:
    def maker(scope: Scope) -> Value:
        row = scope.target("primaryKeyArn")
        return row.state.get(field) if row is not None else None

    return maker


def _primary_id(scope: Scope) -> str:
    row = scope.target("primaryKeyArn")
    return row.id if row is not None else scope.uuid()


def _recovery(scope: Scope) -> None:
    """A deleted secret keeps its name until its recovery window is over; 0 days means at once."""
    days = scope.get("recoveryWindowInDays", 30)
    if int(days) > 0:
        scope_name = f"aws/{scope.unit}/{scope.region}/secret"
        scope.store.drop_claims(scope.rid)
        scope.store.linger(scope_name, str(scope.get("name")), time.time() + int(days) * 86400)


def _password(scope: Scope) -> None:
    length = scope.inputs.get("minimumPasswordLength")
    if length is not None and not 6 <= int(length) <= 128:
        raise Refusal("ValidationError", f"minimumPasswordLength {length} is not between 6 and 128")


_E164 = re.compile(r"[\s0-9()+-]{1,25}")


def _contact(scope: Scope) -> None:
    if not re.fullmatch(r"\S+@\S+\.\S+", str(scope.get("emailAddress"))):
        raise Refusal(
            "ValidationException", f"emailAddress {scope.get('emailAddress')!r} is no e-mail address"
        )
    if not _E164.fullmatch(str(scope.get("phoneNumber"))):
        raise Refusal(
            "ValidationException", f"phoneNumber {scope.get('phoneNumber')!r} is no telephone number"
        )


_SERVICE_ROLE = re.compile(r"([a-z0-9.-]+)\.amazonaws\.com")


def _linked_arn(scope: Scope) -> str:
    service = _SERVICE_ROLE.match(str(scope.get("awsServiceName")))
    words = re.split(r"[.-]", service[1]) if service else ["unknown"]
    scope.state["name"] = "AWSServiceRoleFor" + "".join(word.capitalize() for word in words)
    return scope.fill(_IAM + "role/aws-service-role/{awsServiceName}/{name}")


def _oidc_arn(scope: Scope) -> str:
    return scope.fill(_IAM + "oidc-provider/") + str(scope.get("url")).removeprefix("https://")


TABLE: Mapping[str, Behaviour] = {
    "iam.Role": Behaviour(
        arn=_IAM + "role{path}{name}",
        api="iam:CreateRole",
        everywhere=True,
        defaults={"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False},
        computed={"uniqueId": "AROA{upper17}", "createDate": "{now}"},
        fixed=props("name namePrefix path"),
        rules=(policy("assumeRolePolicy", "trust", limit=2048, quota="ACLSizePerRole"), _known_policy),
        refs=(hold("managedPolicyArns[]", "iam.Policy"), name("permissionsBoundary", "iam.Policy")),
        unique=(Unique("role", "{name}", _taken("Role")),),
        handles=("{name}", "{uniqueId}"),
        missing=ROLE_MISSING,
        in_use=_CONFLICT,
    ),
    "iam.RolePolicy": Behaviour(
        id="{role}:{name}",
        api="iam:PutRolePolicy",
        everywhere=True,
        put=True,
        fixed=props("name namePrefix role"),
        refs=(hold("role", "iam.Role"),),
        rules=(policy("policy", "identity", limit=10240),),
    ),
    "iam.RolePolicyAttachment": Behaviour(
        id="{role}-{policyArn}",
        api="iam:AttachRolePolicy",
        everywhere=True,
        autoname="",
        put=True,
        fixed=props("role policyArn"),
        rules=(_known_policy,),
        refs=(
            hold("role", "iam.Role"),
            hold(
                "policyArn",
                "iam.Policy",
                missing=Answer("NoSuchEntity", "Policy {value} does not exist or is not attachable.", 404),
            ),
        ),
    ),
    "iam.RolePoliciesExclusive": Behaviour(
        id="{roleName}", everywhere=True, autoname="", put=True, refs=(part("roleName", "iam.Role"),)
    ),
    "iam.RolePolicyAttachmentsExclusive": Behaviour(
        id="{roleName}", everywhere=True, autoname="", put=True, refs=(part("roleName", "iam.Role"),)
    ),
    "iam.Policy": Behaviour(
        id="{arn}",
        arn=_IAM + "policy{path}{name}",
        api="iam:CreatePolicy",
        everywhere=True,
        defaults={"path": "/"},
        computed={"policyId": "ANPA{upper17}"},
        fixed=props("name namePrefix path description"),
        rules=(policy("policy", "identity", limit=6144),),
        unique=(Unique("policy", "{name}", _taken("A policy")),),
        missing=_no_such("policy"),
        in_use=_CONFLICT,
    ),
    "iam.InstanceProfile": Behaviour(
        arn=_IAM + "instance-profile{path}{name}",
        api="iam:CreateInstanceProfile",
        everywhere=True,
        defaults={"path": "/"},
        computed={"uniqueId": "AIPA{upper17}", "createDate": "{now}"},
        fixed=props("name namePrefix path"),
        refs=(hold("role", "iam.Role"),),
        unique=(Unique("profile", "{name}", _taken("Instance Profile")),),
        handles=("{name}",),
        missing=_no_such("instance profile"),
    ),
    "iam.AccountPasswordPolicy": Behaviour(
        id="iam-account-password-policy",
        api="iam:UpdateAccountPasswordPolicy",
        everywhere=True,
        autoname="",
        put=True,
        defaults={"minimumPasswordLength": 6, "allowUsersToChangePassword": True},
        rules=(_password,),
        computed={"expirePasswords": lambda s: bool(s.get("maxPasswordAge"))},
        fresh=props("expirePasswords"),
    ),
    "iam.OpenIdConnectProvider": Behaviour(
        id="{arn}",
        arn=_oidc_arn,
        api="iam:CreateOpenIDConnectProvider",
        everywhere=True,
        autoname="",
        computed={"thumbprintLists": lambda s: [s.hex(40)]},
        fixed=props("url"),
        unique=(
            Unique(
                "oidc",
                "{url}",
                Answer("EntityAlreadyExists", "Provider with url {value} already exists.", 409),
            ),
        ),
    ),
    "iam.ServiceLinkedRole": Behaviour(
        id="{arn}",
        arn=_linked_arn,
        everywhere=True,
        autoname="",
        computed={
            "uniqueId": "AROA{upper17}",
            "createDate": "{now}",
            "path": "/aws-service-role/{awsServiceName}/",
        },
        fixed=props("awsServiceName customSuffix"),
        unique=(
            Unique(
                "slr",
                "{awsServiceName}{customSuffix}",
                Answer(
                    "InvalidInput",
                    "Service role name for {value} has been taken in this account, please try a"
                    " different suffix.",
                ),
            ),
        ),
    ),
    "iam.AccountAlias": Behaviour(
        id="{accountAlias}", everywhere=True, autoname="", fixed=props("accountAlias")
    ),
    "iam.User": Behaviour(
        arn=_IAM + "user{path}{name}",
        api="iam:CreateUser",
        everywhere=True,
        defaults={"path": "/"},
        computed={"uniqueId": "AIDA{upper17}"},
        unique=(Unique("user", "{name}", _taken("User")),),
        handles=("{name}",),
        missing=_no_such("user"),
        in_use=_CONFLICT,
    ),
    "iam.Group": Behaviour(
        arn=_IAM + "group{path}{name}",
        api="iam:CreateGroup",
        everywhere=True,
        defaults={"path": "/"},
        computed={"uniqueId": "AGPA{upper17}"},
        unique=(Unique("group", "{name}", _taken("Group")),),
    ),
    "iam.AccessKey": Behaviour(
        id="AKIA{upper16}",
        api="iam:CreateAccessKey",
        everywhere=True,
        autoname="",
        defaults={"status": "Active"},
        computed={"secret": "{alnum40}", "createDate": "{now}"},
        fixed=props("user pgpKey"),
        refs=(hold("user", "iam.User"),),
    ),
    "kms.Key": Behaviour(
        id="{uuid}",
        arn=_KMS + "key/{id}",
        api="kms:CreateKey",
        autoname="",
        defaults={
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "enableKeyRotation": False,
            "multiRegion": False,
        },
        computed={
            "keyId": "{id}",
            "policy": _key_policy,
            "rotationPeriodInDays": lambda s: 365 if s.get("enableKeyRotation") else None,
        },
        fixed=props("customerMasterKeySpec keyUsage multiRegion customKeyStoreId xksKeyId"),
        rules=(
            policy("policy", "resource", "MalformedPolicyDocumentException"),
            may_be_managed("policy"),
            _window,
            _rotation,
        ),
        missing=KEY_MISSING,
    ),
    "kms.Alias": Behaviour(
        arn=_KMS + "{name}",
        api="kms:CreateAlias",
        computed={"targetKeyArn": _alias_target},
        fresh=props("targetKeyArn"),
        fixed=props("name namePrefix"),
        refs=(part("targetKeyId", "kms.Key", "kms.ReplicaKey"),),
        rules=(_alias_name,),
        unique=(
            Unique(
                "alias",
                "{name}",
                Answer("AlreadyExistsException", "An alias with the name {value} already exists"),
            ),
        ),
        handles=("{targetKeyId}",),
        missing=Answer("NotFoundException", "Alias {value} is not found."),
    ),
    "kms.Grant": Behaviour(
        id="{keyId}:{grantId}",
        api="kms:CreateGrant",
        autoname="",
        computed={"grantId": "{hex64}", "grantToken": "{hex64}"},
        fixed=props("keyId granteePrincipal operations constraints name retiringPrincipal"),
        refs=(part("keyId", *KEYS),),
    ),
    "kms.ReplicaKey": Behaviour(
        id=_primary_id,
        arn=_KMS + "key/{id}",
        api="kms:ReplicateKey",
        autoname="",
        defaults={"enabled": True},
        computed={
            "keyId": "{id}",
            "policy": _key_policy,
            "keySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
            "keyRotationEnabled": _replica_of("enableKeyRotation"),
        },
        fixed=props("primaryKeyArn"),
        refs=(hold("primaryKeyArn", "kms.Key", anywhere=True, missing=KEY_MISSING),),
        rules=(
            policy("policy", "resource", "MalformedPolicyDocumentException"),
            may_be_managed("policy"),
            _window,
            _multi_region,
        ),
        missing=KEY_MISSING,
    ),
    "kms.KeyPolicy": Behaviour(
        id="{keyId}",
        api="kms:PutKeyPolicy",
        autoname="",
        put=True,
        fixed=props("keyId"),
        refs=(part("keyId", *KEYS),),
        rules=(policy("policy", "resource", "MalformedPolicyDocumentException"), may_be_managed("policy")),
    ),
    "secretsmanager.Secret": Behaviour(
        id="{arn}",
        arn=_SECRETS + "{name}-{alnum6}",
        api="secretsmanager:CreateSecret",
        defaults={"recoveryWindowInDays": 30, "forceOverwriteReplicaSecret": False},
        fixed=props("name namePrefix type"),
        refs=(key("kmsKeyId"), key("replicas[].kmsKeyId", anywhere=True)),
        rules=(policy("policy", "resource", "MalformedPolicyDocumentException"),),
        unique=(
            Unique(
                "secret",
                "{name}",
                Answer(
                    "ResourceExistsException",
                    "The operation failed because the secret {value} already exists.",
                ),
                lingers=Answer(
                    "InvalidRequestException",
                    "You can't create this secret because a secret with this name is already scheduled"
                    " for deletion.",
                ),
            ),
        ),
        handles=("{name}",),
        gone=(_recovery,),
        missing=Answer("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    ),
    "secretsmanager.SecretVersion": Behaviour(
        id="{secretId}|{versionId}",
        api="secretsmanager:PutSecretValue",
        autoname="",
        computed={
            "versionId": "{uuid}",
            "arn": "{secretId}",
            "secretArn": "{secretId}",
            "versionStages": lambda _: ["AWSCURRENT"],
        },
        fixed=props("secretId secretString secretBinary"),
        refs=(part("secretId", "secretsmanager.Secret"),),
    ),
    "secretsmanager.SecretRotation": Behaviour(
        id="{secretId}",
        api="secretsmanager:RotateSecret",
        autoname="",
        put=True,
        computed={"rotationEnabled": lambda _: True},
        fixed=props("secretId"),
        refs=(part("secretId", "secretsmanager.Secret"), name("rotationLambdaArn", "lambda.Function")),
    ),
    "secretsmanager.SecretPolicy": Behaviour(
        id="{secretArn}",
        autoname="",
        put=True,
        fixed=props("secretArn"),
        refs=(part("secretArn", "secretsmanager.Secret"),),
        rules=(policy("policy", "resource", "MalformedPolicyDocumentException"),),
    ),
    "account.AlternativeContact": Behaviour(
        id="{alternateContactType}",
        api="account:PutAlternateContact",
        everywhere=True,
        put=True,
        fixed=props("alternateContactType accountId"),
        rules=(_contact,),
    ),
    "account.PrimaryContact": Behaviour(id="{unit}", everywhere=True, autoname="", put=True),
    "account.Region": Behaviour(
        id="{regionName}",
        everywhere=True,
        autoname="",
        put=True,
        computed={"optStatus": "ENABLED_BY_DEFAULT"},
    ),
    "servicequotas.ServiceQuota": Behaviour(
        id="{serviceCode}/{quotaCode}",
        autoname="",
        put=True,
        fixed=props("serviceCode quotaCode"),
        arn="arn:{partition}:servicequotas:{region}:{unit}:{serviceCode}/{quotaCode}",
        computed={"requestStatus": "PENDING", "requestId": "{hex32}{alnum8}", "adjustable": lambda _: True},
    ),
}

__all__ = ["KEYS", "KEY_MISSING", "ROLE_MISSING", "TABLE", "Guard", "key", "role", "token"]
