import { presentKey } from '../present-key.ts'
import { json, route } from '../route.ts'
import { KeyPage, PageQueryParams } from '../views.ts'

export const listKeys = route(
  {
    operationId: 'listKeys',
    method: 'GET',
    path: '/api/v1/keys',
    role: 'viewer',
    tag: 'Keys',
    summary: 'List keys, never their secrets',
    query: PageQueryParams,
    responses: { 200: { description: 'A page of keys.', schema: KeyPage } },
  },
  async ({ query }, { store, auth }) => {
    await auth.markUsed()
    const page = await store.keys.list(query)
    return json(200, { ...page, items: page.items.map(presentKey) })
  },
)
