import { availableParallelism } from 'node:os';
import { EngineConfig } from './engine.config';
import { Environment } from './environment';

function read(variables: Record<string, string>): EngineConfig {
  const env = new Environment(variables);
  const config = new EngineConfig(env);
  env.assertValid();
  return config;
}

describe('engine configuration', () => {
  const cores = Math.min(availableParallelism(), 64);

  it('has a process a core with one thread each, for throughput', () => {
    expect(read({})).toMatchObject({ processes: cores, threads: 1, queueLimit: 256 * cores });
  });

  it('has two threads in half as many processes, for latency', () => {
    expect(read({ ENGINE_PROFILE: 'latency' })).toMatchObject({
      processes: Math.ceil(cores / 2),
      threads: 2,
    });
    expect(read({ ENGINE_PROFILE: 'latency', ENGINE_PROCESSES: '3' })).toMatchObject({
      processes: 3,
      threads: 2,
    });
  });

  it('bounds memory, and renews at half of the bound', () => {
    const MEBIBYTE = 1024 ** 2;
    expect(read({ ENGINE_MEMORY_LIMIT_MIB: '1000' })).toMatchObject({
      memoryLimitBytes: 1000 * MEBIBYTE,
      memoryBudgetBytes: 500 * MEBIBYTE,
    });
    const beyond = { ENGINE_MEMORY_LIMIT_MIB: '1000', ENGINE_MEMORY_BUDGET_MIB: '1001' };
    expect(() => read(beyond)).toThrow('ENGINE_MEMORY_BUDGET_MIB: expected an integer from 128 to 1000');
    expect(() => read({ ENGINE_PROFILE: 'fast' })).toThrow(
      'ENGINE_PROFILE: expected one of throughput, latency',
    );
  });
});
