import type { Request } from 'express';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const EXPORT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const;

/** What the client would rather have; NDJSON where it does not say. */
export const acceptedFormat = (request: Request): ExportFormat =>
  request.accepts(Object.values(EXPORT_TYPES)) === EXPORT_TYPES.csv ? 'csv' : 'ndjson';

export const EXPORT_HEADERS = {
  ndjson: { type: EXPORT_TYPES.ndjson, disposition: 'attachment; filename="results.ndjson"' },
  csv: {
    type: `${EXPORT_TYPES.csv}; charset=utf-8; header=present`,
    disposition: 'attachment; filename="results.csv"',
  },
};
