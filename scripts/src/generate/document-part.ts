/** The text of a document with the part between `<!-- generated: <name> -->` and `<!-- end of <name> -->` replaced. */
export function withPart(document: string, name: string, part: string): string {
  const [open, close] = [`<!-- generated: ${name} -->`, `<!-- end of ${name} -->`]
  const [start, end] = [document.indexOf(open), document.indexOf(close)]
  if (start < 0 || end < start) throw new Error(`Cannot write the part "${name}": the document has no ${open} … ${close}`)
  return `${document.slice(0, start + open.length)}\n\n${part}\n\n${document.slice(end)}`
}
