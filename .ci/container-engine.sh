#!/usr/bin/env bash
# A Docker engine with BuildKit and Compose for a machine that has none, and the images that the tests use.
#
#   eval "$(.ci/container-engine.sh)"    starts it; prints the variables with which `docker` finds it
#   .ci/container-engine.sh stop         ends it, with its containers
#
# As root on Debian, of any version: the engine is that of Debian 13, in a file system of its own, so that it is the same everywhere and
# changes nothing of the machine. Images that cannot be pulled are made from packages of Debian and npm. A second start is quick.
# Exit code 3: this is not the place for it, and the reason is printed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$here")
folder=${CONTAINER_ENGINE_FOLDER:-/var/lib/rolegate-container-engine}
root=$folder/debian
log=$folder/log

say() { echo "$*" >&2; }
fail() {
  say "$*"
  tail -n 20 "$log" >&2 || true
  exit 1
}
# Output goes to the log, whose end is shown if the command fails.
quiet() { "$@" >>"$log" 2>&1 </dev/null || fail "Failed: $*"; }

if [ "${1:-start}" = stop ]; then
  # The engine ends its containers, and the file systems are unmounted with it.
  if pid=$(cat "$folder/dockerd.pid" 2>/dev/null); then kill "$pid" 2>/dev/null || true; fi
  exit 0
fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  say 'No container engine, and only root on Debian can start one here'
  exit 3
fi

mkdir -p "$folder/bin"
exec 9>"$folder/lock"
flock 9
: >"$log"
export DEBIAN_FRONTEND=noninteractive
export DOCKER_HOST=unix://$folder/docker.sock
export DOCKER_CONFIG=$folder/config
export PATH=$folder/bin:$PATH

# The address from which this machine gets its packages.
mirror() {
  apt-get indextargets --format '$(REPO_URI) $(SUITE)' 'Created-By: Packages' 'Origin: Debian' |
    awk '$2 !~ /security/ { print $1; exit }'
}

make_root() {
  local from
  if ! command -v debootstrap >/dev/null; then
    quiet apt-get update -qq
    quiet apt-get install -y -qq --no-install-recommends debootstrap
  fi
  # Without lists of packages apt does not know it.
  if [ -z "$(mirror)" ]; then quiet apt-get update -qq; fi
  from=$(mirror)
  [ -n "$from" ] || fail 'apt knows no address with packages of Debian'
  rm -rf "$root"
  say 'Installing Debian 13 for the container engine'
  quiet debootstrap --variant=minbase trixie "$root" "$from"
  # The base of images that are made here.
  quiet tar -C "$root" -cf "$folder/base.tar" .
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  quiet chroot "$root" apt-get update -qq
  quiet chroot "$root" apt-get install -y -qq --no-install-recommends \
    docker.io docker-cli docker-buildx docker-compose iptables ca-certificates
  touch "$folder/ready"
}

# In a mount namespace of its own, in which Debian 13 is the root and folders of this machine have their paths: all but those of the system.
start_engine() {
  unshare --mount --propagation private bash -s "$root" "$folder" "$project" >>"$log" 2>&1 9>&- <<'INSIDE' &
set -e
root=$1 folder=$2 project=$3
share() {
  mkdir -p "$root$1"
  mount --rbind "$1" "$root$1"
}
mount --bind "$root" "$root"
for top in /*/; do
  top=${top%/}
  case $top in
    /bin | /boot | /etc | /lib* | /lost+found | /mnt | /proc | /sbin | /usr | /var) ;;
    *) if [ ! -L "$top" ]; then share "$top"; fi ;;
  esac
done
for inside in "${TMPDIR:-/tmp}" "$folder" "$project"; do
  if [ ! -e "$root$inside/." ] || ! [ "$inside" -ef "$root$inside" ]; then share "$inside"; fi
done
cd "$root"
mount -t proc proc proc
cp -L /etc/resolv.conf etc/resolv.conf
pivot_root . mnt
umount -l /mnt
cd /
exec dockerd --host "unix://$folder/docker.sock" --data-root "$folder/data" --exec-root "$folder/run" --pidfile "$folder/dockerd.pid"
INSIDE
  for _ in $(seq 120); do
    if docker info >/dev/null 2>&1; then return; fi
    sleep 0.5
  done
  fail 'The container engine does not respond'
}

if [ ! -e "$folder/ready" ]; then make_root; fi
mkdir -p "$DOCKER_CONFIG"
ln -sfn "$root/usr/libexec/docker/cli-plugins" "$DOCKER_CONFIG/cli-plugins"
ln -sf "$root/usr/bin/docker" "$folder/bin/docker"
if ! docker info >/dev/null 2>&1; then start_engine; fi

# image NAME FUNCTION: pulls it, or has the function make it in an empty folder.
image() {
  local context
  if docker image inspect "$1" >/dev/null 2>&1; then return; fi
  if timeout 60 docker pull --quiet "$1" >>"$log" 2>&1 </dev/null; then
    say "Pulled $1"
    return
  fi
  context=$(mktemp -d)
  (cd "$context" && "$2" "$1")
  rm -rf "$context"
  say "Made $1 from packages of Debian and npm, because it cannot be pulled"
}

make_debian() { quiet docker import "$folder/base.tar" "$1"; }

# With this machine's settings for npm, its certificates, and the Node of the project.
make_node() {
  cp -L "$(node "$project/bin/node.cjs" -p process.execPath)" node
  cp -r "$(npm root --global)/npm" npm
  cat "$(npm config get globalconfig)" "$(npm config get userconfig)" >npmrc 2>/dev/null || true
  cp -L /etc/ssl/certs/ca-certificates.crt certificates.crt 2>/dev/null || : >certificates.crt
  cp "$here/images/node.Dockerfile" Dockerfile
  quiet docker build --network=host --tag "$1" .
}

make_redis() {
  cp "$here/images/redis.Dockerfile" Dockerfile
  quiet docker build --network=host --tag "$1" .
}

image debian:trixie-slim make_debian
image node:26-trixie-slim make_node
image redis:8-alpine make_redis
docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' >&2
for name in DOCKER_HOST DOCKER_CONFIG PATH; do printf 'export %s=%q\n' "$name" "${!name}"; done
