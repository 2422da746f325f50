from __future__ import annotations

from collections import Counter

import pytest

from tests.components.oci.conftest import Built

STACKS = ("131121-setagaya", "013951-niseko", "320005-shimane-shared", "322016-matsue-verification")


@pytest.mark.parametrize("stack", STACKS)
def test_counts(build, stack):
    built: Built = build(stack)
    c = Counter(r.type for r in built.values())
    for k, n in sorted(c.items()):
        print(n, k)
    print(stack, len(built))
