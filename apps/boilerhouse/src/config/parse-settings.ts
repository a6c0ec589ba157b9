import { Fault, type FieldFault } from '@boilerhouse/base'
import { createQueryValidator } from '@boilerhouse/resources'

import { nearestName } from './nearest-name.ts'
import { redact } from './redact.ts'
import { ruleFaults } from './setting-rules.ts'
import {
  otherVariables,
  settingNames,
  settingSchema,
  SettingsSchema,
  variableOf,
  type SettingName,
  type Settings,
} from './settings-schema.ts'

export type SettingSource = 'environment' | 'file' | 'default' | 'generated'

export interface SettingsInput {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What `boilerhouse.yaml` holds, as parsed, and where it lies. */
  readonly file?: { readonly path: string; readonly content: unknown }
}

export interface ParsedSettings {
  readonly settings: Settings
  readonly sources: ReadonlyMap<SettingName, SettingSource>
  /** What does not stop the start but is most likely a mistake. */
  readonly warnings: readonly string[]
}

const validator = createQueryValidator(SettingsSchema)

/**
 * Environment over file over default; a variable that is set to nothing counts as unset. Pure. Throws `setting.invalid` that names
 * every setting at fault with its source, its value (redacted) and the remedy.
 */
export function parseSettings({ env, file }: SettingsInput): ParsedSettings {
  const content = fileContent(file)
  const values: Partial<Record<SettingName, unknown>> = {}
  const sources = new Map<SettingName, SettingSource>()
  for (const name of settingNames) {
    const variable = env[variableOf(name)]
    const isInFile = content[name] !== undefined && content[name] !== null
    if (variable !== undefined && variable !== '') values[name] = fromText(name, variable)
    else if (isInFile) values[name] = content[name]
    sources.set(name, variable ? 'environment' : isInFile ? 'file' : 'default')
  }
  const describe = (fault: FieldFault): string => describeFault(fault, values, sources, file?.path)
  const faults = validator.faults(values)
  if (faults.length > 0) throw unusable(faults, describe)
  const settings = validator.parse(values)
  const broken = ruleFaults(settings)
  if (broken.length > 0) throw unusable(broken, describe)
  return { settings, sources, warnings: unknownVariables(env) }
}

function fromText(name: SettingName, text: string): unknown {
  const { type } = settingSchema(name)
  if (type === 'array') return text.split(/[\s,]+/).filter((item) => item !== '')
  if (type === 'boolean')
    return (
      ({ 1: true, yes: true, on: true, 0: false, no: false, off: false } as Record<string, boolean>)[text.toLowerCase()] ?? text
    )
  return text
}

function fileContent(file: SettingsInput['file']): Readonly<Record<string, unknown>> {
  if (!file || file.content === null || file.content === undefined) return {}
  if (typeof file.content !== 'object' || Array.isArray(file.content)) {
    throw new Fault('setting.invalid', `${file.path} must hold a mapping of settings`, {
      remedy: 'Write one `name: value` a line; docs/configuration.md lists the names.',
    })
  }
  const unknown = Object.keys(file.content).filter((key) => !settingNames.includes(key as SettingName))
  if (unknown.length > 0) {
    const told = unknown.map((key) => {
      const near = nearestName(key, settingNames)
      return near ? `\`${key}\` (did you mean \`${near}\`?)` : `\`${key}\``
    })
    throw new Fault('setting.invalid', `${file.path} holds unknown settings: ${told.join(', ')}`, {
      remedy: 'Correct or remove them; docs/configuration.md lists the names.',
    })
  }
  return file.content as Readonly<Record<string, unknown>> // an object, checked above
}

function unusable(faults: readonly FieldFault[], describe: (fault: FieldFault) => string): Fault {
  return new Fault('setting.invalid', faults.map(describe).join('\n'), {
    errors: faults,
    remedy: 'Correct or unset it; docs/configuration.md says what each setting takes.',
  })
}

function describeFault(
  { pointer, detail }: FieldFault,
  values: Partial<Record<SettingName, unknown>>,
  sources: ReadonlyMap<SettingName, SettingSource>,
  filePath = '',
): string {
  const name = pointer.split('/')[1] as SettingName // the schema's own property names, none with a "/"
  const value = redact(name, values[name])
  const shown = value === undefined ? '' : `=${Array.isArray(value) ? value.join(',') : String(value)}`
  const source = sources.get(name)
  const place = source === 'file' ? ` (\`${name}\` in ${filePath})` : source === 'environment' ? ' (environment)' : ''
  return `${variableOf(name)}${shown}${place}: ${detail}`
}

function unknownVariables(env: SettingsInput['env']): readonly string[] {
  const known = [...settingNames.map(variableOf), ...otherVariables]
  return Object.keys(env)
    .filter((key) => key.startsWith('BOILERHOUSE_') && !known.includes(key))
    .map((key) => {
      const near = nearestName(key, known)
      return `${key} is not a setting and is ignored${near ? `; did you mean ${near}?` : ''}`
    })
}
