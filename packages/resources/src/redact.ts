const mark = '[redacted]'

/** Shorter values would blank out ordinary words, and are no secrets that hiding helps. */
const shortestSecret = 4

/** `text` without any of the secrets: for what a tenant's own program wrote, before it stands in a fault, log or event. */
export function redactText(text: string, secrets: Iterable<string>): string {
  const longestFirst = [...new Set(secrets)]
    .filter((secret) => secret.length >= shortestSecret)
    .sort((a, b) => b.length - a.length)
  let clean = text
  for (const secret of longestFirst) clean = clean.replaceAll(secret, mark)
  return clean
}

/** A claim request as it may be logged: names of secrets and env stay, their values do not. */
export function redactClaimRequest<Request extends { readonly secrets?: object | undefined; readonly env?: object | undefined }>(
  request: Request,
): Omit<Request, 'secrets' | 'env'> & { secrets?: Record<string, string>; env?: Record<string, string> } {
  const { secrets, env, ...rest } = request
  return { ...rest, ...(secrets ? { secrets: hidden(secrets) } : {}), ...(env ? { env: hidden(env) } : {}) }
}

const hidden = (values: object): Record<string, string> => Object.fromEntries(Object.keys(values).map((name) => [name, mark]))
