import { expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { commands } from '../../../apps/boilerhouse/src/commands.ts'
import { openApiText } from '../../../packages/api/src/generated-files.ts'
import { metricTable } from '../../../packages/base/mod.ts'
import { renderApiPage } from './api-page.ts'
import { renderCliPage } from './cli-page.ts'
import { withPart } from './document-part.ts'
import { renderMetricTable } from './metric-meanings.ts'
import { defaultOf, fieldsOf, kindOf } from './schema-fields.ts'
import { renderPoolFields, renderWorkloadFields } from './workload-fields.ts'

const root = join(import.meta.dirname, '../../..')

/** As the usual viewers make them of headings. */
const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )

test('each command has its section with every flag, and each operation its own with every status', () => {
  const [cli, api] = [renderCliPage(), renderApiPage(openApiText())]
  for (const { path, flags } of commands) {
    const section = cli.split(`### ${path.join(' ')}\n`)[1]?.split('\n### ')[0] ?? ''
    expect(section).toContain(`boilerhouse ${path.join(' ')}`)
    for (const name of Object.keys(flags)) expect(section).toContain(`--${name}`)
  }
  const document = JSON.parse(openApiText())
  for (const methods of Object.values<Record<string, { operationId: string; responses: object }>>(document.paths))
    for (const { operationId, responses } of Object.values(methods)) {
      const section = api.split(`### ${operationId}\n`)[1]?.split('\n### ')[0] ?? ''
      for (const status of Object.keys(responses)) expect(section).toContain(`| ${status} |`)
    }
})

test('every link to a heading, within a page and from page to page, has its heading', async () => {
  const names = [
    'README.md',
    'architecture.md',
    'workloads.md',
    'operations.md',
    'security.md',
    'api.md',
    'cli.md',
    'glossary.md',
  ]
  const pages = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(root, 'docs', name), 'utf8')] as const)),
  )
  for (const [name, text] of pages)
    for (const [, file = '', anchor = ''] of text.matchAll(/\]\(([\w.-]*)#([^)]+)\)/g)) {
      const target = pages.get(file === '' ? name : file)
      expect({ name, file, anchor, isThere: target !== undefined && anchorsOf(target).has(anchor) }).toMatchObject({
        isThere: true,
      })
    }
})

test('every field of a workload and a pool says what it is, and every metric what it tells', () => {
  for (const table of [renderWorkloadFields(), renderPoolFields(), renderMetricTable()])
    for (const row of table.split('\n').slice(2)) expect(row).not.toMatch(/\| {2}\|$/)
  for (const name of Object.keys(metricTable)) expect(renderMetricTable()).toContain(`\`boilerhouse_${name}\``)
})

test('a part is replaced between its marks, and a page without them is an error', () => {
  const page = 'a\n<!-- generated: x -->\nold\n<!-- end of x -->\nb'
  const once = withPart(page, 'x', 'new')
  expect(once).toBe('a\n<!-- generated: x -->\n\nnew\n\n<!-- end of x -->\nb')
  expect(withPart(once, 'x', 'new')).toBe(once)
  expect(() => withPart('a', 'x', 'new')).toThrow('Cannot write the part "x"')
})

test('nested fields follow their object, with kind and default in words', () => {
  const port = { type: 'integer', minimum: 1, maximum: 65_535 }
  const schema = {
    properties: {
      ports: { type: 'array', default: [], items: { properties: { port, name: { type: 'string' } }, required: ['port'] } },
      mode: { enum: ['rw', 'ro'], default: 'rw' },
    },
    required: ['ports', 'mode'],
  }
  expect(fieldsOf(schema).map((field) => [field.path, kindOf(field.schema), defaultOf(field.schema), field.isRequired])).toEqual([
    ['ports', 'list of objects', 'empty', false],
    ['ports[].port', '1 to 65535', '', true],
    ['ports[].name', 'text', '', false],
    ['mode', '`rw`, `ro`', '`rw`', false],
  ])
})
