import { toDomainError } from './to-domain-error';

describe('what a library threw becomes a code [R-13]', () => {
  it.each([
    ['nothing listens', { code: 'ECONNREFUSED' }],
    ['the name does not resolve just now', { code: 'EAI_AGAIN' }],
    ['the log-in is refused', { code: '28P01' }],
    ['there is no such database', { code: '3D000' }],
    ['the database takes no connections', { code: '55000' }],
    ['a lock was not to be had in time', { code: '55P03' }],
    ['a deadlock was broken', { code: '40P01' }],
    ['the server shuts down', { code: '57P01' }],
    ['the statement took too long', { code: '57014' }],
    ['the server is a standby', { code: '25006' }],
    ['the pool is empty', { message: 'timeout exceeded when trying to connect' }],
  ])('%s: 503 with a time to come back', (_name, error) => {
    expect(toDomainError(error)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryAfterSeconds: 5 });
  });

  it.each([[{ code: '42703' }], [{ code: '23505' }], [new TypeError('x')], [undefined]])(
    '%j is a fault of ours: 500',
    (error) => {
      expect(toDomainError(error).code).toBe('INTERNAL_ERROR');
    },
  );
});
