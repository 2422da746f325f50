#!/bin/bash
# @sacloud-once
# @sacloud-desc 承認された宛先だけを通す（squid） / lets approved hosts through (squid, which the image must hold)
# @sacloud-text required hosts "host names, separated by spaces"
# @sacloud-text required clients "networks that may ask, separated by spaces"
set -euo pipefail
if ! command -v squid > /dev/null; then
    echo "squid is not in this image: give a server_image that holds it" >&2
    exit 1
fi
{
    echo "http_port 3128"
    echo "acl approved dstdomain @@@hosts@@@"
    echo "acl inside src @@@clients@@@"
    echo "acl tls port 443"
    echo "acl CONNECT method CONNECT"
    echo "http_access deny !inside"
    echo "http_access allow CONNECT tls approved"
    echo "http_access deny all"
    echo "cache deny all"
} > /etc/squid/squid.conf
systemctl enable --now squid
systemctl restart squid
