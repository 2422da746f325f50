"""The さくらのクラウド side of the twin: its HTTP API on loopback.

It is written from the API's documentation and from what official clients observe (facts: sakura-api.md), not
from our provider: it shares no code with it, so that the two can prove each other wrong.
"""
