import type { Request } from 'express';
import { DomainError } from '../../../errors/domain.error';
import { type BodyRule, mediaType, takeBody } from '../../../http/body';
import { contentDigestVerified } from '../../../http/digest/content-digest';
import { validated } from '../../../http/validation';
import type { CreateInferenceDto } from '../../create-inference.dto';
import { formFieldsOf, fromObject, fromPart } from '../../inference-input';
import { type CutObject, readObject, splitBatchBody } from '../../json-fields';
import { type BatchRequest, type ImageRequest, MAX_BATCH_BYTES, MAX_IMAGES } from './batch-request';
import { takeUploads } from './batch-uploads';
import { CreateBatchDto } from './create-batch.dto';

const MAX_IMAGE_JSON_BYTES = 64 * 1024 ** 2;

export const BATCH_BODY: BodyRule = {
  limits: { 'application/json': MAX_BATCH_BYTES },
  streamedTypes: ['multipart/form-data'],
};

/** Both forms of a batch, reduced to one. What is wrong with one image alone is left to that image. */
export function readBatchRequest(request: Request): BatchRequest {
  const digestVerified = contentDigestVerified(request);
  const later = prefersAsync(request);
  const form = mediaType(request) === 'application/json' ? fromJson(takeBody(request)) : fromParts(request);
  if (form.images.length === 0)
    throw new DomainError('VALIDATION_FAILED', `A batch has 1 to ${MAX_IMAGES} images`);
  return { ...form, later, digestVerified };
}

/** RFC 7240: preferences are separated by commas, their parameters by semicolons. */
export const prefersAsync = (request: Request): boolean =>
  (request.get('prefer') ?? '')
    .split(',')
    .some((preference) => /^\s*respond-async\s*(;|$)/i.test(preference));

type Form = Pick<BatchRequest, 'images' | 'priority'>;

function fromJson(body: Buffer): Form {
  const { fields, elements = [] } = splitBatchBody(body, 'images', MAX_IMAGES);
  const { priority } = validated(CreateBatchDto, fields);
  return { priority, images: elements.map((element) => fromElement(body, element)) };
}

/** @throws DomainError REQUEST_MALFORMED_JSON: then the whole body is no JSON */
function fromElement(body: Buffer, element: CutObject | undefined): ImageRequest {
  return orRefusal(() => {
    if (element === undefined) throw new DomainError('VALIDATION_FAILED', 'An image is a JSON object');
    if (element.end - element.start > MAX_IMAGE_JSON_BYTES) throw new DomainError('REQUEST_TOO_LARGE');
    return fromObject(readObject(body, element));
  });
}

/** The fields beside the files are those of every image. */
function fromParts(request: Request): Form {
  const { priority, ...plain } = request.body as Record<string, unknown>;
  const dto = validated(CreateBatchDto, priority === undefined ? {} : { priority });
  const files = takeUploads(request);
  if (files.length > MAX_IMAGES)
    throw new DomainError('VALIDATION_FAILED', `A batch has 1 to ${MAX_IMAGES} images`);
  let fields: CreateInferenceDto | undefined;
  return {
    priority: dto.priority,
    images: files.map((file) =>
      orRefusal(() => {
        if (file.tooLarge) throw new DomainError('REQUEST_TOO_LARGE');
        fields ??= formFieldsOf(plain);
        return fromPart(file.buffer, fields);
      }),
    ),
  };
}

function orRefusal(read: () => ImageRequest): ImageRequest {
  try {
    return read();
  } catch (error) {
    if (error instanceof DomainError && error.code !== 'REQUEST_MALFORMED_JSON') return { refusal: error };
    throw error;
  }
}
