import { silentLogger, systemClock } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { startFirewallGuard } from './firewall-guard.ts'

/** Walls as several processes share them: one set for all bridges of the host. */
function sharedWalls(bridges: number) {
  const walls = { bridges, areUp: true, afterLook: () => {} }
  return {
    walls,
    firewall: {
      hasBridges: async () => walls.bridges > 0,
      async differences() {
        walls.afterLook()
        return walls.areUp ? [] : ['the chains are missing']
      },
      ensure: async () => void (walls.areUp = true),
      async remove() {
        if (walls.bridges === 0) walls.areUp = false
      },
    },
  }
}

const guard = (firewall: ReturnType<typeof sharedWalls>['firewall']) =>
  startFirewallGuard({ firewall, clock: systemClock, logger: silentLogger, periodMs: 60_000 })

test('walls that somebody took down while a bridge stands are put back', async () => {
  const { walls, firewall } = sharedWalls(1)
  walls.areUp = false
  await using looking = guard(firewall)
  await looking.check()
  expect(walls.areUp).toBe(true)
})

test('walls that went with the last bridge while the guard looked are not left standing', async () => {
  const { walls, firewall } = sharedWalls(1)
  walls.afterLook = () => {
    walls.bridges = 0
    walls.areUp = false
  }
  await using looking = guard(firewall)
  await looking.check()
  expect(walls.areUp).toBe(false)
})
