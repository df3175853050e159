// Figures of a machine that does something else at the same time mean nothing: other work is waited for, and looked
// for again afterwards.
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const WINDOW_MS = 500;
const IDLE_SHARE = 0.85;
const PATIENCE = 60;
const TRIES = 4;

/** Measurements whose surroundings were busy all the same. */
export const disturbed = { count: 0 };

export async function inQuiet(work) {
  for (let tries = 1; ; tries++) {
    for (let waits = 0; waits < PATIENCE && !(await isQuiet()); waits++);
    const result = await work();
    if (await isQuiet()) return result;
    if (tries === TRIES) {
      disturbed.count++;
      return result;
    }
  }
}

async function isQuiet() {
  const before = cpuTime();
  await sleep(WINDOW_MS);
  const after = cpuTime();
  return (after.idle - before.idle) / (after.all - before.all) >= IDLE_SHARE;
}

function cpuTime() {
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const times = cpus().map((cpu) => cpu.times);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((each) => Object.values(each))) };
}
