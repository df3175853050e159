// A worker that sends requests at a fixed rate, whatever becomes of them, and tells how they were answered.
// Time counts from when a request was due, so that one that is sent late because of others hides nothing.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const TIMEOUT_MS = 60_000;

const { url, headers, body, rate, seconds } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const answers = { accepted: [], shed: [], other: new Map() };

async function send(due) {
  const outgoing = request(url, { method: 'POST', headers, agent, timeout: TIMEOUT_MS });
  outgoing.once('timeout', () => outgoing.destroy(new Error('timeout')));
  outgoing.end(body);
  try {
    const [answer] = await once(outgoing, 'response');
    answer.resume();
    await once(answer, 'end');
    count(answer, performance.now() - due);
  } catch (error) {
    other(error.code ?? error.message);
  }
}

function count({ statusCode, headers }, milliseconds) {
  if (statusCode === 200) answers.accepted.push(milliseconds);
  else if (statusCode === 503 && headers['retry-after'] !== undefined) answers.shed.push(milliseconds);
  else other(statusCode);
}

function other(what) {
  answers.other.set(what, (answers.other.get(what) ?? 0) + 1);
}

async function offer() {
  const sent = [];
  const started = performance.now();
  for (let n = 0; n < rate * seconds; n++) {
    const due = started + (n * 1000) / rate;
    const wait = due - performance.now();
    await (wait > 0 ? sleep(wait) : setImmediate());
    sent.push(send(due));
  }
  await Promise.all(sent);
  agent.destroy();
  return answers;
}

parentPort.postMessage(await offer(), []);
