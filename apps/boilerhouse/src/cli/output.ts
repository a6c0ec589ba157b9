import { renderTable, type Column } from './table.ts'

/** stdout is the answer, stderr the rest. With `--json` the answer is what the API said, and nothing else. */
export interface Output {
  readonly isJson: boolean
  /** One object: JSON, or its facts as lines. */
  object(value: unknown, human?: string): void
  /** A list: JSON, or a table. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], json?: unknown): void
  /** Bytes or text as they are. */
  raw(chunk: string | Uint8Array): void
  rawError(chunk: string | Uint8Array): void
  /** For people only: goes to stderr. */
  note(text: string): void
}

export interface OutputStreams {
  readonly stdout: (chunk: string | Uint8Array) => void
  readonly stderr: (chunk: string | Uint8Array) => void
}

export function createOutput(isJson: boolean, { stdout, stderr }: OutputStreams): Output {
  const json = (value: unknown) => stdout(`${JSON.stringify(value, null, 2)}\n`)
  return {
    isJson,
    object: (value, human) => (isJson ? json(value) : stdout(`${human ?? facts(value)}\n`)),
    table: (rows, columns, value = rows) => (isJson ? json(value) : stdout(renderTable(rows, columns))),
    raw: stdout,
    rawError: stderr,
    note: (text) => stderr(`${text}\n`),
  }
}

/** `name  value` lines, nested objects as JSON, absent values left out. */
function facts(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value)
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  const width = Math.max(0, ...entries.map(([key]) => key.length))
  return entries.map(([key, v]) => `${key.padEnd(width)}  ${typeof v === 'object' ? JSON.stringify(v) : String(v)}`).join('\n')
}
