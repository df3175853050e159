import { Worker } from 'node:worker_threads';

const WATCH = `
const { workerData } = require('node:worker_threads');
setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, 1000);
`;

/**
 * Ends this process within about a second of its parent's death, whatever it is doing: while a model runs the event
 * loop stands still and does not notice that the socket has closed, and an endless model would stay for ever.
 */
export function endWithParent(): void {
  new Worker(WATCH, {
    eval: true,
    workerData: process.ppid,
    resourceLimits: { maxOldGenerationSizeMb: 8 },
  }).unref();
}
