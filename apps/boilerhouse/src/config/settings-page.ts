import { settingNames, settingSchema, secretSettings, variableOf, type SettingName } from './settings-schema.ts'

/** `docs/configuration.md`, whole. */
export function renderSettingsPage(): string {
  const rows = settingNames.map(
    (name) => `| \`${variableOf(name)}\` | \`${name}\` | ${kindOf(name)} | ${defaultOf(name)} | ${textOf(name)} |`,
  )
  return `# Configuration

<!-- Generated from apps/boilerhouse/src/config/settings-schema.ts by \`npm run generate\`; edit that. -->

Every setting can be given in the environment or in \`boilerhouse.yaml\`; the environment wins. The file is the one that
\`BOILERHOUSE_CONFIG\` names, else \`boilerhouse.yaml\` in the working directory, else the one in the data directory. A variable that is set to
nothing counts as unset. Lists are separated by commas in the environment and are YAML lists in the file.

A setting that cannot be used stops the start and says which, its value, where it came from and the remedy. Unknown names in the file are
refused; unknown \`BOILERHOUSE_*\` variables are warned of. The start prints every setting with its source; secrets are never shown.

\`\`\`yaml
# boilerhouse.yaml
port: 3000
maxContainers: 200
envAllow: [LANG, TZ]
\`\`\`

| variable | in the file | kind | default | what it is |
|---|---|---|---|---|
${rows.join('\n')}

## What lies in the data directory

| path | what it is |
|---|---|
| \`admin.key\` | the admin key, mode 0600, where \`BOILERHOUSE_API_KEY\` is not set |
| \`secret.key\` | the key that secrets are encrypted with, mode 0600, where \`BOILERHOUSE_SECRET_KEY\` is not set; without it the secrets of live claims are lost |
| \`installation\` | the id of this installation: labels what is ours in the engine |
`
}

function kindOf(name: SettingName): string {
  const { type, minimum, maximum, enum: values } = settingSchema(name)
  if (secretSettings.has(name)) return 'secret, at least 16 characters'
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(', ')
  if (type === 'integer') return `${String(minimum)} to ${String(maximum)}`
  return ({ array: 'list', boolean: '`true` or `false`' } as Record<string, string>)[String(type)] ?? 'text'
}

function defaultOf(name: SettingName): string {
  const value: unknown = settingSchema(name).default
  if (value === undefined) return ''
  return Array.isArray(value) ? 'empty' : `\`${String(value)}\``
}

const textOf = (name: SettingName): string => (settingSchema(name).description ?? '').replaceAll('|', '\\|')
