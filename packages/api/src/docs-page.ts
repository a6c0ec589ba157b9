import { faultRegistry, type FaultEntry } from '@boilerhouse/base'

import type { OpenApiDocument, OpenApiOperation } from './openapi.ts'

const style = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;overflow-wrap:break-word}
h1,h2,h3{line-height:1.2}h2{margin-top:2.5rem}h3{display:inline;font:inherit}
code,pre{font:.875rem/1.4 ui-monospace,monospace;background:#8882;border-radius:4px;padding:.1rem .3rem}pre{padding:.8rem;overflow:auto;overflow-wrap:normal}
h3 code:first-child{display:inline-block;min-width:3.6rem;text-align:center;font-weight:600}nav a{margin-right:1rem}
details{border:1px solid #8884;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem;scroll-margin-top:1rem}summary{cursor:pointer}
[id^=schema-]{scroll-margin-top:4rem}table{border-collapse:collapse;width:100%;margin:.8rem 0}caption{text-align:left;font-weight:600}
td{text-align:left;vertical-align:top;border-bottom:1px solid #8884;padding:.3rem .8rem .3rem 0}td:first-child{white-space:nowrap}code{overflow-wrap:anywhere}
@media(max-width:40rem){tr{display:block;border-bottom:1px solid #8884}td{display:inline-block;border:0;padding:.1rem .8rem .1rem 0}}`

/** The whole reference as one page that needs nothing but itself: it works without the internet, and without scripts. */
export function referencePage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const sections = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name))
    return `<h2 id="${anchor(name)}">${escape(name)}</h2>${own.map(({ path, method, operation }) => section(method, path, operation)).join('')}`
  })
  const links = [...document.tags.map(({ name }) => name), 'Schemas'].map(
    (name) => `<a href="#${anchor(name)}">${escape(name)}</a>`,
  )
  return page(
    `${document.info.title} API`,
    `<p>${escape(document.info.description)} The same as a document: <a href="/openapi.json">openapi.json</a>.
Send <code>Authorization: Bearer &lt;key&gt;</code>.</p><nav>${links.join(' ')}</nav>${sections.join('')}<h2 id="schemas">Schemas</h2>${schemas(document)}`,
  )
}

const anchor = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')

export const faultPage = (code: string, { status, title, remedy, retry }: FaultEntry): string =>
  page(
    code,
    `<p>${escape(title)} (status ${status}).</p><h2>What to do</h2><p>${prose(remedy)}</p><p>${escape(retryText[retry])}</p><p><a href="/docs">The whole interface</a></p>`,
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
      `<tr><td><code>${escape(name)}</code></td><td>${place}${required ? ', needed' : ''}</td><td>${prose(text)} ${shape(schema)}</td></tr>`,
  )
  const answers = Object.entries(responses).map(
    ([status, { description: text, content }]) =>
      `<tr><td>${status}</td><td>${prose(text)}</td><td>${schemaLink(content)}</td></tr>`,
  )
  return `<details id="${operation.operationId}"><summary><h3><code>${method}</code> <code>${escape(path)}</code> ${escape(summary)}</h3></summary>
<p>${prose(description ?? '')} Operation <code>${operation.operationId}</code>, role <code>${operation['x-role']}</code>.</p>
${rows.length > 0 ? `<table><caption>Parameters</caption>${rows.join('')}</table>` : ''}${requestBody ? `<p>Body: ${schemaLink((requestBody as { content?: unknown }).content)}</p>` : ''}
<table><caption>Answers</caption>${answers.join('')}</table></details>`
}

/** Text with `code` in it; the code of a fault leads to its page. */
const prose = (text: string): string =>
  escape(text).replaceAll(/`([^`]+)`/g, (_all, code: string) =>
    code in faultRegistry ? `<a href="/docs/errors/${code}"><code>${code}</code></a>` : `<code>${code}</code>`,
  )

/** A parameter's schema in a few words. */
function shape(schema: unknown): string {
  const { type, description: _told, ...limits } = schema as { readonly type?: string; readonly description?: string }
  const words = Object.entries(limits).map(
    ([name, value]) => `${name} <code>${escape(typeof value === 'string' ? value : JSON.stringify(value))}</code>`,
  )
  return [escape(type ?? ''), ...words].filter((word) => word !== '').join(', ')
}

function schemaLink(content: unknown): string {
  const text = JSON.stringify(content ?? {})
  const [, name] = /#\/components\/schemas\/(\w+)/.exec(text) ?? []
  if (name !== undefined) return `<a href="#schema-${name}">${name}</a>`
  return Object.keys((content ?? {}) as object)
    .map((type) => `<code>${escape(type)}</code>`)
    .join(' ')
}

/** The anchor is inside: browsers open what a link leads into. */
function schemas({ components }: OpenApiDocument): string {
  return Object.entries((components['schemas'] ?? {}) as Record<string, unknown>)
    .map(
      ([name, schema]) =>
        `<details><summary><h3><code>${name}</code></h3></summary><pre id="schema-${name}">${escape(JSON.stringify(schema, null, 2))}</pre></details>`,
    )
    .join('')
}

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${style}</style><h1>${escape(title)}</h1>${body}</html>`

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
