import type { Client } from './client.ts'

export interface ContainerFile {
  readonly kind: 'file' | 'directory'
  /** A file's bytes, or a directory as tar. */
  readonly body: ReadableStream<Uint8Array>
}

export async function readContainerFile(client: Client, id: string, path: string, signal?: AbortSignal): Promise<ContainerFile> {
  const { data, response } = await client.GET('/api/v1/containers/{id}/files', {
    params: { path: { id }, query: { path } },
    parseAs: 'stream',
    ...(signal && { signal }),
  })
  const kind = response.headers.get('x-boilerhouse-kind') === 'directory' ? 'directory' : 'file'
  return { kind, body: data ?? new Blob([]).stream() }
}

/** The bytes of a file, or, with `isTar`, an archive that is unpacked into the directory at `path`. */
export async function writeContainerFile(
  client: Client,
  id: string,
  path: string,
  content: Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  options: { readonly isTar?: boolean; readonly signal?: AbortSignal } = {},
): Promise<{ readonly path: string; readonly sizeBytes: number }> {
  const { data } = await client.PUT('/api/v1/containers/{id}/files', {
    params: { path: { id }, query: { path } },
    headers: { 'content-type': options.isTar ? 'application/x-tar' : 'application/octet-stream' },
    body: '',
    bodySerializer: () => content as never, // fetch takes it; the document only knows "binary"
    ...(options.signal && { signal: options.signal }),
  })
  if (!data) throw new TypeError('Cannot read the answer: the server sent no body')
  return data
}
