import { isFault } from '@boilerhouse/base'

/** The code a call fails with, or `ok`. */
export async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action
    return 'ok'
  } catch (error) {
    return isFault(error) ? error.code : String(error)
  }
}
