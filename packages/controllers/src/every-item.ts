import type { Page, PageQuery } from '@boilerhouse/store'

const pageSize = 500

/** Page after page, to the end. */
export async function everyItem<Item>(list: (query: PageQuery) => Promise<Page<Item>>): Promise<readonly Item[]> {
  const items: Item[] = []
  for (let cursor: string | undefined; ;) {
    const page = await list({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) })
    items.push(...page.items)
    if (page.nextCursor === undefined) return items
    cursor = page.nextCursor
  }
}
