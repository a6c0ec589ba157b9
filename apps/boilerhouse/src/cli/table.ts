export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number | undefined
}

/** Left-aligned columns, two spaces apart, as `docker ps` has them; a line without rows says so. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map(({ value }) => String(value(row) ?? '-')))
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((line) => line[i]?.length ?? 0)))
  const line = (values: readonly string[]) =>
    values
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...cells.map(line)].join('\n') + '\n'
}
