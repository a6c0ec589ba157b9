/**
 * Every fault there is: its HTTP status, whether trying again can help, and the public title and remedy. A page in
 * `docs/errors/` is generated for each. Codes are `<area>.<what>` and never change their meaning.
 */
export interface FaultEntry {
  readonly status: number
  /** `later`: the same call may go through later. `after_change`: only after the caller or operator changed something. */
  readonly retry: 'never' | 'later' | 'after_change'
  readonly title: string
  readonly remedy: string
}

const entry = (status: number, retry: FaultEntry['retry'], title: string, remedy: string): FaultEntry => ({
  status,
  retry,
  title,
  remedy,
})

export const faultRegistry = {
  'request.malformed': entry(
    400,
    'after_change',
    'The request cannot be read',
    'Send well-formed JSON and parameters as /openapi.json describes them.',
  ),
  'request.invalid': entry(
    422,
    'after_change',
    'The request does not fit its schema',
    'Correct the fields that `errors` points to.',
  ),
  'request.too_large': entry(413, 'after_change', 'The request is too large', 'Send less than the limit named in `detail`.'),
  'request.rate_limited': entry(
    429,
    'later',
    'Too many requests for this key',
    'Wait for `Retry-After`, or ask the operator for a higher limit.',
  ),
  'request.not_found': entry(404, 'after_change', 'There is no such route', 'Look the path up in /openapi.json.'),
  'request.method_not_allowed': entry(
    405,
    'after_change',
    'The route does not take this method',
    'Look the method up in /openapi.json.',
  ),
  'request.media_type': entry(
    415,
    'after_change',
    'The content type is not supported',
    'Send `application/json`, or the type the route names.',
  ),
  'request.idempotency_mismatch': entry(
    422,
    'after_change',
    'The Idempotency-Key was used for another body',
    'Use a new key for a new request.',
  ),
  'request.idempotency_pending': entry(
    409,
    'later',
    'The first request with this Idempotency-Key still runs',
    'Wait a moment and repeat the request.',
  ),
  'request.revision_mismatch': entry(
    412,
    'after_change',
    'The object changed since it was read',
    'Read it again and repeat the change on what you got.',
  ),
  'request.upgrade_required': entry(426, 'after_change', 'The route speaks WebSocket', 'Connect with a WebSocket client.'),
  'auth.required': entry(
    401,
    'after_change',
    'A key is needed',
    'Send `Authorization: Bearer <key>`; the admin key lies in the data directory.',
  ),
  'auth.invalid': entry(
    401,
    'after_change',
    'The key is not valid',
    'Use a key that exists, has not expired and was not revoked.',
  ),
  'auth.forbidden': entry(403, 'after_change', 'The key may not do this', 'Use a key whose role allows the operation.'),
  'auth.ticket_invalid': entry(
    401,
    'after_change',
    'The ticket is not valid',
    'Ask for a new ticket; each works once, for 60 seconds.',
  ),
  'workload.not_found': entry(404, 'after_change', 'There is no such workload', 'List the workloads to see their ids.'),
  'workload.exists': entry(
    409,
    'after_change',
    'The workload exists already',
    'Choose another id, or update the existing one with PUT.',
  ),
  'workload.in_use': entry(409, 'after_change', 'Pools still use the workload', 'Delete its pools first.'),
  'workload.not_ready': entry(409, 'later', 'The workload is not ready', 'Read its status for the reason; wait, or correct it.'),
  'workload.context_outside': entry(
    422,
    'after_change',
    'The build context lies outside the workloads directory',
    'Put the context below BOILERHOUSE_WORKLOADS_DIR, links included.',
  ),
  'workload.network_not_allowed': entry(
    422,
    'after_change',
    'The network is not allowed',
    'List it in BOILERHOUSE_ALLOW_NETWORKS, or use `network.access`.',
  ),
  'workload.user_not_preparable': entry(
    422,
    'after_change',
    'The server cannot prepare volumes for this user',
    'Run the server as root, or set `security.runAsUser` to the uid the server runs as.',
  ),
  'workload.feature_unavailable': entry(
    422,
    'after_change',
    'The engine cannot do what the workload asks',
    'Remove the field, or use an engine that has the power named in `detail`.',
  ),
  'pool.not_found': entry(404, 'after_change', 'There is no such pool', 'List the pools to see their ids.'),
  'pool.exists': entry(409, 'after_change', 'The pool exists already', 'Choose another id, or update the existing one with PUT.'),
  'pool.exhausted': entry(503, 'later', 'The pool has no free container', 'Wait for `Retry-After`, or raise `maxSize`.'),
  'pool.degraded': entry(
    503,
    'later',
    'The pool cannot start containers',
    "Read the pool's conditions for the reason and correct the workload.",
  ),
  'pool.draining': entry(409, 'never', 'The pool is being deleted', 'Use another pool.'),
  'pool.network_exhausted': entry(
    503,
    'after_change',
    'No subnet is left for the pool',
    'Give a larger BOILERHOUSE_NETWORK_CIDR, or delete pools.',
  ),
  'claim.not_found': entry(
    404,
    'after_change',
    'The tenant holds no such claim',
    'Claim first; `GET /api/v1/tenants/:tenantId` shows what it holds.',
  ),
  'claim.ambiguous': entry(
    409,
    'after_change',
    'The tenant holds several claims',
    'Say which with `poolId`; `claims` lists them.',
  ),
  'claim.conflict': entry(
    409,
    'later',
    'The claim is in a state that does not allow this',
    "Read the claim's state and repeat when it has settled.",
  ),
  'claim.env_fixed': entry(
    409,
    'after_change',
    'The environment of a started container cannot change',
    'Release and claim again, or pass the value in `config` or `secrets`.',
  ),
  'claim.env_unsupported': entry(
    422,
    'after_change',
    "The workload's warmth does not take env",
    'Use `warmth: parked`, or pass the value in `config` or `secrets`.',
  ),
  'claim.config_invalid': entry(
    422,
    'after_change',
    "The config does not fit the workload's schema",
    'Correct the fields that `errors` points to.',
  ),
  'claim.quota': entry(
    409,
    'after_change',
    "The tenant's quota of claims is used up",
    'Release another claim, or raise the quota.',
  ),
  'claim.timeout': entry(504, 'later', 'The claim was not ready in time', 'Repeat the claim: it goes on where it was.'),
  'claim.hook_failed': entry(
    502,
    'later',
    'A hook of the workload failed',
    "Read `detail` and the container's logs; correct the hook.",
  ),
  'claim.not_healthy': entry(503, 'later', 'The container did not answer its probe', "Read the container's health and logs."),
  'claim.circuit_open': entry(
    503,
    'after_change',
    "The tenant's containers keep dying",
    'Read the reason, correct the workload or config, then release and claim again.',
  ),
  'claim.release_failed': entry(
    502,
    'later',
    "The release could not keep the tenant's data",
    'The container and its data are kept; correct the cause and release again, or force it.',
  ),
  'state.restore_failed': entry(
    503,
    'later',
    "The tenant's kept files could not be put back",
    'Nothing was lost; correct the cause in `detail` and claim again.',
  ),
  'state.keep_failed': entry(
    502,
    'later',
    "The tenant's files could not be kept",
    'Nothing was lost: they are in the volume or in the kept directory; correct the cause in `detail` and release again.',
  ),
  'container.not_found': entry(404, 'after_change', 'There is no such container', 'List the containers to see their ids.'),
  'container.conflict': entry(
    409,
    'later',
    'The container is in a state that does not allow this',
    'Read its state; a bound one needs release or `force=true`.',
  ),
  'container.file_not_found': entry(
    404,
    'after_change',
    'There is no such file in the container',
    'Check the path; it is absolute and seen from inside the container.',
  ),
  'container.file_denied': entry(
    403,
    'after_change',
    "The container's user may not do this to the file",
    "Use a path that the container's user may read or write.",
  ),
  'container.exec_timeout': entry(504, 'later', 'The command did not end in time', 'Raise `timeoutMs`, or run less.'),
  'key.not_found': entry(404, 'after_change', 'There is no such key', 'List the keys to see their ids.'),
  'event.cursor_expired': entry(
    410,
    'after_change',
    'The events after this cursor are gone',
    'Start again without a cursor, and read what is there now.',
  ),
  'event.slow_reader': entry(
    429,
    'later',
    'The reader is too slow for the stream',
    'Connect again with the last cursor you saw.',
  ),
  'machine.unknown_transition': entry(409, 'later', "The object's state does not allow this", 'Read it again.'),
  'runtime.unavailable': entry(503, 'later', 'The engine does not answer', 'Check that the engine runs: `./boilerhouse doctor`.'),
  'runtime.timeout': entry(504, 'later', 'The engine did not answer in time', "Repeat later; look at the engine's load and log."),
  'runtime.engine_failed': entry(
    502,
    'later',
    'The engine refused a call',
    "Read `detail`: it is the engine's own reason; `./boilerhouse doctor` looks further.",
  ),
  'runtime.image_not_found': entry(
    422,
    'after_change',
    'The image is not on the host',
    'Pull, load or build the image on the host, then update the workload.',
  ),
  'runtime.build_failed': entry(422, 'after_change', 'The image could not be built', "Read the workload's build log."),
  'runtime.start_failed': entry(
    502,
    'later',
    'The container could not be started',
    "Read `detail`: it is the engine's own reason.",
  ),
  'runtime.container_gone': entry(
    409,
    'later',
    'The engine no longer has the container',
    'Repeat the call; the controller replaces the container.',
  ),
  'runtime.network_failed': entry(
    502,
    'later',
    "The pool's network could not be made",
    'Read `detail`; `./boilerhouse doctor` compares network and firewall.',
  ),
  'runtime.firewall_failed': entry(
    502,
    'later',
    'The firewall rules could not be put in place',
    'Run the server as root with iptables installed; nothing starts without its walls.',
  ),
  'runtime.deliver_failed': entry(502, 'later', 'The delivery into the container failed', 'Repeat the claim; read `detail`.'),
  'runtime.unsupported': entry(
    422,
    'after_change',
    'The runtime cannot do this',
    'Use a runtime with the power that `detail` names.',
  ),
  'host.disk_full': entry(503, 'later', "The host's disk is nearly full", 'Free space, or lower BOILERHOUSE_MIN_FREE_MB.'),
  'host.container_limit': entry(
    503,
    'later',
    'The host holds as many containers as allowed',
    'Raise BOILERHOUSE_MAX_CONTAINERS, or shrink pools.',
  ),
  'store.unavailable': entry(503, 'later', 'The database does not answer', 'Check the database: `./boilerhouse doctor`.'),
  'store.fenced': entry(
    409,
    'never',
    'Another process leads this controller now',
    'Nothing to do: this process steps back by itself.',
  ),
  'store.pooler': entry(
    503,
    'after_change',
    'DATABASE_URL leads to a transaction pooler',
    "Give the database's own address, or a session pool.",
  ),
  'store.version': entry(
    503,
    'after_change',
    'The data was written by another version',
    'Start the release of Boilerhouse that wrote it, or move it over by a backup.',
  ),
  'store.not_empty': entry(
    409,
    'after_change',
    'The database is not empty',
    'Restore into an empty database: give another DATABASE_URL or data directory.',
  ),
  'store.backup_unreadable': entry(
    422,
    'after_change',
    'The backup cannot be read',
    'Give an unbroken file that this release can read.',
  ),
  'setting.invalid': entry(422, 'after_change', 'A setting cannot be used', 'Correct the setting named in `detail`.'),
  'server.stopping': entry(
    503,
    'later',
    'The server is stopping',
    'Repeat the request; another server or the next start answers it.',
  ),
  'server.internal': entry(
    500,
    'later',
    'Something broke inside the server',
    "Look up the correlation id in the server's log and report it.",
  ),
} as const satisfies Record<string, FaultEntry>

export type FaultCode = keyof typeof faultRegistry
