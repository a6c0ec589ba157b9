#!/bin/sh
# npm run generate: writes the files that are made from the code; with --check it only says which are stale.
set -eu
SET_UP_FOR=check
. "$(dirname "$0")/set-up.sh"
exec "$BUN" "$ROOT/scripts/src/generate.ts" "$@"
