#!/bin/bash
# @sacloud-once
# @sacloud-desc すべてのサーバーの初期設定（要塞化、名前解決、バックアップ、更新） / what every server does first
# @sacloud-text required names "name servers"
# @sacloud-text domain "search domain"
# @sacloud-text vip "virtual address of the load balancer"
# @sacloud-text port "port of the application"
# @sacloud-text files "shared files: address of the NFS appliance"
# @sacloud-text bucket "backup bucket"
# @sacloud-text endpoint "S3 endpoint"
# @sacloud-text region "S3 region"
# @sacloud-text proxy "proxy for updates"
set -euo pipefail
install -d -m 0700 /etc/jichitai

# Nobody signs in over the network: the console of the control panel is the only way in.
systemctl disable --now sshd 2>/dev/null || true
passwd -l root

# Names come from the tenant's own name servers and from nowhere else.
connection=$(nmcli -t -f NAME connection show --active | head -n 1)
nmcli connection modify "$connection" ipv4.dns "@@@names@@@" ipv4.dns-search "@@@domain@@@" ipv6.method disabled
nmcli connection up "$connection"

cat > /etc/sysctl.d/90-jichitai.conf <<'SYSCTL'
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.all.accept_source_route = 0
net.ipv4.tcp_syncookies = 1
kernel.kptr_restrict = 2
kernel.yama.ptrace_scope = 1
fs.protected_hardlinks = 1
fs.protected_symlinks = 1
SYSCTL
systemctl enable --now auditd
install -d /var/log/journal

# Direct server return: the balancer passes frames on, so the virtual address is ours too, and never announced.
if [ -n "@@@vip@@@" ]; then
    cat >> /etc/sysctl.d/90-jichitai.conf <<'SYSCTL'
net.ipv4.conf.all.arp_ignore = 1
net.ipv4.conf.all.arp_announce = 2
SYSCTL
    cat > /etc/systemd/system/jichitai-entrance.service <<'UNIT'
[Unit]
Description=Virtual address of the load balancer
After=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/ip address replace @@@vip@@@/32 dev lo
ExecStart=/usr/sbin/nft add table ip jichitai
ExecStart=/usr/sbin/nft add chain ip jichitai entrance { type nat hook prerouting priority dstnat; }
ExecStart=/usr/sbin/nft add rule ip jichitai entrance ip daddr @@@vip@@@ tcp dport 443 redirect to :@@@port@@@
[Install]
WantedBy=multi-user.target
UNIT
    systemctl enable --now jichitai-entrance
fi
sysctl --system > /dev/null

if [ -n "@@@files@@@" ]; then
    install -d /srv/files
    echo "@@@files@@@:/export /srv/files nfs4 _netdev,nosuid,nodev,hard 0 0" >> /etc/fstab
    mount -a
fi

# Every night what is under /srv/data goes to the backup bucket, which is copied to the other region. Whoever
# operates the package puts `KEY:SECRET` of a permission into /etc/jichitai/backup.key.
cat > /usr/local/sbin/jichitai-backup <<'BACKUP'
#!/bin/bash
set -euo pipefail
[ -s /etc/jichitai/backup.key ] && [ -d /srv/data ] || exit 0
tar --create --gzip --directory /srv data |
    curl --fail --silent --show-error --aws-sigv4 "aws:amz:@@@region@@@:s3" --config <(
        printf 'user = "%s"\n' "$(cat /etc/jichitai/backup.key)"
    ) --upload-file - "https://@@@endpoint@@@/@@@bucket@@@/$(hostname)/$(date +%Y%m%d).tar.gz"
BACKUP
chmod 0700 /usr/local/sbin/jichitai-backup
cat > /etc/systemd/system/jichitai-backup.service <<'UNIT'
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/jichitai-backup
UNIT
cat > /etc/systemd/system/jichitai-backup.timer <<'UNIT'
[Timer]
OnCalendar=*-*-* 01:00:00 Asia/Tokyo
RandomizedDelaySec=1800
Persistent=true
[Install]
WantedBy=timers.target
UNIT

# Security updates on Sunday night, where an approved exception opens the way to their source.
cat > /etc/systemd/system/jichitai-patch.service <<'UNIT'
[Service]
Type=oneshot
Environment=https_proxy=@@@proxy@@@
ExecCondition=/usr/bin/test -n "@@@proxy@@@"
ExecStart=/usr/bin/dnf --assumeyes --security upgrade
UNIT
cat > /etc/systemd/system/jichitai-patch.timer <<'UNIT'
[Timer]
OnCalendar=Sun *-*-* 03:00:00 Asia/Tokyo
Persistent=true
[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable --now jichitai-backup.timer jichitai-patch.timer
