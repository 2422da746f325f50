"""AWS, from the administrator of an account that was just handed over to a pipeline that needs none.

The steps in their order. What each is is in the module of its room: `account`, `state`, `access`, `alarm`,
`proof`; the documents in `policies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.aws import access, account, alarm, keys, proof, state
from scripts.bootstrap.aws.session import AwsSession, Names, open_session
from scripts.bootstrap.steps import Cloud, Context, Settings, Step
from stacks.text import Text


def _state_key(c: Context[AwsSession]) -> str:
    return c.session.names.state_key


def _secrets_key(c: Context[AwsSession]) -> str:
    return c.session.names.secrets_key


_KEY_PERMISSIONS = (
    "kms:CreateAlias",
    "kms:CreateKey",
    "kms:DescribeKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListKeys",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:TagResource",
)

_ROLE_PERMISSIONS = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
)

_KEYS_STAY = Text(
    "鍵は消しません。消すと、それで暗号化した状態が読めなくなります。",
    "cannot be undone: without the key, what was encrypted with it can never be read again",
)

STEPS: tuple[Step[AwsSession], ...] = (
    Step(
        id="whoami",
        title=Text("身元の確認", "who we are"),
        why=Text(
            "認証情報がマニフェストのアカウントのものかを確かめる。違えば何もしない。",
            "The credentials must lead to the manifest's account; otherwise nothing is done.",
        ),
        look=account.look_whoami,
    ),
    Step(
        id="contacts",
        title=Text("連絡先", "contacts"),
        why=Text(
            "AWS からの連絡（運用・セキュリティ・請求）が団体に届くようにする。",
            "AWS reaches the municipality for operations, security and billing.",
        ),
        look=account.look_contacts,
        permissions=("account:GetAlternateContact", "account:PutAlternateContact"),
        undo=Text(
            "以前の連絡先は証跡の before にあります。必要なら手で戻してください。",
            "cannot be undone by itself: the evidence has what was there before",
        ),
    ),
    Step(
        id="sign_in",
        title=Text("パスワード・MFA・SSO", "passwords, MFA, SSO"),
        why=Text(
            "人の入り口を確かめる。パスワードポリシーは直し、MFA と SSO は報告する。",
            "How people get in: the password policy is mended, MFA and SSO are reported.",
        ),
        look=account.look_sign_in,
        permissions=(
            "iam:GetAccountPasswordPolicy",
            "iam:GetAccountSummary",
            "iam:ListMFADevices",
            "iam:ListRoles",
            "iam:ListUsers",
            "iam:UpdateAccountPasswordPolicy",
        ),
        undo=Text(
            "弱いポリシーには戻しません。以前の値は証跡の before にあります。",
            "cannot be undone: a weaker policy is not put back; the evidence has its values",
        ),
    ),
    Step(
        id="fence",
        title=Text("国内リージョンの柵", "the fence"),
        why=Text(
            "パイプラインが国外のリージョンや、状態・鍵・権限に手を出せない境界を作る。"
            "アカウント全体の制限（SCP）は払い出し元のもの。",
            "A permissions boundary keeps the pipeline in the domestic regions and off state, keys and "
            "identities. The account's own limits (SCP) are the Digital Agency's.",
        ),
        look=access.look_fence,
        permissions=(
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicyVersion",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListPolicyVersions",
            "iam:TagPolicy",
        ),
        undo=access.undo_fence,
    ),
    Step(
        id="state_key",
        title=Text("状態の鍵", "the key of the state"),
        why=Text("状態を自分の鍵で暗号化する。", "The state is encrypted with a key of our own."),
        look=keys.look_key(
            _state_key, Text("状態と警報の鍵", "Key of the state and the alarms"), alarms=True
        ),
        permissions=_KEY_PERMISSIONS,
        undo=_KEYS_STAY,
    ),
    Step(
        id="state",
        title=Text("状態の置き場", "the state store"),
        why=Text(
            "Pulumi の状態を、国内・非公開・暗号化・版つき・ロックつきのバケットに置く。",
            "Pulumi's state is in a bucket: domestic, private, encrypted, versioned, locked.",
        ),
        look=state.look_bucket,
        permissions=(
            "s3:CreateBucket",
            "s3:GetBucketLocation",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:PutBucketObjectLockConfiguration",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
        ),
        undo=Text(
            "消しません。状態を失うと、作ったものが分からなくなります。",
            "cannot be undone: without the state nobody knows what was built",
        ),
    ),
    Step(
        id="secrets_key",
        title=Text("Pulumi の秘密の鍵", "the key of Pulumi's secrets"),
        why=Text(
            "Pulumi が状態の中の秘密を暗号化する鍵。パスフレーズは要らなくなる。",
            "Pulumi encrypts secrets in the state with it; nobody needs a passphrase.",
        ),
        look=keys.look_key(_secrets_key, Text("Pulumi の秘密の鍵", "Key of Pulumi's secrets"), alarms=False),
        permissions=_KEY_PERMISSIONS,
        undo=_KEYS_STAY,
    ),
    Step(
        id="federation",
        title=Text("パイプラインの身元", "the pipeline's identity"),
        why=Text(
            "パイプラインの OIDC を信頼し、長期の鍵を不要にする。",
            "The pipeline's OIDC issuer is trusted, so that no long-lived key is needed.",
        ),
        look=access.look_provider,
        permissions=(
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:CreateOpenIDConnectProvider",
            "iam:GetOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
        ),
        undo=access.undo_provider,
    ),
    Step(
        id="deployer",
        title=Text("デプロイするロール", "the deployer"),
        why=Text(
            "決められたパイプラインだけがなれる、必要な権限だけのロール。",
            "A role for exactly that pipeline, with what a tenant needs and no more.",
        ),
        look=access.look_deployer,
        permissions=(*_ROLE_PERMISSIONS, "iam:PutRolePermissionsBoundary"),
        undo=lambda c: access.undo_role(c, c.session.names.deployer),
    ),
    Step(
        id="break_glass",
        title=Text("緊急時のロール", "break glass"),
        why=Text(
            "ほかの道がすべて閉じたときの管理者。ふだんは使わず、使えば警報が鳴る。",
            "The administrator for when every other road is closed; never used daily, alarmed when used.",
        ),
        look=access.look_break_glass,
        permissions=_ROLE_PERMISSIONS,
        undo=lambda c: access.undo_role(c, c.session.names.break_glass),
    ),
    Step(
        id="alarm",
        title=Text("警報", "alarms"),
        why=Text(
            "ルート・緊急時のロールの使用と、新しい長期認証情報の作成を知らせる。",
            "Somebody is told when root or the break-glass role is used, or a long-lived credential is made.",
        ),
        look=alarm.look_alarm,
        permissions=(
            *_ROLE_PERMISSIONS,
            "events:DescribeRule",
            "events:ListTargetsByRule",
            "events:PutRule",
            "events:PutTargets",
            "events:TagResource",
            "iam:PassRole",
            "sns:CreateTopic",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
            "sns:SetTopicAttributes",
            "sns:Subscribe",
            "sns:TagResource",
        ),
        undo=alarm.undo_alarm,
    ),
    Step(
        id="proof",
        title=Text("新しい経路の確認", "prove the new road"),
        why=Text(
            "パイプラインの身元でロールになり、状態の置き場と鍵を実際に使う。",
            "Become the deployer as the pipeline, and use the state store and the key.",
        ),
        look=proof.look_prove,
        permissions=("kms:Decrypt", "s3:GetObject"),
        undo=Text("証拠は残します。", "cannot be undone: the proof stays"),
    ),
    Step(
        id="retire",
        title=Text("最初の認証情報の廃止", "retire the initial credential"),
        why=Text(
            "新しい経路が使えたあとで、払い出された管理者の鍵を無効にし、削除し、セッションも拒む。",
            "Now that the new road has been used: the keys that were handed over are deactivated, then "
            "deleted, and sessions that they opened are refused.",
        ),
        look=proof.look_retire,
        permissions=(
            *_ROLE_PERMISSIONS,
            "iam:DeleteAccessKey",
            "iam:DeleteLoginProfile",
            "iam:GetLoginProfile",
            "iam:GetUserPolicy",
            "iam:ListAccessKeys",
            "iam:PutUserPolicy",
            "iam:UpdateAccessKey",
            "sts:AssumeRole",
        ),
        undo=Text(
            "元に戻せません。必要なら緊急時のロールで新しい入り口を作ります。",
            "cannot be undone; with the break-glass role a new way in can be made",
        ),
        final=True,
    ),
    Step(
        id="evidence",
        title=Text("証跡の保管", "put the evidence away"),
        why=Text(
            "ここまでの記録を、誰も書き換えられない場所にも置く。",
            "A copy of the record goes where nobody can change it.",
        ),
        look=state.look_evidence,
        permissions=("s3:GetObject", "s3:PutObject", "s3:PutObjectRetention"),
        undo=Text("証跡は消しません。", "cannot be undone: evidence stays"),
    ),
)


def successor(settings: Settings, begun: Mapping[str, Any]) -> Text:
    """Who finishes a retirement that was cut off: the break-glass role, which the evidence tells whom."""
    del begun
    names = Names(settings)
    become = (
        f"aws sts assume-role --role-arn {names.role_arn(names.break_glass)} --role-session-name retire"
        " --serial-number MFA --token-code CODE"
    )
    go_on = f"./jichitai bootstrap aws {settings.stack}"
    return Text(
        f"緊急時のロールになり（{become}、または GCAS の SSO から）、{go_on} を実行すると続きから終えます。",
        f"Become the break-glass role ({become}, or from the agency's SSO) and run {go_on}: it finishes.",
    )


CLOUD = Cloud(name="aws", open=open_session, steps=STEPS, successor=successor)
