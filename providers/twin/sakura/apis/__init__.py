"""The APIs beside IaaS: keys and secrets, object storage, IAM, monitoring, AppRun, security control."""
