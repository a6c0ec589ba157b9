import { Type } from '@sinclair/typebox'
import { faultRegistry } from '@boilerhouse/base'

import { faultPage, referencePage } from '../docs-page.ts'
import { found } from '../found.ts'
import { route } from '../route.ts'

const html = (body: string): Response =>
  new Response(body, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-content-type-options': 'nosniff',
    },
  })

export const getDocs = route(
  {
    operationId: 'getDocs',
    method: 'GET',
    path: '/docs',
    role: 'open',
    tag: 'Operations',
    summary: 'This interface as a page',
    responses: { 200: { description: 'The page.', contentType: 'text/html' } },
  },
  (_input, { openapi }) => html(referencePage(openapi())),
)

export const getFaultPage = route(
  {
    operationId: 'getFaultPage',
    method: 'GET',
    path: '/docs/errors/:code',
    role: 'open',
    tag: 'Operations',
    summary: 'What a fault code means and what mends it',
    params: Type.Object({ code: Type.String({ maxLength: 128 }) }),
    responses: { 200: { description: 'The page.', contentType: 'text/html' } },
  },
  ({ params: { code } }) => {
    const entry = Object.entries(faultRegistry).find(([known]) => known === code)?.[1]
    return html(faultPage(code, found('page', code, entry)))
  },
)
