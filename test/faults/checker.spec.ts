import { compare, FAULTLESS, type HistoryFindings, type StoredRow } from './checker';
import { type Footprint, grown } from './footprint';
import { type Operation, type Outcome, WRONG_BATCH } from './requests';

const request = { send: (): Promise<Operation[]> => Promise.resolve([]) };
const operation = (outcome: Outcome, facts: Partial<Operation> = {}): Operation => ({
  request,
  tag: 'op-1',
  outcome,
  saw: outcome === 'ok' ? '200' : '503 ENGINE_BUSY',
  ...(outcome === 'ok' && { inferenceId: 'a', said: '{"inference_id":"a"}' }),
  answeredAt: 1,
  ...facts,
});
const row = (facts: Partial<StoredRow> = {}): StoredRow => ({
  id: 'a',
  tag: 'op-1',
  status: 'completed',
  ...facts,
});

describe('the checker of histories', () => {
  it.each<[string, Operation[], StoredRow[]]>([
    ['an answer that is stored', [operation('ok')], [row()]],
    ['the same answer twice under one key', [operation('ok'), operation('ok')], [row()]],
    ['a refusal of which nothing is stored', [operation('failed')], []],
    ['a refusal that is stored as one', [operation('failed')], [row({ status: 'failed' })]],
    ['an unknown outcome that is not stored', [operation('unknown')], []],
    ['an unknown outcome that is stored', [operation('unknown')], [row()]],
  ])('finds nothing in %s', (_, operations, rows) => {
    expect(compare(operations, rows)).toEqual(FAULTLESS);
  });

  it.each<[string, Operation[], StoredRow[], Partial<HistoryFindings>]>([
    ['an answer that is not stored', [operation('ok')], [], { lost: 1 }],
    ['an answer that is stored as failed', [operation('ok')], [row({ status: 'failed' })], { lost: 1 }],
    ['an answer with the id of another result', [operation('ok')], [row({ id: 'b' })], { lost: 1 }],
    ['a result that is stored twice', [operation('ok')], [row(), row({ id: 'b' })], { duplicated: 1 }],
    ['an unknown one stored twice', [operation('unknown')], [row(), row({ id: 'b' })], { duplicated: 1 }],
    ['a refusal that is stored nevertheless', [operation('failed')], [row()], { resurrected: 1 }],
    [
      'two answers under one key that differ',
      [operation('ok'), operation('ok', { said: '{"inference_id": "a"}' })],
      [row()],
      { contradicted: 1 },
    ],
    ['a batch with an answer too few', [operation('failed', { saw: WRONG_BATCH })], [], { misanswered: 1 }],
    ['an answer 500', [operation('failed', { saw: '500 INTERNAL_ERROR' })], [], { crashed: 1 }],
  ])('finds %s', (_, operations, rows, found) => {
    expect(compare(operations, rows)).toEqual({ ...FAULTLESS, ...found });
  });
});

describe('what a process holds', () => {
  const before: Footprint = { files: 20, sockets: 10, children: 1, residentMib: 200 };

  it.each<[string, Partial<Footprint>]>([
    ['nothing more', {}],
    ['connections that the pool keeps for a while', { sockets: 40 }],
    ['a heap that was not collected yet', { residentMib: 400 }],
  ])('may be %s', (_, facts) => {
    expect(grown(before, { ...before, ...facts })).toEqual([]);
  });

  it.each<[string, Partial<Footprint>]>([
    ['files: 20 before, 21 after', { files: 21 }],
    ['sockets: 10 before, 41 after', { sockets: 41 }],
    ['children: 1 before, 2 after', { children: 2 }],
    ['residentMib: 200 before, 401 after', { residentMib: 401 }],
  ])('may not grow: %s', (said, facts) => {
    expect(grown(before, { ...before, ...facts })).toEqual([said]);
  });
});
