import type { FaultEntry } from '@boilerhouse/base'

import type { OpenApiDocument, OpenApiOperation } from './openapi.ts'

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1,h2{line-height:1.2}code,pre{font:14px/1.4 ui-monospace,monospace;background:#f4f4f5;border-radius:4px;padding:.1rem .3rem}
pre{padding:.8rem;overflow:auto}details{border:1px solid #ddd;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}summary{cursor:pointer}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;border-bottom:1px solid #eee;padding:.3rem .6rem .3rem 0}
@media(prefers-color-scheme:dark){body{background:#111;color:#eee}code,pre{background:#222}details,td,th{border-color:#333}}`

/** The whole reference as one page that needs nothing but itself: it works without the internet, and without scripts. */
export function referencePage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const sections = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name))
    return `<h2>${escape(name)}</h2>${own.map(({ path, method, operation }) => section(method, path, operation)).join('')}`
  })
  return page(
    `${document.info.title} API`,
    `<p>${escape(document.info.description)} The same as a document: <a href="/openapi.json">openapi.json</a>.
Send <code>Authorization: Bearer &lt;key&gt;</code>.</p>${sections.join('')}<h2>Schemas</h2>${schemas(document)}`,
  )
}

export const faultPage = (code: string, { status, title, remedy, retry }: FaultEntry): string =>
  page(
    code,
    `<p>${escape(title)} (status ${status}).</p><h2>What to do</h2><p>${escape(remedy)}</p><p>${escape(retryText[retry])}</p>`,
  )

const retryText: Record<FaultEntry['retry'], string> = {
  never: 'Repeating the call does not help.',
  later: 'The same call may go through later.',
  after_change: 'The same call goes through only after something was changed.',
}

function section(method: string, path: string, operation: OpenApiOperation): string {
  const { summary, description, parameters = [], requestBody, responses } = operation
  const rows = parameters.map(
    ({ name, in: place, required, description: text = '', schema }) =>
      `<tr><td><code>${escape(name)}</code></td><td>${place}${required ? ', needed' : ''}</td><td>${escape(text)} <code>${escape(JSON.stringify(schema))}</code></td></tr>`,
  )
  const answers = Object.entries(responses).map(
    ([status, { description: text, content }]) =>
      `<tr><td>${status}</td><td>${escape(text)}</td><td>${schemaLink(content)}</td></tr>`,
  )
  return `<details id="${operation.operationId}"><summary><code>${method} ${escape(path)}</code> ${escape(summary)}</summary>
<p>${escape(description ?? '')} Operation <code>${operation.operationId}</code>, role <code>${operation['x-role']}</code>.</p>
${rows.length > 0 ? `<table>${rows.join('')}</table>` : ''}${requestBody ? `<p>Body: ${schemaLink((requestBody as { content?: unknown }).content)}</p>` : ''}
<table>${answers.join('')}</table></details>`
}

function schemaLink(content: unknown): string {
  const text = JSON.stringify(content ?? {})
  const [, name] = /#\/components\/schemas\/(\w+)/.exec(text) ?? []
  if (name !== undefined) return `<a href="#schema-${name}">${name}</a>`
  return Object.keys((content ?? {}) as object)
    .map((type) => `<code>${escape(type)}</code>`)
    .join(' ')
}

function schemas({ components }: OpenApiDocument): string {
  return Object.entries((components['schemas'] ?? {}) as Record<string, unknown>)
    .map(
      ([name, schema]) =>
        `<details id="schema-${name}"><summary><code>${name}</code></summary><pre>${escape(JSON.stringify(schema, null, 2))}</pre></details>`,
    )
    .join('')
}

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${style}</style><h1>${escape(title)}</h1>${body}</html>`

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
