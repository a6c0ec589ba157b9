import { afterAll, beforeAll, expect, test } from 'bun:test'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { noMetrics, systemClock, type WorkloadId } from '@boilerhouse/base'

import { ignoreFilter, tarOfContext } from './build-context.ts'
import { createEngine } from './engine.ts'
import { createImages } from './images.ts'
import { labelFilter } from './labels.ts'
import { busybox, never, newInstallation } from './test-fixture.ts'

const installation = newInstallation()
const engine = createEngine({ clock: systemClock, metrics: noMetrics })
const images = createImages(engine, installation)
const workloadId = 'built' as WorkloadId
let context: string
beforeAll(() => {
  context = mkdtempSync(join(tmpdir(), 'runtime-docker-context-'))
  copyFileSync(busybox, join(context, 'busybox'))
})
afterAll(async () => {
  for (const { Id } of await engine.docker.listImages({ filters: labelFilter(installation) })) {
    await engine.docker.getImage(Id).remove({ force: true })
  }
  engine.close()
  rmSync(context, { recursive: true })
})
const build = (lines: readonly string[], onLog: (text: string) => void = () => {}) => {
  writeFileSync(join(context, 'Dockerfile'), lines.join('\n'))
  return images.build({ workloadId, context, onLog }, never)
}

test('a context is built, its facts told, its log streamed, and the image labelled as ours', async () => {
  const long = join('a'.repeat(90), 'b'.repeat(90))
  mkdirSync(join(context, 'a'.repeat(90)))
  writeFileSync(join(context, long), 'deep')
  const log: string[] = []
  const facts = await build(
    [
      'FROM scratch',
      'COPY busybox /bin/sh',
      `COPY ${long} /deep`,
      'RUN test "$(cat /deep)" = deep || exit 1',
      'ENV A="b=c"',
      'EXPOSE 8080',
      'WORKDIR /w',
      'USER 7',
      'ENTRYPOINT ["/bin/sh"]',
      'CMD ["-c","id"]',
    ].map((line) =>
      line.replace('RUN test "$(cat /deep)" = deep || exit 1', 'RUN ["/bin/sh","-c","read -r x < /deep || [ \\"$x\\" = deep ]"]'),
    ),
    (text) => log.push(text),
  )
  expect(facts).toMatchObject({
    entrypoint: ['/bin/sh'],
    command: ['-c', 'id'],
    workingDir: '/w',
    exposedPorts: [8080],
    user: '7',
  })
  expect(facts.environment['A']).toBe('b=c')
  expect(log.join('')).toContain('Step 1/')
  const [found] = await engine.docker.listImages({ filters: labelFilter(installation) })
  expect(found?.Id).toBe(facts.imageId)
  expect(await images.inspect(facts.imageId, never)).toEqual(facts)
}, 60_000)

test('a step that fails, and a Dockerfile that cannot be read, are runtime.build_failed with the last lines', async () => {
  const failing = build(['FROM scratch', 'COPY busybox /bin/sh', 'RUN ["/bin/sh","-c","echo the reason; exit 3"]'])
  await expect(failing).rejects.toMatchObject({ code: 'runtime.build_failed', message: expect.stringContaining('the reason') })
  await expect(build(['NONSENSE'])).rejects.toMatchObject({ code: 'runtime.build_failed' })
  const outside = images.build({ workloadId, context, dockerfile: '../Dockerfile', onLog: () => {} }, never)
  await expect(outside).rejects.toMatchObject({ code: 'workload.context_outside' })
}, 60_000)

test('an image that is not on the host is runtime.image_not_found: nothing is pulled', async () => {
  await expect(images.inspect('boilerhouse.invalid/none:1', never)).rejects.toMatchObject({ code: 'runtime.image_not_found' })
})

test('links are sent as links, ignored files are not sent', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'runtime-docker-context-'))
  const secret = join(directory, '..', `runtime-docker-secret-${installation}`)
  writeFileSync(secret, 'of the host')
  mkdirSync(join(directory, 'node_modules'))
  writeFileSync(join(directory, 'node_modules', 'left'), 'ignored content')
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch')
  writeFileSync(join(directory, '.dockerignore'), 'node_modules\n*\n!kept')
  writeFileSync(join(directory, 'kept'), 'kept content')
  symlinkSync(secret, join(directory, 'kept-link'))
  writeFileSync(join(directory, '.dockerignore'), 'node_modules')
  const chunks: Uint8Array[] = []
  for await (const chunk of tarOfContext(directory, 'Dockerfile')) chunks.push(chunk)
  const tar = Buffer.concat(chunks)
  expect(tar.length % 512).toBe(0)
  expect(tar.toString('latin1')).toContain('kept content')
  expect(tar.toString('latin1')).toContain(secret)
  for (const text of ['of the host', 'ignored content']) expect(tar.toString('latin1')).not.toContain(text)
  rmSync(directory, { recursive: true })
  rmSync(secret)
})

test.each([
  ['node_modules', 'node_modules/a/b', true],
  ['*.log', 'a.log', true],
  ['*.log', 'deep/a.log', false],
  ['**/*.log', 'deep/er/a.log', true],
  ['/build/', 'build/x', true],
  ['a?c', 'abc', true],
  ['# comment', '# comment', false],
  ['*\n!keep', 'keep', false],
  ['*\n!keep', 'other', true],
  ['a.b', 'axb', false],
])('.dockerignore %j and %p: %p', (text, path, isIgnored) => {
  expect(ignoreFilter(text)(path)).toBe(isIgnored)
})

test('a name that would make the call another one of the engine is an image that is not there', async () => {
  const names = [
    'json?all=1&x=',
    'get?names=a&x=',
    '../containers/json',
    '..',
    'a b',
    'a#',
    '',
    'a/../b',
    `a${'b'.repeat(600)}`,
    'a%2f..',
  ]
  for (const name of names) {
    await expect(images.inspect(name, never)).rejects.toMatchObject({ code: 'runtime.image_not_found' })
  }
  const plain = ['busybox', 'registry.example:5000/a/b-c_d.e:v1.2', `a@sha256:${'0'.repeat(64)}`, `sha256:${'0'.repeat(64)}`]
  for (const name of plain) {
    await expect(images.inspect(name, never)).rejects.toMatchObject({ message: expect.not.stringContaining('is not a name') })
  }
})
