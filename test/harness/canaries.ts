/** A patient whom nobody else's tests know: where one of these turns up, something about a patient has leaked. */
export const CANARY = {
  name: 'Quillfeather^Zzyzx',
  mrn: 'MRN-90210-ZQ',
  birthDate: '19470613',
  phone: '+1-555-0147-822',
  email: 'zq.patient@hospital.invalid',
  ssn: '078-05-1120',
} as const;

/** Which of them a text holds, also in the hexadecimal form in which PostgreSQL shows bytes. */
export function canariesIn(text: string): string[] {
  const found = Object.entries(CANARY).filter(
    ([, value]) =>
      text.includes(value) ||
      text.includes(encodeURIComponent(value)) ||
      text.includes(Buffer.from(value).toString('hex')),
  );
  return found.map(([kind]) => kind);
}
