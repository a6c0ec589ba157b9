/** Whether the process that a port was handed to still lives. */
export interface Life {
  isOver: boolean
}

/**
 * A port as a process sees it that may die at any step: after its death no call does anything, and none that was under way ever
 * comes back. What it had begun in the world goes on there, as it does after a real kill.
 */
export function mortal<Port extends object>(port: Port, life: Life): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) return mortal(value, life)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (life.isOver) return forever
        const result: unknown = Reflect.apply(value, target, args)
        if (result instanceof Promise)
          return result.then((answer: unknown) => (life.isOver ? forever : answer), rejectWhileAlive(life))
        return typeof result === 'object' && result !== null && Symbol.asyncIterator in result
          ? mortalIterable(result as AsyncIterable<unknown>, life)
          : result
      }
    },
  })
}

const forever = new Promise<never>(() => {})

const rejectWhileAlive = (life: Life) => (error: unknown) => {
  if (life.isOver) return forever
  throw error
}

async function* mortalIterable(items: AsyncIterable<unknown>, life: Life): AsyncGenerator<unknown> {
  for await (const item of items) {
    if (life.isOver) await forever
    yield item
  }
}
