#!/bin/bash
# @sacloud-once
# @sacloud-desc 閉域の名前解決（unbound） / names inside the closed network (unbound, which the image must hold)
# @sacloud-text required domain "private domain"
# @sacloud-text required records "host=address, separated by spaces"
# @sacloud-text required gateway "service endpoint gateway"
# @sacloud-text forward "domain=address,address of the town hall, separated by spaces"
# @sacloud-text required clients "networks that may ask, separated by spaces"
set -euo pipefail
if ! command -v unbound > /dev/null; then
    echo "unbound is not in this image: give a server_image that holds it" >&2
    exit 1
fi
{
    echo "server:"
    echo "  interface: 0.0.0.0"
    echo "  access-control: 0.0.0.0/0 refuse"
    for network in @@@clients@@@; do echo "  access-control: $network allow"; done
    echo "  local-zone: \"@@@domain@@@.\" static"
    for record in @@@records@@@; do
        echo "  local-data: \"${record%%=*}. 60 IN A ${record#*=}\""
    done
    # The cloud's own services answer at the gateway; nothing else outside has a name here.
    echo "forward-zone:"
    echo "  name: \".\""
    echo "  forward-addr: @@@gateway@@@"
    for zone in @@@forward@@@; do
        echo "forward-zone:"
        echo "  name: \"${zone%%=*}.\""
        for server in $(tr ',' ' ' <<< "${zone#*=}"); do echo "  forward-addr: $server"; done
    done
} > /etc/unbound/conf.d/jichitai.conf
systemctl enable --now unbound
systemctl restart unbound
