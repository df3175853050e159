import { S3Client } from '@aws-sdk/client-s3';
import type { S3Location } from '../config/object-store/s3-location';
import { tracedCall } from '../tracing/tracing';

/** A client for any S3-compatible store: buckets in the path, checksums only where they are asked for. */
export function s3Client({ endpoint, region, accessKeyId, secretAccessKey }: S3Location): S3Client {
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
  });
  // behind the signature, which what stands between may break by going on with the trace
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        tracedCall(`s3 ${commandName}`, (trace) => {
          Object.assign((args.request as HttpRequest).headers, trace);
          return next(args);
        }),
    { step: 'deserialize', priority: 'high' },
  );
  return client;
}

interface HttpRequest {
  readonly headers: Record<string, string>;
}
