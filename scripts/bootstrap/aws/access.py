"""Steps for who may do what: the boundary, the pipeline's deployer by federation, the break-glass role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.aws import policies
from scripts.bootstrap.aws.session import AwsSession
from scripts.bootstrap.aws.strangers import foreign
from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Context, Finding, Pipeline, Problem
from stacks.text import Text

ABSENT = ("NoSuchEntity",)
AUDIENCE = "sts.amazonaws.com"
"""The `aud` that GitHub's and GitLab's own instructions for AWS use."""
SESSION_SECONDS = 3600
"""The longest session of the deployer and of the break-glass role: IAM's least for this setting."""
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def tags(c: Context[AwsSession]) -> list[dict[str, str]]:
    """The marks of ours, as IAM takes them."""
    return [{"Key": k, "Value": v} for k, v in c.settings.owner.items()]


def ours(c: Context[AwsSession], there: Any) -> bool:
    """Whether something's tags are the marks of ours."""
    found = {t["Key"]: t["Value"] for t in there or ()}
    return all(found.get(k) == v for k, v in c.settings.owner.items())


def look_fence(c: Context[AwsSession]) -> Finding:
    """The permissions boundary: the fence around the regions and around what guards the deployer."""
    names = c.session.names
    wanted = policies.boundary(names, c.settings.regions)
    said = c.session.read("iam", "GetPolicy", PolicyArn=names.boundary_arn, absent=ABSENT)
    if said is None:
        create = {
            "PolicyName": names.boundary,
            "Description": "The most that the pipeline may do in this account",
            "PolicyDocument": policies.written(wanted),
            "Tags": tags(c),
        }
        why = Text("国内リージョンと、状態・鍵・権限を守る境界", "the fence: domestic regions, state, keys")
        return Finding(facts={"boundary": None}, calls=(Call("iam", "CreatePolicy", create, why),))
    policy: Mapping[str, Any] = said["Policy"]
    facts = {"boundary": names.boundary_arn, "version": policy["DefaultVersionId"]}
    if not ours(c, policy.get("Tags")):
        return Finding(facts=facts, problem=foreign(names.boundary))
    there = c.session.read(
        "iam", "GetPolicyVersion", PolicyArn=names.boundary_arn, VersionId=policy["DefaultVersionId"]
    )
    if policies.same((there or {})["PolicyVersion"]["Document"], wanted):
        return Finding(facts=facts)
    return Finding(facts=facts, calls=_new_version(c, policies.written(wanted)))


def _new_version(c: Context[AwsSession], document: str) -> tuple[Call, ...]:
    """A policy has five versions at most: the oldest that is not in force makes room."""
    arn = c.session.names.boundary_arn
    said = c.session.read("iam", "ListPolicyVersions", PolicyArn=arn) or {}
    old = [v["VersionId"] for v in said.get("Versions", []) if not v["IsDefaultVersion"]]
    calls: list[Call] = []
    if len(old) >= 4:
        oldest = min(old, key=lambda v: int(v.removeprefix("v")))
        calls.append(
            Call(
                "iam",
                "DeletePolicyVersion",
                {"PolicyArn": arn, "VersionId": oldest},
                Text("最も古い版", "the oldest version"),
            )
        )
    calls.append(
        Call(
            "iam",
            "CreatePolicyVersion",
            {"PolicyArn": arn, "PolicyDocument": document, "SetAsDefault": True},
            Text("境界の新しい版", "the fence, brought up to date"),
        )
    )
    return tuple(calls)


def undo_fence(c: Context[AwsSession]) -> tuple[Call, ...]:
    """Take the boundary away, where it is ours; IAM refuses while the deployer is bound by it."""
    arn = c.session.names.boundary_arn
    said = c.session.read("iam", "GetPolicy", PolicyArn=arn, absent=ABSENT)
    if said is None or not ours(c, said["Policy"].get("Tags")):
        return ()
    versions = (c.session.read("iam", "ListPolicyVersions", PolicyArn=arn) or {}).get("Versions", [])
    why = Text("境界を外す", "the fence is taken away")
    old = [
        Call("iam", "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": v["VersionId"]}, why)
        for v in versions
        if not v["IsDefaultVersion"]
    ]
    return (*old, Call("iam", "DeletePolicy", {"PolicyArn": arn}, why))


def pipeline_host(pipeline: Pipeline) -> str:
    """The issuer as IAM names it: without the scheme."""
    return pipeline.issuer.removeprefix("https://")


