"""The native Pulumi provider for さくらのクラウド.

A resource is described once, in `catalog`; schema, validation, wire form, diff, reference and SDK come
from there. What a kind does beyond create, read, update and delete is in `flows`. `provider` speaks the
protocol, `client` HTTP.
"""
