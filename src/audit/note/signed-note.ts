import { type KeyObject, sign, verify } from 'node:crypto';
import type { NoteKey } from './note-key';

/**
 * C2SP signed-note: a text that ends in a newline, an empty line, and signature lines
 * `— <key name> base64(key id || signature)`.
 */
export interface SignedNote {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  readonly id: Buffer;
  readonly bytes: Buffer;
}

const LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const MAX_SIGNATURES = 64;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Any control character but the newline. */
// oxlint-disable-next-line no-control-regex -- the specification forbids just these
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** @returns undefined for what is not a signed note */
export function parseNote(note: string): SignedNote | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n') || CONTROL.test(note) || LONE_SURROGATE.test(note)) return undefined;
  const signatures = parseSignatures(note.slice(end + 2));
  return signatures && { text: note.slice(0, end + 1), signatures };
}

/** Signature lines as they end a note, and as a witness answers them. */
export function parseSignatures(lines: string): NoteSignature[] | undefined {
  const signatures: NoteSignature[] = [];
  for (const line of lines.replace(/\n$/, '').split('\n')) {
    const [, name, base64] = LINE.exec(line) ?? [];
    const bytes = Buffer.from(base64 ?? '', 'base64');
    if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== base64) return undefined;
    if (signatures.push({ name, id: bytes.subarray(0, 4), bytes: bytes.subarray(4) }) > MAX_SIGNATURES) {
      return undefined;
    }
  }
  return signatures;
}

export function formatSignature(key: NoteKey, bytes: Buffer): string {
  return `— ${key.name} ${Buffer.concat([key.id, bytes]).toString('base64')}\n`;
}

/** The signature line of the log's own key (type 0x01). */
export function signNote(text: string, key: NoteKey, privateKey: KeyObject): string {
  return formatSignature(key, sign(null, Buffer.from(text), privateKey));
}

/** Whether `key` has signed: `unknown` when no line is of this key, `invalid` when one is and does not verify. */
export function checkSignature(note: SignedNote, key: NoteKey): 'valid' | 'invalid' | 'unknown' {
  const own = note.signatures.filter(({ name, id }) => name === key.name && id.equals(key.id));
  if (own.length === 0) return 'unknown';
  return own.every(({ bytes }) => signatureHolds(note.text, key, bytes)) ? 'valid' : 'invalid';
}

function signatureHolds(text: string, key: NoteKey, bytes: Buffer): boolean {
  if (key.type === 0x01) return verify(null, Buffer.from(text), key.publicKey, bytes);
  const { time, signature } = timedSignature(bytes);
  return verify(null, Buffer.from(cosignedText(text, time)), key.publicKey, signature);
}

/** The bytes of a C2SP tlog-cosignature: Unix seconds as u64, then the Ed25519 signature. */
export function timedSignature(bytes: Buffer): { readonly time: bigint; readonly signature: Buffer } {
  return bytes.length === 72
    ? { time: bytes.readBigUInt64BE(0), signature: bytes.subarray(8) }
    : { time: 0n, signature: Buffer.alloc(0) };
}

/** What a witness signs. @param time Unix seconds */
export const cosignedText = (text: string, time: bigint): string => `cosignature/v1\ntime ${time}\n${text}`;
