"""The private authority that the packages' names are certified by."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from components.google import facts
from components.room import Room
from stacks.plan import PackagePlan

CA_YEARS = 10
"""Validity of the private root, years (our choice: longer than the archive of what it signed)."""


def authority(room: Room, hosted: Mapping[str, PackagePlan]) -> pulumi.Output[str] | None:
    """The pool of the manifest, else one of our own with a root; None where no package needs any.

    A root alone, without a subordinate: it signs a handful of names for one body's terminals. The
    tier DevOps has no revocation list, which terminals in a closed network could not reach: Certificate
    Manager renews what it issued instead. Google keeps an authority's key in hardware (Certificate
    Authority Service documentation).
    """
    plan = room.plan
    if plan.certificate_authority:
        return pulumi.Output.from_input(plan.certificate_authority)
    if not any(p.exposed and not p.certificate for p in hosted.values()):
        return None
    pool = gcp.certificateauthority.CaPool(
        room.child("authority-pool"),
        name=plan.name("authority"),
        location=plan.region,
        tier="DEVOPS",
        publishing_options={"publish_ca_cert": False, "publish_crl": False},
        opts=room.opts(),
    )
    root = gcp.certificateauthority.Authority(
        room.child("authority"),
        certificate_authority_id=plan.name("root"),
        location=plan.region,
        pool=pool.name,
        type="SELF_SIGNED",
        lifetime=facts.seconds(CA_YEARS * 365),
        key_spec={"algorithm": "EC_P256_SHA256"},
        config={
            "subject_config": {
                "subject": {
                    "common_name": f"{plan.prefix} private root",
                    "organization": plan.prefix,
                    "country_code": "JP",
                }
            },
            "x509_config": {
                "ca_options": {"is_ca": True},
                "key_usage": {
                    "base_key_usage": {"cert_sign": True, "crl_sign": True},
                    "extended_key_usage": {},
                },
            },
        },
        deletion_protection=plan.protect,
        # What it signed is for names that go with it.
        ignore_active_certificates_on_deletion=not plan.protect,
        skip_grace_period=not plan.protect,
        opts=room.opts(keep=True),
    )
    # From the authority, so that whoever asks the pool for a certificate waits until it can sign.
    return pulumi.Output.all(pool.id, root.id).apply(lambda known: str(known[0]))
