/** A process that is killed at its nth call of a port: before the call does anything, or after, so that its answer is lost. */
export interface Life {
  readonly dieAt: number
  readonly when: 'before' | 'after'
  calls: number
}

export const isDead = (life: Life): boolean => life.calls >= life.dieAt

/** The port as that process sees it: once dead, no call does anything and every one fails. */
export function mortal<Port extends object>(port: Port, life: Life): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value === 'object' && value !== null) return mortal(value, life)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        // Gives another port, without a call of the world.
        if (name === 'volumes') return mortal(Reflect.apply(value, target, args) as object, life)
        if (isDead(life)) return Promise.reject(new Error('killed'))
        life.calls++
        const isLast = isDead(life)
        if (isLast && life.when === 'before') return Promise.reject(new Error('killed'))
        const result = Promise.resolve(Reflect.apply(value, target, args))
        return isLast ? result.then(() => Promise.reject(new Error('killed'))) : result
      }
    },
  })
}
