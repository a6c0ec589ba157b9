/** What a person sees of the set-up: one line a thing that takes time, one line at the end. */
export interface Progress {
  /** Something that takes a while begins. */
  working(text: string): void
  /** Something was put in place now. */
  done(text: string): void
  /** Something a person should know, which stops nothing. */
  note(text: string): void
}

export const createProgress = (write: (line: string) => void): Progress => ({
  working: (text) => write(`  ...     ${text}`),
  done: (text) => write(`  ok      ${text}`),
  note: (text) => write(`  note    ${text.replaceAll('\n', '\n          ')}`),
})
