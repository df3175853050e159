import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const LOG = 0x01;
const WITNESS = 0x04;

/** A C2SP verifier key, `name+id+base64(type || Ed25519 public key)`: of a log (type 1) or of a witness (type 4). */
export class VerifierKey {
  private constructor(
    readonly name: string,
    readonly isWitness: boolean,
    readonly text: string,
    private readonly id: string,
    private readonly publicKey: KeyObject,
  ) {}

  /** @returns undefined for what is not such a key, or one whose id is not that of its name and bytes */
  static parse(text: string): VerifierKey | undefined {
    const [, name, base64] = /^([^\s+]+)\+[0-9a-f]{8}\+([A-Za-z0-9+/]{44})$/u.exec(text) ?? [];
    const bytes = Buffer.from(base64 ?? '', 'base64');
    if (name === undefined || (bytes[0] !== LOG && bytes[0] !== WITNESS)) return undefined;
    const key = VerifierKey.of(name, bytes[0], bytes.subarray(1));
    return key.text === text ? key : undefined;
  }

  /** A key of the log as its own entries write it. @param base64 of the 32 bytes of the public key */
  static ofLog(name: string, base64: unknown): VerifierKey | undefined {
    const raw = Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64');
    return raw.length === 32 && raw.toString('base64') === base64
      ? VerifierKey.of(name, LOG, raw)
      : undefined;
  }

  private static of(name: string, type: number, raw: Buffer): VerifierKey {
    const material = Buffer.concat([Buffer.of(type), raw]);
    const id = createHash('sha256')
      .update(`${name}\n`)
      .update(material)
      .digest()
      .subarray(0, 4)
      .toString('hex');
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
    const text = `${name}+${id}+${material.toString('base64')}`;
    return new VerifierKey(name, type === WITNESS, text, id, publicKey);
  }

  isOf(name: string, id: string): boolean {
    return this.name === name && this.id === id;
  }

  verifies(text: string, signature: Buffer): boolean {
    return signature.length === 64 && verify(null, Buffer.from(text), this.publicKey, signature);
  }

  /** Unix seconds of a cosignature (C2SP tlog-cosignature) that verifies, else undefined. */
  cosignedAt(text: string, bytes: Buffer): number | undefined {
    if (bytes.length !== 72) return undefined;
    const time = bytes.readBigUInt64BE(0);
    return this.verifies(`cosignature/v1\ntime ${time}\n${text}`, bytes.subarray(8))
      ? Number(time)
      : undefined;
  }
}
