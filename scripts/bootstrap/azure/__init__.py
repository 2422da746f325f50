"""Azure: the subscription that was handed over. The order of the steps is the order of the file below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.azure import deployer, guard, roles, store, unit
from scripts.bootstrap.azure.session import Azure, open_session
from scripts.bootstrap.steps import ONLY_READS, Cloud, Settings, Step, look_identity
from stacks.text import Text

_ROLE_WRITE = "Microsoft.Authorization/roleAssignments/write"

STEPS: tuple[Step[Azure], ...] = (
    Step(
        "whoami",
        Text("身元とサブスクリプションの確認", "Who we are, and which subscription this is"),
        Text(
            "払い出されたサブスクリプションでなければ何もしない", "Nothing is done in any other subscription"
        ),
        look_identity,
    ),
    Step(
        "providers",
        Text("リソースプロバイダーの登録", "Resource providers"),
        Text("登録していないサービスは、どんな呼び出しも断る", "What is not registered refuses every call"),
        unit.look_providers,
        tuple(f"{space}/register/action" for space in ("Microsoft.Storage", "Microsoft.KeyVault")),
        Text(
            "登録のままにします（ほかが使っているかもしれません）。", "They stay: others may use them by now."
        ),
    ),
    Step(
        "group",
        Text("リソースグループとロック", "Resource group and lock"),
        Text(
            "状態・鍵・証跡をまとめ、消せないようにする",
            "State, keys and evidence together, kept from deletion",
        ),
        unit.look_group,
        ("Microsoft.Resources/subscriptions/resourceGroups/write", "Microsoft.Authorization/locks/write"),
        Text("状態と鍵が入っているため、消しません。", "It holds the state and the keys: it is not deleted."),
    ),
    Step(
        "contacts",
        Text("連絡先", "Contacts"),
        Text("安全に関する知らせを届かせる", "Security notices reach somebody"),
        unit.look_contacts,
        ("Microsoft.Security/securityContacts/write",),
        Text("残します。宛先はマニフェストで変えてください。", "They stay; change them in the manifest."),
    ),
    Step(
        "fence",
        Text("場所の囲い", "Fence"),
        Text("国外に何も置けないようにする", "Nothing can be put abroad"),
        unit.look_fence,
        ("Microsoft.Authorization/policyAssignments/write",),
        unit.undo_fence,
    ),
    Step(
        "signin",
        Text("サインインの点検", "Sign-in"),
        Text("だれが所有者かを記録する", "Who owns the subscription goes on record"),
        unit.look_signin,
        (),
        ONLY_READS,
    ),
    Step(
        "keys",
        Text("鍵", "Keys"),
        Text(
            "状態と、状態の中の秘密を別々の鍵で守る", "One key for the state, another for the secrets in it"
        ),
        store.look_keys,
        (
            "Microsoft.KeyVault/vaults/write",
            "Microsoft.KeyVault/vaults/keys/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            _ROLE_WRITE,
        ),
        Text("鍵がなければ状態が読めないため、戻しません。", "Without the keys the state cannot be read."),
    ),
    Step(
        "state",
        Text("状態の置き場", "State store"),
        Text("上書きや削除をしても、前の版が残る", "What is overwritten or deleted can be brought back"),
        store.look_state,
        (
            "Microsoft.Storage/storageAccounts/write",
            "Microsoft.Storage/storageAccounts/blobServices/write",
            "Microsoft.Storage/storageAccounts/blobServices/containers/write",
        ),
        Text("状態が入っているかもしれないため、消しません。", "It may hold the state: it is not deleted."),
    ),
    Step(
        "archive",
        Text("証跡の置き場", "Evidence store"),
        Text("だれも、保存期間のうちは変えられない", "Nobody can change what is in it while it must be kept"),
        store.look_archive,
        (
            "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/lock/action",
            "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/write",
        ),
        Text("ロックした保存期間は取り消せません。", "A locked retention cannot be undone."),
    ),
    Step(
        "roles",
        Text("独自ロール", "Roles of our own"),
        Text(
            "組み込みのロールでは広すぎる権限。パイプラインは名指しするだけで、定義できない",
            "For what built-in roles give too much: the pipeline names them and defines none",
        ),
        roles.look_roles,
        ("Microsoft.Authorization/roleDefinitions/write",),
        roles.undo_roles,
    ),
    Step(
        "federation",
        Text("パイプラインの身元の受け入れ", "Federation"),
        Text(
            "秘密を配らず、決めた job のトークンだけを受け入れる",
            "No secret: only the tokens of exactly these jobs",
        ),
        deployer.look_federation,
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
        ),
        deployer.undo_federation,
    ),
    Step(
        "deployer",
        Text("デプロイの身元", "Deployer"),
        Text(
            "部品が要る権限だけを持ち、権限は配れない", "What the components need, and no way to grant more"
        ),
        deployer.look_deployer,
        ("Microsoft.Authorization/roleDefinitions/write", _ROLE_WRITE),
        deployer.undo_deployer,
    ),
    Step(
        "breakglass",
        Text("緊急用の身元", "Break-glass"),
        Text("ふだんは使わず、使えば知らせが出る", "Never used daily; whoever uses it is noticed"),
        guard.look_break_glass,
        (_ROLE_WRITE,),
        Text("最初の認証情報を止めたあとは、これが最後の道です。", "Later it is the last road in: it stays."),
    ),
    Step(
        "alarms",
        Text("警報", "Alarms"),
        Text(
            "緊急用・最初の管理者・権限と身元の追加を知らせる",
            "Emergencies, the first administrator, new grants",
        ),
        guard.look_alarms,
        ("Microsoft.Insights/actionGroups/write", "Microsoft.Insights/activityLogAlerts/write"),
        Text("警報は残します。要らなければ手で消してください。", "They stay; delete them by hand."),
    ),
    Step(
        "access",
        Text("実証を読む権限", "Access to the proof"),
        Text(
            "所有者でもデータは読めないため、廃止まで与える",
            "Even an owner may not read data: until it is retired",
        ),
        deployer.look_access,
        (_ROLE_WRITE,),
        Text("最初の認証情報の廃止で外れます。", "It goes with the first credential."),
    ),
    Step(
        "proof",
        Text("新しい道の実証", "Proof"),
        Text("パイプラインが実際に入り、鍵を使い、書けた", "The pipeline came in, used the key and wrote"),
        deployer.look_proof,
        (),
        Text("証拠は残します。", "The proof stays."),
    ),
    Step(
        "evidence",
        Text("証跡の写し", "Evidence"),
        Text("手元の記録が失われても残る", "It outlives the file on this machine"),
        guard.look_evidence,
        (),
        Text("証跡は消せません。", "Evidence cannot be deleted."),
    ),
    Step(
        "retire",
        Text("最初の認証情報の廃止", "Retire the first credential"),
        Text("だれもこの管理者を要らなくなった", "Nobody needs this administrator any more"),
        guard.look_retire,
        ("Microsoft.Authorization/roleAssignments/delete",),
        Text(
            "権限は戻せません。払い出し元か緊急用の身元が要ります。", "Cannot be undone without the agency."
        ),
        final=True,
    ),
)


def successor(settings: Settings, begun: Mapping[str, Any]) -> Text:
    """Who finishes a retirement that was cut off: the sealed account, told whom by `--set retire`."""
    member = str(begun.get("before", {}).get("member", "OBJECT-ID"))
    sealed = settings.options.get("break_glass", "OBJECT-ID:NAME")
    go_on = (
        f"./jichitai bootstrap azure {settings.stack} --step retire"
        f" --set retire={member}:{begun['who']} --set break_glass={sealed}"
    )
    return Text(
        f"封をした緊急用の身元で az login をして、{go_on} を実行すると続きから終えます。",
        f"Sign in (az login) as the sealed account and run {go_on}: it finishes.",
    )


CLOUD = Cloud(name="azure", open=open_session, steps=STEPS, successor=successor)
