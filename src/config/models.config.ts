import type { Environment } from './environment';

/** Where an S3-compatible store keeps the model files. */
export interface S3Location {
  /** `https://host[:port]` */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Ends with a slash unless it is empty. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

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
    this.s3 = s3Location(env);
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

/** `https://key:secret@host/bucket[/prefix][?region=…]`, in URL encoding. */
function s3Location(env: Environment): S3Location | undefined {
  const text = env.url('ARTIFACT_STORE_URL', env.secret('ARTIFACT_STORE_URL'), ['https:', 'http:']);
  if (text === undefined) return undefined;
  const url = new URL(text);
  const [bucket, ...prefix] = url.pathname.split('/').filter((part) => part !== '');
  if (bucket === undefined || url.username === '' || url.password === '') {
    return env.problem(
      'ARTIFACT_STORE_URL: expected https://<access key>:<secret key>@<host>/<bucket>[/<prefix>][?region=<region>]',
    );
  }
  return {
    endpoint: url.origin,
    region: url.searchParams.get('region') ?? 'us-east-1',
    bucket,
    prefix: prefix.map((part) => `${part}/`).join(''),
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
  };
}
