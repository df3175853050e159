import type { AuditDetails } from '../../audit/audit-details';
import type { UpdateUserDto } from './update-user.dto';
import type { User } from './user.entity';

type Columns = Partial<Pick<User, 'email' | 'role' | 'fullName' | 'organization'>>;

/** What of a request is a change, as columns and as facts for the audit trail: names of people stay out of it. */
export function changesTo(
  user: User,
  { email, role, full_name, organization }: UpdateUserDto,
): { readonly columns: Columns; readonly details: AuditDetails } {
  const columns: Columns = {
    ...(email !== undefined && email.toLowerCase() !== user.email && { email: email.toLowerCase() }),
    ...(role !== undefined && role !== user.role && { role }),
    ...(full_name !== undefined && full_name !== user.fullName && { fullName: full_name }),
    ...(organization !== undefined && organization !== user.organization && { organization }),
  };
  const names = {
    email: 'email',
    role: 'role',
    fullName: 'full_name',
    organization: 'organization',
  } as const;
  const changed_fields = (Object.keys(columns) as (keyof Columns)[]).map((column) => names[column]);
  const changes = columns.role && { role: { old: user.role, new: columns.role } };
  return { columns, details: { changed_fields, ...(changes && { changes }) } };
}
