import { type AuditDetails, assertDetails, assertObjectId } from './audit-details';
import { canonicalText, productsOf } from './audit-entry';

const CANARIES = [
  'DOE^JANE',
  'Jane Doe',
  'jane.doe@example.org',
  'MRN-4711',
  '4711-0815',
  '1970-01-01',
  '19700101',
  '+49 30 1234567',
  '../scan of Jane.dcm',
  '',
  'x'.repeat(200),
];

/** Every detail that holds a text, alone or in a list, and every changed one. */
const TEXTS = [
  'archive_hash batch_id configuration_hash decision from_status image_hash key_id model_file_hash model_id',
  'previous_key_id priority problem product_version record_hash rejected_event_id rejected_hash result_hash role',
  'root_hash route self_test session_id to_status user_id',
].flatMap((names) => names.split(' '));

describe('audit details [R-09]: no place for a patient', () => {
  it.each(CANARIES)('%j fits no detail, list, change or object id', (canary) => {
    const accepting = [
      ...TEXTS.map((name) => ({ [name]: canary })),
      ...['changed_fields', 'error_codes', 'returned_ids'].map((name) => ({ [name]: [canary] })),
      ...['expires_at', 'locked_until', 'role', 'status'].map((name) => ({
        changes: { [name]: { old: null, new: canary } },
      })),
    ].filter(accepts);
    expect(accepting).toEqual([]);
    expect(() => assertObjectId(canary)).toThrow(/^object_id/);
  });

  it('takes ids, hashes, codes, counts and the old and new value of a change', () => {
    const id = '01900000-0000-7000-8000-000000000000';
    const details: AuditDetails = {
      route: 'POST /results/:id/review',
      http_status: 200,
      model_id: id,
      image_hash: 'a'.repeat(64),
      returned_ids: [id, 'abcdefgh:abcdefghijklmnopqrstuvwxyz234567'],
      changed_fields: ['email', 'full_name'],
      changes: { role: { old: 'viewer', new: 'clinician' }, is_active: { old: true, new: false } },
    };
    expect(() => assertDetails(details)).not.toThrow();
  });

  it.each([
    [{ patient_name: 'x' }],
    [{ __proto__x: 1 }],
    [{ toString: 'a' }],
    [{ count: 0.5 }],
    [{ count: 2 ** 53 }],
  ])('refuses %j by name, without quoting the value', (details) => {
    expect(accepts(details)).toBe(false);
  });
});

describe('productsOf', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux; Jane Doe) Firefox/130.0', 'Mozilla/5.0 Firefox/130.0'],
    ['node', 'node'],
    ['dcm4che/5.31.0', 'dcm4che/5.31.0'],
    ['Jane Doe', null],
    ['DOE^JANE', null],
    ['', null],
  ])('%j → %j', (header, products) => {
    expect(productsOf(header)).toBe(products);
  });
});

describe('canonicalText: RFC 8785', () => {
  it('sorts members and writes nothing else', () => {
    const entry = { b: 1, a: { d: 'ä\u2028"', c: null } };
    expect(canonicalText(entry as never)).toBe('{"a":{"c":null,"d":"ä\u2028\\""},"b":1}');
  });

  it('refuses what is not JSON or longer than an exported line may be', () => {
    expect(() => canonicalText({ a: NaN } as never)).toThrow('NaN');
    expect(() => canonicalText({ a: 'x'.repeat(40_000) } as never)).toThrow(/32768 bytes/);
  });
});

function accepts(details: object): boolean {
  try {
    assertDetails(details);
    return true;
  } catch (error) {
    if (/^\w+: not a detail/.test((error as Error).message)) return false;
    throw error;
  }
}
