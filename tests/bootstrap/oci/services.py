"""Vault, Object Storage (by its own API and by S3) and connectors of the fake."""

from __future__ import annotations

import base64
import re
import secrets
from urllib.parse import unquote

from tests.bootstrap.fakes.server import Answer, Refused, Request
from tests.bootstrap.oci import compat
from tests.bootstrap.oci.ground import Ground, Row
from tests.bootstrap.oci.models import check


class Services(Ground):
    """What holds state and secrets."""

    # --- vault ---

    def vault(self, request: Request) -> Answer:
        check("key_management", "CreateVaultDetails", request.json)
        self.place(request.json["compartmentId"])
        row = {
            **request.json,
            "id": self.new("vault"),
            "managementEndpoint": self.url,
            "cryptoEndpoint": self.url,
        }
        return self.slow("vaults", row, "CREATING", "ACTIVE")

    def new_key(self, request: Request) -> Answer:
        check("key_management", "CreateKeyDetails", request.json)
        if not self.all("vaults", lifecycleState="ACTIVE"):
            raise Refused(409, "IncorrectState", "the vault is not active")
        row = {
            **request.json,
            "id": self.new("key"),
            "vaultId": self.all("vaults")[0]["id"],
            "currentKeyVersion": "1",
        }
        return self.slow("keys", row, "CREATING", "ENABLED")

    def new_secret(self, request: Request) -> Answer:
        body = request.json
        check("vault", "CreateSecretDetails", body)
        self.one("vaults", body["vaultId"])
        if self.one("keys", body["keyId"])["lifecycleState"] != "ENABLED":
            raise Refused(409, "IncorrectState", "the key is not enabled")
        if self.all("secrets", secretName=body["secretName"]):
            raise Refused(409, "AlreadyExists", "a secret of that name exists")
        if bool(body.get("enableAutoGeneration")) == bool(body.get("secretContent")):
            raise Refused(400, "InvalidParameter", "either secretContent or automatic generation")
        row = {**body, "id": self.new("vaultsecret"), "_value": secrets.token_urlsafe(48)}
        return self.slow("secrets", row, "CREATING", "ACTIVE")

    def bundle(self, request: Request, key: str) -> Answer:
        del request
        row = self.one("secrets", key)
        content = {"contentType": "BASE64", "content": base64.b64encode(row["_value"].encode()).decode()}
        return Answer(body={"secretId": key, "versionNumber": 1, "secretBundleContent": content})

    # --- object storage ---

    def bucket(self, name: str) -> Row:
        found = self.rows.get("buckets", {}).get(name)
        if found is None:
            raise Refused(
                404,
                "BucketNotFound",
                f"Either the bucket named '{name}' does not exist or you are not authorized",
            )
        return found

    def new_bucket(self, request: Request, ns: str) -> Answer:
        body = request.json
        check("object_storage", "CreateBucketDetails", body)
        self.place(body["compartmentId"])
        if body["name"] in self.rows.get("buckets", {}):
            raise Refused(409, "BucketAlreadyExists", "the bucket exists")
        self._may_encrypt(body)
        return Answer(body=self.put("buckets", {**body, "id": body["name"], "namespace": ns}))

    def _may_encrypt(self, body: Row) -> None:
        """Object Storage uses a key only where a statement lets it."""
        if not body.get("kmsKeyId"):
            return
        self.one("keys", body["kmsKeyId"])
        texts = [t.lower() for p in self.all("policies") for t in p["statements"]]
        if not any(t.startswith("allow service objectstorage-ap-tokyo-1 to use keys") for t in texts):
            raise Refused(400, "InsufficientServicePermissions", "the service may not use the key")

    def set_bucket(self, request: Request, ns: str, bucket: str) -> Answer:
        del ns
        check("object_storage", "UpdateBucketDetails", request.json)
        row = self.bucket(bucket)
        self._may_encrypt(request.json)
        row.update(request.json)
        return Answer(body=self.shown(row))

    def lifecycle(self, request: Request, ns: str, bucket: str) -> Answer:
        del request, ns
        found = self.bucket(bucket).get("_lifecycle")
        if found is None:
            raise Refused(404, "LifecyclePolicyNotFound", "there is none")
        return Answer(body={"items": found})

    def set_lifecycle(self, request: Request, ns: str, bucket: str) -> Answer:
        del ns
        check("object_storage", "PutObjectLifecyclePolicyDetails", request.json)
        texts = [t.lower() for p in self.all("policies") for t in p["statements"]]
        if not any(
            t.startswith("allow service objectstorage-ap-tokyo-1 to manage object-family") for t in texts
        ):
            raise Refused(400, "InsufficientServicePermissions", "the service may not delete versions")
        self.bucket(bucket)["_lifecycle"] = request.json["items"]
        return Answer(body=request.json)

    def get_object(self, request: Request, ns: str, bucket: str, name: str) -> Answer:
        del request, ns
        found = self.bucket(bucket).get("_objects", {}).get(name)
        if not found or found[-1] is None:
            raise Refused(404, "ObjectNotFound", f"The object '{name}' does not exist")
        content, headers = found[-1]
        return Answer(200, content, {"Content-Type": "application/octet-stream", **headers})

    def put_object(self, request: Request, ns: str, bucket: str, name: str) -> Answer:
        del ns
        headers = {n: v for n, v in request.headers.items() if n.startswith("opc-meta-")}
        self.bucket(bucket).setdefault("_objects", {}).setdefault(name, []).append((request.body, headers))
        return Answer(200, None, {"etag": secrets.token_hex(8)})

    def s3(self, request: Request) -> Answer:
        """Objects by S3, signed with a customer secret key. botocore says what the signature must be."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        told = re.match(
            r"AWS4-HMAC-SHA256 Credential=(\w+)/\S+, SignedHeaders=(\S+), Signature=(\w+)",
            request.headers.get("authorization", ""),
        )
        key = self.rows.get("secretkeys", {}).get(told[1]) if told else None
        if told is None or key is None:
            return Answer(403, b"<Error><Code>InvalidAccessKeyId</Code></Error>")
        kept = {n: request.headers[n] for n in told[2].split(";")}
        signed = AWSRequest(request.method, f"http://{request.headers['host']}{request.target}", headers=kept)
        signed.context["timestamp"] = request.headers["x-amz-date"]
        auth = S3SigV4Auth(Credentials(key["id"], key["key"]), "s3", "ap-tokyo-1")
        if told[3] != auth.signature(auth.string_to_sign(signed, auth.canonical_request(signed)), signed):
            return Answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        found = re.fullmatch(r"/compat/\w+/([\w-]+)(?:/(.*))?", unquote(request.path))
        self.who = str(key["userId"])
        try:
            self.require("read objects" if request.method in ("GET", "HEAD") else "manage objects", {})
            bucket = self.bucket(found[1] if found else "")
        except Refused as refused:
            return Answer(refused.status, f"<Error><Code>{refused.code}</Code></Error>".encode())
        return compat.answered(bucket, (found[2] if found else "") or "", request)

    # --- connectors ---

    def connector(self, request: Request) -> Answer:
        check("sch", "CreateServiceConnectorDetails", request.json)
        if not self.all("topics", topicId=request.json["target"]["topicId"]):
            raise Refused(400, "InvalidParameter", "the topic does not exist")
        row = {**request.json, "id": self.new("serviceconnector"), "lifecycleState": "ACTIVE"}
        self.put("connectors", row)
        return Answer(202, None, {"opc-work-request-id": self.new("workrequest")})
