import { chromium, type Browser } from 'playwright-core'

/** It talks to the server under test and to nobody else; without a sandbox of its own, as root needs it. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The distribution's Chromium, headless, which the set-up of `npm test` put there. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = Bun.which('chromium')
  if (executablePath === null) throw new Error('Cannot open a browser: chromium is not in PATH; `npm test` installs it')
  return await chromium.launch({ executablePath, args: flags })
}
