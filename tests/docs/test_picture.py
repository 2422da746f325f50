"""The picture in the README says what the example tenant is made of."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import yaml

from scripts.docs.picture import INVENTORY, files


def test_the_pictures_are_fresh() -> None:
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, "python -m scripts.docs.picture"


def test_every_resource_is_in_the_picture() -> None:
    inventory = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))
    layers = (kinds for layer, kinds in inventory["layers"].items() if layer != "Tenant")
    in_layers = sum(sum(kinds.values()) for kinds in layers)
    for text in files().values():
        words = [e.text or "" for e in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
        assert sum(int(w.rsplit(" ", 1)[1]) for w in words[1:] if w.rsplit(" ", 1)[-1].isdigit()) == in_layers
