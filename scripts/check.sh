#!/bin/sh
# npm run check: the gate without tests. Needs no engine, so it sets up nothing but Bun and the dependencies.
set -eu
SET_UP_FOR=check
. "$(dirname "$0")/set-up.sh"
exec "$BUN" "$ROOT/scripts/src/check.ts" "$@"
