import { S3Client } from '@aws-sdk/client-s3';
import type { S3Location } from '../config/object-store/s3-location';

/** A client for any S3-compatible store: buckets in the path, checksums only where they are asked for. */
export function s3Client({ endpoint, region, accessKeyId, secretAccessKey }: S3Location): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
  });
}
