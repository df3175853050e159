import type { VerifierKey } from './verifier-key';

interface Signature {
  readonly name: string;
  /** Key id in hex. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** A C2SP tlog-checkpoint: a signed note whose text is origin, size and root. */
export class Checkpoint {
  private constructor(
    private readonly text: string,
    private readonly signatures: readonly Signature[],
    readonly origin: string,
    readonly size: number,
    /** Hex. */
    readonly root: string,
  ) {}

  /** @returns undefined for what is not well-formed, lines that the specification calls extensions included */
  static parse(note: string): Checkpoint | undefined {
    const end = note.lastIndexOf('\n\n');
    const text = note.slice(0, end + 1);
    const [, origin, size, root] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
    if (origin === undefined || size === undefined || root === undefined) return undefined;
    const signatures = note
      .slice(end + 2, -1)
      .split('\n')
      .map(signatureOf);
    if (!signatures.every((signature) => signature !== undefined) || !note.endsWith('\n')) return undefined;
    const bytes = Buffer.from(root, 'base64');
    if (bytes.toString('base64') !== root || !Number.isSafeInteger(Number(size))) return undefined;
    return new Checkpoint(text, signatures, origin, Number(size), bytes.toString('hex'));
  }

  /** `unknown`: no line is of this key. `invalid`: one is, and does not verify. */
  signedBy(key: VerifierKey): 'valid' | 'invalid' | 'unknown' {
    const own = this.of(key);
    if (own.length === 0) return 'unknown';
    return own.every(({ bytes }) => key.verifies(this.text, bytes)) ? 'valid' : 'invalid';
  }

  /** Unix seconds at which the witness says it saw this log; undefined unless it verifies. */
  cosignedAt(witness: VerifierKey): number | undefined {
    const times = this.of(witness).map(({ bytes }) => witness.cosignedAt(this.text, bytes));
    return times.find((time) => time !== undefined);
  }

  private of(key: VerifierKey): readonly Signature[] {
    return this.signatures.filter(({ name, id }) => key.isOf(name, id));
  }
}

function signatureOf(line: string): Signature | undefined {
  const [, name, base64] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
  const bytes = Buffer.from(base64 ?? '', 'base64');
  if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== base64) return undefined;
  return { name, id: bytes.toString('hex', 0, 4), bytes: bytes.subarray(4) };
}
