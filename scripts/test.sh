#!/bin/sh
# npm test: the set-up, the gate, then every test.
set -eu
. "$(dirname "$0")/set-up.sh"
exec "$BUN" "$ROOT/scripts/src/test.ts" "$@"
