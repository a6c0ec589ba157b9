import { expect, test } from 'bun:test'

import { createOpenApi, routeTable } from '@boilerhouse/api'

import { commands } from './commands.ts'
import { helpOf, helpOfMany, usageLine } from './cli/help.ts'
import { findCommand } from './cli/run.ts'

/** Pages for browsers: there is nothing a command could add. */
const pages = new Set(['getDocs', 'getFaultPage'])

const operations = Object.values(createOpenApi(routeTable).paths).flatMap((path) =>
  Object.values(path ?? {}).flatMap((operation) => (operation && 'operationId' in operation ? [operation.operationId] : [])),
)

test('every operation of the API has a command, and no command names an operation that is not there', () => {
  const named = commands.flatMap((command) => command.operations ?? [])
  expect(operations.filter((id) => !pages.has(id) && !named.includes(id))).toEqual([])
  expect(named.filter((id) => !operations.includes(id))).toEqual([])
})

test('a path names one command, in lower case words', () => {
  const paths = commands.map(({ path }) => path.join(' '))
  expect(new Set(paths).size).toBe(paths.length)
  for (const path of paths) expect(path).toMatch(/^[a-z]+( [a-z]+)?$/)
})

test.each(commands.map((command) => [command.path.join(' '), command] as const))(
  '"%s" has a summary and a help that names its flags',
  (_path, command) => {
    expect(command.summary).toEndWith('.')
    const help = helpOf(command)
    expect(help).toContain(usageLine(command))
    for (const name of Object.keys(command.flags)) expect(help).toContain(`--${name}`)
    expect(findCommand(commands, [...command.path, 'x'])?.command).toBe(command)
    expect(helpOfMany(commands)).toContain(command.summary)
  },
)

test('optional arguments come last', () => {
  for (const { args } of commands)
    expect(args).toEqual([...args].sort((a, b) => Number(a.endsWith('?')) - Number(b.endsWith('?'))))
})
