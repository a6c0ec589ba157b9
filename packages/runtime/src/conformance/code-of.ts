/** The code of the fault that the promise ends in; `no fault` where it ends well. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no fault'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
