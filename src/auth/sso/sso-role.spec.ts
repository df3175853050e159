import { roleOfGroups } from './sso-role';

const map = new Map([
  ['it-admins', 'admin'],
  ['radiology', 'clinician'],
  ['robots', 'integration'],
  ['typo', 'clinican'],
]);

describe('roles of single sign-on', () => {
  it.each([
    [['radiology'], 'clinician'],
    [['radiology', 'it-admins'], 'admin'],
    ['radiology', 'clinician'],
  ])('%j is %s', (groups, role) => {
    expect(roleOfGroups(groups, map)).toBe(role);
  });

  it.each([
    [[]],
    [['other']],
    [['Radiology']],
    [['robots']],
    [['typo']],
    [undefined],
    [null],
    [{ 0: 'radiology' }],
    [[['radiology']]],
  ])('%j gets nobody in', (groups) => {
    expect(roleOfGroups(groups, map)).toBeUndefined();
  });
});
