import { availableParallelism } from 'node:os';
import type { Environment } from './environment';

export class EngineConfig {
  /** Child processes, each running one model call on one thread. */
  readonly processes: number;
  /** `name` or `name@version` of the model that answers when a request names none. */
  readonly defaultModel?: string;

  constructor(env: Environment) {
    this.processes = env.integer('ENGINE_PROCESSES', Math.min(availableParallelism(), 64), 1, 64);
    this.defaultModel = env.text('DEFAULT_MODEL');
    if (env.text('ENGINE_URL') !== undefined) {
      env.problem(
        'ENGINE_URL: remote engines are not supported by this version; unset it to use the local engine',
      );
    }
  }
}
