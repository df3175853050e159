import { ERROR_CODES } from '../errors/error-codes';
import { PROBLEM_STATUS } from './problem-status';

describe('the catalogue of errors', () => {
  const definitions = Object.entries(ERROR_CODES);

  it('every code has a category, a status and a severity [R-12] [R-13]', () => {
    for (const [code, { kind, severity }] of definitions) {
      expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/);
      expect(PROBLEM_STATUS[kind].status).toBeGreaterThanOrEqual(400);
      expect(['low', 'medium', 'high', 'critical']).toContain(severity);
    }
    const categories = new Set(definitions.map(([, { kind }]) => PROBLEM_STATUS[kind].category));
    expect([...categories].sort()).toEqual([
      'AUTH',
      'BUSINESS_LOGIC',
      'DATABASE',
      'EXTERNAL_SERVICE',
      'NOT_FOUND',
      'RATE_LIMIT',
      'SYSTEM',
      'VALIDATION',
    ]);
  });

  it('every code says what to do, in a sentence [R-15]', () => {
    expect(definitions.filter(([, { remedy }]) => !/^[A-Z].{10,}\.$/.test(remedy))).toEqual([]);
  });
});
