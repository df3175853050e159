/**
 * What may stand in an entry beside its fixed fields: ids, codes, hashes and counts. There is no kind for free text, so
 * a name, a date of birth or a patient identifier has no place to go; a new detail is added here first, with its kind.
 */
const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** `kid:mac` of `results/pseudonyms.ts`. */
const PSEUDONYM = '[a-z2-7]{8}:[a-z2-7]{32}';

const TEXTS = {
  id: new RegExp(`^(${UUID}|${PSEUDONYM})$`),
  /** Position in the chain. */
  seq: /^\d{1,19}$/,
  /** SHA-256 in hex. */
  hash: /^[0-9a-f]{64}$/,
  /** SHA-256 in base64 or base64url: a tree's root, a key's thumbprint. */
  digest: /^[A-Za-z0-9+/_-]{43}=?$/,
  /** Ed25519 in base64. */
  signature: /^[A-Za-z0-9+/]{86}==$/,
  /** One of our own enumerations: a role, a status, an error code, a name of a field. */
  code: /^(?=.{1,64}$)([a-z][a-z0-9]*(_[a-z0-9]+)*|[A-Z][A-Z0-9]*(_[A-Z0-9]+)*)$/,
  /** A route's pattern with its method, never the path that was asked for. */
  route: /^[A-Z]+ \/[\w/:{}.-]*$/,
  /** Of a program or a model. */
  version: /^\d{1,4}(\.\d{1,4}){1,2}(-[0-9A-Za-z.-]{1,32})?$/,
  /** ISO 8601 UTC of the server's clock. */
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/,
} as const;

interface KindTypes extends Record<keyof typeof TEXTS, string> {
  readonly ids: readonly string[];
  readonly codes: readonly string[];
  readonly count: number;
  readonly flag: boolean;
}
type Kind = keyof KindTypes;

const MAX_LIST = 500;

const FITS: { readonly [K in Exclude<Kind, keyof typeof TEXTS>]: (value: unknown) => boolean } = {
  ids: (value) => isListOf('id', value),
  codes: (value) => isListOf('code', value),
  count: (value) => Number.isSafeInteger(value),
  flag: (value) => typeof value === 'boolean',
};

const DETAILS = {
  archive_hash: 'hash',
  batch_id: 'id',
  cancelled: 'count',
  changed_fields: 'codes',
  checkpoint_size: 'seq',
  configuration_hash: 'hash',
  count: 'count',
  decision: 'code',
  error_codes: 'codes',
  failed: 'count',
  first_seq: 'seq',
  format: 'code',
  from_status: 'code',
  hold_id: 'id',
  http_status: 'count',
  image_hash: 'hash',
  is_valid: 'flag',
  key_id: 'digest',
  key_kind: 'code',
  last_seq: 'seq',
  limit: 'code',
  login_method: 'code',
  model_file_hash: 'hash',
  model_id: 'id',
  previous_key_id: 'digest',
  previous_signature: 'signature',
  priority: 'code',
  problem: 'code',
  product_version: 'version',
  record_hash: 'hash',
  rejected_event_id: 'id',
  rejected_hash: 'hash',
  requested_at: 'time',
  result_hash: 'hash',
  retention_days: 'count',
  returned_ids: 'ids',
  role: 'code',
  root_hash: 'digest',
  route: 'route',
  self_test: 'code',
  service_key_id: 'id',
  session_id: 'id',
  signature: 'signature',
  successful: 'count',
  to_status: 'code',
  user_id: 'id',
  valid: 'flag',
} as const satisfies Record<string, Kind>;

/** Fields whose old and new value are recorded. Others are named in `changed_fields`, without their values. */
const CHANGES = {
  configuration_hash: 'hash',
  expires_at: 'time',
  is_active: 'flag',
  legal_hold: 'flag',
  locked_until: 'time',
  model_file_hash: 'hash',
  role: 'code',
  status: 'code',
} as const satisfies Record<string, Kind>;

type Values<Table extends Record<string, Kind>> = { readonly [K in keyof Table]?: KindTypes[Table[K]] };
type Changes<Table extends Record<string, Kind>> = {
  readonly [K in keyof Table]?: {
    readonly old: KindTypes[Table[K]] | null;
    readonly new: KindTypes[Table[K]] | null;
  };
};

export interface AuditDetails extends Values<typeof DETAILS> {
  readonly changes?: Changes<typeof CHANGES>;
}

/**
 * The type's allow-list once more at run time, for values that came in from outside.
 * @throws Error naming the detail, never its value
 */
export function assertDetails({ changes = {}, ...details }: AuditDetails): void {
  assertKinds(DETAILS, details);
  for (const side of ['old', 'new'] as const) {
    assertKinds(
      CHANGES,
      Object.fromEntries(Object.entries(changes).map(([name, pair]) => [name, pair[side]])),
    );
  }
}

/** @throws Error unless it is the id of a row or the hash of a key, a file or a tree */
export function assertObjectId(value: string): void {
  const known = (['id', 'hash', 'digest'] as const).some((kind) => TEXTS[kind].test(value));
  if (!known) throw new Error('object_id of an audit entry is an id or a hash');
}

function assertKinds(table: Readonly<Record<string, Kind>>, values: object): void {
  for (const [name, value] of Object.entries(values)) {
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined || (value != null && !fits(kind, value)))
      throw new Error(`${name}: not a detail that an audit entry may carry`);
  }
}

const fits = (kind: Kind, value: unknown): boolean =>
  kind in TEXTS
    ? typeof value === 'string' && TEXTS[kind as keyof typeof TEXTS].test(value)
    : FITS[kind as keyof typeof FITS](value);

const isListOf = (kind: Kind, values: unknown): boolean =>
  Array.isArray(values) && values.length <= MAX_LIST && values.every((value) => fits(kind, value));
