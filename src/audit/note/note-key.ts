import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** Signature types of C2SP signed-note: a note of the log itself, and a witness's cosignature with its time. */
export type NoteKeyType = 0x01 | 0x04;

const NAME = /^[^\s+]+$/u;
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** A named Ed25519 public key (C2SP signed-note, "verifier key"). */
export interface NoteKey {
  readonly name: string;
  readonly type: NoteKeyType;
  /** First four bytes of SHA-256(name || 0x0A || type || public key). */
  readonly id: Buffer;
  readonly publicKey: KeyObject;
}

export function noteKey(name: string, type: NoteKeyType, key: KeyObject): NoteKey {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const id = createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(type))
    .update(rawKey(publicKey))
    .digest()
    .subarray(0, 4);
  return { name, type, id, publicKey };
}

/** `name+hex(id)+base64(type || public key)` */
export function formatNoteKey(key: NoteKey): string {
  const material = Buffer.concat([Buffer.of(key.type), rawKey(key.publicKey)]).toString('base64');
  return `${key.name}+${key.id.toString('hex')}+${material}`;
}

/** @returns undefined for anything but a well-formed Ed25519 key whose id fits its name and bytes */
export function parseNoteKey(text: string): NoteKey | undefined {
  const [name = '', id, ...material] = text.split('+');
  const bytes = Buffer.from(material.join('+'), 'base64');
  const type = bytes[0];
  if (!NAME.test(name) || bytes.length !== 33 || (type !== 0x01 && type !== 0x04)) return undefined;
  const key = noteKey(name, type, publicKeyOf(bytes.subarray(1)));
  return formatNoteKey(key) === text && key.id.toString('hex') === id ? key : undefined;
}

/** @param base64 of the 32 bytes of a public key; undefined for anything else */
export function noteKeyOf(name: string, type: NoteKeyType, base64 = ''): NoteKey | undefined {
  const raw = Buffer.from(base64, 'base64');
  if (raw.length !== 32 || raw.toString('base64') !== base64) return undefined;
  return noteKey(name, type, publicKeyOf(raw));
}

const publicKeyOf = (raw: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_ED25519, raw]), format: 'der', type: 'spki' });

/** The 32 bytes of RFC 8032. */
export function rawKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_ED25519.length);
}
