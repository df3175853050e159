// What does the server spend on a request, part by part? See README.md. Linux only.
//     node bench/parts.mjs [model] [clients]      e.g. medium 8
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { cpuTime } from './cpu-time.mjs';
import { fileOf, manifestOf, modelName, SIDE } from './models/models.mjs';
import { processesOf } from './processes.mjs';
import { machine, markdown } from './report.mjs';
import { startComplete } from './servers.mjs';

const PROFILER = fileURLToPath(new URL('profiler.cjs', import.meta.url));
const WARM_UP_SECONDS = Number(process.env.BENCH_WARM_UP_SECONDS ?? 80);
const SECONDS = 20;
const IDLE_SECONDS = 20;
const MIB = 2 ** 20;
const MS_PER_TICK = 10;

const model = process.argv[2] ?? 'medium';
const clients = Number(process.argv[3] ?? 8);

/** A sample belongs to the part that the innermost known function on its stack belongs to. */
const PARTS = [
  ['collecting garbage', /^\(garbage collector\)/],
  ['profiler', /profiler\.cjs|^dispatch/],
  ['queue, frames and socket of the engine', /dist\/inference\/engine\//],
  ['chaining the entries, in batches', /dist\/audit\/(sequencer|merkle|checkpoint)/],
  ['guards: token, revocation, limits, role', /dist\/auth\/|passport|dist\/redis/],
  ['fields of the request', /class-validator|class-transformer|inference-input|multer|validation\.js/],
  ['pg and TypeORM: three statements', /pg|typeorm|dist\/database/],
  ['result, validation and audit entry', /dist\/(results|audit|models|inference)\/|canonicalize|uuid/],
  ['metrics and logs', /prom-client|access-log|json-logger|pino|winston|dist\/tracing/],
  ['answer', /express\/lib\/response|_http_outgoing|router-response-controller/],
  ['edge: HTTP, headers, body', /helmet|dist\/http|express|router\/|_http_|body-parser|parseurl|cors/],
  ['Nest and RxJS', /@nestjs|rxjs/],
];
const REST = 'promises, timers, streams of Node';
/** Their time is the kernel's, which often runs the woken process at once: it is counted by the kernel, not here. */
const SYSTEM_CALL = /^(writev|writeBuffer|writeUtf8String|readStop|readStart|shutdown)$/;

function sharesOf({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parentOf = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const partOf = (leaf) => {
    for (let id = leaf; id !== undefined; id = parentOf.get(id)) {
      const { functionName, url } = byId.get(id).callFrame;
      const part = PARTS.find(([, pattern]) => pattern.test(url || functionName));
      if (part !== undefined) return part[0];
    }
    return REST;
  };
  const times = new Map();
  samples.forEach((id, index) => {
    const { functionName } = byId.get(id).callFrame;
    if (functionName === '(idle)' || SYSTEM_CALL.test(functionName)) return;
    const part = partOf(id);
    times.set(part, (times.get(part) ?? 0) + timeDeltas[index]);
  });
  times.delete('profiler');
  const all = [...times.values()].reduce((a, b) => a + b, 0);
  return [...times].map(([part, time]) => [part, time / all]).sort((a, b) => b[1] - a[1]);
}

/** Milliseconds: of the thread that runs JavaScript, in it and in the kernel for it; of all other threads. */
function threadTimes(pid) {
  const sum = { script: 0, kernel: 0, others: 0 };
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, kernel] = [fields[11], fields[12]].map((ticks) => Number(ticks) * MS_PER_TICK);
    if (Number(task) === pid) {
      sum.script += user;
      sum.kernel += kernel;
    } else sum.others += user + kernel;
  }
  return sum;
}

/** MiB that a server and its engine processes hold. */
function residentOf(pid) {
  const of = (part) => {
    const bytes = processesOf(pid).filter((each) => each.part === part);
    return (bytes.reduce((sum, { residentBytes }) => sum + residentBytes, 0) / MIB).toFixed(0);
  };
  return `server ${of('server')}, engine ${of('engine')} MiB`;
}

const directory = await mkdtemp(join(tmpdir(), 'medai-bench-'));
const profile = join(directory, 'server.cpuprofile');
const registered = [{ manifest: await manifestOf(model, 'off'), file: fileOf(model) }];
const server = await startComplete(registered, { NODE_OPTIONS: `--require=${PROFILER}`, PROFILE: profile });
try {
  const url = `${server.url}/infer?model_id=${server.ids[modelName(model, 'off')]}&width=${SIDE}&height=${SIDE}`;
  const image = Float32Array.from({ length: SIDE * SIDE }, (_, i) => ((i * 7919) % 251) / 251);
  const headers = { 'Content-Type': 'application/octet-stream', ...(await server.headers()) };
  const body = Buffer.from(image.buffer);
  const send = (duration) =>
    autocannon({ url, method: 'POST', headers, body, connections: clients, duration, timeout: 30 });

  await send(WARM_UP_SECONDS / 4);
  const residentEarly = residentOf(server.pid);
  const { '2xx': warmUps } = await send(WARM_UP_SECONDS);
  const residentLate = residentOf(server.pid);
  const before = { threads: threadTimes(server.pid), cpu: cpuTime(server.pid) };
  const { '2xx': requests, non2xx, errors } = await send(SECONDS);
  const after = { threads: threadTimes(server.pid), cpu: cpuTime(server.pid) };
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were not 2xx, ${errors} requests had none`);

  process.kill(server.pid, 'SIGUSR2');
  await send(SECONDS);
  process.kill(server.pid, 'SIGUSR2');
  await sleep(5_000);
  const idleBefore = cpuTime(server.pid);
  await sleep(IDLE_SECONDS * 1_000);
  const idleAfter = cpuTime(server.pid);

  const each = (kind, part) => (after[kind][part] - before[kind][part]) / requests;
  const script = each('threads', 'script');
  const shares = sharesOf(JSON.parse(await readFile(profile, 'utf8')));
  const rows = [
    ...shares.map(([part, share]) => [part, share * script]),
    ['**JavaScript, all**', script],
    ['the kernel, for its sockets', each('threads', 'kernel')],
    ["V8's compiler and collector, libuv", each('threads', 'others')],
    ['**server, all**', each('cpu', 'server')],
    ['**PostgreSQL**', each('cpu', 'postgres')],
    ['**engine processes**', each('cpu', 'engine')],
  ];
  process.stdout.write(`\n${machine()}; ${model}, float32, ${clients} clients, ${requests} requests\n\n`);
  process.stdout.write(
    markdown(
      ['part', 'ms of CPU a request'],
      rows.map(([part, ms]) => [part, ms.toFixed(2)]),
    ),
  );
  const idle = Object.keys(idleAfter).map(
    (part) => `${part} ${((idleAfter[part] - idleBefore[part]) / IDLE_SECONDS).toFixed(1)}`,
  );
  process.stdout.write(`\nMemory: ${residentEarly}; ${warmUps} requests later ${residentLate}\n`);
  process.stdout.write(`Idle, ms of CPU a second: ${idle.join(', ')}\n`);
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
