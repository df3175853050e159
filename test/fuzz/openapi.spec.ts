import { randomUUID } from 'node:crypto';
import Ajv, { type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { type Role, ROLES } from '../../src/http/principal';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import type { Yaml as Json } from '../harness/yaml-files';
import { bodies, CANARY, fitting, hostile } from './arbitraries';

/** A few requests an operation, the same in every run; `npm run fuzz` sends many more, others each time. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 8);
const SEED = process.env['FUZZ_RUNS'] === undefined ? 20_261_124 : Date.now();
jest.setTimeout(60_000 + RUNS * 10_000);

/** Of one parameter: Node itself, before the application, answers 431 to more than 16 KiB in all. */
const LONGEST_QUERY_VALUE = 150;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly described: Json;
  /** Who is not refused with 403. */
  roles: readonly Role[];
}

interface Case {
  readonly path: string;
  readonly query: readonly (readonly [string, unknown])[];
  readonly body: unknown;
  readonly type: string | undefined;
  readonly role: Role | undefined;
}

describe('the OpenAPI document, held against the server [R-61] [R-14]', () => {
  let running: RunningApp;
  let document: Json;
  let operations: Operation[];
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validators = new Map<string, ValidateFunction>();
  const tokens = new Map<Role, string>();
  /** By the name of the parameter: ids of what there is. */
  const known: Record<string, string> = {};

  beforeAll(async () => {
    running = await startApp({ RATE_LIMIT: 'off', LOCKOUT_THRESHOLD: '100', ACCESS_TOKEN_SECONDS: '3600' });
    document = await (await fetch(`${running.url}/docs/openapi.json`)).json();
    operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
      Object.entries<Json>(methods).map(([method, described]) => ({ method, path, described, roles: ROLES })),
    );
    for (const role of ROLES) tokens.set(role, await running.token(role));
    const inferred = await fetch(`${running.url}/infer`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${tokens.get('clinician')}`, 'Content-Type': 'image/png' },
      body: SAMPLE,
    });
    for (const operation of operations) operation.roles = await allowed(operation);
    const { inference_id, model } = (await inferred.json()) as Json;
    const [batch, user] = await Promise.all([
      created('clinician', '/infer/batch', { images: [{ image: Buffer.from(SAMPLE).toString('base64') }] }),
      created('admin', '/users', {
        username: 'fuzzed',
        email: 'fuzzed@example.org',
        role: 'viewer',
        full_name: 'Fuzzed',
        password: 'as good as any other one',
      }),
    ]);
    Object.assign(known, {
      inference_id,
      model_id: model.model_id,
      event_id: inferred.headers.get('audit-event-id'),
      batch_id: batch.batch_id,
      id: user.user_id,
    });
  });
  afterAll(() => running.stop());

  async function created(role: Role, path: string, body: object): Promise<Json> {
    const response = await send('POST', { path, query: [], body, type: 'application/json', role });
    expect([200, 201]).toContain(response.status);
    return response.json();
  }

  async function allowed({ method, path }: Operation): Promise<readonly Role[]> {
    if (path === '/auth/logout') return ROLES; // would end the sessions
    const asked = ROLES.map(async (role) => {
      const url = path.replaceAll(/\{\w+\}/g, randomUUID());
      const { status } = await send(method, { path: url, query: [], body: undefined, type: undefined, role });
      return status === 403 ? [] : [role];
    });
    return (await Promise.all(asked)).flat();
  }

  /** As the document has it, or as nobody should send it. */
  const cases = (operation: Operation): fc.Arbitrary<Case> =>
    fc.oneof(casesOf(operation, true), casesOf(operation, false));

  function casesOf({ path, described, roles }: Operation, clean: boolean): fc.Arbitrary<Case> {
    const parameters: Json[] = described.parameters ?? [];
    const anyKnown = fc.constantFrom(...Object.values(known));
    const idOf = (name: string): fc.Arbitrary<string> => {
      if (clean) return known[name] === undefined ? anyKnown : fc.constant(known[name]);
      return fc.oneof(anyKnown, fc.uuid({ version: 7 }), hostile.map(text));
    };
    const names = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    const paths = fc
      .tuple(...names.map(idOf))
      .map((values) => names.reduce((text, name, i) => text.replace(`{${name}}`, segment(values[i]!)), path));
    const query = parameters.filter((parameter) => parameter.in === 'query');
    const queries = fc
      .tuple(
        ...query.map(({ name, schema }) =>
          fc.tuple(
            fc.constant(name),
            clean ? fitting(schema ?? {}, document) : fc.oneof(fitting(schema ?? {}, document), hostile),
          ),
        ),
      )
      .chain((all) => fc.subarray(all as [string, unknown][]));
    const contents = Object.entries<Json>(described.requestBody?.content ?? {});
    const content =
      contents.length === 0
        ? fc.constant({ type: undefined, body: undefined })
        : fc.oneof(
            ...contents.map(([type, { schema }]) =>
              (clean ? fitting : bodies)(schema ?? {}, document).map((body) => ({ type, body })),
            ),
          );
    const role = clean
      ? fc.constantFrom(...roles)
      : fc.option(fc.constantFrom(...ROLES), { nil: undefined, freq: 20 });
    return fc.record({ path: paths, query: queries, content, role }).map(({ content, ...rest }) => ({
      ...rest,
      ...content,
    }));
  }

  async function send(method: string, { path, query, body, type, role }: Case): Promise<Response> {
    const url = new URL(running.url + path);
    for (const [name, value] of query)
      url.searchParams.append(name, text(value).slice(0, LONGEST_QUERY_VALUE));
    const token = role && tokens.get(role);
    const multipart = type === 'multipart/form-data';
    return fetch(url, {
      method: method.toUpperCase(),
      redirect: 'manual',
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(type && !multipart && { 'Content-Type': type }),
      },
      body: type === undefined ? undefined : encoded(type, body),
      signal: AbortSignal.timeout(30_000),
    });
  }

  function fits(operation: Operation, status: number, body: unknown): string {
    const { responses } = operation.described;
    const described = responses[status] ?? responses[`${Math.floor(status / 100)}XX`];
    if (described === undefined) return `status ${status} is not documented`;
    const schema = withNull(described.content?.['application/json']?.schema);
    if (schema === undefined || typeof body === 'string') return '';
    const key = JSON.stringify(schema);
    const validate =
      validators.get(key) ?? ajv.compile({ ...schema, components: withNull(document.components) });
    validators.set(key, validate);
    return validate(body) ? '' : ajv.errorsText(validate.errors);
  }

  it('whatever is sent: no failure, only what is documented, nothing repeated', async () => {
    const complaints = new Map<string, string>();
    const answered = new Set<string>();
    for (const operation of operations) {
      const name = `${operation.method.toUpperCase()} ${operation.path}`;
      await fc.assert(
        fc.asyncProperty(cases(operation), async (sent) => {
          const response = await send(operation.method, sent);
          const { status } = response;
          const answer = await response.text();
          const type = response.headers.get('content-type') ?? '';
          const json = /^application\/(problem\+)?json/.test(type);
          if (status < 300) answered.add(name);
          const complain = (what: string): void => {
            complaints.set(`${name}: ${what}`, JSON.stringify(sent).slice(0, 600));
          };
          if (status >= 500 && status !== 503) complain(`${status} ${answer.slice(0, 200)}`);
          if (status >= 400 && !type.startsWith('application/problem+json')) complain(`${status} as ${type}`);
          if (status >= 400 && answer.includes(CANARY)) complain(`${status} repeats what was sent`);
          const misfit = fits(operation, status, json ? JSON.parse(answer) : answer);
          if (misfit) complain(`${status}: ${misfit}`);
          // A token that was given back, or whose password was changed, is replaced.
          if (
            sent.role &&
            operation.path.startsWith('/auth/') &&
            operation.method === 'post' &&
            status === 200
          )
            tokens.set(sent.role, await running.token(sent.role));
        }),
        { numRuns: RUNS, seed: SEED, endOnFailure: true },
      );
    }
    expect(Object.fromEntries(complaints)).toEqual({});
    expect(answered.size).toBeGreaterThan(operations.length / 3);
    expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
    expect((await running.token('clinician')).length).toBeGreaterThan(20);
  });
});

/** `nullable` beside `allOf` allows null in OpenAPI 3.0, and is unknown to JSON Schema. */
function withNull(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(withNull);
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, withNull(value)]),
  ) as Json;
  return nullable === true && rest.allOf !== undefined
    ? { anyOf: [{ type: 'null' }, rest] }
    : { ...rest, ...(nullable && { nullable }) };
}

const segment = (value: unknown): string => {
  const encoded = encodeURIComponent(text(value)).replaceAll('.', '%2E');
  return encoded === '' ? randomUUID() : encoded.slice(0, 2000);
};

const text = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
    .toString()
    .slice(0, 4000);

function encoded(type: string, body: unknown): NonNullable<RequestInit['body']> {
  const fields = Object.entries<unknown>(Object(body));
  if (type === 'application/json') return JSON.stringify(body);
  if (type === 'application/x-www-form-urlencoded')
    return new URLSearchParams(
      Object.fromEntries(fields.map(([name, value]) => [name, text(value)])),
    ).toString();
  if (type !== 'multipart/form-data') return typeof body === 'object' ? SAMPLE : text(body);
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, text(value));
  form.append(
    'file',
    new Blob([SAMPLE.subarray(0, 1 + ((fields.length * 977) % SAMPLE.length))]),
    `${CANARY}.png`,
  );
  return form;
}
