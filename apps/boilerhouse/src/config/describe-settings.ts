import type { Config } from './load-config.ts'
import type { SettingSource } from './parse-settings.ts'
import { redact } from './redact.ts'
import { settingNames, variableOf, type SettingName } from './settings-schema.ts'

export interface SettingLine {
  readonly name: SettingName
  readonly variable: string
  /** Redacted; `undefined` where it is not set and has no default. */
  readonly value: unknown
  readonly source: SettingSource
}

/** Every setting with its value as it may be shown, and where the value comes from: for the start, `GET /settings` and `doctor`. */
export const describeSettings = (config: Config): readonly SettingLine[] =>
  settingNames.map((name) => ({
    name,
    variable: variableOf(name),
    value: redact(name, config[name]),
    source: config.sources.get(name) ?? 'default',
  }))
