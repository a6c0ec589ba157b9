# Sourced by the other scripts: gets the pinned Bun, the dependencies and what the system lacks. POSIX sh, safe to run again,
# safe when two run at once. Leaves BUN (path of the binary) and ROOT behind. SET_UP_FOR: `check` leaves out what only running needs, `test`
# adds what only tests need.
ROOT=$(cd "$(dirname "$0")/.." && pwd -P)
BUN="$ROOT/.tools/bun"
export ROOT

fail() {
  printf '\n  FAILED  %s\n  remedy  %s\n' "$1" "$2" >&2
  exit 1
}

# The npm package works without its install script: the platform's package holds the real binary.
link_bun() {
  for candidate in "$ROOT"/.tools/node_modules/@oven/bun-*/bin/bun "$ROOT/.tools/node_modules/bun/bin/bun.exe"; do
    [ -x "$candidate" ] || continue
    [ "$("$candidate" --version 2>/dev/null)" = "$1" ] || continue
    ln -sfn "${candidate#"$ROOT"/.tools/}" "$ROOT/.tools/bun.new" && mv -f "$ROOT/.tools/bun.new" "$BUN"
    return 0
  done
  return 1
}

provide_bun() {
  pin=$(cat "$ROOT/.bun-version") && [ -n "$pin" ] || fail "$ROOT/.bun-version cannot be read" 'Run this from a complete checkout.'
  if [ -x "$BUN" ] && [ "$("$BUN" --version 2>/dev/null)" = "$pin" ]; then return 0; fi
  mkdir -p "$ROOT/.tools"
  if link_bun "$pin"; then return 0; fi
  command -v npm >/dev/null 2>&1 || fail 'npm is not there' 'Install Node 20 or newer with npm, then run this again.'
  printf '  ...     Bun %s from npm\n' "$pin"
  npm install --prefix "$ROOT/.tools" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "bun@$pin" ||
    fail "npm could not install Bun $pin" 'Read the lines above: the registry npm is set to must be reachable. Then run this again.'
  link_bun "$pin" || fail "The Bun $pin that npm installed does not run here" 'Linux on x64 or arm64 is needed; remove .tools and run this again.'
  printf '  ok      Bun %s\n' "$pin"
}

provide_dependencies() {
  [ -d "$ROOT/node_modules" ] || printf '  ...     dependencies, as bun.lock has them\n'
  if ! (cd "$ROOT" && "$BUN" install --frozen-lockfile --silent </dev/null); then
    (cd "$ROOT" && "$BUN" install --frozen-lockfile </dev/null) ||
      fail 'The dependencies could not be installed' 'Read the lines above; bun.lock must fit the package.json files. Then run this again.'
  fi
}

set_up() {
  provide_bun
  provide_dependencies
  if [ "${SET_UP_FOR:-run}" != check ]; then "$BUN" "$ROOT/scripts/src/bootstrap.ts" "${SET_UP_FOR:-run}" </dev/null; fi
}

# One set-up at a time; as root on the whole machine, because the engine and Debian's packages belong to all checkouts.
if [ "$(id -u)" = 0 ]; then lock=/run/boilerhouse-set-up.lock; else mkdir -p "$ROOT/.tools" && lock="$ROOT/.tools/set-up.lock"; fi
if command -v flock >/dev/null 2>&1; then
  exec 9>"$lock"
  flock -n 9 || { printf '  ...     another set-up runs; waiting for it\n'; flock 9; }
  # Nothing that is started meanwhile may hold the lock: 9 is closed in the children.
  set_up 9>&- || exit $?
  exec 9>&-
else
  set_up || exit $?
fi
