import { AccountsConfig } from './accounts.config';
import { BatchConfig } from './batch.config';
import { CheckpointConfig } from './checkpoint.config';
import { DatabaseConfig } from './database.config';
import { EffectiveSettings } from './effective-settings';
import { EngineConfig } from './engine.config';
import { Environment } from './environment';
import { HealthConfig } from './health.config';
import { HttpConfig } from './http.config';
import { LimitsConfig } from './limits.config';
import { ModelsConfig } from './models.config';
import { RedisConfig } from './redis.config';
import { RetentionConfig } from './retention.config';
import { RuntimeConfig } from './runtime.config';
import { SecretsConfig } from './secrets.config';
import { TracingConfig } from './tracing.config';
import { SingleSignOnConfig } from './single-sign-on.config';

/** Everything that can be set, one slice per concern. */
export interface Configuration {
  readonly runtime: RuntimeConfig;
  readonly http: HttpConfig;
  readonly database: DatabaseConfig;
  readonly redis: RedisConfig;
  readonly engine: EngineConfig;
  readonly models: ModelsConfig;
  readonly batches: BatchConfig;
  readonly retention: RetentionConfig;
  readonly accounts: AccountsConfig;
  readonly limits: LimitsConfig;
  readonly singleSignOn: SingleSignOnConfig;
  readonly secrets: SecretsConfig;
  readonly checkpoints: CheckpointConfig;
  readonly health: HealthConfig;
  readonly tracing: TracingConfig;
  readonly settings: EffectiveSettings;
}

/**
 * Reads and validates every variable.
 * @throws ConfigurationError naming each bad variable and what is expected of it
 */
export function loadConfiguration(variables: Readonly<Record<string, string | undefined>>): Configuration {
  const env = new Environment(variables);
  const runtime = new RuntimeConfig(env);
  const engine = new EngineConfig(env);
  const secrets = new SecretsConfig(env, runtime);
  const retention = new RetentionConfig(env);
  const slices = {
    runtime,
    http: new HttpConfig(env),
    database: new DatabaseConfig(env, runtime),
    redis: new RedisConfig(env),
    engine,
    models: new ModelsConfig(env),
    batches: new BatchConfig(env, engine, secrets),
    retention,
    accounts: new AccountsConfig(env, runtime),
    limits: new LimitsConfig(env),
    secrets,
    singleSignOn: new SingleSignOnConfig(env),
    checkpoints: new CheckpointConfig(env, retention.longestDays),
    health: new HealthConfig(env),
    tracing: new TracingConfig(env),
  };
  env.assertValid();
  return { ...slices, settings: new EffectiveSettings(env) };
}

export const processConfiguration = (): Configuration => loadConfiguration(process.env);
