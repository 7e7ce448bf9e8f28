#!/usr/bin/env bash
# Writes Sources/AWSModels anew from botocore's models: after a change of the generator, of services.json or of the
# pinned version. The output is committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n 's/.*"botocore": "\(.*\)",/\1/p' Sources/Wire/ModelGenerator/services.json)
folder=.deps/botocore-$version
if [ ! -d "$folder/botocore/data" ]; then
  python3 -m pip --disable-pip-version-check install -q --no-deps --target "$folder" "botocore==$version"
fi
swift build --product ModelGenerator
"$(swift build --show-bin-path)/ModelGenerator" --models "$folder/botocore/data" "$@"
