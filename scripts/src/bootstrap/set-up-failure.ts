/** A step of the set-up cannot go on; `remedy` says exactly what a person has to do. */
export class SetUpFailure extends Error {
  override readonly name = 'SetUpFailure'
  readonly remedy: string

  constructor(message: string, remedy: string) {
    super(message)
    this.remedy = remedy
  }
}
