// The statements of the list as the product makes them, and how PostgreSQL runs them.
import { createRequire } from 'node:module';

const product = createRequire(import.meta.url);
const { ResultList } = product('../../dist/results/list/result-list.service.js');
const { Pseudonyms } = product('../../dist/results/pseudonyms.js');

/** Runs the list of the product on `client` and explains each of its statements. */
export async function plansOf(client, secrets, principal, query) {
  const statements = [];
  const dataSource = {
    async query(text, values) {
      statements.push({ text, values });
      return (await client.query(text, values)).rows;
    },
  };
  const list = new ResultList(dataSource, new Pseudonyms(secrets), { describe() {} }, secrets);
  await list.list(principal, { page: 1, page_size: 10, ...query });
  const plans = [];
  for (const { text, values } of statements) {
    const { rows } = await client.query(
      `EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF, FORMAT JSON) ${text}`,
      values,
    );
    const [{ Plan, 'Execution Time': ms }] = rows[0]['QUERY PLAN'];
    plans.push({ scans: [...new Set(scansOf(Plan))].join('; '), ms });
  }
  return plans;
}

/** `Index Only Scan inference_results_status_ix (20,123 rows, 14 from the table)`, from the inside out. */
function scansOf(plan) {
  const inner = (plan.Plans ?? []).flatMap(scansOf);
  if (!plan['Node Type'].includes('Scan')) return inner;
  const read = plan['Actual Rows'] * plan['Actual Loops'];
  const fetched =
    plan['Heap Fetches'] === undefined ? '' : `, ${plan['Heap Fetches']} looked up in the table`;
  const where = plan['Index Name'] ?? plan['Relation Name'] ?? '';
  return [
    ...inner,
    `${plan['Node Type']} ${where} (${Math.round(read).toLocaleString('en')} rows${fetched})`,
  ];
}

export const isSequential = ({ scans }) => /Seq Scan/.test(scans);
