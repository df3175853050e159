import { availableParallelism, cpus } from 'node:os';

export function machine() {
  const model = cpus()[0]?.model ?? 'unknown CPU';
  return `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, ${model}, Node ${process.version}`;
}

/** Of the rounds of one cell: the median of each figure by itself. */
export function medians(rounds) {
  const of = (key) => percentile(rounds.map((round) => round[key]).sort(ascending), 0.5);
  return { rate: of('rate'), p50: of('p50'), p99: of('p99') };
}

/** The nearest rank; `sorted` must be ascending. */
export function percentile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const ascending = (a, b) => a - b;

export function table(cells) {
  const header = [
    ['body', 'clients', 'bare req/s', 'ours req/s', 'ratio'],
    ['bare p50 ms', 'ours p50 ms', 'bare p99 ms', 'ours p99 ms'],
  ].flat();
  const rows = cells.map(({ body, clients, bare, complete }) => [
    body,
    clients,
    bare.rate.toFixed(0),
    complete.rate.toFixed(0),
    (complete.rate / bare.rate).toFixed(2),
    ...[bare.p50, complete.p50, bare.p99, complete.p99].map((ms) => ms.toFixed(1)),
  ]);
  const rule = header.map((_, i) => (i === 0 ? '---' : '---:'));
  return [header, rule, ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}
