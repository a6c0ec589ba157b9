/** One step of an RFC 6901 pointer, escaped. */
export const pointerToken = (name: string | number): string => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`

export const pointerOf = (...names: readonly (string | number)[]): string => names.map(pointerToken).join('')
