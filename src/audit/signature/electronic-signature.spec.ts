import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { SecretsConfig } from '../../config/secrets.config';
import { type ElectronicSignature } from './electronic-signature.entity';
import { ElectronicSignatures, type SignableRecord } from './electronic-signature';
import { keyIdOf, type SignatureKeys } from './signature-keys';

/** A server that knows its own key alone; that it knows the ones before is shown with the change of keys. */
function signaturesOf(): ElectronicSignatures {
  const { privateKey: auditSigningKey, publicKey } = generateKeyPairSync('ed25519');
  const find = (id: string): Promise<KeyObject | undefined> =>
    Promise.resolve(id === keyIdOf(publicKey) ? publicKey : undefined);
  return new ElectronicSignatures({ auditSigningKey } as SecretsConfig, { find } as SignatureKeys);
}

const record: SignableRecord = {
  type: 'model_transition',
  id: '01900000-0000-7000-8000-000000000001',
  content: { from: 'validation', to: 'production', file_hash: 'ab'.repeat(32) },
};
const signatory = {
  userId: '01900000-0000-7000-8000-000000000002',
  username: 'approver',
  fullName: 'Ada Approver',
  role: 'approver',
  signedAt: new Date('2026-11-24T09:00:00.123Z'),
} as const;

describe('ElectronicSignatures [R-55]', () => {
  const signatures = signaturesOf();
  let signature: ElectronicSignature;

  beforeAll(async () => {
    const manager = { insert: () => Promise.resolve() } as unknown as EntityManager;
    signature = await signatures.sign(manager, record, 'approved for production', signatory);
  });

  it('shows name, time and meaning, and is valid under its record', async () => {
    expect(await signatures.manifestation(signature, record)).toMatchObject({
      printed_name: 'Ada Approver',
      signed_at: '2026-11-24T09:00:00.123Z',
      meaning: 'approved for production',
      valid: true,
    });
  });

  it('does not depend on the order of the fields', async () => {
    const { from, to, file_hash } = record.content as Record<string, string>;
    expect(await signatures.verify(signature, { ...record, content: { to, file_hash, from } })).toBe(true);
  });

  it.each<[string, Partial<SignableRecord>]>([
    ['another record with the same content', { id: '01900000-0000-7000-8000-000000000003' }],
    ['another kind of record', { type: 'inference_result' }],
    ['the record changed afterwards', { content: { ...record.content, to: 'deprecated' } }],
  ])('is not valid under %s', async (_name, other) => {
    expect(await signatures.verify(signature, { ...record, ...other })).toBe(false);
  });

  it.each<[string, Partial<ElectronicSignature>]>([
    ['the name', { printedName: 'Somebody Else' }],
    ['the time', { signedAt: new Date('2026-11-24T09:00:00.124Z') }],
    ['the meaning', { meaning: 'rejected' }],
    ['the record it names', { recordId: '01900000-0000-7000-8000-000000000003' }],
  ])('is not valid once %s was changed, wherever it stands', async (_name, forged) => {
    const other = { ...record, ...(forged.recordId !== undefined && { id: forged.recordId }) };
    expect(await signatures.verify({ ...signature, ...forged }, other)).toBe(false);
  });

  it('is not valid for a server with another key', async () => {
    expect(await signaturesOf().verify(signature, record)).toBe(false);
  });
});
