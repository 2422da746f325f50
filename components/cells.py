"""What each cell of DESIGN §4 is on each cloud: one reader for the five `cells.yaml`.

A cloud's file says for every cell what it is there (`ja`, `en`) and the resource types that make it, in
the short form `<module>:<Class>`; a cell without types gives its reason. `CELLS` is the list of cells, the
same for all: a file that lacks one, or has one more, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

import yaml

from stacks.registry.clouds import CloudName
from stacks.text import Text

Layer = Literal["baseline", "lgwan", "iaas", "paas", "saas"]
LAYERS: tuple[Layer, ...] = get_args(Layer)

CELLS: Mapping[Layer, Mapping[str, Text]] = MappingProxyType(
    {
        "baseline": {
            "audit_log": Text("監査ログ", "Audit log"),
            "configuration_recording": Text("構成の記録", "Configuration recording"),
            "threat_detection": Text("脅威検知", "Threat detection"),
            "posture_management": Text("セキュリティ態勢の管理", "Posture management"),
            "account_guards": Text("環境全体の制限", "Guards of the unit"),
            "keys": Text("顧客管理の鍵", "Customer-managed keys"),
            "budget": Text("予算", "Budget"),
            "contacts": Text("連絡先", "Contacts"),
            "alarms": Text("警報", "Alarms"),
            "tags": Text("タグ・ラベル", "Tags and labels"),
            "backup": Text("バックアップの保管", "Backup vault"),
            "default_network": Text("既定のネットワークの始末", "Default-network clean-up"),
        },
        "lgwan": {
            "own": Text("専用回線(own)", "Dedicated circuits (own)"),
            "hub": Text("共有ハブへの接続(hub)", "Attachment to a hub (hub)"),
            "filters": Text("経路の制限", "Prefix filters"),
            "segmentation": Text("三層の対策の区画", "三層 segmentation"),
            "allow_list": Text("許可リストによる通信制御", "Allow-list firewall"),
            "names": Text("双方向の名前解決", "Private DNS both ways"),
            "circuit_alarms": Text("回線の警報", "Circuit alarms"),
        },
        "iaas": {
            "network": Text("閉じたネットワーク", "Closed network"),
            "private_endpoints": Text("プライベートエンドポイント", "Private endpoints"),
            "exceptions": Text("承認された例外の出口", "Way out for approved exceptions"),
            "servers": Text("サーバー", "Servers"),
            "sessions": Text("セッション接続", "Session access"),
            "block_storage": Text("ブロックストレージ", "Block storage"),
            "files": Text("ファイル共有", "File storage"),
            "patching": Text("更新の適用", "Patch schedule"),
        },
        "paas": {
            "postgresql": Text("PostgreSQL", "PostgreSQL"),
            "mysql": Text("MySQL", "MySQL"),
            "oracle": Text("Oracle", "Oracle"),
            "containers": Text("コンテナの基盤", "Containers"),
            "object_storage": Text("オブジェクトストレージ", "Object storage"),
            "secrets": Text("秘密情報", "Secrets"),
            "registry": Text("イメージのレジストリ", "Registry"),
            "messaging": Text("メッセージング", "Messaging"),
            "handover": Text("庁内データ連携", "Data hand-over"),
            "certificates": Text("証明書の発行元", "Certificate authority"),
        },
        "saas": {
            "workload": Text("業務アプリケーション", "Workload"),
            "entrance": Text("内部ロードバランサーとTLS", "Internal load balancer with TLS"),
            "name": Text("プライベートな名前", "Private name"),
            "database_user": Text("データベースの利用者", "Database and user"),
            "secrets": Text("アプリケーションの秘密情報", "Application's secrets"),
            "logs": Text("ログ", "Logs"),
            "alarms": Text("警報", "Alarms"),
            "backup": Text("バックアップ", "Backup"),
            "schedule": Text("検証環境の稼働時間", "Start/stop schedule for 検証"),
            "asp": Text("事業者ASPへの接続", "Endpoint to a vendor's ASP"),
        },
    }
)
"""The cells of DESIGN §4 by layer, with their titles."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell is on one cloud; `types` are `<module>:<Class>`, `reason` stands where there are none."""

    what: Text
    types: tuple[str, ...]
    reason: Text | None


def short(token: str) -> str:
    """A resource type without its package and file: `aws:ec2/vpc:Vpc` is `ec2:Vpc`."""
    _, module, name = token.split(":")
    return f"{module.split('/', 1)[0]}:{name}"


@cache
def cells(cloud: CloudName) -> Mapping[Layer, Mapping[str, Cell]]:
    """Every cell on `cloud`, in the order of `CELLS`.

    Raises ValueError where the cloud's file lacks a cell, has one that is none, or leaves one empty
    without a reason.
    """
    file = Path(__file__).parent / cloud / "cells.yaml"
    written = cast("Mapping[str, Mapping[str, Any]]", yaml.safe_load(file.read_text(encoding="utf-8")))
    wrong = [
        f"{layer}.{name}"
        for layer in {*CELLS, *written}
        for name in {*CELLS.get(cast("Layer", layer), {})} ^ {*written.get(layer, {})}
    ]
    if wrong:
        raise ValueError(f"{file}: cells missing, or that are none: {', '.join(sorted(wrong))}")
    return {
        layer: {name: _cell(f"{file}: {layer}.{name}", written[layer][name]) for name in CELLS[layer]}
        for layer in LAYERS
    }


def _cell(where: str, value: Mapping[str, Any]) -> Cell:
    types = tuple(value.get("types") or ())
    reason = value.get("reason")
    if not types and not reason:
        raise ValueError(f"{where}: neither types nor a reason")
    return Cell(Text(value["ja"], value["en"]), types, Text(reason["ja"], reason["en"]) if reason else None)


def types_of(cloud: CloudName) -> frozenset[str]:
    """Every resource type that some cell of `cloud` names."""
    return frozenset(t for layer in cells(cloud).values() for cell in layer.values() for t in cell.types)
