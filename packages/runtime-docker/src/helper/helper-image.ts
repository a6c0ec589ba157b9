import { createHash } from 'node:crypto'
import { copyFile, chmod, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'

import { KeyLock } from '@boilerhouse/base'

import { tarOfContext } from '../build-context.ts'
import { unlessStatus } from '../engine-containers.ts'
import type { Engine } from '../engine.ts'
import { labels } from '../labels.ts'
import { findHostPrograms, noIptables, type HostPrograms } from './host-programs.ts'

export interface HelperImage {
  /** Name and tag: the same for equal content, whoever made it. */
  readonly reference: string
  readonly environment: readonly string[]
  /** `xtables-legacy-multi` shares a lock file with the host's other programs. */
  readonly isLegacy: boolean
}

export interface HelperImages {
  /** Made from files of this host where it is not there; made again once they changed. */
  ensure(signal: AbortSignal): Promise<HelperImage>
  remove(signal: AbortSignal): Promise<void>
}

const commands = ['iptables', 'ip6tables', 'iptables-restore', 'ip6tables-restore']

export function createHelperImages(deps: {
  readonly engine: Engine
  readonly installation: string
  /** The static one that containers have too. */
  readonly busyboxPath: string
}): HelperImages {
  const { engine, installation, busyboxPath } = deps
  const lock = new KeyLock<'image'>()
  const repository = `boilerhouse-${installation}/helper`
  let programs: HostPrograms | undefined
  const isThere = async (image: string, signal: AbortSignal) => {
    const call = { name: 'image.inspect', subject: 'image', signal } as const
    return (await engine.call(call, (docker) => unlessStatus(docker.getImage(image).inspect(), 404))) !== undefined
  }
  return {
    ensure: (signal) =>
      lock.run('image', async () => {
        programs ??= await findHostPrograms(signal)
        const files = filesOf(programs, busyboxPath)
        const reference = `${repository}:${await contentKey(files)}`
        if (!(await isThere(reference, signal))) {
          await importImage(deps, { files, reference, signal })
          if (!(await isThere(reference, signal))) throw noIptables('the engine did not take the image made of it')
        }
        return {
          reference,
          environment: environmentOf(programs),
          isLegacy: basename(programs.multi).includes('legacy'),
        }
      }),
    remove: (signal) =>
      lock.run('image', async () => {
        const filters = { label: [`${labels.installation}=${installation}`, labels.helper] }
        const call = (name: string) => ({ name, subject: 'image', signal }) as const
        const images = await engine.call(call('image.list'), (docker) => docker.listImages({ filters }))
        for (const { Id } of images)
          await engine.call(call('image.remove'), (docker) => unlessStatus(docker.getImage(Id).remove({ force: true }), 404, 409))
      }),
  }
}

/** Path in the image -> file of the host. */
type Files = ReadonlyMap<string, string>

const filesOf = ({ multi, libraries, extensions }: HostPrograms, busyboxPath: string): Files =>
  new Map([
    ['/bin/busybox', busyboxPath],
    ['/sbin/multi', multi],
    ...libraries,
    ...extensions.map((file) => [`/extensions/${basename(file)}`, file] as const),
  ])

function environmentOf({ libraries, extensions }: HostPrograms): readonly string[] {
  const directories = [...new Set([...libraries.keys()].map((path) => dirname(path)))]
  return [
    'PATH=/sbin:/bin',
    'LC_ALL=C',
    ...(directories.length === 0 ? [] : [`LD_LIBRARY_PATH=${directories.join(':')}`]),
    ...(extensions.length === 0 ? [] : ['XTABLES_LIBDIR=/extensions']),
  ]
}

async function contentKey(files: Files): Promise<string> {
  const hash = createHash('sha256')
  for (const [path, file] of files) {
    const { size, mtimeMs } = await stat(file)
    hash.update(`${path}\0${file}\0${size}\0${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 12)
}

async function importImage(
  { engine, installation }: { readonly engine: Engine; readonly installation: string },
  input: { readonly files: Files; readonly reference: string; readonly signal: AbortSignal },
): Promise<void> {
  const { files, reference, signal } = input
  const [repo, tag] = reference.split(':')
  const root = await mkdtemp(join(tmpdir(), 'boilerhouse-helper-'))
  try {
    await lay(root, files)
    const changes = [`LABEL ${labels.installation}=${installation}`, `LABEL ${labels.helper}=image`]
    const call = { name: 'image.import', subject: 'image', signal, timeoutMs: 60_000 } as const
    await engine.call(call, async (docker) => {
      const stream = await docker.importImage(Readable.from(tarOfContext(root, '')), { repo, tag, changes })
      for await (const chunk of stream as Readable) void chunk
    })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function lay(root: string, files: Files): Promise<void> {
  for (const [path, file] of files) {
    const target = join(root, path)
    await mkdir(dirname(target), { recursive: true })
    await copyFile(file, target)
    await chmod(target, 0o755)
  }
  for (const name of commands) await symlink('multi', join(root, 'sbin', name))
  for (const name of ['proc', 'sys', 'dev', 'etc', 'run', 'tmp', 'volume', 'volumes', 'slots'])
    await mkdir(join(root, name), { recursive: true })
}
