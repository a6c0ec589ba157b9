import type { Client } from '@boilerhouse/client'

import { answer } from './answer.ts'
import { readBodyFile } from './body-file.ts'
import { command, type Command } from './command.ts'

interface UpdateParams {
  readonly path: { readonly id: string }
  readonly header: { readonly 'If-Match'?: string }
}

interface UpdateOf<Changed> extends Pick<Command, 'summary' | 'operations'> {
  readonly noun: string
  /** The body is the file's: the server checks every field and says which are wrong. */
  put(client: Client, params: UpdateParams, body: never): Promise<{ readonly data?: Changed }>
  state(changed: Changed): string
}

/** `<noun> update <id> --file FILE`: puts the file's object in the place of the one there is, if it still has `--revision`. */
export function updateCommand<Changed extends { readonly id: string; readonly revision: number }>({
  noun,
  put,
  state,
  ...of
}: UpdateOf<Changed>): Command {
  return command({
    ...of,
    path: [noun, 'update'],
    args: ['id'],
    flags: {
      file: { kind: 'text', short: 'f', value: 'FILE', about: `The ${noun}; "-" reads standard input.` },
      revision: { kind: 'whole', about: 'Only if it still has this revision.' },
    },
    async run({ args: [id = ''], flags, output, client }) {
      const body = (await readBodyFile(flags.file)) as never
      const header = flags.revision === undefined ? {} : { 'If-Match': `"${flags.revision}"` }
      const changed = answer(await put(await client(), { path: { id }, header }, body))
      output.object(changed, `${changed.id} ${state(changed)}, revision ${changed.revision}`)
    },
  })
}
