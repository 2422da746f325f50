"""Policy as code: rules once, facts per cloud.

resources ─► extract (per cloud) ─► facts ─► join ─► rules ─► findings ─► reports

`policies` knows nothing of how tenants are built: it judges whatever Pulumi made.
"""
