"""A child tenancy over HTTP, as far as the bootstrap speaks to it: the real `oci` SDK stands in front.

Requests are verified as OCI does (signatures of registered API keys, or of a session token with the key that
it was made for), their bodies by the SDK's own published models, and whether the caller may by the
tenancy's statements, which the fake reads by itself and not by the code that it tests.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.bootstrap.fakes.server import Answer, Refused, Request
from tests.bootstrap.oci.domain import Domain
from tests.bootstrap.oci.ground import NAMESPACE, TENANCY
from tests.bootstrap.oci.services import Services


class Tenancy(Services, Domain):
    """The tenancy: its addresses, what each needs, and what answers."""

    def __init__(self, administrator_key: str, *, statements: tuple[str, ...] = ()) -> None:
        super().__init__(administrator_key, statements=statements)
        for method, template, need, function in self._routes_of():
            self.add(method, template, self.guarded(need, function))

    def _routes_of(self) -> list[tuple[str, str, str, Callable[..., Answer]]]:
        i, d = "/20160918", "/admin/v1"
        return [
            (
                "GET",
                f"{i}/tenancies/{{key}}",
                "",
                lambda r, key: Answer(body={"id": TENANCY, "name": "setagaya", "homeRegionKey": "NRT"}),
            ),
            ("GET", f"{i}/tenancies/{{key}}/regionSubscriptions", "inspect tenancies", self.subscribed),
            ("GET", f"{i}/users/{{key}}", "", self.user),
            ("GET", f"{i}/userGroupMemberships", "inspect groups", self.memberships),
            (
                "GET",
                f"{i}/groups",
                "inspect groups",
                lambda r: Answer(
                    body=[
                        {"id": g["ocid"], "name": g["displayName"], "compartmentId": TENANCY}
                        for g in self.all("groups")
                    ]
                ),
            ),
            (
                "GET",
                f"{i}/domains",
                "inspect domains",
                lambda r: Answer(
                    body=[{"id": "ocid1.domain.oc1..d", "displayName": "Default", "url": self.url}]
                ),
            ),
            (
                "GET",
                f"{i}/compartments",
                "inspect compartments",
                self.listed("compartments", "name", "lifecycleState"),
            ),
            (
                "POST",
                f"{i}/compartments",
                "manage compartments",
                self.made(
                    "compartments",
                    "identity",
                    "CreateCompartmentDetails",
                    "compartment",
                    unique="name",
                    state="ACTIVE",
                ),
            ),
            ("GET", f"{i}/policies", "inspect policies", self.listed("policies", "name")),
            (
                "POST",
                f"{i}/policies",
                "manage policies",
                self.made(
                    "policies", "identity", "CreatePolicyDetails", "policy", unique="name", state="ACTIVE"
                ),
            ),
            (
                "PUT",
                f"{i}/policies/{{key}}",
                "manage policies",
                self.changed("policies", "identity", "UpdatePolicyDetails"),
            ),
            *(
                route
                for kind, path in (
                    ("apikeys", "apiKeys"),
                    ("authtokens", "authTokens"),
                    ("secretkeys", "customerSecretKeys"),
                    ("smtp", "smtpCredentials"),
                )
                for route in (
                    ("GET", f"{i}/users/{{user}}/{path}", "inspect users own", self.credentials(kind)),
                    (
                        "DELETE",
                        f"{i}/users/{{user}}/{path}/{{key}}",
                        "manage users own",
                        self.uncredited(kind),
                    ),
                )
            ),
            ("POST", f"{i}/users/{{user}}/apiKeys", "manage users own", self.upload),
            ("POST", f"{i}/users/{{user}}/customerSecretKeys", "manage users own", self.secret_key),
            ("GET", "/20180608/vaults", "inspect vaults", self.listed("vaults")),
            (
                "GET",
                "/20180608/vaults/{key}",
                "read vaults",
                lambda r, key: Answer(body=self.ripe(self.one("vaults", key))),
            ),
            ("POST", "/20180608/vaults", "manage vaults", self.vault),
            ("GET", "/20180608/keys", "inspect keys", self.listed("keys")),
            ("POST", "/20180608/keys", "manage keys", self.new_key),
            ("GET", "/20180608/secrets", "inspect secrets", self.listed("secrets", ("name", "secretName"))),
            ("POST", "/20180608/secrets", "manage secrets", self.new_secret),
            ("GET", "/20190301/secretbundles/{key}", "read secret-bundles", self.bundle),
            ("GET", "/n", "", lambda r: Answer(body=NAMESPACE)),
            ("POST", "/n/{ns}/b", "manage buckets", self.new_bucket),
            (
                "GET",
                "/n/{ns}/b/{bucket}",
                "read buckets",
                lambda r, ns, bucket: Answer(body=self.shown(self.bucket(bucket))),
            ),
            ("POST", "/n/{ns}/b/{bucket}", "manage buckets", self.set_bucket),
            ("GET", "/n/{ns}/b/{bucket}/l", "read buckets", self.lifecycle),
            ("PUT", "/n/{ns}/b/{bucket}/l", "manage buckets", self.set_lifecycle),
            ("GET", "/n/{ns}/b/{bucket}/o/{+name}", "read objects", self.get_object),
            ("HEAD", "/n/{ns}/b/{bucket}/o/{+name}", "read objects", self.get_object),
            ("PUT", "/n/{ns}/b/{bucket}/o/{+name}", "manage objects", self.put_object),
            ("GET", "/20181201/topics", "inspect ons-topics", self.listed("topics", "name")),
            (
                "POST",
                "/20181201/topics",
                "manage ons-topics",
                self.made(
                    "topics",
                    "ons",
                    "CreateTopicDetails",
                    "onstopic",
                    unique="name",
                    state="ACTIVE",
                    also="topicId",
                ),
            ),
            (
                "GET",
                "/20181201/subscriptions",
                "inspect ons-subscriptions",
                self.listed("subscriptions", "topicId"),
            ),
            (
                "POST",
                "/20181201/subscriptions",
                "manage ons-subscriptions",
                self.made(
                    "subscriptions", "ons", "CreateSubscriptionDetails", "onssubscription", state="PENDING"
                ),
            ),
            (
                "GET",
                "/20200909/serviceConnectors",
                "inspect serviceconnectors",
                self.items("connectors", "displayName"),
            ),
            ("POST", "/20200909/serviceConnectors", "manage serviceconnectors", self.connector),
            *(
                route
                for kind, path, model in (
                    ("users", "Users", "User"),
                    ("groups", "Groups", "Group"),
                    ("apps", "Apps", "App"),
                    ("trusts", "IdentityPropagationTrusts", "IdentityPropagationTrust"),
                    ("passwordpolicies", "PasswordPolicies", ""),
                    ("factors", "AuthenticationFactorSettings", ""),
                    ("providers", "IdentityProviders", ""),
                )
                for route in (
                    ("GET", f"{d}/{path}", "inspect domains", self.scim(kind)),
                    ("POST", f"{d}/{path}", "manage domains", self.scim_made(kind, model)),
                    ("GET", f"{d}/{path}/{{key}}", "read domains", self.scim_one(kind)),
                    ("PUT", f"{d}/{path}/{{key}}", "manage domains", self.scim_put(kind, model)),
                    ("PATCH", f"{d}/{path}/{{key}}", "manage domains", self.scim_patch(kind)),
                )
            ),
        ]

    def __call__(self, request: Request) -> Answer:
        """Also what is not signed as the rest is: the exchange of tokens, and S3."""
        if request.path == "/oauth2/v1/token":
            return self._in_words(self.exchange, request)
        if request.path.startswith("/compat/"):
            return self.s3(request)
        return super().__call__(request)

    def _in_words(self, function: Callable[[Request], Answer], request: Request) -> Answer:
        try:
            return function(request)
        except Refused as refused:
            return Answer(refused.status, {"error": refused.code, "error_description": refused.message})
