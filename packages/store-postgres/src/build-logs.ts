import type { WorkloadStore } from '@boilerhouse/store'

import { text, type Database } from './database.ts'

const maxLength = 1_048_576

/** The newest 1 MiB of a build's text; goes with its workload. */
export function buildLogs({ sql, projectId, call }: Database): Pick<WorkloadStore, 'appendBuildLog' | 'buildLog'> {
  return {
    appendBuildLog: (id, added, options = {}) =>
      call('workloads.append_build_log', async () => {
        const piece = text(added.slice(-maxLength))
        await sql`
          insert into build_logs (project_id, workload_id, content)
          select ${projectId}, id, ${piece} from workloads where project_id = ${projectId} and id = ${id}
          on conflict (project_id, workload_id) do update set
            content = ${options.reset ? sql`excluded.content` : sql`right(build_logs.content || excluded.content, ${maxLength})`}`
      }),
    buildLog: (id) =>
      call('workloads.build_log', async () => {
        const [row] = await sql`select content from build_logs where project_id = ${projectId} and workload_id = ${id}`
        return row?.['content'] ?? ''
      }),
  }
}
