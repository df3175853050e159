import { csvLine } from './csv';

describe('CSV line', () => {
  it('writes numbers, booleans, times and nothing as they are', () => {
    expect(csvLine([-1.5, true, new Date(0), null, undefined])).toBe(
      '-1.5,true,1970-01-01T00:00:00.000Z,,\r\n',
    );
  });

  it('quotes commas, quotes and line ends', () => {
    expect(csvLine(['a,b', 'say "x"', 'two\nlines'])).toBe('"a,b","say ""x""","two\nlines"\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '=HYPERLINK("http://evil")'])(
    'defuses the formula %j',
    (text) => {
      expect(csvLine([text]).replace(/^"/, '')).toMatch(/^'/);
    },
  );

  it('joins a list', () => {
    expect(csvLine([['IMAGE_BLURRED', 'IMAGE_NOISY'], []])).toBe('IMAGE_BLURRED IMAGE_NOISY,\r\n');
  });
});
