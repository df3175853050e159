import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { register } from 'prom-client';
import { parse } from 'yaml';
import { type RunningApp, startApp } from '../harness/running-app';

const ROOT = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}
interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const { groups } = parse(read('docker/monitoring/alerts.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('docker/monitoring/dashboard.json')) as Dashboard;
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);

/** Of every series, put there by the scrape; `up` is Prometheus' own. */
const SCRAPED = ['instance', 'job'];
const OWN = { up: [] };
const OF_HISTOGRAMS = /_(bucket|sum|count)$/;

interface Query {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

/** @throws Error for what Prometheus' grammar does not know: functions, too */
function queryOf(expr: string): Query {
  const text = expr.replaceAll('$__rate_interval', '5m');
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(text).iterate({
    enter({ type, from, to, node }) {
      const said = text.slice(from, to);
      if (type.isError) throw new Error(`not PromQL at ${from}: ${text}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(said);
      if (type.name === 'LabelName') labels.push(said);
    },
  });
  return { metrics, labels };
}

const queries = [...rules, ...targets].map(({ expr }) => queryOf(expr));

describe('alert rules and dashboard [R-24]', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp();
  }, 60_000);
  afterAll(() => running.stop());

  it('name only metrics that a running server shows at /metrics', async () => {
    const text = await (await fetch(`${running.url}/metrics`)).text();
    const shown = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
    const isShown = (name: string): boolean =>
      shown.get(name.replace(OF_HISTOGRAMS, '')) === 'histogram' ? OF_HISTOGRAMS.test(name) : shown.has(name);
    const named = new Set(queries.flatMap(({ metrics }) => metrics));
    expect([...named].filter((name) => !isShown(name) && !(name in OWN))).toEqual([]);
    expect(named.size).toBeGreaterThan(20);
  });

  it('name only labels that these metrics have', () => {
    const labelsOf = (name: string): string[] => {
      const metric =
        register.getSingleMetric(name) ?? register.getSingleMetric(name.replace(OF_HISTOGRAMS, ''));
      return [
        ...SCRAPED,
        'le',
        ...((metric as unknown as { labelNames?: string[] } | undefined)?.labelNames ?? []),
      ];
    };
    const foreign = queries.flatMap(({ metrics, labels }) => {
      const known = new Set(metrics.flatMap(labelsOf));
      return labels.filter((label) => !known.has(label)).map((label) => `${label} of ${metrics.join(', ')}`);
    });
    expect(foreign).toEqual([]);
  });

  it('fill their texts with labels that the query keeps', () => {
    const texts = [
      ...rules.map(({ expr, annotations }) => [expr, annotations.summary] as const),
      ...targets.map(({ expr, legendFormat }) => [expr, legendFormat] as const),
    ];
    const empty = texts.flatMap(([expr, text]) => {
      const aggregated = /\b(sum|max|min|avg) /.test(expr) || /\b(sum|max|min|avg)\(/.test(expr);
      const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(/, ?/));
      const used = [...text.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, name]) => name!);
      return aggregated ? used.filter((name) => !kept.includes(name)).map((name) => `${name}: ${expr}`) : [];
    });
    expect(empty).toEqual([]);
  });
});

describe('alert rules', () => {
  it('each has a severity, a summary and its place in the operator’s guide', () => {
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^Medai[A-Z]\w+$/);
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\S/);
      expect(annotations.runbook).toBe(`docs/operators.md#${alert.toLowerCase()}`);
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it('the guide says what to do about each', () => {
    const headings = [...read('docs/operators.md').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
    expect(rules.map(({ alert }) => alert).filter((alert) => !headings.includes(alert))).toEqual([]);
  });
});

describe('alerts.test.yml [R-24]', () => {
  interface AlertTest {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: unknown }[];
  }
  const { tests } = parse(read('docker/monitoring/alerts.test.yml'), { merge: true }) as {
    tests: AlertTest[];
  };
  const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);

  it.each(rules.map(({ alert }) => alert))(
    'has a time at which %s is silent and one at which it fires',
    (alert) => {
      const own = cases.filter(({ alertname }) => alertname === alert);
      expect(new Set(own.map(({ exp_alerts }) => exp_alerts !== undefined))).toEqual(new Set([true, false]));
    },
  );

  const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
  if (!hasPromtool) process.stderr.write('alerts.test.yml: skipped, promtool is not installed\n');
  (hasPromtool ? it : it.skip)('holds in Prometheus itself', () => {
    const { status, stdout, stderr } = spawnSync(
      'promtool',
      ['test', 'rules', join(ROOT, 'docker/monitoring/alerts.test.yml')],
      { encoding: 'utf8' },
    );
    expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
  });
});

describe('dashboard', () => {
  it('has panels of one id and one title each', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });
});

describe('the grammar that these are read with', () => {
  it.each(['sum(rate(x[5m])', 'rat(x[5m])', 'x > > 1', 'sum by (a b) (x)'])('refuses %s', (expr) => {
    expect(() => queryOf(expr)).toThrow('not PromQL');
  });
});
