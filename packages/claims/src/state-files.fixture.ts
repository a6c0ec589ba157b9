import type { World } from './world.fixture.ts'

export const stateful = { volumes: { state: { containerPath: '/data' } } }

export async function write(world: World, tenant: string, name: string, text = 'x'): Promise<void> {
  const { containerId } = (await world.live(tenant))!
  const body = new Response(text).body!
  await world.runtime.writeFile(containerId!, `/data/${name}`, body, 1000, new AbortController().signal)
}

export async function read(world: World, tenant: string, name: string): Promise<string> {
  const { containerId } = (await world.live(tenant))!
  const { body } = await world.runtime.readFile(containerId!, `/data/${name}`, new AbortController().signal)
  return new Response(body).text()
}
