import { expect, test } from 'bun:test'

import { renderTable } from './table.ts'

test('columns are as wide as their widest cell and absent values show as a dash', () => {
  const rows = [
    { id: 'a-long-id', size: 1 },
    { id: 'b', size: undefined },
  ]
  const text = renderTable(rows, [
    { title: 'ID', value: ({ id }) => id },
    { title: 'SIZE', value: ({ size }) => size },
  ])
  expect(text).toBe('ID         SIZE\na-long-id  1\nb          -\n')
})
