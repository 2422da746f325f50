"""The IaaS API of a zone: `/cloud/zone/{zone}/api/cloud/1.1`."""
