import { availableParallelism, cpus } from 'node:os';

export function machine() {
  const model = cpus()[0]?.model ?? 'unknown CPU';
  return `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, ${model}, Node ${process.version}`;
}

/** Of the rounds of one cell: the median of each figure by itself. */
export function medians(rounds) {
  const of = (key) => percentile(rounds.map((round) => round[key]).sort(ascending), 0.5);
  return Object.fromEntries(Object.keys(rounds[0]).map((key) => [key, of(key)]));
}

/** The nearest rank; `sorted` must be ascending. */
export function percentile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const ascending = (a, b) => a - b;

export function markdown(header, rows) {
  const rule = header.map((_, index) => (index === 0 ? '---' : '---:'));
  return [header, rule, ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}
