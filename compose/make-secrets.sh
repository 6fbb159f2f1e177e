#!/bin/sh
# Creates the secrets that compose.yaml mounts, each as a file; existing ones are kept.
# Only the owner can enter the folder. The files inside are readable, because containers run as other users.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
cd secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -s "$1" ] || printf '%s' "$2" > "$1"; chmod 444 "$1"; }
for name in cache-secret admin-token auth-secret gateway-secret postgres-password redis-password grafana-password; do keep "$name" "$(random)"; done
keep database-url "postgres://rolegate:$(cat postgres-password)@postgres:5432/rolegate"
