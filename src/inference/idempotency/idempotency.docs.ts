import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

/** The header in the OpenAPI document. */
export const ApiIdempotencyKey = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'A new UUID for each request. Sent again within 24 hours with the same request it gives the same answer, with ' +
        '`Idempotency-Replayed: true`, and does nothing twice. With another request: 422 IDEMPOTENCY_KEY_REUSED. While ' +
        'the first is being worked on: 409 IDEMPOTENCY_KEY_IN_USE with Retry-After.',
      schema: {
        type: 'string',
        minLength: 1,
        maxLength: 255,
        example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
      },
    }),
  );
