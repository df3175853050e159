import { DomainError } from '../../../errors/domain.error';
import { answerOf, errorOf, failureOf, type RunReply } from './engine-protocol';

const overTheWire = (header: object): unknown => JSON.parse(JSON.stringify(header));

describe('engine protocol', () => {
  it('nests the outputs and keeps the scores flat', () => {
    const tensors = [
      { name: 'mask', dims: [1, 2, 3] },
      { name: 'count', dims: [] },
      { name: 'boxes', dims: [0, 4] },
    ];
    const payload = Buffer.from(
      Float64Array.of(1, 2, 3, 4, 5, 6, /* count */ 7, /* scores */ 0.1, 0.9).buffer,
    );
    const answer = answerOf({ tensors, inferenceMs: 3 } as unknown as RunReply, payload);
    expect(answer).toEqual({
      inferenceMs: 3,
      outputs: {
        mask: [
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ],
        count: 7,
        boxes: [],
      },
      scores: [0.1, 0.9],
    });
  });

  it('has no outputs when the model did not run', () => {
    const reply = { tensors: null } as unknown as RunReply;
    expect(answerOf(reply, Buffer.alloc(0))).toEqual({ outputs: null, scores: [] });
  });

  it('carries a domain error with its fields and the reason for the log', () => {
    const errors = [{ field: 'input.name', message: 'must name the only input of the model' }];
    const error = new DomainError('MODEL_LOAD_FAILED', undefined, { errors, cause: new Error('bad opset') });
    expect(errorOf(overTheWire(failureOf(error)))).toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      detail: error.detail,
      errors,
      cause: 'bad opset',
    });
  });

  it('tells the place of any other error but not its words, which may quote an image', () => {
    const error = errorOf(overTheWire(failureOf(new TypeError('pixel 0.25'))));
    expect(error).toMatchObject({ code: 'INTERNAL_ERROR', cause: expect.stringContaining('at ') });
    expect(JSON.stringify(error)).not.toContain('0.25');
  });

  it('finds no error in an answer', () => {
    expect(errorOf({})).toBeUndefined();
  });
});
