import type { Environment } from './environment';
import { type S3Location, s3Location } from './object-store/s3-location';

const GIBIBYTE = 1024 ** 3;

export class ModelsConfig {
  /** Unset: files under DATA_DIR/models. */
  readonly s3?: S3Location;
  /** `name` or `name@version` of the model that answers when a request names none. */
  readonly defaultModel?: string;
  /** The same by clinical domain, for requests that name one. */
  readonly defaultModels: ReadonlyMap<string, string>;
  readonly maxFileBytes: number;
  /** Admit models with Loop or Scan, which may never end. */
  readonly allowLoops: boolean;
  /** How often the stored files are hashed again; 0: never. */
  readonly verifySeconds: number;

  constructor(env: Environment) {
    this.s3 = s3Location(env, 'ARTIFACT_STORE_URL');
    const defaults = defaultModels(env);
    this.defaultModels = defaults;
    this.defaultModel = defaults.get('');
    this.maxFileBytes = env.integer('MODEL_MAX_BYTES', GIBIBYTE, 1, 4 * GIBIBYTE);
    this.allowLoops = env.oneOf('MODEL_LOOPS', ['refuse', 'allow'], 'refuse') === 'allow';
    this.verifySeconds = env.integer('MODEL_VERIFY_SECONDS', 3600, 0, 7 * 86_400);
  }
}

/** `name[@version]`, or `domain=name[@version]`, or several of them between commas. */
function defaultModels(env: Environment): Map<string, string> {
  const entries = (env.text('DEFAULT_MODEL') ?? '').split(',').filter((entry) => entry.trim() !== '');
  const pairs = entries.map((entry): [string, string] => {
    const [model = '', domain = ''] = entry.split('=').toReversed();
    return [domain.trim(), model.trim()];
  });
  const readable = entries.every((entry) => entry.split('=').length <= 2);
  const models = new Map(pairs);
  if (
    !readable ||
    models.size < pairs.length ||
    !pairs.every(([, model]) => /^[^@\s]+(@[^@\s]+)?$/.test(model))
  ) {
    env.problem(
      'DEFAULT_MODEL: expected <name>[@<version>], or <clinical domain>=<name>[@<version>] between commas',
    );
  }
  return models;
}
