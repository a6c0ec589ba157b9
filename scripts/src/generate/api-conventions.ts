/** The hand-written half of `docs/api.md`: what holds for every operation. */
export const apiConventions = `# API

<!-- Generated from packages/api/openapi.json and scripts/src/generate/api-conventions.ts by \`npm run generate\`; edit those and the routes. -->

\`/api/v1\` on the API's address. A running server shows this document at \`/openapi.json\` (OpenAPI 3.1), a reference page at \`/docs\` and a
page a fault at \`/docs/errors/<code>\`. A typed client is [packages/client](../packages/client/README.md).

## Keys and roles

\`Authorization: Bearer <key>\`. The admin key of a fresh installation lies in the data directory:

\`\`\`sh
curl --silent --fail http://127.0.0.1:3000/api/v1/pools --header "Authorization: Bearer $(cat ~/.local/share/boilerhouse/admin.key)"
curl --silent --fail http://127.0.0.1:3000/health
\`\`\`

| role | may |
|---|---|
| \`admin\` | everything |
| \`viewer\` | every GET but files and what else is marked as not for viewers |
| \`tenant\` | everything under its own \`/tenants/:tenantId\`; get, exec, logs and files of its own container; its own events. It claims from the pools its key lists |

Another tenant's anything is 404, exactly as what does not exist. Keys are stored hashed, shown once, and dead within 5 s of revocation in every
process, streams included. Each key has a rate (\`429\`, \`Retry-After\`).

\`\`\`sh
./boilerhouse key create for-alice --role tenant --tenant alice --pool demo
./boilerhouse key list
\`\`\`

## Requests

- Bodies are \`application/json\`. A field that is not known is a fault, never ignored. Every field at fault is named at once.
- Times are RFC 3339 UTC. Ids of workloads and pools are DNS labels; a tenant's id is \`^(?!\\.{1,2}$)[a-zA-Z0-9._@:-]{1,256}$\`.
- **Lists**: \`?limit=50&cursor=\`; the answer is \`{ items, nextCursor }\`, without \`nextCursor\` on the last page.
- **Revisions**: workloads and pools answer with an \`ETag\`. \`PUT\`, \`DELETE\` and \`scale\` take it as \`If-Match\`: \`412\` where somebody was faster. A \`PUT\` of what
  is there already changes nothing.
- **Idempotency-Key** (1 to 255 visible characters): the same request under it within 24 hours, by the same key on the same path, is done once and answered
  alike, with the header \`idempotent-replayed\`. Another body under it is \`422\`. Refusals are not kept.
- What was asked to be done is done even if the caller hangs up.

## Answers

- \`Server-Timing\` tells phases in ms; \`total\` is from the last byte of the request read to the answer handed to the socket. A claim's body has the same as
  \`timings\`.
- \`x-correlation-id\` finds the request in logs and events; send one of your own (1 to 128 of \`A-Za-z0-9._:-\`) and it is kept.
- **Faults** are \`application/problem+json\`: \`type\`, \`title\`, \`status\`, \`detail\`, \`code\`, \`remedy\`, \`correlationId\` and \`errors\` with a JSON Pointer for each field.
  Branch on \`code\`; codes never change their meaning: [errors](errors/README.md). A caller's mistake has no partial effect.
- Every operation may also answer \`401 auth.required\` or \`auth.invalid\`, \`403 auth.forbidden\`, \`429 request.rate_limited\`, \`503 store.unavailable\`, and those of its input:
  \`400 request.malformed\`, \`413 request.too_large\`, \`415 request.media_type\`, \`422 request.invalid\`.

A first claim, and the same again under an Idempotency-Key:

\`\`\`sh
claim() {
  curl --silent --fail http://127.0.0.1:3000/api/v1/tenants/bob/claim \\
    --header "Authorization: Bearer $(cat ~/.local/share/boilerhouse/admin.key)" --header 'Content-Type: application/json' \\
    --header 'Idempotency-Key: bob-1' --data '{"poolId":"demo","config":{"greeting":"hello"}}'
}
claim
claim
./boilerhouse tenant release bob --pool demo
\`\`\`

## Events

Everything that happens is one line of an append-only log. Three ways to read it, with the same filters (\`tenant\`, \`pool\`, \`type\`):

| way | for |
|---|---|
| \`GET /api/v1/activity\` | pages, newest first |
| \`GET /api/v1/events\` | Server-Sent Events; \`id\` is the cursor |
| \`GET /ws\`, \`GET /api/v1/ws\` | WebSocket; each message carries its \`cursor\` |

A **cursor** names a place in the log. A stream that is told one (\`Last-Event-ID\`, \`?cursor=\`) goes on after it without a gap or a repetition, across restarts of
the server. A reader that is too slow is told \`event.slow_reader\` with its cursor and ends; one that comes back after the retention is told
\`event.cursor_expired\`. Browsers cannot send a key with a WebSocket: they take a ticket (\`POST /api/v1/tickets\`) and pass it as \`?ticket=\`; it works once.

\`\`\`sh
./boilerhouse activity list --limit 3
./boilerhouse event watch --type container.claimed --after "$(./boilerhouse activity list --limit 100 --json | sed -n 's/.*"cursor": "\\(.*\\)",/\\1/p' | tail -n 1)" --count 1
\`\`\`

The types are in [architecture](architecture.md#events).
`
