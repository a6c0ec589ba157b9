/** The engine's own API with nothing between: the control that our figures are set against. */
export interface RawEngine {
  readonly version: string
  inspect(id: string): Promise<void>
  create(image: string, command: readonly string[]): Promise<string>
  start(id: string): Promise<void>
  remove(id: string): Promise<void>
  /** Makes an image of a tar of a root file system. */
  importImage(tag: string, tar: Uint8Array<ArrayBuffer>): Promise<void>
  removeImage(tag: string): Promise<void>
  /** Ids of containers that carry the label. */
  labelled(label: string): Promise<readonly string[]>
}

export async function openRawEngine(socketPath: string): Promise<RawEngine> {
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
  const { Version } = JSON.parse(await call('GET', '/version')) as { Version: string }
  return {
    version: `Docker ${Version}`,
    inspect: async (id) => void (await call('GET', `/containers/${id}/json`)),
    async create(Image, Cmd) {
      const options = {
        Image,
        Cmd,
        Labels: { 'io.boilerhouse.bench': 'control' },
        HostConfig: { NetworkMode: 'none', Init: true },
      }
      return (JSON.parse(await call('POST', '/containers/create', JSON.stringify(options))) as { Id: string }).Id
    },
    start: async (id) => void (await call('POST', `/containers/${id}/start`)),
    remove: async (id) => void (await call('DELETE', `/containers/${id}?force=true&v=true`)),
    async importImage(tag, tar) {
      const [repo = tag, version = 'latest'] = tag.split(':')
      await call('POST', `/images/create?fromSrc=-&repo=${repo}&tag=${version}`, tar, 'application/x-tar')
    },
    removeImage: async (tag) => void (await call('DELETE', `/images/${encodeURIComponent(tag)}`)),
    async labelled(label) {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
      const found = JSON.parse(await call('GET', `/containers/json?all=true&filters=${filters}`)) as { Id: string }[]
      return found.map(({ Id }) => Id)
    },
  }
}
