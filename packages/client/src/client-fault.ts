import type { components } from './openapi.generated.ts'

export type Problem = components['schemas']['Problem']

/** A refusal of the server, or no answer at all (`client.unreachable`). `problem` tells what, why and what to do. */
export class ClientFault extends Error {
  override readonly name = 'ClientFault'
  readonly problem: Problem
  /** From `Retry-After`. */
  readonly retryAfterMs: number | undefined

  constructor(problem: Problem, options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {}) {
    super(`${problem.title}: ${problem.detail}`, { cause: options.cause })
    this.problem = problem
    this.retryAfterMs = options.retryAfterMs
  }

  get code(): string {
    return this.problem.code
  }

  get status(): number {
    return this.problem.status
  }
}

/** What a refused answer says; one that is not ours (a proxy's page) is shown by its status. */
export async function faultOf(response: Response): Promise<ClientFault> {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  const options = Number.isNaN(retryAfter) ? {} : { retryAfterMs: retryAfter * 1000 }
  const text = await response.text()
  return new ClientFault(parseProblem(text) ?? foreign(response), options)
}

export const unreachable = (baseUrl: string, cause: unknown): ClientFault =>
  new ClientFault(
    {
      type: 'about:blank',
      title: 'The server does not answer',
      status: 503,
      detail: `Cannot reach ${baseUrl}: ${cause instanceof Error ? cause.message : String(cause)}`,
      code: 'client.unreachable',
      remedy: 'Check the address, and that the server runs.',
      correlationId: '',
    },
    { cause },
  )

function parseProblem(text: string): Problem | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<Problem> | null // checked below
    return typeof parsed?.code === 'string' && typeof parsed.status === 'number' ? (parsed as Problem) : undefined
  } catch {
    return undefined // not JSON: not our server's words
  }
}

const foreign = ({ status, statusText }: Response): Problem => ({
  type: 'about:blank',
  title: 'The answer is not one of Boilerhouse',
  status,
  detail: `${status} ${statusText}`,
  code: 'client.foreign_answer',
  remedy: 'Check the address: something else answered.',
  correlationId: '',
})
