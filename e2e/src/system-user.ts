import { chown, mkdtemp, rm } from 'node:fs/promises'

/** A user by numbers alone; no account is needed. */
export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

/** How a program is started as that user, with a directory at XDG_RUNTIME_DIR as a login makes it: on a tmpfs, and nobody else's. */
export interface UserSession {
  /** Goes before a command. */
  readonly as: readonly string[]
  readonly env: Readonly<Record<string, string>>
  end(): Promise<void>
}

/** Gives `home` to the user; without one, programs run as this process does. */
export async function beginSession(home: string, user: SystemUser | undefined): Promise<UserSession> {
  if (user === undefined) return { as: [], env: {}, end: async () => {} }
  const { uid, gid } = user
  const directory = await mkdtemp('/dev/shm/boilerhouse-e2e-')
  await Promise.all([chown(directory, uid, gid), chown(home, uid, gid)])
  return {
    as: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'],
    env: { XDG_RUNTIME_DIR: directory },
    end: () => rm(directory, { recursive: true }),
  }
}
