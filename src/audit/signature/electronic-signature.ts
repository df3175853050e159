import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import canonicalize from 'canonicalize';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { SecretsConfig } from '../../config/secrets.config';
import type { Signatory } from '../../http/reauthentication';
import { keyIdOf, SignatureKeys } from './signature-keys';
import { ElectronicSignature } from './electronic-signature.entity';

/** Something that can be signed: its content is what the signature stands under, to the last character. */
export interface SignableRecord {
  /** `model_transition`, `inference_result`, … */
  readonly type: string;
  readonly id: string;
  /** JSON without undefined; dates as ISO 8601 text. */
  readonly content: object;
}

/** A signature as every readable copy of its record shows it (21 CFR 11.50(b)). */
export interface SignatureManifestation {
  readonly signature_id: string;
  readonly printed_name: string;
  readonly signed_at: string;
  readonly meaning: string;
  readonly signer_id: string;
  readonly role: string;
  readonly record_hash: string;
  readonly key_id: string;
  /** Whether it was made with a key of this installation, today's or an earlier one, under this very record. */
  readonly valid: boolean;
}

/** SHA-256, hex, of the record's RFC 8785 form. */
export const recordHash = ({ content }: SignableRecord): string => sha256(canonicalText(content));

/**
 * Electronic signatures (21 CFR 11.50, 11.70): a statement of who signed which record, when and with what meaning,
 * signed itself with the installation's Ed25519 key. It names the record and the hash of its content, so that under
 * another record, or under the same one changed, it is not valid.
 */
@Injectable()
export class ElectronicSignatures {
  private readonly privateKey: KeyObject;
  private readonly keyId: string;

  constructor(
    { auditSigningKey }: SecretsConfig,
    private readonly keys: SignatureKeys,
  ) {
    this.privateKey = auditSigningKey;
    this.keyId = keyIdOf(auditSigningKey);
  }

  /** Signs and stores, in the transaction that stores the record. The signatory comes from `Reauthentication`. */
  async sign(
    manager: EntityManager,
    record: SignableRecord,
    meaning: string,
    { userId, fullName, role, signedAt }: Signatory,
  ): Promise<ElectronicSignature> {
    const unsigned = {
      id: uuidv7(),
      recordType: record.type,
      recordId: record.id,
      recordHash: recordHash(record),
      signerId: userId,
      printedName: fullName,
      role,
      meaning,
      signedAt,
      keyId: this.keyId,
    };
    const signature = sign(null, Buffer.from(statementOf(unsigned)), this.privateKey);
    const signed: ElectronicSignature = { ...unsigned, signature };
    await manager.insert(ElectronicSignature, signed);
    return signed;
  }

  async verify(signature: ElectronicSignature, record: SignableRecord): Promise<boolean> {
    const { recordType, recordId, keyId } = signature;
    if (recordType !== record.type || recordId !== record.id) return false;
    if (signature.recordHash !== recordHash(record)) return false;
    const key = await this.keys.find(keyId);
    return key !== undefined && verify(null, Buffer.from(statementOf(signature)), key, signature.signature);
  }

  async manifestation(
    signature: ElectronicSignature,
    record: SignableRecord,
  ): Promise<SignatureManifestation> {
    return {
      signature_id: signature.id,
      printed_name: signature.printedName,
      signed_at: signature.signedAt.toISOString(),
      meaning: signature.meaning,
      signer_id: signature.signerId,
      role: signature.role,
      record_hash: signature.recordHash,
      key_id: signature.keyId,
      valid: await this.verify(signature, record),
    };
  }
}

/** The text that is signed: RFC 8785. */
function statementOf(signature: Omit<ElectronicSignature, 'id' | 'signature'>): string {
  return canonicalText({
    record_type: signature.recordType,
    record_id: signature.recordId,
    record_hash: signature.recordHash,
    signer_id: signature.signerId,
    printed_name: signature.printedName,
    role: signature.role,
    meaning: signature.meaning,
    signed_at: signature.signedAt.toISOString(),
    key_id: signature.keyId,
  });
}

function canonicalText(content: object): string {
  const text = canonicalize(content);
  if (text === undefined) throw new Error('what is signed must be a JSON object');
  return text;
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
