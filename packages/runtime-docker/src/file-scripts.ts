/**
 * Run by the mounted busybox as the container's user, so that paths and links mean what they mean inside and nothing of the image
 * is needed. The path comes as an argument, never as shell. Exit codes tell the cause.
 */
export const fileExits = { denied: 43, missing: 44, notAFile: 45, failed: 47, incomplete: 48, notATar: 49 } as const

const box = '/boilerhouse/bin/busybox'

/** Writes `d` or `f <size>` and a newline, then a tar or the bytes. A size of 0 may be one of /proc, which has bytes all the same. */
const readScript = `B=${box}
[ -e "$1" ] || exit ${fileExits.missing}
[ -r "$1" ] || exit ${fileExits.denied}
if [ -d "$1" ]; then
  [ -x "$1" ] || exit ${fileExits.denied}
  echo d
  exec $B tar -C "$1" -cf - .
fi
[ -f "$1" ] || exit ${fileExits.notAFile}
size=$($B stat -L -c %s "$1") || exit ${fileExits.denied}
echo "f $size"
[ "$size" -gt 0 ] || exec $B cat "$1"
exec $B head -c "$size" "$1"
`

/**
 * Writes beside and renames: whoever reads sees the old bytes or the new. A link is followed to its file; the mode stays. The end
 * mark, cut off again, tells a whole input from one whose sender died: that one changes nothing.
 */
const writeScript = `B=${box}
r=$1
if [ -L "$r" ]; then r=$($B readlink -f "$r") && [ -n "$r" ] || exit ${fileExits.missing}; fi
d=\${r%/*}
[ -n "$d" ] || d=/
[ -d "$d" ] || exit ${fileExits.missing}
if [ -e "$r" ]; then
  [ -f "$r" ] || exit ${fileExits.notAFile}
  [ -w "$r" ] || exit ${fileExits.denied}
  mode=$($B stat -c %a "$r")
fi
[ -w "$d" ] || exit ${fileExits.denied}
t=$d/.boilerhouse-$2
trap '$B rm -f "$t"' EXIT
$B cat > "$t" || exit ${fileExits.failed}
[ "$($B tail -c \${#2} "$t" | $B tr -d '\\0')" = "$2" ] || exit ${fileExits.incomplete}
$B truncate -s $(($($B stat -c %s "$t") - \${#2})) "$t" || exit ${fileExits.failed}
[ -z "$mode" ] || $B chmod "$mode" "$t" || exit ${fileExits.failed}
$B mv -f "$t" "$r" || exit ${fileExits.failed}
`

/** The archive lands whole in the directory before the first of its entries does. Whoever names a missing parent is told so. */
const unpackScript = `B=${box}
r=$1
if [ -e "$r" ]; then
  [ -d "$r" ] || exit ${fileExits.notAFile}
  [ -w "$r" ] || exit ${fileExits.denied}
else
  d=\${r%/*}
  [ -n "$d" ] || d=/
  [ -d "$d" ] || exit ${fileExits.missing}
  $B mkdir "$r" || exit ${fileExits.denied}
  made=$r
fi
t=$r/.boilerhouse-$2
trap '$B rm -f "$t"; [ -z "$made" ] || $B rmdir "$made"' EXIT
$B cat > "$t" || exit ${fileExits.failed}
[ "$($B tail -c \${#2} "$t" | $B tr -d '\\0')" = "$2" ] || exit ${fileExits.incomplete}
$B truncate -s $(($($B stat -c %s "$t") - \${#2})) "$t" || exit ${fileExits.failed}
$B tar -tf "$t" > /dev/null || exit ${fileExits.notATar}
$B tar -C "$r" -xf "$t" || exit ${fileExits.failed}
made=
`

const run = (script: string, ...args: readonly string[]): string[] => [box, 'sh', '-c', script, 'boilerhouse', ...args]
export const readCommand = (path: string): string[] => run(readScript, path)
/** `endMark` has to follow the bytes; it is random, so no content ends with it by chance. */
export const writeCommand = (path: string, endMark: string): string[] => run(writeScript, path, endMark)
export const unpackCommand = (path: string, endMark: string): string[] => run(unpackScript, path, endMark)
