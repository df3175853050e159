import type { Environment } from '../environment';

/** Where an S3-compatible store keeps objects, and with which key. */
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

/** A secret in URL encoding: `https://key:secret@host/bucket[/prefix][?region=…]`. Undefined when it is not set. */
export function s3Location(env: Environment, name: string): S3Location | undefined {
  const text = env.url(name, env.secret(name), ['https:', 'http:']);
  if (text === undefined) return undefined;
  const url = new URL(text);
  const [bucket, ...prefix] = url.pathname.split('/').filter((part) => part !== '');
  if (bucket === undefined || url.username === '' || url.password === '') {
    return env.problem(
      `${name}: expected https://<access key>:<secret key>@<host>/<bucket>[/<prefix>][?region=<region>]`,
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
