import type { ClaimId, ContainerId, PoolId, TenantId } from '@boilerhouse/base'
import type {
  ClaimAnswer,
  ClaimRecord,
  ClaimRequest,
  ReleaseAnswer,
  ReleaseRequest,
  Tenant,
  TenantStatus,
} from '@boilerhouse/resources'
import type { Page, PageQuery } from '@boilerhouse/store'

/** Who asks, and how to follow it through log, events and traces. */
export interface RequestContext {
  /** `key:<id>`, `controller:<kind>`, `proxy` … */
  readonly actor: string
  readonly correlationId: string
  readonly signal: AbortSignal
}

/**
 * The use cases. API, proxy, controllers and (later) triggers and agents call these; nobody has a second copy.
 * - Every method may be called again after any crash at any step: it goes on where it was.
 * - Faults: `pool.*`, `claim.*`, `state.*`, `runtime.*` as the registry tells.
 */
export interface Claims {
  /** Binds, delivers, activates (design §5). `isNew` is false for `existing`. The same call at once: one container, one answer. */
  claim(
    tenantId: TenantId,
    request: ClaimRequest,
    context: RequestContext,
  ): Promise<{ readonly answer: ClaimAnswer; readonly isNew: boolean }>
  /** Hook, stop, keep, then and only then destroy. Waits until the claim is released or `claim.release_failed`. */
  release(tenantId: TenantId, request: ReleaseRequest, context: RequestContext): Promise<ReleaseAnswer>
  touch(tenantId: TenantId, poolId: PoolId | undefined, context: RequestContext): Promise<TenantStatus>
  tenant(tenantId: TenantId): Promise<Tenant>
  tenants(query: PageQuery & { readonly poolId?: PoolId }): Promise<Page<Tenant>>
  status(tenantId: TenantId, poolId: PoolId | undefined): Promise<TenantStatus>
  /** The live claim meant by (tenant, pool?); `claim.not_found`, `claim.ambiguous` with the list. */
  resolve(tenantId: TenantId, poolId: PoolId | undefined): Promise<ClaimRecord>
  /**
   * Level-based: looks at the claim and its container and does the next thing that is due (delivers what is pending, goes on with a
   * restore, release or recovery, keeps the volume of a lost container, opens the circuit, ends what idled out). For the claims controller.
   */
  resume(claimId: ClaimId, context: RequestContext): Promise<{ readonly againMs?: number }>
  /** DELETE of one container: a warm one drains; a bound one has its state kept and its claim recovers, or with `force` is dropped unkept. */
  removeContainer(containerId: ContainerId, options: { readonly force: boolean }, context: RequestContext): Promise<void>
  /** In memory, cheap enough for every proxied chunk; written by `flushActivity`. */
  noteActivity(claimId: ClaimId): void
  flushActivity(): Promise<void>
  close(): Promise<void>
}
