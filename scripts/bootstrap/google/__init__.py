"""Google Cloud: the project that was handed over. The order of the steps is the order of the file below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.google import deployer, guard, names, store, unit
from scripts.bootstrap.google.session import Google, open_session
from scripts.bootstrap.steps import ONLY_READS, Cloud, Settings, Step
from stacks.text import Text

STEPS: tuple[Step[Google], ...] = (
    Step(
        "whoami",
        Text("身元とプロジェクトの確認", "Who we are, and which project this is"),
        Text("払い出されたプロジェクトでなければ何もしない", "Nothing is done in any other project"),
        unit.look_project,
    ),
    Step(
        "services",
        Text("サービスの有効化", "Services"),
        Text("無効なサービスは、どんな呼び出しも断る", "A service that is off refuses every call"),
        unit.look_services,
        ("serviceusage.services.enable", "serviceusage.services.get"),
        Text(
            "有効のままにします（ほかが使っているかもしれません）。",
            "They stay on: others may use them by now.",
        ),
    ),
    Step(
        "contacts",
        Text("連絡先", "Contacts"),
        Text("障害・安全・請求の知らせを届かせる", "Notices of outages, security and billing reach somebody"),
        unit.look_contacts,
        ("essentialcontacts.contacts.create", "essentialcontacts.contacts.update"),
        Text("残します。宛先はマニフェストで変えてください。", "They stay; change them in the manifest."),
    ),
    Step(
        "fence",
        Text("場所と鍵の囲い", "Fence"),
        Text("国外に置けず、長期の鍵を作れないようにする", "Nothing outside Japan, no long-lived keys"),
        unit.look_fence,
        ("orgpolicy.policies.create",),
        Text(
            "残します。囲いを外すのは払い出し元と決めてください。",
            "It stays; agree on its end with the agency.",
        ),
    ),
    Step(
        "signin",
        Text("サインインの点検", "Sign-in"),
        Text("組織の外の人が入れないことを確かめる", "Nobody from outside the organisation may enter"),
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
            "cloudkms.cryptoKeys.create",
            "cloudkms.cryptoKeys.setIamPolicy",
            "cloudkms.cryptoKeys.update",
            "cloudkms.keyRings.create",
        ),
        Text(
            "鍵の名前は消せず、鍵を壊すと状態が読めなくなるため、戻しません。",
            "Names of keys stay for ever, and without the keys the state cannot be read.",
        ),
    ),
    Step(
        "state",
        Text("状態の置き場", "State store"),
        Text("上書きや削除をしても、前の版が残る", "What is overwritten or deleted can be brought back"),
        store.look_state,
        ("storage.buckets.create", "storage.buckets.update"),
        Text("状態が入っているかもしれないため、消しません。", "It may hold the state: it is not deleted."),
    ),
    Step(
        "archive",
        Text("証跡の置き場", "Evidence store"),
        Text("だれも、保存期間のうちは変えられない", "Nobody can change what is in it while it must be kept"),
        store.look_archive,
        ("storage.buckets.create", "storage.buckets.update"),
        Text("ロックした保存期間は取り消せません。", "A locked retention cannot be undone."),
    ),
    Step(
        "federation",
        Text("パイプラインの身元の受け入れ", "Federation"),
        Text(
            "鍵を配らず、決めた job のトークンだけを受け入れる",
            "No key: only the tokens of exactly these jobs",
        ),
        deployer.look_federation,
        (
            "iam.workloadIdentityPoolProviders.create",
            "iam.workloadIdentityPoolProviders.update",
            "iam.workloadIdentityPools.create",
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
        (
            "cloudkms.cryptoKeys.setIamPolicy",
            "iam.serviceAccounts.create",
            "iam.serviceAccounts.setIamPolicy",
            "resourcemanager.projects.setIamPolicy",
            "storage.buckets.setIamPolicy",
        ),
        deployer.undo_deployer,
    ),
    Step(
        "breakglass",
        Text("緊急用の身元", "Break-glass"),
        Text("ふだんは止め、使えば知らせが出る", "Sealed; whoever uses it is noticed"),
        guard.look_break_glass,
        (
            "iam.roles.create",
            "iam.serviceAccounts.create",
            "iam.serviceAccounts.disable",
            "iam.serviceAccounts.setIamPolicy",
            "resourcemanager.projects.setIamPolicy",
        ),
        Text(
            "最初の認証情報を止めたあとは、これが最後の道です。",
            "Once the first credential is gone it is the last road.",
        ),
    ),
    Step(
        "alarms",
        Text("警報", "Alarms"),
        Text(
            "緊急用・最初の管理者・所有者の追加・鍵の作成を知らせる",
            "Emergencies, the first administrator, owners, keys",
        ),
        guard.look_alarms,
        ("monitoring.alertPolicies.create", "monitoring.notificationChannels.create"),
        guard.undo_alarms,
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
        (),  # given on the bucket, which is not where permissions are asked for
        Text("証跡は消せません。", "Evidence cannot be deleted."),
    ),
    Step(
        "retire",
        Text("最初の認証情報の廃止", "Retire the first credential"),
        Text("だれもこの管理者を要らなくなった", "Nobody needs this administrator any more"),
        guard.look_retire,
        ("resourcemanager.projects.setIamPolicy",),
        Text(
            "鍵と権限は戻せません。払い出し元か緊急用の身元が要ります。",
            "Cannot be undone without the agency.",
        ),
        final=True,
    ),
)


def successor(settings: Settings, begun: Mapping[str, Any]) -> Text:
    """Who finishes a retirement that was cut off: whoever may break the seal, which is put back after it."""
    sealed = names.account(settings, names.BREAK_GLASS)
    switch = f"gcloud iam service-accounts {{}} {sealed} --project {settings.unit}"
    become = f"gcloud auth application-default login --impersonate-service-account={sealed}"
    go_on = f"./jichitai bootstrap google {settings.stack} --step retire --set retire={begun['who']}"
    on, off = switch.format("enable"), switch.format("disable")
    return Text(
        f"封を解ける人が {on} と {become} を実行し、{go_on} で続きから終えます。"
        f"そのあと {off} で封を戻してください。",
        f"Whoever may break the seal runs {on} and {become}, then {go_on}, which finishes, "
        f"then {off}, which seals it again.",
    )


CLOUD = Cloud(name="google", open=open_session, steps=STEPS, successor=successor)
