import { CheckpointConfig } from './checkpoint.config';
import { type ConfigurationError, Environment } from './environment';

function read(env: Environment, resultDays = 2192): CheckpointConfig {
  const config = new CheckpointConfig(env, resultDays);
  env.assertValid();
  return config;
}

function problemsOf(variables: Record<string, string>): readonly string[] {
  const env = new Environment(variables);
  try {
    read(env);
    return [];
  } catch (error) {
    return (error as ConfigurationError).problems.map((problem) => problem.split(':')[0]!);
  }
}

describe('checkpoint configuration [R-16]', () => {
  const witness = { AUDIT_WITNESS_URL: 'https://witness.example/', AUDIT_WITNESS_KEY: 'w+0+k' };

  it('needs nothing: ten seconds, no anchor, no witness', () => {
    const config = read(new Environment({}));
    expect(config).toMatchObject({ origin: 'medai-flow/audit', intervalSeconds: 10 });
    expect([config.anchor, config.witness]).toEqual([undefined, undefined]);
  });

  it('takes a witness with its key and an origin of its own', () => {
    const config = read(new Environment({ ...witness, AUDIT_ORIGIN: 'audit.example/log' }));
    expect(config.witness).toEqual({ url: 'https://witness.example', key: 'w+0+k' });
  });

  it('keeps entries for six years, or for as long as results are kept', () => {
    expect(read(new Environment({})).retentionDays).toBe(2192);
    expect(read(new Environment({}), 3652).retentionDays).toBe(3652);
    expect(() => read(new Environment({ AUDIT_RETENTION_DAYS: '3000' }), 3652)).toThrow(
      'AUDIT_RETENTION_DAYS',
    );
  });

  it('takes an object store as anchor, and records where it is without its key', () => {
    const env = new Environment({
      AUDIT_ANCHOR: 'https://key:s%2Fcret@store.example/bucket/log?region=eu-1&lock_days=3650',
    });
    expect(read(env).anchor).toEqual({
      endpoint: 'https://store.example',
      region: 'eu-1',
      bucket: 'bucket',
      prefix: 'log/',
      accessKeyId: 'key',
      secretAccessKey: 's/cret',
      lockDays: 3650,
    });
    expect(env.settings.get('AUDIT_ANCHOR')).toBe('https://store.example/bucket/log/?lock_days=3650');
  });

  it.each<[Record<string, string>, string]>([
    [witness, 'AUDIT_ORIGIN'],
    [{ AUDIT_WITNESS_URL: 'https://witness.example', AUDIT_ORIGIN: 'a' }, 'AUDIT_WITNESS_KEY'],
    [{ AUDIT_WITNESS_KEY: 'w+0+k' }, 'AUDIT_WITNESS_KEY'],
    [{ ...witness, AUDIT_WITNESS_URL: 'ftp://x', AUDIT_ORIGIN: 'a' }, 'AUDIT_WITNESS_URL'],
    [{ AUDIT_ORIGIN: 'a b' }, 'AUDIT_ORIGIN'],
    [{ AUDIT_ORIGIN: 'a+b' }, 'AUDIT_ORIGIN'],
    [{ AUDIT_ANCHOR: 'somewhere' }, 'AUDIT_ANCHOR'],
    [{ AUDIT_ANCHOR: 'https://store.example/bucket' }, 'AUDIT_ANCHOR'],
    [{ AUDIT_ANCHOR: 'https://key:secret@store.example/' }, 'AUDIT_ANCHOR'],
    [{ AUDIT_ANCHOR: 'https://key:secret@store.example/bucket?lock_days=ever' }, 'AUDIT_ANCHOR'],
    [{ AUDIT_RETENTION_DAYS: '30' }, 'AUDIT_RETENTION_DAYS'],
    [{ AUDIT_CHECKPOINT_SECONDS: '3600' }, 'AUDIT_CHECKPOINT_SECONDS'],
  ])('refuses %j by the name %s', (variables, name) => {
    expect(problemsOf(variables)).toContain(name);
  });
});
