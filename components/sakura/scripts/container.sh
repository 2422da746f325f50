#!/bin/bash
# @sacloud-once
# @sacloud-desc コンテナを1つ動かす / runs one container
# @sacloud-text required name "name of the container"
# @sacloud-text required image "image, with its tag"
# @sacloud-text required port "port"
# @sacloud-text required environment "NAME=value, separated by spaces"
set -euo pipefail
install -d -m 0700 /etc/jichitai /srv/data
tr ' ' '\n' <<< "@@@environment@@@" > /etc/jichitai/environment
# Whoever operates the package puts the registry's login into /etc/jichitai/registry.json, and secrets, from the
# package's vault, into /etc/jichitai/secrets.
touch /etc/jichitai/secrets
chmod 0600 /etc/jichitai/*
cat > /etc/systemd/system/jichitai-@@@name@@@.service <<'UNIT'
[Unit]
Description=@@@image@@@
After=network-online.target jichitai-entrance.service
Wants=network-online.target
[Service]
Restart=always
RestartSec=10
ExecStartPre=-/usr/bin/podman rm --force @@@name@@@
ExecStart=/usr/bin/podman run --rm --name @@@name@@@ --read-only --tmpfs /tmp --cap-drop all \
    --security-opt no-new-privileges --authfile /etc/jichitai/registry.json --env-file /etc/jichitai/environment \
    --env-file /etc/jichitai/secrets --publish @@@port@@@:@@@port@@@ --volume /srv/data:/srv/data:Z @@@image@@@
ExecStop=/usr/bin/podman stop --time 30 @@@name@@@
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now jichitai-@@@name@@@
