#!/bin/sh
# npm run bench: the set-up, then the measurements.
set -eu
. "$(dirname "$0")/set-up.sh"
exec "$BUN" "$ROOT/bench/src/bench.ts" "$@"
