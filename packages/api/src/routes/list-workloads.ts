import { presentWorkload } from '../present-workload.ts'
import { json, route } from '../route.ts'
import { PageQueryParams, WorkloadPage } from '../views.ts'

export const listWorkloads = route(
  {
    operationId: 'listWorkloads',
    method: 'GET',
    path: '/api/v1/workloads',
    role: 'viewer',
    tag: 'Workloads',
    summary: 'List workloads',
    query: PageQueryParams,
    responses: { 200: { description: 'A page of workloads, by id.', schema: WorkloadPage } },
  },
  async ({ query }, { store }) => {
    const page = await store.workloads.list(query)
    return json(200, { ...page, items: page.items.map(presentWorkload) })
  },
)
