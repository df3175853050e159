import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { processesOf } from '../processes.mjs';
import { ascending, percentile } from '../report.mjs';

const MEBIBYTE = 1024 ** 2;
const LIVE_PAUSE_MS = 100;
const MEMORY_PAUSE_MS = 1_000;

/**
 * One rate for so many seconds, and meanwhile: is the server alive, can one log out, how much memory does it take?
 * @param logouts a second; so many sessions are opened before
 * @throws Error when a request is lost, or answered with anything but a result or 503 with Retry-After
 */
export async function offer(server, target, { rate, seconds, logouts }) {
  const sessions = [];
  for (let n = 0; n < logouts * seconds; n++) sessions.push(await server.headers());
  const done = new AbortController();
  const probes = [
    every(LIVE_PAUSE_MS, done.signal, (due) => timed(due, `${server.url}/health/live`, {}, 200)),
    every(1000 / logouts, done.signal, (due) => {
      const headers = sessions.pop();
      return headers && timed(due, `${server.url}/auth/logout`, { method: 'POST', headers }, 200);
    }),
    every(MEMORY_PAUSE_MS, done.signal, () => memoryOf(server.pid)),
  ];
  const { body, headers, url } = target;
  const worker = new Worker(new URL('open-loop.mjs', import.meta.url), {
    workerData: { body, headers, url, rate, seconds },
  });
  const started = performance.now();
  const [{ accepted, shed, other }] = await once(worker, 'message');
  const took = (performance.now() - started) / 1000;
  done.abort();
  const [live, logout, memory] = await Promise.all(probes);
  if (other.size > 0) throw new Error(`Neither 200 nor 503 with Retry-After: ${JSON.stringify([...other])}`);
  const count = accepted.length + shed.length;
  return {
    rate,
    accepted: { rate: accepted.length / took, ...spread(accepted) },
    shed: { share: shed.length / count, ...spread(shed) },
    live: spread(live),
    logout: spread(logout),
    memory: {
      server: Math.max(...memory.map((each) => each.server)),
      engine: Math.max(...memory.map((each) => each.engine)),
    },
    series: memory,
  };
}

/** Begins `work` at a fixed pace until the signal, however long it takes. @returns what the works gave */
async function every(pauseMs, signal, work) {
  const begun = [];
  for (let due = performance.now(); !signal.aborted; due += pauseMs) {
    await sleep(Math.max(0, due - performance.now()));
    begun.push(work(due));
  }
  return (await Promise.all(begun)).filter((result) => result !== undefined);
}

/** @returns milliseconds since it was due */
async function timed(due, url, options, wanted) {
  const response = await fetch(url, options);
  await response.arrayBuffer();
  if (response.status !== wanted) throw new Error(`${url}: ${response.status}`);
  return performance.now() - due;
}

/** MiB, of the server and of all engine processes together. */
function memoryOf(pid) {
  const memory = { at: performance.now(), server: 0, engine: 0, postgres: 0 };
  for (const { part, residentBytes } of processesOf(pid)) memory[part] += residentBytes / MEBIBYTE;
  return memory;
}

function spread(times) {
  times.sort(ascending);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
