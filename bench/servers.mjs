// Starts the two servers that are compared, each as a process of its own on a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from './client.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const START_DEADLINE_MS = 120_000;
const ADMIN = { username: 'admin', password: 'the password of the benchmark' };
/** Settings of this shell must not change what is measured. */
const { PATH, HOME, LANG, TMPDIR } = process.env;

export async function startBare() {
  const server = await start(['bench/bare-server.mjs'], {});
  return { ...server, headers: async () => ({}) };
}

/**
 * The product as `npm start` runs it, on an empty data directory.
 * @param models `[{manifest, file}]`, put into production through the API, as a user would
 * @param settings environment variables
 */
export async function startComplete(models, settings = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'medai-bench-'));
  const removeData = () => rm(dataDir, { recursive: true, force: true });
  let server;
  const stop = async () => {
    await server?.stop();
    await removeData();
  };
  try {
    server = await startProduct({ DATA_DIR: dataDir, DEMO: 'off', ...settings });
    const client = new Client(server.url);
    const admin = await client.logIn(ADMIN);
    const [manager, approver, clinician] = await Promise.all(
      ['model_manager', 'approver', 'clinician'].map((role) => client.createAccount(admin, role)),
    );
    const ids = {};
    for (const { manifest, file } of models) {
      ids[manifest.model_name] = await client.putIntoProduction(manifest, file, manager, approver);
    }
    return { ...server, ids, headers: () => client.logIn(clinician), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The product as `npm start` runs it. @param settings environment variables */
export function startProduct(settings) {
  const env = {
    PORT: '0',
    LOG_LEVEL: 'warn',
    ADMIN_PASSWORD: ADMIN.password,
    // Counted, and never reached: one account sends all that is measured.
    RATE_LIMIT_PRINCIPAL: '100000',
    RATE_LIMIT_SOURCE: '100000',
  };
  return start(['dist/main.js'], { ...env, ...settings });
}

export async function start(args, env) {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH, HOME, LANG, TMPDIR, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  try {
    const ended = exited.then(([code]) => Promise.reject(new Error(`${args[0]} ended with ${code}`)));
    return { pid: child.pid, url: await Promise.race([listening(child.stdout), ended, late(args[0])]), stop };
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  }
}

/** Both servers print their address when they take requests. */
function listening(stdout) {
  return new Promise((resolve) => {
    let text = '';
    stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const url = /http:\/\/[^\s/]+:\d+(?=\n|\/)/.exec(text)?.[0];
      if (url !== undefined) resolve(url);
    });
  });
}

function late(name) {
  return new Promise((_, reject) => {
    const expire = () => reject(new Error(`${name} did not listen within ${START_DEADLINE_MS} ms`));
    setTimeout(expire, START_DEADLINE_MS).unref();
  });
}
