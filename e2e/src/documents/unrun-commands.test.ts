import { expect, test } from 'bun:test'

import { stepsOf } from './document-steps.ts'
import { namedCommands, unrunCommands } from './unrun-commands.ts'

const block = (language: string, text: string, indent = '') =>
  ['```' + language, text, '```'].map((line) => indent + line).join('\n')

test('a command in a block that is not sh, in a quote or in an indented block is found', () => {
  for (const language of ['', 'bash', 'shell', 'console'])
    expect(unrunCommands(block(language, 'npm start'))).toEqual([`1: a block of "${language}"`, '2: npm start'])
  expect(unrunCommands(block('text', '$ curl http://127.0.0.1'))).toEqual(['2: $ curl http://127.0.0.1'])
  expect(unrunCommands('so:\n\n    ./boilerhouse doctor')).toEqual(['3: ./boilerhouse doctor'])
  expect(unrunCommands('> ./boilerhouse doctor')).toEqual(['1: > ./boilerhouse doctor'])
})

test('commands that are run, what they print, and how they are used are no finding', () => {
  const usage = block('text', 'boilerhouse pool get <id> [flags]')
  expect(unrunCommands(`${block('sh', 'npm start')}\n${usage}\nsee \`npm start\` of \`npm\``)).toEqual([])
})

test('a block within a list is run, without its indent', () => {
  expect(stepsOf(`1. first\n\n${block('sh', 'npm start', '   ')}\n`)).toEqual([{ line: 3, script: 'npm start' }])
})

test('a command that a sentence names is found, and not those in blocks', () => {
  const markdown = `look at \`boilerhouse workload log ID --follow\`, or \`./boilerhouse doctor\`.\n${block('sh', './boilerhouse up')}`
  expect(namedCommands(markdown)).toEqual([['workload', 'log', 'ID', '--follow'], ['doctor']])
})
