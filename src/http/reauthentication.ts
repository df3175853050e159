import type { Principal, Role } from './principal';

/** Who signed: the printed name and the time that belong to an electronic signature (21 CFR 11.50). */
export interface Signatory {
  readonly userId: string;
  readonly username: string;
  readonly fullName: string;
  readonly role: Role;
  readonly signedAt: Date;
}

/**
 * The password asked for again, for an act that is signed. The accounts implement it; whoever needs a signature
 * injects this class.
 */
export abstract class Reauthentication {
  /**
   * A wrong password counts for the lockout exactly like a login.
   * @throws DomainError SIGNATURE_PASSWORD_WRONG for a wrong password and for a locked or deactivated account
   * @throws DomainError AUTH_PASSWORD_CHANGE_REQUIRED while the password is one that somebody else chose
   */
  abstract confirm(principal: Principal, password: string): Promise<Signatory>;
}
