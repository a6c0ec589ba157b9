export { backoffMs, type BackoffPolicy } from './src/backoff.ts'
export { systemClock, type Clock } from './src/clock.ts'
export { Fault, isFault, type FaultExtras, type FieldFault } from './src/fault.ts'
export { faultRegistry, type FaultCode, type FaultEntry } from './src/fault-registry.ts'
export {
  newClaimId,
  newContainerId,
  newId,
  newKeyId,
  type Branded,
  type ClaimId,
  type ContainerId,
  type KeyId,
  type PoolId,
  type TenantId,
  type WorkloadId,
} from './src/ids.ts'
export { invariant, InvariantError } from './src/invariant.ts'
export { KeyLock } from './src/key-lock.ts'
export { createLogger, silentLogger, type LogFields, type Logger, type LoggerOptions, type LogLevel } from './src/log.ts'
export { retry, type RetryOptions } from './src/retry.ts'
export { createSecretBox, type SecretBox } from './src/secret-box.ts'
export { Wakeup } from './src/wakeup.ts'
export {
  metricTable,
  noMetrics,
  noTracer,
  type MetricLabels,
  type MetricName,
  type Metrics,
  type Tracer,
} from './src/telemetry.ts'
