import { DomainError } from '../errors/domain.error';
import { readObject, splitBatchBody, splitJsonBody } from './json-fields';

const split = (text: string): ReturnType<typeof splitJsonBody> => splitJsonBody(Buffer.from(text));
const codeOf = (text: string): string => {
  try {
    split(text);
  } catch (error) {
    if (error instanceof DomainError) return error.code;
  }
  return 'accepted';
};

describe('splitJsonBody', () => {
  it('cuts the numbers out and parses the rest', () => {
    const { data, fields } = split(' { "width" : 2, "data" : [0, 0.5,\n1e-1] , "patient_id":"p\\"1" }');
    expect(data?.toString()).toBe('[0, 0.5,\n1e-1]');
    expect(fields).toEqual({ width: 2, patient_id: 'p"1' });
  });

  it('cuts a base64 image out', () => {
    const { image, fields } = split('{"image":"iVBORw==","model_id":null}');
    expect(image?.toString()).toBe('iVBORw==');
    expect(fields).toEqual({ model_id: null });
  });

  it('is not misled by a text that looks like the image', () => {
    const { data, fields } = split('{"anatomical_region":"\\"data\\":[9]","data":[1]}');
    expect(data?.toString()).toBe('[1]');
    expect(fields).toEqual({ anatomical_region: '"data":[9]' });
  });

  it.each(['"image":""', '"data":[]', '"a":1'])(
    'looks at no more members than there may be: %s',
    (member) => {
      const refusal = expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error;
      expect(() => split(`{${Array(5000).fill(member).join()}`)).toThrow(refusal);
    },
  );

  it('leaves the numbers unread: they are checked where they are decoded', () => {
    expect(split('{"data":[NaN]}').data?.toString()).toBe('[NaN]');
  });

  it.each([
    ['', 'REQUEST_MALFORMED_JSON'],
    ['[1]', 'REQUEST_MALFORMED_JSON'],
    ['{"data":[1', 'REQUEST_MALFORMED_JSON'],
    ['{"data":[1]', 'REQUEST_MALFORMED_JSON'],
    ['{"data":[1],}', 'REQUEST_MALFORMED_JSON'],
    ['{"data":[1]} trailing', 'REQUEST_MALFORMED_JSON'],
    ['{"data":[[1],[2]]}', 'VALIDATION_FAILED'],
    ['{"data":[[1],[2]}', 'REQUEST_MALFORMED_JSON'],
    [`{"data":[[${'1,'.repeat(20_000)}1]]}`, 'VALIDATION_FAILED'],
    [`{"patient_id":"${'\\\\"'.repeat(5000)}","data":[1]}`, 'REQUEST_MALFORMED_JSON'],
    [`{"patient_id":"${'\\"'.repeat(5000)}","data":[1]}`, 'VALIDATION_FAILED'],
    ['{}', 'accepted'],
    ['{"data":[1],"nested":{"a":["}",{"b":2}]}}', 'accepted'],
    ['{"image":"abc', 'REQUEST_MALFORMED_JSON'],
    ['{"data":[1],"data":[2]}', 'VALIDATION_FAILED'],
    ['{"data":[1],"image":"aa"}', 'VALIDATION_FAILED'],
    ['{"d\\u0061ta":[1]}', 'VALIDATION_FAILED'],
    ['{"data":"text"}', 'VALIDATION_FAILED'],
    ['{"data":[1],"d\\u0061ta":[2]}', 'VALIDATION_FAILED'],
    [`{"anatomical_region":"${'x'.repeat(20_000)}"}`, 'VALIDATION_FAILED'],
  ])('refuses %.40s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});

describe('splitBatchBody', () => {
  const elementsOf = (text: string): unknown[] | undefined => {
    const body = Buffer.from(text);
    return splitBatchBody(body, 'images', 3).elements?.map((element) => element && readObject(body, element));
  };

  it('gives each image its own text and leaves the other fields', () => {
    const body = Buffer.from(
      ' {"images": [ {"data":[1, 2]} , {"image":"aa==","model_id":"m"},{}], "priority":"low"} ',
    );
    const { elements, fields } = splitBatchBody(body, 'images', 3);
    expect(fields).toEqual({ priority: 'low' });
    expect(elements?.map((element) => readObject(body, element!))).toEqual([
      { data: Buffer.from('[1, 2]'), fields: {} },
      { image: Buffer.from('aa=='), fields: { model_id: 'm' } },
      { fields: {} },
    ]);
  });

  it.each([
    ['no images', '{"priority":"low"}', undefined],
    ['an empty array', '{"images":[]}', []],
    ['what is no object', '{"images":[1,"}]",[{}]]}', [undefined, undefined, undefined]],
  ])('takes %s', (_name, text, elements) => {
    expect(elementsOf(text)).toEqual(elements);
  });

  it('lets one image be wrong by itself', () => {
    const body = Buffer.from('{"images":[{"data":[[1],[2]]},{"data":[1]}]}');
    const { elements } = splitBatchBody(body, 'images', 3);
    expect(() => readObject(body, elements![0]!)).toThrow('VALIDATION_FAILED');
    expect(readObject(body, elements![1]!).data?.toString()).toBe('[1]');
  });

  it.each([
    ['{"images":[{},{},{},{}]}', 'VALIDATION_FAILED'],
    ['{"images":[{}', 'REQUEST_MALFORMED_JSON'],
    ['{"images":[{},]}', 'REQUEST_MALFORMED_JSON'],
    ['{"images":[{}],}', 'REQUEST_MALFORMED_JSON'],
    ['{"images":[{"data":[1]}]}]', 'REQUEST_MALFORMED_JSON'],
    ['{"images":[{"data":[1}]}', 'REQUEST_MALFORMED_JSON'],
    ['[{"images":[]}]', 'REQUEST_MALFORMED_JSON'],
    ['just text', 'REQUEST_MALFORMED_JSON'],
  ])('refuses %p', (text, code) => {
    expect(() => elementsOf(text)).toThrow(code);
  });

  it('keeps a second array of the same name among the fields, where it is refused', () => {
    const { fields } = splitBatchBody(Buffer.from('{"images":[{}],"images":[]}'), 'images', 3);
    expect(fields).toEqual({ images: [] });
  });
});
