// Starts the two servers that are compared, each as a process of its own on a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const START_DEADLINE_MS = 120_000;
/** Settings of this shell must not change what is measured. */
const { PATH, HOME, LANG, TMPDIR } = process.env;

export async function startBare() {
  const server = await start(['bench/bare-server.mjs'], {});
  return { url: server.url, headers: async () => ({}), stop: server.stop };
}

/** The product as `npm start` runs it, on an empty data directory. */
export async function startComplete() {
  const dataDir = await mkdtemp(join(tmpdir(), 'medai-bench-'));
  const removeData = () => rm(dataDir, { recursive: true, force: true });
  try {
    const env = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' };
    const server = await start(['dist/main.js'], env);
    const accounts = JSON.parse(await readFile(join(dataDir, 'demo-accounts.json'), 'utf8'));
    return {
      url: server.url,
      headers: () => logIn(server.url, accounts[0]),
      stop: async () => {
        await server.stop();
        await removeData();
      },
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}

async function start(args, env) {
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
    return { url: await Promise.race([listening(child.stdout), ended, late(args[0])]), stop };
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

/** A token lives for ten minutes: a new one is fetched for every measurement. */
async function logIn(url, { username, password }) {
  const response = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  if (!response.ok) throw new Error(`Login failed: ${response.status} ${await response.text()}`);
  const { access_token: token } = await response.json();
  return { Authorization: `Bearer ${token}` };
}
