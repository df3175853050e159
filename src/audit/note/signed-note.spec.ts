import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { formatCheckpointText, parseCheckpointText } from './checkpoint-text';
import { formatNoteKey, noteKey, parseNoteKey } from './note-key';
import { checkSignature, cosignedText, formatSignature, parseNote, signNote } from './signed-note';

/** Key and note of the reference implementation's own tests (golang.org/x/mod/sumdb/note). Ed25519 is deterministic. */
const VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const SEED = 'gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=';
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNATURE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const peter = parseNoteKey(VKEY)!;

describe('C2SP signed-note › vectors of the reference implementation', () => {
  it('the key, its id and its text', () => {
    expect(peter).toMatchObject({ name: 'PeterNeumann', type: 1 });
    expect(peter.id.toString('hex')).toBe('c74f20a3');
    expect(formatNoteKey(peter)).toBe(VKEY);
  });

  it('signs the same bytes', () => {
    const seed = Buffer.from(SEED, 'base64');
    const privateKey = createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
      format: 'der',
      type: 'pkcs8',
    });
    const key = noteKey('PeterNeumann', 0x01, privateKey);
    expect(formatNoteKey(key)).toBe(VKEY);
    expect(signNote(TEXT, key, privateKey)).toBe(SIGNATURE);
  });

  it('verifies the note, and not a note of which a byte has changed', () => {
    const note = `${TEXT}\n${SIGNATURE}`;
    expect(checkSignature(parseNote(note)!, peter)).toBe('valid');
    const bytes = Buffer.from(note);
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      const parsed = parseNote(changed.toString());
      expect(parsed && checkSignature(parsed, peter)).not.toBe('valid');
    }
  });

  it('refuses every part of the key, and every key of which a byte has changed', () => {
    for (let from = 0; from <= VKEY.length; from++) {
      for (let to = from + 1; to <= VKEY.length; to++) {
        expect(parseNoteKey(VKEY.slice(from, to)) !== undefined).toBe(from === 0 && to === VKEY.length);
      }
    }
    for (let i = 0; i < VKEY.length; i++) {
      const changed = VKEY.slice(0, i) + String.fromCodePoint(VKEY.codePointAt(i)! + 1) + VKEY.slice(i + 1);
      expect(parseNoteKey(changed)).toBeUndefined();
    }
  });

  it.each([
    ['no signature', TEXT],
    ['no empty line', TEXT + SIGNATURE],
    ['an empty signature block', `${TEXT}\n`],
    ['no last newline', `${TEXT}\n${SIGNATURE.trimEnd()}`],
    ['a hyphen for the dash', `${TEXT}\n${SIGNATURE.replace('—', '-')}`],
    ['a carriage return', `${TEXT}\r\n\n${SIGNATURE}`],
    ['a NUL', `${TEXT}\u0000\n\n${SIGNATURE}`],
    ['a signature shorter than a key id', `${TEXT}\n— PeterNeumann AAAA\n`],
    ['a plus in the name', `${TEXT}\n— Peter+Neumann AAAAAAAA\n`],
    ['a lone surrogate', `${TEXT}\ud800\n\n${SIGNATURE}`],
    ['65 signatures', `${TEXT}\n${SIGNATURE.repeat(65)}`],
  ])('refuses %s', (_name, note) => {
    expect(parseNote(note)).toBeUndefined();
  });

  it('ignores lines of other keys, and does not take one key for another of the same name', () => {
    const stranger = noteKey('PeterNeumann', 0x01, generateKeyPairSync('ed25519').publicKey);
    const note = parseNote(`${TEXT}\n${formatSignature(stranger, Buffer.alloc(64))}${SIGNATURE}`)!;
    expect(checkSignature(note, peter)).toBe('valid');
    expect(checkSignature(note, stranger)).toBe('invalid');
    expect(checkSignature(parseNote(`${TEXT}\n${SIGNATURE}`)!, stranger)).toBe('unknown');
  });
});

describe('C2SP tlog-cosignature', () => {
  it('covers the time', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const witness = noteKey('witness.example/w1', 0x04, privateKey);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_679_315_147n);
    const signature = sign(null, Buffer.from(cosignedText(TEXT, 1_679_315_147n)), privateKey);
    expect(cosignedText(TEXT, 1_679_315_147n)).toBe(`cosignature/v1\ntime 1679315147\n${TEXT}`);
    const noteWith = (stamp: Buffer): ReturnType<typeof parseNote> =>
      parseNote(`${TEXT}\n${formatSignature(witness, Buffer.concat([stamp, signature]))}`);
    expect(checkSignature(noteWith(time)!, witness)).toBe('valid');
    time[7]! ^= 1;
    expect(checkSignature(noteWith(time)!, witness)).toBe('invalid');
    expect(checkSignature(noteWith(Buffer.alloc(0))!, witness)).toBe('invalid');
  });
});

describe('C2SP tlog-checkpoint', () => {
  /** The example of the specification. */
  const EXAMPLE = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

  it('reads and writes the example of the specification', () => {
    const parsed = parseCheckpointText(EXAMPLE)!;
    expect(parsed).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 });
    expect(formatCheckpointText(parsed)).toBe(EXAMPLE);
  });

  it.each([
    ['a size with a leading zero', EXAMPLE.replace('\n2', '\n02')],
    ['a negative size', EXAMPLE.replace('\n2', '\n-2')],
    ['an extension line', `${EXAMPLE}extension\n`],
    ['a root that is too short', EXAMPLE.replace('CsUY', '')],
    ['a root in another spelling', EXAMPLE.replace('q2I=', 'q2J=')],
    ['no newline at the end', EXAMPLE.trimEnd()],
    ['no origin', EXAMPLE.slice(EXAMPLE.indexOf('\n'))],
  ])('refuses %s', (_name, text) => {
    expect(parseCheckpointText(text)).toBeUndefined();
  });
});
