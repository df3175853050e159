import { type Role, ROLES } from '../../http/principal';

/** Service accounts have keys; a person is none. */
const isRoleOfPeople = (role: string): role is Role => ROLES.includes(role as Role) && role !== 'integration';

/**
 * @param groups the claim as it came
 * @returns the role of the first group of the map that the person is in, or undefined: they do not get in
 */
export function roleOfGroups(groups: unknown, roleOfGroup: ReadonlyMap<string, string>): Role | undefined {
  const own = new Set(Array.isArray(groups) ? groups : [groups]);
  for (const [group, role] of roleOfGroup) if (own.has(group) && isRoleOfPeople(role)) return role;
  return undefined;
}
