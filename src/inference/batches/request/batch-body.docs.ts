import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { CreateInferenceDto } from '../../create-inference.dto';
import { ApiIdempotencyKey } from '../../idempotency/idempotency.docs';
import { BatchResponse } from '../batch.response';
import { CreateBatchDto } from './create-batch.dto';

const EXAMPLE = {
  priority: 'high',
  images: [
    { image: '<base64 of a PNG, JPEG or DICOM file>', patient_id: 'MRN-0001', study_date: '2026-11-01' },
    { width: 64, height: 64, data: ['<4096 numbers in 0..1>'] },
  ],
};

/** Both forms of a batch in the OpenAPI document. */
export const ApiBatch = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(CreateBatchDto, CreateInferenceDto),
    ApiConsumes('application/json', 'multipart/form-data'),
    ApiIdempotencyKey(),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`respond-async`: 202, and the answer is at Location (RFC 7240)',
    }),
    ApiBody({
      description:
        'JSON: `images`, 1 to 100 of what POST /infer takes as JSON, and `priority`; 256 MiB in all. Or 1 to 100 parts ' +
        '`file`, with `priority` and the other fields of POST /infer as parts that hold for every file; files of exactly ' +
        'width × height × channels float32 values, little-endian and row-major, are taken as such.',
      schema: {
        allOf: [{ $ref: getSchemaPath(CreateBatchDto) }],
        properties: {
          images: {
            type: 'array',
            minItems: 1,
            maxItems: 100,
            items: {
              allOf: [{ $ref: getSchemaPath(CreateInferenceDto) }],
              properties: {
                data: { type: 'array', items: { type: 'number', minimum: 0, maximum: 1 } },
                image: { type: 'string', format: 'byte' },
              },
            },
          },
        },
        example: EXAMPLE,
      },
    }),
    ApiOkResponse({ type: BatchResponse }),
    ApiAcceptedResponse({
      type: BatchResponse,
      description: 'Queued',
      headers: {
        Location: { description: '/infer/batch/{batch_id}', schema: { type: 'string' } },
        'Preference-Applied': { description: 'respond-async', schema: { type: 'string' } },
      },
    }),
  );
