import type { Request } from 'express';
import { DomainError } from '../errors/domain.error';
import { type BodyRule, mediaType, takeBody } from '../http/body';
import { contentDigestVerified } from '../http/digest/content-digest';
import { validated } from '../http/validation';
import type { ImageSource } from '../imaging/image';
import { CreateInferenceDto } from './create-inference.dto';
import { splitJsonBody } from './json-fields';

const MEBIBYTE = 1024 ** 2;
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
      return fromJson(takeBody(request));
    case 'multipart/form-data':
      return fromFile((request as MultipartRequest).file?.buffer, request.body);
    case 'application/octet-stream': {
      const fields = validated(CreateInferenceDto, { ...request.query });
      return {
        fields,
        source: { form: 'float32', bytes: nonEmpty(takeBody(request)), ...sizeOf(fields) },
      };
    }
    default:
      return fromFile(takeBody(request), request.query);
  }
}

function fromJson(body: Buffer): FieldsAndSource {
  const { data, image, fields: plain } = splitJsonBody(body);
  const fields = validated(CreateInferenceDto, plain);
  if (data !== undefined) return { fields, source: { form: 'numbers', bytes: data, ...sizeOf(fields) } };
  return { fields, source: { form: 'base64', bytes: nonEmpty(image), frame: fields.frame } };
}

function fromFile(bytes: Buffer | undefined, plain: unknown): FieldsAndSource {
  const fields = validated(CreateInferenceDto, { ...(plain as object) });
  return { fields, source: { form: 'file', bytes: nonEmpty(bytes), frame: fields.frame } };
}

function nonEmpty(bytes: Buffer | undefined): Buffer {
  if (bytes === undefined || bytes.length === 0) throw new DomainError('IMAGE_EMPTY');
  return bytes;
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
