#!/bin/sh
# npm start: the set-up, then the server in this very process, so that signals reach it and npm returns its exit code.
# Ctrl-C arrives twice: from the terminal, and passed on by npm.
set -eu
. "$(dirname "$0")/set-up.sh"
exec "$BUN" "$ROOT/apps/boilerhouse/src/main.ts" up "$@"
