/** The body of an answer: the client throws `ClientFault` for every refusal, so it is there. */
export function answer<Data>({ data }: { readonly data?: Data }): Data {
  if (data === undefined) throw new TypeError('Cannot read the answer: the server sent no body')
  return data
}

/** Leaves out flags that were not given, as `exactOptionalPropertyTypes` would ask. */
export function given<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  // Absent keys stand for `undefined`; callers pass the result where the fields are optional.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
