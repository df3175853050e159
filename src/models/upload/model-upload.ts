import busboy from 'busboy';
import type { Request } from 'express';
import type { Readable } from 'node:stream';
import { DomainError } from '../../errors/domain.error';
import { type BodyRule, takesItsTime } from '../../http/body';
import { contentDigestVerified } from '../../http/digest/content-digest';
import { expectedDigests } from '../../http/digest/digest-field';
import type { StagedFile } from '../artifacts/artifact-store';
import { readManifest } from '../manifest-reading';
import type { Manifest } from '../manifest';
import type { UploadStage } from './upload-stage';

const MAX_MANIFEST_BYTES = 8 * 1024 ** 2;
/** Boundaries and headers of the two parts. */
const MAX_FRAME_BYTES = 64 * 1024;
/** One more than there are: busboy speaks up when the number is reached. */
const MAX_PARTS = 3;
const MAX_SILENCE_MS = 30_000;

export const MODEL_UPLOAD: BodyRule = { limits: {}, streamedTypes: ['multipart/form-data'] };

export interface ModelUpload {
  readonly manifest: Manifest;
  readonly file: StagedFile;
}

/**
 * Takes in `file`, which is streamed to the stage, and `manifest`. The names that the sender gave his files are not
 * looked at. A manifest that comes first is refused before the file is received.
 * @throws DomainError VALIDATION_FAILED, REQUEST_TOO_LARGE, REQUEST_BODY_INCOMPLETE, MODEL_DIGEST_MISMATCH,
 * MODEL_STORE_UNAVAILABLE; what `readManifest` throws
 */
export async function receiveModelUpload(
  request: Request,
  stage: UploadStage,
  maxFileBytes: number,
): Promise<ModelUpload> {
  takesItsTime(request);
  const upload = new MultipartModel(stage, maxFileBytes);
  try {
    await upload.readFrom(request);
    assertDigest(request, upload.file!);
    return { manifest: upload.manifest!, file: upload.file! };
  } catch (error) {
    await upload.discard();
    throw error;
  }
}

class MultipartModel {
  file?: StagedFile;
  manifest?: Manifest;
  private readonly parts: Promise<void>[] = [];
  private readonly seen = new Set<string>();

  constructor(
    private readonly stage: UploadStage,
    private readonly maxFileBytes: number,
  ) {}

  async readFrom(request: Request): Promise<void> {
    const { maxFileBytes } = this;
    const announced = Number(request.get('content-length') ?? 0);
    if (announced > maxFileBytes + MAX_MANIFEST_BYTES + MAX_FRAME_BYTES) throw fileTooLarge(maxFileBytes);
    const parser = parserFor(request, maxFileBytes);
    let silence: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        silence = setTimeout(() => reject(incomplete()), MAX_SILENCE_MS);
        const take = (part: Promise<void>): void => {
          part.catch(reject);
          this.parts.push(part);
        };
        parser.on('file', (name, content) => {
          content.on('error', () => undefined); // an error that nobody listens to ends the process
          take(this.part(name, content));
        });
        parser.on('field', (name, text, { valueTruncated }) => take(this.field(name, text, valueTruncated)));
        parser.on('partsLimit', () => reject(unknownPart()));
        parser.on('error', () => reject(malformed())).once('close', resolve);
        request
          .on('data', () => silence?.refresh())
          .once('close', () => request.complete || reject(incomplete()));
        request.pipe(parser);
      });
      await Promise.all(this.parts);
    } catch (error) {
      request.unpipe(parser);
      request.resume();
      parser.destroy();
      throw error;
    } finally {
      clearTimeout(silence);
    }
    if (this.file === undefined) throw invalid('file', 'is missing');
    if (this.manifest === undefined) throw invalid('manifest', 'is missing');
  }

  async discard(): Promise<void> {
    await Promise.allSettled(this.parts);
    if (this.file !== undefined) await this.stage.discard(this.file);
  }

  private async part(name: string, content: Readable): Promise<void> {
    this.assertNew(name);
    if (name === 'manifest') {
      this.manifest = readManifest(await textOf(content));
      return;
    }
    content.once('limit', () => content.destroy(fileTooLarge(this.maxFileBytes)));
    this.file = await this.stage.receive(content);
    if (this.file.sizeBytes === 0) throw new DomainError('MODEL_FILE_INVALID', 'The file is empty');
  }

  private async field(name: string, text: string, truncated: boolean): Promise<void> {
    this.assertNew(name);
    if (name === 'file') throw invalid('file', 'must be a file');
    if (truncated) throw manifestTooLarge();
    this.manifest = readManifest(text);
  }

  private assertNew(name: string): void {
    if (name !== 'file' && name !== 'manifest') throw unknownPart();
    if (this.seen.has(name)) throw invalid(name, 'is sent twice');
    this.seen.add(name);
  }
}

function parserFor(request: Request, maxFileBytes: number): busboy.Busboy {
  try {
    const limits = {
      fileSize: maxFileBytes,
      fieldSize: MAX_MANIFEST_BYTES,
      parts: MAX_PARTS,
      headerPairs: 20,
    };
    return busboy({ headers: request.headers, limits });
  } catch {
    throw malformed();
  }
}

/** The field may speak of the body, as RFC 9530 has it, or of the file, which a sender knows beforehand. */
function assertDigest(request: Request, file: StagedFile): void {
  try {
    contentDigestVerified(request);
  } catch {
    const ofFile = expectedDigests(request.get('content-digest') ?? '').find(
      ({ algorithm }) => algorithm === 'sha256',
    );
    if (ofFile?.value.toString('hex') !== file.hash) throw new DomainError('MODEL_DIGEST_MISMATCH');
  }
}

async function textOf(content: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_MANIFEST_BYTES) throw manifestTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const invalid = (field: string, message: string): DomainError =>
  new DomainError('VALIDATION_FAILED', undefined, { errors: [{ field, message }] });
const unknownPart = (): DomainError =>
  new DomainError('VALIDATION_FAILED', 'The parts of the form are `file` and `manifest`');
const malformed = (): DomainError =>
  new DomainError('VALIDATION_FAILED', 'The body is not multipart/form-data');
const incomplete = (): DomainError => new DomainError('REQUEST_BODY_INCOMPLETE');
const fileTooLarge = (limit: number): DomainError =>
  new DomainError('REQUEST_TOO_LARGE', `A model file may have ${limit} bytes`);
const manifestTooLarge = (): DomainError =>
  new DomainError('REQUEST_TOO_LARGE', `A manifest may have ${MAX_MANIFEST_BYTES} bytes`);
