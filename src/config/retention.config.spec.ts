import { Environment } from './environment';
import { RetentionConfig } from './retention.config';

const DAY_MS = 86_400_000;
const MADE = new Date('2026-11-24T12:00:00.500Z');

function read(variables: Record<string, string>): RetentionConfig {
  const env = new Environment(variables);
  const config = new RetentionConfig(env);
  env.assertValid();
  return config;
}

const daysOf = (config: RetentionConfig, domain?: string): number =>
  (config.expiryOf(MADE, domain).getTime() - MADE.getTime()) / DAY_MS;

describe('retention configuration [R-32]', () => {
  it('keeps everything for six years unless told otherwise', () => {
    const config = read({});
    expect(config).toMatchObject({ graceDays: 30, sweepSeconds: 3600 });
    expect(config.expiryOf(MADE, 'radiology')).toEqual(new Date('2032-11-24T12:00:00.500Z'));
  });

  it('has a period for each clinical domain and one for the others', () => {
    const config = read({ RETENTION_DAYS: '3650, radiology = 10950 ,x=1' });
    expect([daysOf(config, 'radiology'), daysOf(config, 'x')]).toEqual([10_950, 1]);
    expect([daysOf(config, 'other'), daysOf(config)]).toEqual([3650, 3650]);
    expect(daysOf(read({ RETENTION_DAYS: 'radiology=3650' }), 'other')).toBe(2192);
  });

  it.each([',', '0', '-1', '1.5', '6y', '36526', '=1', 'a=', 'a=b', 'a=1=2', '1,2', 'a=1,a=2', '1,'])(
    'RETENTION_DAYS=%j is refused by name',
    (value) => {
      expect(() => read({ RETENTION_DAYS: value })).toThrow('RETENTION_DAYS: expected days');
    },
  );

  it.each([
    ['RETENTION_GRACE_DAYS', '366'],
    ['RETENTION_SWEEP_SECONDS', 'often'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(`${name}: expected an integer`);
  });
});
