import type { EntityManager } from 'typeorm';
import { DomainError } from '../../errors/domain.error';
import { User } from './user.entity';

/** Of two administrators who remove each other at once, the second sees what the first has done. */
export async function lockAdministrators(manager: EntityManager): Promise<void> {
  await manager.query("SELECT FROM users WHERE role = 'admin' AND is_active ORDER BY id FOR NO KEY UPDATE");
}

/** @throws DomainError USER_LAST_ADMINISTRATOR; the administrators must be locked */
export async function assertNotLastAdministrator(manager: EntityManager): Promise<void> {
  const administrators = await manager.countBy(User, { role: 'admin', isActive: true });
  if (administrators <= 1) throw new DomainError('USER_LAST_ADMINISTRATOR');
}
