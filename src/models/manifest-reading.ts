import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { DomainError, type FieldError } from '../errors/domain.error';
import { validated } from '../http/validation';
import { goldenErrors } from './golden-sample';
import { type GoldenSample, type Manifest, ManifestFields } from './manifest';

const MAX_DEPTH = 24;
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The manifest that a text holds, defaults filled in. What is to be read from the model file is still missing.
 * @throws DomainError REQUEST_MALFORMED_JSON; VALIDATION_FAILED naming each bad field
 */
export function readManifest(text: string): Manifest {
  const { golden = [], ...plain } = parsed(text);
  const errors = [...goldenErrors(golden)];
  let fields: ManifestFields | undefined;
  try {
    fields = validated(ManifestFields, plain);
    errors.unshift(...contradictions(fields));
  } catch (error) {
    if (!(error instanceof DomainError) || error.errors === undefined) throw error;
    errors.unshift(...error.errors);
  }
  if (fields === undefined || errors.length > 0)
    throw new DomainError('VALIDATION_FAILED', undefined, { errors });
  // A plain object, as the database gives it back: the hash is taken over what is stored.
  const { input, ...rest } = JSON.parse(JSON.stringify(fields)) as ManifestFields;
  const mean = input.mean.length === 0 ? [0] : input.mean;
  const std = input.std.length === 0 ? [1] : input.std;
  return { ...rest, input: { ...input, mean, std }, golden: golden as GoldenSample[] };
}

/** SHA-256, in hexadecimal, of the manifest's RFC 8785 form. */
export function manifestHash(manifest: Manifest): string {
  return createHash('sha256')
    .update(canonicalize(manifest) ?? '')
    .digest('hex');
}

function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DomainError('REQUEST_MALFORMED_JSON', 'The part `manifest` is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DomainError('VALIDATION_FAILED', 'The part `manifest` must be a JSON object');
  }
  if (!isStorable(value, MAX_DEPTH)) {
    throw new DomainError(
      'VALIDATION_FAILED',
      `The manifest must hold finite numbers and text without NUL and lone surrogates, at most ${MAX_DEPTH} deep`,
    );
  }
  return value as Record<string, unknown>;
}

/** What JSON.parse lets through, but PostgreSQL or RFC 8785 does not take, or what would reach a prototype. */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return !value.includes('\0') && !/\p{Surrogate}/u.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth - 1));
  return Object.entries(value).every(
    ([name, item]) =>
      !PROTOTYPE_NAMES.has(name) && isStorable(name, depth - 1) && isStorable(item, depth - 1),
  );
}

/** Rules that tie fields together. */
function contradictions({ input }: ManifestFields): FieldError[] {
  const perChannel = (values: readonly number[]): boolean =>
    values.length <= 1 || input.channels === 0 || values.length === input.channels;
  const rules: [boolean, string, string][] = [
    [perChannel(input.mean), 'input.mean', 'must have one entry, or one for each channel'],
    [perChannel(input.std), 'input.std', 'must have one entry, or one for each channel'],
    [input.std.every((value) => value !== 0), 'input.std', 'must not be 0'],
    [input.range[0] < input.range[1], 'input.range', 'must go from low to high'],
  ];
  return rules.filter(([holds]) => !holds).map(([, field, message]) => ({ field, message }));
}
