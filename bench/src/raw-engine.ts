/** The engine's own API with nothing between: the control that our figures are set against. */
export interface RawEngine {
  readonly version: string
  inspect(id: string): Promise<void>
  /** An inspect that is read. */
  describe(id: string): Promise<Description>
  create(image: string, command: readonly string[]): Promise<string>
  /** The same with options of the caller's. */
  createFrom(options: Readonly<Record<string, unknown>>): Promise<string>
  start(id: string): Promise<void>
  /** Starts a program in a container that is up, and leaves it running. */
  exec(id: string, command: readonly string[]): Promise<void>
  remove(id: string): Promise<void>
  /** Makes an image of a tar of a root file system. */
  importImage(tag: string, tar: Uint8Array<ArrayBuffer>): Promise<void>
  removeImage(tag: string): Promise<void>
  /** Ids of containers that carry the label. */
  labelled(label: string): Promise<readonly string[]>
  networksLabelled(label: string): Promise<readonly string[]>
  removeNetwork(id: string): Promise<void>
}

/** As much of an inspect as the bench reads. */
export interface Description {
  readonly Config: Readonly<Record<string, unknown>>
  readonly HostConfig: Readonly<Record<string, unknown>>
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> }
}

/** What the bench itself makes, by hand or as its peer; it is removed by this. */
export const controlLabel = 'io.boilerhouse.bench'

/** Nothing is made any more once `signal` aborts; what is there can still be removed. */
export async function openRawEngine(socketPath: string, signal?: AbortSignal): Promise<RawEngine> {
  const call = async (method: string, path: string, body?: string | Uint8Array<ArrayBuffer>, type = 'application/json') => {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': type }
    const response = await fetch(`http://engine${path}`, {
      method,
      unix: socketPath,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The engine answered ${response.status} to ${method} ${path}: ${text}`)
    return text
  }
  const idsOf = async (path: string) => (JSON.parse(await call('GET', path)) as { Id: string }[]).map(({ Id }) => Id)
  const createFrom = async (options: Readonly<Record<string, unknown>>) => {
    signal?.throwIfAborted()
    const body = JSON.stringify({ ...options, Labels: { [controlLabel]: 'control' } })
    return (JSON.parse(await call('POST', '/containers/create', body)) as { Id: string }).Id
  }
  const { Version } = JSON.parse(await call('GET', '/version')) as { Version: string }
  return {
    version: `Docker ${Version}`,
    inspect: async (id) => void (await call('GET', `/containers/${id}/json`)),
    describe: async (id) => JSON.parse(await call('GET', `/containers/${id}/json`)) as Description,
    create: (Image, Cmd) => createFrom({ Image, Cmd, HostConfig: { NetworkMode: 'none', Init: true } }),
    createFrom,
    start: async (id) => void (await call('POST', `/containers/${id}/start`)),
    remove: async (id) => void (await call('DELETE', `/containers/${id}?force=true&v=true`)),
    async importImage(tag, tar) {
      const [repo = tag, version = 'latest'] = tag.split(':')
      await call('POST', `/images/create?fromSrc=-&repo=${repo}&tag=${version}`, tar, 'application/x-tar')
    },
    removeImage: async (tag) => void (await call('DELETE', `/images/${tag}`)),
    labelled: (label) => idsOf(`/containers/json?all=true&filters=${filterOf(label)}`),
    networksLabelled: (label) => idsOf(`/networks?filters=${filterOf(label)}`),
    removeNetwork: async (id) => void (await call('DELETE', `/networks/${id}`)),
    async exec(id, Cmd) {
      const { Id } = JSON.parse(await call('POST', `/containers/${id}/exec`, JSON.stringify({ Cmd }))) as { Id: string }
      await call('POST', `/exec/${Id}/start`, JSON.stringify({ Detach: true }))
    },
  }
}

const filterOf = (label: string): string => encodeURIComponent(JSON.stringify({ label: [label] }))
