"""A new revision of a task definition takes the place of the old one, and outlives it."""

from __future__ import annotations

import json

from providers.twin.aws.words import token
from providers.twin.caller import Caller


def test_the_end_of_an_old_revision_is_not_the_end_of_the_new_one(caller: Caller) -> None:
    kind = token("ecs.TaskDefinition")

    def definition(image: str) -> dict[str, object]:
        containers = [{"name": "web", "image": image, "essential": True, "memory": 512}]
        return {"family": "web", "containerDefinitions": json.dumps(containers)}

    old = caller.create(kind, "web", definition("web:1"))
    new = caller.create(kind, "web", definition("web:2"))
    assert (old.state["arn"], new.state["arn"]) == (
        f"{old.state['arnWithoutRevision']}:1",
        f"{old.state['arnWithoutRevision']}:2",
    )
    # The engine makes the new one first, then deletes the old one by the id that both have.
    caller.delete(old)
    assert caller.read(new).state["arn"] == new.state["arn"]
    caller.delete(new)
    assert caller.read(new).id == ""
