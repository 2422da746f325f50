"""Both doors to a valid manifest: the Pulumi program's and the command line's.

`checked` takes the value that the engine hands over; `validate` takes files and knows lines. Behind
both are the same rules, so that what passes one passes the other.
"""

from __future__ import annotations

from stacks.manifest import Tenant
from stacks.problems import Problem, Problems
from stacks.shape import shape
from stacks.text import language_of


def checked(value: object, *, stack: str) -> Tenant:
    """The tenant of `stack` in `value`, the JSON value of `jichitai:tenant`.

    Raises `Problems` with everything that is wrong; its text is for people.
    """
    tenant, problems = shape(Tenant, value)
    if tenant is None:
        raise Problems(problems, language_of())
    return tenant
