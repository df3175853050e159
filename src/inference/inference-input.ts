import type { Request } from 'express';
import { DomainError } from '../errors/domain.error';
import { type BodyRule, mediaType, takeBody } from '../http/body';
import { contentDigestVerified } from '../http/digest/content-digest';
import { validated } from '../http/validation';
import { fileFormatsOf } from '../imaging/file-format';
import type { ImageSource } from '../imaging/image';
import { CreateInferenceDto } from './create-inference.dto';
import { type SplitObject, splitJsonBody } from './json-fields';

const MEBIBYTE = 1024 ** 2;
const BACKSLASH = 0x5c;
export const MAX_FILE_BYTES = 50 * MEBIBYTE;

export const INFERENCE_BODY: BodyRule = {
  limits: {
    'application/json': 64 * MEBIBYTE,
    'application/octet-stream': MAX_FILE_BYTES,
    'application/dicom': MAX_FILE_BYTES,
    'image/jpeg': MAX_FILE_BYTES,
    'image/png': MAX_FILE_BYTES,
  },
  streamedTypes: ['multipart/form-data'],
};

type MultipartRequest = Request & { readonly file?: { readonly buffer: Buffer } };

export interface InferenceInput {
  readonly fields: CreateInferenceDto;
  readonly source: ImageSource;
  /** See `contentDigestVerified`. */
  readonly digestVerified: boolean;
}

type FieldsAndSource = Omit<InferenceInput, 'digestVerified'>;

/** The three forms of a request, reduced to one. The image's bytes stay as they came. */
export function readInferenceInput(request: Request): InferenceInput {
  const digestVerified = contentDigestVerified(request);
  return { ...readForm(request), digestVerified };
}

function readForm(request: Request): FieldsAndSource {
  switch (mediaType(request)) {
    case 'application/json':
      return fromObject(splitJsonBody(takeBody(request)));
    case 'multipart/form-data':
      return fromPart((request as MultipartRequest).file?.buffer, formFieldsOf(request.body as object));
    case 'application/octet-stream': {
      const fields = fieldsOf(request.query);
      const bytes = nonEmpty(takeBody(request));
      refuseFile(bytes);
      return { fields, source: { form: 'float32', bytes, ...sizeOf(fields) } };
    }
    default:
      return fromFile(takeBody(request), fieldsOf(request.query));
  }
}

/**
 * Float32 values are taken for what they are called; a file that is called so is a client's default.
 * @throws DomainError REQUEST_MEDIA_TYPE_UNSUPPORTED
 */
function refuseFile(bytes: Buffer): void {
  const [format] = fileFormatsOf(bytes);
  if (format === undefined) return;
  const type = format === 'dicom' ? 'application/dicom' : `image/${format}`;
  throw new DomainError(
    'REQUEST_MEDIA_TYPE_UNSUPPORTED',
    `The body is a ${format.toUpperCase()} file, but application/octet-stream means float32 values: send it as ${type}, or as the part \`file\` of a form`,
  );
}

/** @throws DomainError VALIDATION_FAILED */
const fieldsOf = (plain: object): CreateInferenceDto => validated(CreateInferenceDto, { ...plain });

/** What stands beside the files of a form. @throws DomainError VALIDATION_FAILED */
export function formFieldsOf(plain: object): CreateInferenceDto {
  if (!('file' in plain)) return fieldsOf(plain);
  const errors = [{ field: 'file', message: 'must be a file; curl sends one with -F file=@path' }];
  throw new DomainError('VALIDATION_FAILED', undefined, { errors });
}

/** Form 1. @throws DomainError VALIDATION_FAILED, IMAGE_EMPTY, REQUEST_MALFORMED_JSON */
export function fromObject({ data, image, fields: plain }: SplitObject): FieldsAndSource {
  const fields = fieldsOf(plain);
  if (data !== undefined) return { fields, source: { form: 'numbers', bytes: data, ...sizeOf(fields) } };
  return { fields, source: { form: 'base64', bytes: unescaped(nonEmpty(image)), frame: fields.frame } };
}

/**
 * Form 3. A part that is no image file by its bytes, and of just the size that `width` and `height` ask for, is float32,
 * little-endian, row-major.
 * @throws DomainError IMAGE_EMPTY
 */
export function fromPart(bytes: Buffer | undefined, fields: CreateInferenceDto): FieldsAndSource {
  const input = fromFile(bytes, fields);
  const { width = 0, height = 0, channels } = fields;
  const held = input.source.bytes.length / (width * height * Float32Array.BYTES_PER_ELEMENT);
  const isFloat32 = channels === undefined ? [1, 2, 3, 4].includes(held) : held === channels;
  if (!isFloat32 || fileFormatsOf(input.source.bytes).length > 0) return input;
  return { ...input, source: { form: 'float32', bytes: input.source.bytes, ...sizeOf(fields) } };
}

function fromFile(bytes: Buffer | undefined, fields: CreateInferenceDto): FieldsAndSource {
  return { fields, source: { form: 'file', bytes: nonEmpty(bytes), frame: fields.frame } };
}

function nonEmpty(bytes: Buffer | undefined): Buffer {
  if (bytes === undefined || bytes.length === 0) throw new DomainError('IMAGE_EMPTY');
  return bytes;
}

/** Some encoders write `/` as `\/` and `+` as `\u002B`. */
function unescaped(text: Buffer): Buffer {
  if (!text.includes(BACKSLASH)) return text;
  try {
    return Buffer.from(JSON.parse(`"${text.toString('latin1')}"`) as string, 'latin1');
  } catch {
    throw new DomainError('REQUEST_MALFORMED_JSON');
  }
}

const sizeOf = ({
  width,
  height,
  channels,
}: CreateInferenceDto): Pick<CreateInferenceDto, 'width' | 'height' | 'channels'> => ({
  width,
  height,
  channels,
});
