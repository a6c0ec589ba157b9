/**
 * A name an engine can hold: `[host[:port]/]path[:tag][@digest]`, or an image's id (`sha256:…` reads as a path with a tag). Source: the
 * grammar of distribution/reference. Each step is told apart by its first character, so that matching takes time linear to the name.
 */
const host = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?/)?'
const step = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*'
const tag = '(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?'
const digest = '(?:@[a-z0-9]+:[a-f0-9]{32,128})?'
const reference = new RegExp(`^${host}${step}(?:/${step})*${tag}${digest}$`)

export const isImageReference = (name: string): boolean => reference.test(name)
