import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const KEY = 'test-key';
const SECRET = 'test/secret';

/**
 * As much of S3 as the product speaks: PUT, conditional or not, GET and listing by folder, with Signature Version 4 and
 * SHA-256 checked.
 */
export interface S3Server {
  /** For ARTIFACT_STORE_URL. */
  readonly url: string;
  /** Path → content. */
  readonly objects: Map<string, Buffer>;
  /** Path → mode and end of its object lock. */
  readonly locks: Map<string, string>;
  /** Of every request, as it came. */
  readonly traceparents: (string | undefined)[];
  close(): Promise<void>;
}

export async function startS3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const locks = new Map<string, string>();
  const traceparents: (string | undefined)[] = [];
  const server: Server = createServer((request, response) => {
    traceparents.push(request.headers['traceparent'] as string | undefined);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { pathname: path, searchParams } = new URL(request.url!, 'http://x');
      if (!isSigned(request)) {
        response.writeHead(403).end(errorOf('SignatureDoesNotMatch'));
        return;
      }
      if (searchParams.has('list-type')) {
        response.end(
          listing([...objects.keys()], `${path}/`.replace('//', '/'), searchParams.get('prefix')!),
        );
        return;
      }
      if (request.method === 'PUT') {
        if (request.headers['if-none-match'] === '*' && objects.has(path)) {
          response.writeHead(412).end(errorOf('PreconditionFailed'));
          return;
        }
        const lock = request.headers['x-amz-object-lock-mode'];
        if (lock !== undefined)
          locks.set(
            path,
            `${String(lock)} ${String(request.headers['x-amz-object-lock-retain-until-date'])}`,
          );
        const digest = createHash('sha256').update(body).digest();
        const intact =
          request.headers['x-amz-content-sha256'] === digest.toString('hex') &&
          request.headers['x-amz-checksum-sha256'] === digest.toString('base64');
        if (intact) objects.set(path, body);
        if (intact) response.writeHead(200, { ETag: '"x"' }).end();
        else response.writeHead(400).end(errorOf('BadDigest'));
        return;
      }
      const object = objects.get(path);
      if (object === undefined) response.writeHead(404).end(errorOf('NoSuchKey'));
      else response.writeHead(200, { 'Content-Length': object.length }).end(object);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${KEY}:${encodeURIComponent(SECRET)}@127.0.0.1:${port}/bucket/models`,
    objects,
    locks,
    traceparents,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Names right below the prefix, as a listing with the delimiter `/` has them. */
function listing(paths: readonly string[], bucket: string, prefix: string): string {
  const keys = paths
    .filter((path) => path.startsWith(bucket + prefix))
    .map((path) => path.slice(bucket.length));
  const isFolder = (key: string): boolean => key.slice(prefix.length).includes('/');
  const folders = new Set(
    keys.filter(isFolder).map((key) => key.slice(0, key.indexOf('/', prefix.length) + 1)),
  );
  const files = keys.filter((key) => !isFolder(key)).map((key) => `<Contents><Key>${key}</Key></Contents>`);
  const prefixes = [...folders].map(
    (folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`,
  );
  return `<?xml version="1.0"?><ListBucketResult>${files.join('')}${prefixes.join('')}</ListBucketResult>`;
}

const errorOf = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function isSigned({ method, url, headers }: IncomingMessage): boolean {
  const field =
    /Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})/;
  const [, key, date, region, signedHeaders, signature] = field.exec(headers.authorization ?? '') ?? [];
  if (key !== KEY || signedHeaders === undefined) return false;
  const { pathname, searchParams } = new URL(url!, 'http://x');
  const query = [...searchParams]
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .sort()
    .join('&');
  const names = signedHeaders.split(';');
  const canonical = [
    method,
    pathname,
    query,
    ...names.map((name) => `${name}:${String(headers[name]).trim().replaceAll(/ +/g, ' ')}`),
    '',
    signedHeaders,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash].join('\n');
  const signingKey = [region!, 's3', 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${SECRET}`, date!));
  return hmac(signingKey, text).toString('hex') === signature;
}
