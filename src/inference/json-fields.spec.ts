import { DomainError } from '../errors/domain.error';
import { splitJsonBody } from './json-fields';

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
    ['{"data":[[1],[2]]}', 'REQUEST_MALFORMED_JSON'],
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
