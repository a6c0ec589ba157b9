import { createOpenApi } from './openapi.ts'
import { routeTable } from './route-table.ts'

/** The committed document, as text: `scripts` writes it and a test compares it. */
export const openApiText = (): string => `${JSON.stringify(createOpenApi(routeTable), null, 2)}\n`