def provider_arn(c: Context[AwsSession], pipeline: Pipeline) -> str:
    """The ARN of the issuer's provider in this account."""
    return f"arn:aws:iam::{c.session.names.account}:oidc-provider/{pipeline_host(pipeline)}"


def look_provider(c: Context[AwsSession]) -> Finding:
    """The pipeline's issuer, known to this account with our audience."""
    pipeline = c.settings.pipeline
    if pipeline is None:
        return Finding(problem=no_pipeline())
    arn, audience = provider_arn(c, pipeline), pipeline.audience or AUDIENCE
    said = c.session.read("iam", "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn, absent=ABSENT)
    if said is None:
        create = {"Url": pipeline.issuer, "ClientIDList": [audience], "Tags": tags(c)}
        why = Text("パイプラインの OIDC 発行者", "the issuer of the pipeline's identity")
        return Finding(
            facts={"provider": None}, calls=(Call("iam", "CreateOpenIDConnectProvider", create, why),)
        )
    facts = {"provider": arn, "audiences": sorted(said.get("ClientIDList", []))}
    if audience in facts["audiences"]:
        return Finding(facts=facts)
    if not ours(c, said.get("Tags")):
        return Finding(facts=facts, problem=_other_audience(arn, audience))
    add = {"OpenIDConnectProviderArn": arn, "ClientID": audience}
    why = Text("パイプラインの aud", "the pipeline's audience")
    return Finding(facts=facts, calls=(Call("iam", "AddClientIDToOpenIDConnectProvider", add, why),))


def undo_provider(c: Context[AwsSession]) -> tuple[Call, ...]:
    """Forget the issuer, where it was made known by us."""
    if c.settings.pipeline is None:
        return ()
    arn = provider_arn(c, c.settings.pipeline)
    said = c.session.read("iam", "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn, absent=ABSENT)
    if said is None or not ours(c, said.get("Tags")):
        return ()
    arguments = {"OpenIDConnectProviderArn": arn}
    return (
        Call(
            "iam", "DeleteOpenIDConnectProvider", arguments, Text("発行者を忘れる", "the issuer is forgotten")
        ),
    )


def look_deployer(c: Context[AwsSession]) -> Finding:
    """The role that the pipeline becomes: its subjects and no other, within the fence."""
    pipeline, names = c.settings.pipeline, c.session.names
    if pipeline is None:
        return Finding(problem=no_pipeline())
    trust = policies.web_trust(
        provider_arn(c, pipeline), pipeline_host(pipeline), pipeline, pipeline.audience or AUDIENCE
    )
    return look_role(
        c,
        names.deployer,
        trust,
        Text("パイプラインが使うロール", "the role that the pipeline becomes"),
        inline={"deploy": policies.deployer(names)},
        boundary=names.boundary_arn,
    )


def look_break_glass(c: Context[AwsSession]) -> Finding:
    """The role for the day when nothing else works: sealed by a second factor, its use alarmed."""
    names = c.session.names
    return look_role(
        c,
        names.break_glass,
        policies.break_glass_trust(names),
        Text(
            "緊急時だけの管理者ロール（使うと警報）", "the administrator for emergencies; its use is alarmed"
        ),
        managed=(ADMINISTRATOR,),
    )


def look_role(
    c: Context[AwsSession],
    role: str,
    trust: policies.Document,
    why: Text,
    *,
    inline: Mapping[str, policies.Document] | None = None,
    managed: tuple[str, ...] = (),
    boundary: str = "",
) -> Finding:
    """A role of ours, with exactly these policies."""
    wanted_inline = inline or {}
    said = c.session.read("iam", "GetRole", RoleName=role, absent=ABSENT)
    if said is None:
        create: dict[str, Any] = {
            "RoleName": role,
            "Description": why.en,
            "AssumeRolePolicyDocument": policies.written(trust),
            "MaxSessionDuration": SESSION_SECONDS,
            "Tags": tags(c),
        } | ({"PermissionsBoundary": boundary} if boundary else {})
        calls = [Call("iam", "CreateRole", create, why)]
        calls += [_put(role, name, document) for name, document in wanted_inline.items()]
        calls += [_attach(role, arn) for arn in managed]
        return Finding(facts={"role": None}, calls=tuple(calls))
    there: Mapping[str, Any] = said["Role"]
    facts: dict[str, Any] = {"role": there["Arn"]}
    if not ours(c, there.get("Tags")):
        return Finding(facts=facts, problem=foreign(role))
    calls: list[Call] = []
    if not policies.same(there["AssumeRolePolicyDocument"], trust):
        arguments = {"RoleName": role, "PolicyDocument": policies.written(trust)}
        calls.append(
            Call("iam", "UpdateAssumeRolePolicy", arguments, Text("誰がなれるか", "who may become it"))
        )
    if boundary and (there.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn") != boundary:
        arguments = {"RoleName": role, "PermissionsBoundary": boundary}
        calls.append(Call("iam", "PutRolePermissionsBoundary", arguments, Text("境界", "the fence")))
    calls += _inline(c, role, wanted_inline)
    attached = c.session.read("iam", "ListAttachedRolePolicies", RoleName=role) or {}
    arns = sorted(p["PolicyArn"] for p in attached.get("AttachedPolicies", []))
    facts["attached"] = arns
    calls += [_attach(role, arn) for arn in managed if arn not in arns]
    for arn in arns:
        if arn not in managed:
            arguments = {"RoleName": role, "PolicyArn": arn}
            calls.append(
                Call("iam", "DetachRolePolicy", arguments, Text("余分な権限", "a permission too many"))
            )
    return Finding(facts=facts, calls=tuple(calls))


def _inline(c: Context[AwsSession], role: str, wanted: Mapping[str, policies.Document]) -> list[Call]:
    names = (c.session.read("iam", "ListRolePolicies", RoleName=role) or {}).get("PolicyNames", [])
    calls: list[Call] = []
    for name, document in wanted.items():
        said = None
        if name in names:
            said = c.session.read("iam", "GetRolePolicy", RoleName=role, PolicyName=name, absent=ABSENT)
        if said is None or not policies.same(said["PolicyDocument"], document):
            calls.append(_put(role, name, document))
    for name in names:
        if name not in wanted:
            arguments = {"RoleName": role, "PolicyName": name}
            calls.append(
                Call("iam", "DeleteRolePolicy", arguments, Text("余分な権限", "a permission too many"))
            )
    return calls


def undo_role(c: Context[AwsSession], role: str) -> tuple[Call, ...]:
    """Take a role of ours away, with what it may do."""
    said = c.session.read("iam", "GetRole", RoleName=role, absent=ABSENT)
    if said is None or not ours(c, said["Role"].get("Tags")):
        return ()
    why = Text(f"{role} を外す", f"{role} is taken away")
    names = (c.session.read("iam", "ListRolePolicies", RoleName=role) or {}).get("PolicyNames", [])
    attached = c.session.read("iam", "ListAttachedRolePolicies", RoleName=role) or {}
    calls = [Call("iam", "DeleteRolePolicy", {"RoleName": role, "PolicyName": n}, why) for n in names]
    calls += [
        Call("iam", "DetachRolePolicy", {"RoleName": role, "PolicyArn": p["PolicyArn"]}, why)
        for p in attached.get("AttachedPolicies", [])
    ]
    return (*calls, Call("iam", "DeleteRole", {"RoleName": role}, why))


def _put(role: str, name: str, document: policies.Document) -> Call:
    return Call(
        "iam",
        "PutRolePolicy",
        {"RoleName": role, "PolicyName": name, "PolicyDocument": policies.written(document)},
        Text("できること", "what it may do"),
    )


def _attach(role: str, arn: str) -> Call:
    return Call(
        "iam",
        "AttachRolePolicy",
        {"RoleName": role, "PolicyArn": arn},
        Text("できること", "what it may do"),
    )


def no_pipeline() -> Problem:
    """Who deploys has not been said."""
    return Problem(
        "by_hand",
        Text(
            "どのパイプラインがデプロイするか、指定がありません。",
            "nobody has said which pipeline deploys",
        ),
        Text(
            "マニフェストの pipeline か、--issuer と --subject で指定してください"
            "（例: --issuer github --subject repo:org/infra:environment:production）。",
            "Say so in the manifest's `pipeline`, or with --issuer and --subject "
            "(say --issuer github --subject repo:org/infra:environment:production).",
        ),
    )


def _other_audience(arn: str, audience: str) -> Problem:
    return Problem(
        "foreign",
        Text(
            f"{arn} は別の人が登録したもので、aud「{audience}」を受け付けません。",
            f"{arn} was made by somebody else and does not take the audience {audience}",
        ),
        Text(
            f"持ち主に aud「{audience}」の追加を頼むか、--audience で登録済みの aud を指定してください。",
            f"Ask its owner to add {audience}, or name one that is there with --audience.",
        ),
    )
