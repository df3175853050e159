import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExtraModels, ApiHeader, ApiQuery, getSchemaPath } from '@nestjs/swagger';
import { CreateInferenceDto } from './create-inference.dto';
import { ApiIdempotencyKey } from './idempotency/idempotency.docs';

const BINARY_FORM_PARAMETERS = [
  'width',
  'height',
  'channels',
  'frame',
  'model_id',
  'clinical_domain',
  'patient_id',
  'study_date',
  'anatomical_region',
];

/** The three forms of an image in the OpenAPI document. */
export const ApiInferenceBody = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(CreateInferenceDto),
    ApiConsumes(
      'application/json',
      'image/png',
      'application/dicom',
      'image/jpeg',
      'application/octet-stream',
      'multipart/form-data',
    ),
    ApiBody({
      description:
        'JSON with `data` or `image`; or the image itself as the body, or as the part `file`. A body that is the image ' +
        'takes the other fields as query parameters; application/octet-stream is float32, little-endian, row-major.',
      schema: {
        allOf: [{ $ref: getSchemaPath(CreateInferenceDto) }],
        properties: {
          data: {
            type: 'array',
            items: { type: 'number', minimum: 0, maximum: 1 },
            description: 'Row-major, channels last',
          },
          image: { type: 'string', format: 'byte', description: 'A PNG, JPEG or DICOM file in base64' },
          file: { type: 'string', format: 'binary' },
        },
      },
    }),
    ApiHeader({
      name: 'Content-Digest',
      required: false,
      description:
        'RFC 9530, sha-256 or sha-512 of the body. Checked when it is sent, and told as `digest_verified`.',
      schema: { type: 'string', example: 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:' },
    }),
    ApiIdempotencyKey(),
    ...BINARY_FORM_PARAMETERS.map((name) => ApiQuery({ name, required: false, schema: { type: 'string' } })),
  );
