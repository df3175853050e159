import { buildDicom } from '../fixtures/dicom/dicom-builder';
import { BatchClient } from '../harness/batch-client';
import { CANARY, canariesIn } from '../harness/canaries';
import { startReplica } from '../harness/replica';
import { runLogText } from '../harness/run-logs';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import type { ServerProcess } from '../harness/server-process';

jest.setTimeout(60_000);

const EVERYTHING = Object.values(CANARY).join(' ');

/**
 * What names a patient is put wherever a request has a place for it, and must turn up nowhere: not in an answer, a log
 * line, a metric, an audit entry or any table. At the end of the run the logs of all servers are searched again.
 * Not sent: X-Request-Id and User-Agent, which are there to be recorded, and the free texts that are there to be stored.
 */
describe.each([
  ['in the tests’ process', undefined],
  ['in a process of its own', startReplica],
])('a patient’s identity, server %s [R-08] [R-46] [R-59]', (_, startOther) => {
  let running: RunningApp;
  let other: ServerProcess | undefined;
  let url: string;
  let token: string;
  const answers: string[] = [];
  beforeAll(async () => {
    running = await startApp();
    other = await startOther?.(running);
    ({ url } = other ?? running);
    token = await running.token('clinician');
  });
  afterAll(async () => {
    await other?.end();
    await running.stop();
  });

  /** @returns the status */
  async function send(
    method: string,
    path: string,
    body?: RequestInit['body'],
    headers: Record<string, string> = {},
  ): Promise<number> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        'X-Patient': EVERYTHING,
        Referer: `https://portal.invalid/?mrn=${CANARY.mrn}`,
        Cookie: `patient=${CANARY.mrn}`,
        ...headers,
      },
      body,
    });
    answers.push(`${JSON.stringify([...response.headers])} ${await response.text()}`);
    return response.status;
  }

  const json = (fields: object): string => JSON.stringify({ image: SAMPLE.toString('base64'), ...fields });
  const JSON_TYPE = { 'Content-Type': 'application/json' };
  const query = encodeURIComponent(CANARY.name);

  it('is sent as fields, parameters, headers, file names, DICOM elements and paths', async () => {
    expect(await send('POST', '/infer', json({ patient_id: CANARY.name }), JSON_TYPE)).toBe(200);
    expect(await send('POST', '/infer', json({ [CANARY.mrn]: EVERYTHING }), JSON_TYPE)).toBe(400);
    expect(await send('POST', '/infer', json({ study_date: CANARY.ssn }), JSON_TYPE)).toBe(400);
    expect(await send('POST', '/infer', `{"patient_id": "${EVERYTHING}`, JSON_TYPE)).toBe(400);
    expect(await send('POST', '/infer', EVERYTHING, { 'Content-Type': 'image/png' })).toBe(415);
    const png = { 'Content-Type': `image/png; name="${EVERYTHING}"`, 'Idempotency-Key': `"${CANARY.mrn}"` };
    expect(await send('POST', `/infer?patient_id=${CANARY.mrn}`, new Uint8Array(SAMPLE), png)).toBe(200);
    expect(await send('POST', `/infer?patient_id=${CANARY.ssn}`, new Uint8Array(SAMPLE), png)).toBe(422);

    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(SAMPLE)]), `${EVERYTHING}.png`);
    form.set('patient_id', CANARY.mrn);
    expect(await send('POST', '/infer', form)).toBe(200);
    form.set(CANARY.phone, EVERYTHING);
    expect(await send('POST', '/infer', form)).toBe(400);

    const dicom = dicomOfThePatient();
    const type = { 'Content-Type': 'application/dicom' };
    await send('POST', '/infer', new Uint8Array(dicom), type);
    expect(await send('POST', '/infer', new Uint8Array(dicom.subarray(0, dicom.length / 2)), type)).toBe(422);

    const batches = new BatchClient(url, token);
    const images = [
      json({ patient_id: CANARY.mrn }),
      JSON.stringify({ image: 'AAAA', patient_id: CANARY.name }),
    ];
    const later = await batches.later(images);
    answers.push(JSON.stringify([later.body, await batches.done(later.body.batch_id)]));
    answers.push(JSON.stringify((await batches.send(images)).body));

    for (const path of [
      `/results?patient_id=${query}`,
      `/results/${CANARY.mrn}`,
      `/results?${CANARY.mrn}=${query}`,
      `/results/export?patient_id=${CANARY.mrn}`,
      `/models/${CANARY.email}`,
      `/${query}/${CANARY.ssn}`,
      `/infer/batch/${CANARY.ssn}`,
      `/audit?object_id=${CANARY.mrn}`,
    ])
      await send('GET', path);
    await send('GET', '/auth/me', undefined, { Authorization: `Bearer ${CANARY.ssn}` });
    for (const username of [CANARY.mrn, CANARY.email, CANARY.ssn])
      await send('POST', '/auth/login', JSON.stringify({ username, password: EVERYTHING }), JSON_TYPE);
    expect(answers.length).toBeGreaterThan(20);
  });

  it('is in no answer and no metric', async () => {
    answers.push(await (await fetch(`${url}/metrics`)).text());
    expect(answers.filter((answer) => canariesIn(answer).length > 0)).toEqual([]);
  });

  it('is in no table', async () => {
    const tables = await running.dataSource.query<{ name: string }[]>(
      "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    expect(tables.length).toBeGreaterThan(15);
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await running.dataSource.query<{ text: string }[]>(
        `SELECT t::text AS text FROM ${name} t`,
      );
      for (const { text } of rows)
        if (canariesIn(text).length > 0) found.push(`${name}: ${text.slice(0, 300)}`);
    }
    expect(found).toEqual([]);
  });

  it('is in no line of the log, at the lowest level', () => {
    const text = other?.log.join('\n') ?? runLogText();
    expect(text).toContain('"event":"http.answered"');
    expect(text.split('\n').filter((line) => canariesIn(line).length > 0)).toEqual([]);
  });
});

/** With the patient in every element that speaks of one. */
function dicomOfThePatient(): Buffer {
  return buildDicom({
    '00080080': ['LO', EVERYTHING.slice(0, 64)],
    '00081030': ['LO', CANARY.mrn],
    '00100010': ['PN', CANARY.name],
    '00100020': ['LO', CANARY.mrn],
    '00100030': ['DA', CANARY.birthDate],
    '00102154': ['SH', CANARY.phone],
    '00104000': ['LT', EVERYTHING],
    '00204000': ['LT', CANARY.ssn],
  });
}
