#!/bin/sh
# npm run soak: the set-up, then the long form of the fault tests.
set -eu
. "$(dirname "$0")/set-up.sh"
exec "$BUN" "$ROOT/bench/src/soak.ts" "$@"
