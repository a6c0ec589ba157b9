#!/bin/sh
# npm test: the set-up, the gate, then every test.
set -eu
SET_UP_FOR=test
. "$(dirname "$0")/set-up.sh"
exec "$BUN" "$ROOT/scripts/src/test.ts" "$@"
