import { readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'

import type { RawEngine } from './raw-engine.ts'

/** What is still in the engine of an installation whose server could not end its pool itself. By id, its own label only. */
export async function removeLeftovers(engine: RawEngine, installation: string): Promise<void> {
  if (installation === '') return
  const label = `io.boilerhouse.installation=${installation}`
  for (const id of await engine.labelled(label)) await engine.remove(id)
  for (const id of await engine.networksLabelled(label)) await engine.removeNetwork(id)
}

/** The embedded Postgres that a killed server left and no other took over. */
export async function endLeftPostgres(dataDir: string): Promise<void> {
  const cluster = join(dataDir, 'postgres/data')
  const pid = Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0])
  if (!(pid > 0)) return
  const isThere = async () =>
    (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === (await realpath(cluster).catch(() => undefined))
  if (await isThere()) process.kill(pid, 'SIGINT')
  for (const beganMs = performance.now(); (await isThere()) && performance.now() - beganMs < 10_000;) await Bun.sleep(20)
}
