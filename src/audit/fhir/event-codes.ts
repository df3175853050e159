import type { AuditAction } from '../audit-entry';

export interface Coding {
  readonly system: string;
  readonly code: string;
  readonly display?: string;
}

interface EventCodes {
  readonly type: Coding;
  readonly subtype: Coding[];
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
}

type Noun = AuditAction extends `${infer N}.${string}` ? N : never;

const dicom = (code: string, display: string): Coding => ({
  system: 'http://dicom.nema.org/resources/ontology/DCM',
  code,
  display,
});
const rest = (code: string): Coding => ({
  system: 'http://hl7.org/fhir/restful-interaction',
  code,
  display: code,
});

const REST: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
  code: 'rest',
  display: 'Restful Operation',
};

const TYPES: Readonly<Record<Noun, Coding>> = {
  admin: REST,
  audit: dicom('110101', 'Audit Log Used'),
  auth: dicom('110114', 'User Authentication'),
  batch: REST,
  inference: REST,
  key: dicom('110113', 'Security Alert'),
  model: REST,
  result: REST,
  system: dicom('110100', 'Application Activity'),
  user: REST,
};

/** What a verb does to its object; every other is an execution. */
const CREATES = ['created', 'registered', 'submitted', 'requested'];
const READS = ['read', 'replayed', 'accessed', 'health_read', 'checkpoint_read', 'proof_read'];
const UPDATES = [
  'updated',
  'role_changed',
  'deactivated',
  'unlocked',
  'locked',
  'password_reset',
  'transitioned',
];
const RESULT_UPDATES = ['reviewed', 'approved', 'corrected', 'held', 'released', 'marked', 'rekeyed'];
const DELETES = ['purged'];
const SEARCHES = ['listed', 'exported'];

/** DICOM PS3.16 CID 403 to 405 where it has a word for the event. */
const DICOM_SUBTYPES: Partial<Readonly<Record<AuditAction, Coding>>> = {
  'auth.login': dicom('110122', 'Login'),
  'auth.logout': dicom('110123', 'Logout'),
  'system.started': dicom('110120', 'Application Start'),
  'system.stopped': dicom('110121', 'Application Stop'),
};

export function classify(name: AuditAction): EventCodes {
  const [noun, verb] = name.split('.') as [Noun, string];
  const type = TYPES[noun];
  const { action, interaction } = effectOf(verb);
  const known = DICOM_SUBTYPES[name];
  return {
    type,
    subtype: [
      ...(type === REST ? [rest(interaction)] : []),
      ...(known ? [known] : []),
      { system: 'urn:medai-flow:audit-action', code: name },
    ],
    action,
  };
}

function effectOf(verb: string): { action: EventCodes['action']; interaction: string } {
  if (CREATES.includes(verb)) return { action: 'C', interaction: 'create' };
  if (READS.includes(verb)) return { action: 'R', interaction: 'read' };
  if (UPDATES.includes(verb) || RESULT_UPDATES.includes(verb)) return { action: 'U', interaction: 'update' };
  if (DELETES.includes(verb)) return { action: 'D', interaction: 'delete' };
  return { action: 'E', interaction: SEARCHES.includes(verb) ? 'search-type' : 'operation' };
}
