export * from './src/claims.ts'
export type { ClaimsDeps, ClaimsSettings } from './src/claims-deps.ts'
export { createClaims } from './src/create-claims.ts'
export { holdsUnkeptFiles } from './src/quarantine.ts'
