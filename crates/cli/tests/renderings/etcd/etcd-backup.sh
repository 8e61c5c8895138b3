#!/bin/sh
# Managed by ksplay
# Backs up this member of etcd to /var/backups/kube_etcd/etcd-TIME.db, and keeps the newest 3.
set -eu
umask 077
backups=/var/backups/kube_etcd
mkdir -p "$backups"
chmod 700 "$backups"
file=etcd-$(date -u +%Y%m%dT%H%M%SZ).db

# A backup gets its name only when it is whole.
trap 'rm -f "$backups/.new"' EXIT
etcdctl snapshot save "$backups/.new"
if command -v etcdutl >/dev/null; then
  etcdutl snapshot status "$backups/.new"
else
  etcdctl snapshot status "$backups/.new"
fi
mv "$backups/.new" "$backups/$file"
sync

ls -1 "$backups" | grep '^etcd-[0-9TZ]*[.]db$' | sort -r | tail -n +4 | while read -r old; do
  rm -f "$backups/$old"
done
echo "$backups/$file"
