"""From a Pulumi type token to the class of the Python SDK."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PythonClass:
    """`package` to import, and the `path` of the class below it."""

    package: str
    path: str


def python_class(token: str) -> PythonClass:
    """`aws:ec2/vpc:Vpc` is `pulumi_aws.ec2.Vpc`; `azure-native:network:Subnet` is
    `pulumi_azure_native.network.Subnet`.

    Raises ValueError if the token has not three parts.
    """
    try:
        package, module, name = token.split(":")
    except ValueError:
        raise ValueError(f"not a type token: {token!r}") from None
    python = f"pulumi_{package.replace('-', '_')}"
    module = module.split("/", 1)[0].lower().replace("-", "_")
    middle = "" if module in {"", "index"} else f".{module}"
    return PythonClass(python, f"{python}{middle}.{name}")
