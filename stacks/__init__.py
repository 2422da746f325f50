"""What is deployed: manifests, their rules, their plans, and the one program."""
