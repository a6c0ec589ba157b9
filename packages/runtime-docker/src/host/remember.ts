/** More containers than a host runs. */
const limit = 10_000

/** Sets and moves to the end; the one not used for longest goes. Containers end without telling those who remember them. */
export function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= limit) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
