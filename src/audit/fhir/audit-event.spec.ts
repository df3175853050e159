import { Fhir } from 'fhir';
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, type AuditEntry } from '../audit-entry';
import { toFhirAuditEvent } from './audit-event';

const ID = '01900000-0000-7000-8000-000000000001';
const ENTRY: AuditEntry = {
  event_id: ID,
  occurred_at: '2026-11-24T08:00:00.000Z',
  actor_id: '01900000-0000-7000-8000-000000000002',
  actor_role: 'clinician',
  action: 'result.read',
  object_type: 'inference_result',
  object_id: '01900000-0000-7000-8000-000000000003',
  outcome: 'success',
  reason: null,
  request_id: 'ris-2026-11-24.0001',
  ip: '192.0.2.7',
  user_agent: 'curl/8.5.0',
  details: {
    route: 'GET /results/:id',
    returned_ids: [],
    is_valid: true,
    changes: { role: { old: null, new: 'viewer' } },
  },
};
const BARE: Partial<AuditEntry> = {
  actor_id: null,
  actor_role: 'system',
  object_type: null,
  object_id: null,
  request_id: null,
  ip: null,
  user_agent: null,
  details: {},
};

/** The R4 StructureDefinitions and value sets that come with the package. */
const fhir = new Fhir();

function problemsOf(entry: AuditEntry): string[] {
  const { valid, messages } = fhir.validate(toFhirAuditEvent(entry), { errorOnUnexpected: true });
  return valid ? [] : messages.map(({ message, location }) => `${location}: ${message}`);
}

describe('toFhirAuditEvent [R-11]', () => {
  it.each(AUDIT_ACTIONS)('%s is a valid R4 AuditEvent, whole or bare, whatever came of it', (action) => {
    for (const outcome of AUDIT_OUTCOMES) {
      const reason = outcome === 'success' ? null : 'AUTH_FORBIDDEN';
      expect(problemsOf({ ...ENTRY, action, outcome, reason })).toEqual([]);
      expect(problemsOf({ ...ENTRY, ...BARE, action, outcome, reason })).toEqual([]);
    }
  });

  it('the validator would see it if it were not', () => {
    const { agent: _agent, ...headless } = toFhirAuditEvent(ENTRY);
    expect(fhir.validate(headless).valid).toBe(false);
    expect(fhir.validate({ ...toFhirAuditEvent(ENTRY), action: 'X' }).valid).toBe(false);
  });

  it('a read meets IHE BALP: client is the destination, server the source, the user is named, the request id kept', () => {
    expect(toFhirAuditEvent(ENTRY)).toMatchObject({
      id: ID,
      meta: { profile: ['https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.Read'] },
      type: { code: 'rest' },
      subtype: [{ code: 'read' }, { code: 'result.read' }],
      action: 'R',
      recorded: ENTRY.occurred_at,
      outcome: '0',
      agent: [
        {
          type: { coding: [{ code: 'IRCP' }] },
          requestor: true,
          who: { identifier: { value: ENTRY.actor_id } },
        },
        { type: { coding: [{ code: '110152' }] }, network: { address: '192.0.2.7', type: '2' } },
        { type: { coding: [{ code: '110153' }] }, who: { display: 'medai-flow' } },
      ],
      entity: [
        { what: { identifier: { value: ENTRY.object_id } }, type: { code: '2' }, role: { code: '4' } },
        { what: { identifier: { value: ENTRY.request_id } }, type: { code: 'XrequestId' } },
      ],
    });
  });

  it('a refusal claims no profile and says why; what a list showed is named one by one', () => {
    const refused = toFhirAuditEvent({ ...ENTRY, outcome: 'refused', reason: 'RESULT_NOT_FOUND' });
    expect(refused).toMatchObject({ outcome: '4', outcomeDesc: 'RESULT_NOT_FOUND' });
    expect(refused.meta).toBeUndefined();
    const list = toFhirAuditEvent({
      ...ENTRY,
      action: 'result.listed',
      object_id: null,
      details: { returned_ids: [ID] },
    });
    expect(list.meta).toBeUndefined();
    expect(list.entity?.[0]).toMatchObject({ what: { identifier: { value: ID } } });
  });
});
