"""APIゲートウェイ: changes are written whole and answered by nothing; some kinds can only be listed."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sakura import convert
from providers.sakura.catalog.apigateway import AUTHENTICATION
from providers.sakura.errors import ApiError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json


class GatewayFlow(Flow):
    """Services, groups: a change is the whole again."""

    partial_updates = True

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """What is absent is not there: the API takes no empty text or object for it."""
        body = super().body(job, when, onto)
        if when == "update" and isinstance(onto, Mapping) and "tags" in body:
            hidden = [t for t in convert.items(onto.get("tags")) if str(t).startswith("@pulumi=")]
            body["tags"] = [*body["tags"], *hidden]
        return {k: v for k, v in body.items() if v not in ("", None, {})}


class ListedFlow(GatewayFlow):
    """Contracts, domains, certificates: there is a list and nothing else to read from."""

    def learn(self, job: Job, answer: Json) -> None:
        """The creation of a contract answers nothing: it is found by its name."""
        if answer is not None:
            super().learn(job, answer)
            return
        (key,) = job.resource.natural_key
        wire = job.resource.field(key).wire
        for found in self.listed(job, fresh=True):
            if convert.get(found, wire) == job.inputs.get(key):
                job.id = self.id_of(job, found)
                return
        raise ApiError(job.where, 404, "not_found", job.name, "", f"GET {job.collection_path}")

    def load(self, job: Job) -> dict[str, Json]:
        """Out of the list; ApiError when it is not there."""
        for found in self.listed(job, fresh=True):
            if self.id_of(job, found) == job.id:
                return dict(found)
        raise ApiError(job.where, 404, "not_found", job.id, "", f"GET {job.collection_path}")


class RouteFlow(GatewayFlow):
    """Routes: who may use them, and what is changed on the way, are documents beside them."""

    def finish(self, job: Job) -> None:
        """Write the three documents, where the program says or said something about them."""
        groups, before = job.inputs.get("groupIds"), job.old_inputs.get("groupIds")
        if groups or before:
            rule: dict[str, Any] = {"isACLEnabled": bool(groups)}
            if groups:
                rule["groups"] = [{"id": each, "enabled": True} for each in groups]
            job.call("PUT", f"{job.item_path}/authorization", rule)
        for name, path in (("requestTransformation", "request"), ("responseTransformation", "response")):
            wanted = job.inputs.get(name)
            if wanted or job.old_inputs.get(name):
                job.call("PUT", f"{job.item_path}/{path}", wanted or {})

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The three documents."""
        rule = _part(job, "authorization", "routeAuthorization")
        groups = [str(g["id"]) for g in convert.items(rule.get("groups")) if g.get("enabled", True)]
        return {
            "serviceId": str(job.value("serviceId")),
            "groupIds": (groups or None) if rule.get("isACLEnabled") else None,
            "requestTransformation": _pruned(_part(job, "request", "requestTransformation")) or None,
            "responseTransformation": _pruned(_part(job, "response", "responseTransformation")) or None,
        }


class UserFlow(GatewayFlow):
    """Users: groups and credentials are documents beside them."""

    def finish(self, job: Job) -> None:
        """Bring the groups; write the credentials."""
        wanted: set[str] = set(job.inputs.get("groupIds") or ())
        if wanted or job.old_inputs.get("groupIds"):
            now = set(self._groups(job))
            changed = [{"id": each, "isAssigned": each in wanted} for each in sorted(wanted ^ now)]
            if changed:
                job.call("PUT", f"{job.item_path}/groups", changed)
        given = job.inputs.get("authentication")
        if given or job.old_inputs.get("authentication"):
            asked = convert.to_wire(AUTHENTICATION, given or {})
            job.call("PUT", f"{job.item_path}/authentication", asked)

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The groups, and the readable part of the credentials."""
        found = convert.from_wire(AUTHENTICATION, _part(job, "authentication", "userAuthentication"))
        shown = {key: value for key, value in found.items() if value}
        return {"groupIds": self._groups(job) or None, "authentication": shown or None}

    def _groups(self, job: Job) -> list[str]:
        answer = job.call("GET", f"{job.item_path}/groups")
        listed = convert.items(convert.get(answer, "apigw.groups"))
        return [str(g["id"]) for g in listed if g.get("isAssigned", True)]


def _part(job: Job, path: str, key: str) -> dict[str, Json]:
    """A document beside a route or user; empty where there is none."""
    try:
        found = convert.get(job.call("GET", f"{job.item_path}/{path}"), f"apigw.{key}")
    except ApiError as error:
        if error.missing:
            return {}
        raise
    return dict(found) if isinstance(found, Mapping) else {}


def _pruned(value: Json) -> Json:
    """`value` without what says nothing: null, empty texts, lists and objects."""
    if isinstance(value, Mapping):
        kept = {key: _pruned(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in (None, "", [], {})}
    return [_pruned(inner) for inner in value] if isinstance(value, list) else value
