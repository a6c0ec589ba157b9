import type { Config } from './load-config.ts'

/** The server's own variables that `${env:NAME}` may read: those that BOILERHOUSE_ENV_ALLOW lists and that are set. */
export function allowedEnvironment(
  { envAllow }: Pick<Config, 'envAllow'>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  return Object.fromEntries(envAllow.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
}
