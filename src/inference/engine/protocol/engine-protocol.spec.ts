import { DomainError } from '../../../errors/domain.error';
import { answersOf, errorOf, failureOf, type RunReply } from './engine-protocol';
import { aligned } from './tensor-encoding';

const overTheWire = (header: object): unknown => JSON.parse(JSON.stringify(header));

describe('engine protocol', () => {
  const reply = (...answers: object[]): RunReply => ({ answers, rssBytes: 0 }) as unknown as RunReply;
  const bytesOf = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer);

  it('nests the outputs and keeps the scores flat', () => {
    const tensors = [
      { name: 'mask', dims: [1, 2, 3], encoding: 'float64', bytes: 48 },
      { name: 'count', dims: [], encoding: 'uint8', bytes: 1 },
      { name: 'boxes', dims: [0, 4], encoding: 'float32', bytes: 0 },
      { name: 'label', dims: [1], encoding: 'json', bytes: 8 },
      { dims: [1, 2], encoding: 'float64', bytes: 16 },
    ];
    const parts = [bytesOf(1, 2, 3, 4, 5, 6), Uint8Array.of(7), Buffer.from('["none"]'), bytesOf(0.1, 0.9)];
    const [answer] = answersOf(reply({ tensors, judged: 4, inferenceMs: 3 }), Buffer.concat(aligned(parts)));
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
        label: ['none'],
      },
      scores: [0.1, 0.9],
    });
  });

  it('takes the scores from an output that needs no activation', () => {
    const tensors = [{ name: 'scores', dims: [1, 2], encoding: 'float64', bytes: 16 }];
    const [answer] = answersOf(reply({ tensors, judged: 0 }), Buffer.from(bytesOf(0.1, 0.9)));
    expect(answer).toEqual({ outputs: { scores: [[0.1, 0.9]] }, scores: [0.1, 0.9] });
  });

  it('tells each image of a tensor its own', () => {
    const tensors = [{ name: 'scores', dims: [1], encoding: 'uint8', bytes: 1 }];
    const failed = failureOf(new DomainError('IMAGE_CORRUPT'));
    const answers = answersOf(
      reply({ tensors, judged: 0 }, failed, { tensors, judged: 0 }),
      Buffer.concat(aligned([Uint8Array.of(1), Uint8Array.of(2)])),
    );
    expect(answers).toEqual([
      expect.objectContaining({ scores: [1] }),
      expect.objectContaining({ code: 'IMAGE_CORRUPT' }),
      expect.objectContaining({ scores: [2] }),
    ]);
  });

  it('has no outputs when the model did not run', () => {
    const answers = answersOf(reply({ tensors: null, judged: -1 }), Buffer.alloc(0));
    expect(answers).toEqual([{ outputs: null, scores: [] }]);
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
