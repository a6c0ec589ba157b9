#!/bin/sh
# npm start: the set-up and the examples' images, then the server in this very process, so that signals reach it and npm returns its exit code.
# Ctrl-C arrives twice: from the terminal, and passed on by npm.
set -eu
. "$(dirname "$0")/set-up.sh"
"$BUN" "$ROOT/scripts/src/example-images.ts" </dev/null
exec "$BUN" "$ROOT/apps/boilerhouse/src/main.ts" up "$@"
