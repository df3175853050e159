import type { AuditDetails } from '../audit-details';
import type { AuditEntry } from '../audit-entry';
import { classify, type Coding } from './event-codes';

/** FHIR R4 AuditEvent (hl7.org/fhir/R4/auditevent.html), as far as an entry fills it. */
export interface FhirAuditEvent {
  readonly resourceType: 'AuditEvent';
  readonly id: string;
  readonly meta?: { readonly profile: string[] };
  readonly type: Coding;
  readonly subtype: Coding[];
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  readonly recorded: string;
  readonly outcome: '0' | '4' | '8';
  readonly outcomeDesc?: string;
  readonly agent: Agent[];
  readonly source: { readonly observer: { readonly display: string } };
  readonly entity?: Entity[];
}

interface Who {
  readonly display?: string;
  readonly identifier?: { readonly system?: string; readonly value: string };
}

interface Agent {
  readonly type: { readonly coding: Coding[] };
  readonly who: Who;
  readonly role?: { readonly coding: Coding[] }[];
  readonly requestor: boolean;
  readonly network?: { readonly address: string; readonly type: '1' | '2' };
}

interface Entity {
  readonly what: Who;
  readonly type: Coding;
  readonly role?: Coding;
  readonly detail?: { readonly type: string; readonly valueString: string }[];
}

const PROFILES = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.';
const PROFILE_OF = { C: 'Create', R: 'Read', U: 'Update', D: 'Delete' } as const;
const OUTCOMES = { success: '0', refused: '4', failed: '8' } as const;

const dicom = (code: string, display: string): Coding => ({
  system: 'http://dicom.nema.org/resources/ontology/DCM',
  code,
  display,
});
const SOURCE = dicom('110153', 'Source Role ID');
const DESTINATION = dicom('110152', 'Destination Role ID');
const USER: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  code: 'IRCP',
  display: 'information recipient',
};
const REQUEST_ID: Coding = {
  system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType',
  code: 'XrequestId',
};
const OBJECT: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type',
  code: '2',
  display: 'System Object',
};
const RESOURCE: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/object-role',
  code: '4',
  display: 'Domain Resource',
};

/**
 * The entry as others read it. It names an IHE BALP 1.1 profile where it meets one: successful RESTful creates, reads,
 * updates and deletes of one object. BALP has none for refusals, and its query profile wants the query, which is not kept.
 */
export function toFhirAuditEvent(entry: AuditEntry): FhirAuditEvent {
  const { type, subtype, action } = classify(entry.action);
  const entity = entitiesOf(entry);
  const isRest = type.code === 'rest' && action !== 'E';
  const meetsProfile = isRest && entry.outcome === 'success' && entry.ip !== null && entry.object_id !== null;
  return {
    resourceType: 'AuditEvent',
    id: entry.event_id,
    ...(meetsProfile && { meta: { profile: [PROFILES + PROFILE_OF[action]] } }),
    type,
    subtype,
    action,
    recorded: entry.occurred_at,
    outcome: OUTCOMES[entry.outcome],
    ...(entry.reason !== null && { outcomeDesc: entry.reason }),
    agent: agentsOf(entry, action === 'R' || action === 'E'),
    source: { observer: { display: 'medai-flow' } },
    ...(entity.length > 0 && { entity }),
  };
}

/** Data flows to the client when it reads, from the client when it writes. */
function agentsOf({ actor_id, actor_role, ip, user_agent }: AuditEntry, reads: boolean): Agent[] {
  const role = actor_role === null ? [] : [{ coding: [{ system: 'urn:medai-flow:role', code: actor_role }] }];
  const user: Agent = {
    type: { coding: [USER] },
    who: { identifier: { system: 'urn:medai-flow:user', value: actor_id ?? '' } },
    ...(role.length > 0 && { role }),
    requestor: true,
  };
  const client: Agent = {
    type: { coding: [reads ? DESTINATION : SOURCE] },
    who: { display: user_agent ?? 'unknown' },
    requestor: actor_id === null,
    network: { address: ip ?? '', type: '2' },
  };
  const server: Agent = {
    type: { coding: [reads ? SOURCE : DESTINATION] },
    who: { display: 'medai-flow' },
    requestor: actor_id === null && ip === null,
    network: { address: 'medai-flow', type: '1' },
  };
  return [...(actor_id === null ? [] : [user]), ...(ip === null ? [] : [client]), server];
}

function entitiesOf({ object_type, object_id, request_id, details }: AuditEntry): Entity[] {
  const { returned_ids = [], ...rest } = details;
  const system = `urn:medai-flow:${object_type}`;
  const object = (value: string): Entity => ({
    what: { identifier: { system, value } },
    type: OBJECT,
    role: RESOURCE,
  });
  const entities: Entity[] = [
    ...(object_id === null ? [] : [object(object_id)]),
    ...returned_ids.map(object),
    ...(request_id === null ? [] : [{ what: { identifier: { value: request_id } }, type: REQUEST_ID }]),
  ];
  const detail = detailsOf(rest);
  return entities.map((entity, index) => (index === 0 && detail.length > 0 ? { ...entity, detail } : entity));
}

function detailsOf(details: AuditDetails): { type: string; valueString: string }[] {
  return Object.entries(details)
    .map(([type, value]: [string, unknown]) => ({
      type,
      valueString: typeof value === 'string' ? value : JSON.stringify(value),
    }))
    .filter(({ valueString }) => valueString !== '');
}
