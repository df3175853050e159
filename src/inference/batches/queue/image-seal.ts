import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { DomainError, type FieldError } from '../../../errors/domain.error';
import type { ErrorCode } from '../../../errors/error-codes';
import type { ImageSource } from '../../../imaging/image';
import type { BatchItem } from '../request/batch-request';

/**
 * An image and what goes with it as it waits in the database: version (1 byte), id of the key (4), nonce (12),
 * AES-256-GCM ciphertext, tag (16). Each batch has a key of its own (HKDF-SHA-256, RFC 5869), so random nonces never run out (NIST SP 800-38D
 * section 8.3), and what is sealed for one place opens at no other: batch and position are authenticated with it.
 */
const VERSION = 2;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NONCE_AT = 1 + KEY_ID_BYTES;
const PREFIX_BYTES = NONCE_AT + NONCE_BYTES;
const LENGTH_BYTES = 4;

interface Place {
  readonly batchId: string;
  readonly position: number;
}

/** The plaintext: length of the header (u32, little-endian), the header (JSON), the bytes of the image. */
interface Header extends Omit<BatchItem, 'image'> {
  readonly source?: Omit<ImageSource, 'bytes'>;
  readonly refusal?: {
    readonly code: ErrorCode;
    readonly detail: string;
    readonly errors?: readonly FieldError[];
  };
}

export function sealItem(key: Buffer, place: Place, { image, ...item }: BatchItem): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', batchKey(key, place), nonce).setAAD(aadOf(place));
  const { header, bytes } = takenApart(item, image);
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(json.length);
  const parts = [length, json, bytes].map((part) => cipher.update(part));
  const prefix = [Buffer.of(VERSION), keyId(key), nonce];
  return Buffer.concat([...prefix, ...parts, cipher.final(), cipher.getAuthTag()]);
}

/**
 * @throws DomainError BATCH_KEY_MISSING: sealed with none of these keys; BATCH_ITEM_UNREADABLE: another place, or not
 * what was stored
 */
export function openItem(keys: readonly Buffer[], place: Place, sealed: Buffer): BatchItem {
  if (sealed.length < PREFIX_BYTES + TAG_BYTES || sealed[0] !== VERSION)
    throw new DomainError('BATCH_ITEM_UNREADABLE');
  const key = keys.find((candidate) => keyId(candidate).equals(sealed.subarray(1, NONCE_AT)));
  if (key === undefined) throw new DomainError('BATCH_KEY_MISSING');
  try {
    const nonce = sealed.subarray(NONCE_AT, PREFIX_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', batchKey(key, place), nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(aadOf(place)).setAuthTag(sealed.subarray(-TAG_BYTES));
    const plain = decipher.update(sealed.subarray(PREFIX_BYTES, -TAG_BYTES));
    decipher.final();
    return putTogether(plain);
  } catch (cause) {
    throw new DomainError('BATCH_ITEM_UNREADABLE', undefined, { cause });
  }
}

function takenApart(
  item: Omit<BatchItem, 'image'>,
  image: BatchItem['image'],
): { header: Header; bytes: Uint8Array } {
  if ('refusal' in image) {
    const { code, detail, errors } = image.refusal;
    return { header: { ...item, refusal: { code, detail, errors } }, bytes: Buffer.alloc(0) };
  }
  const { bytes, ...source } = image.source;
  return { header: { ...item, source }, bytes };
}

function putTogether(plain: Buffer): BatchItem {
  const end = LENGTH_BYTES + plain.readUInt32LE();
  const { source, refusal, ...item } = JSON.parse(plain.toString('utf8', LENGTH_BYTES, end)) as Header;
  if (refusal !== undefined) {
    const { code, detail, errors } = refusal;
    return { ...item, image: { refusal: new DomainError(code, detail, { errors }) } };
  }
  return { ...item, image: { source: { ...source, bytes: plain.subarray(end) } as ImageSource } };
}

const keyId = (key: Buffer): Buffer => createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES);

const batchKey = (key: Buffer, { batchId }: Place): Buffer =>
  Buffer.from(hkdfSync('sha256', key, batchId, 'batch', key.length));

const aadOf = ({ batchId, position }: Place): Buffer => Buffer.from(`${batchId}/${position}`);
