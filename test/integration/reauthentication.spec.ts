import { Users } from '../../src/auth/users/users.service';
import type { Principal } from '../../src/http/principal';
import { Reauthentication } from '../../src/http/reauthentication';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
let signatures: Reauthentication;

beforeAll(async () => {
  running = await startApp({ LOCKOUT_THRESHOLD: '3' });
  signatures = running.app.get(Reauthentication);
});
afterAll(() => running.stop());

async function principalOf(username: string): Promise<Principal> {
  const user = await running.app.get(Users).findByUsername(username);
  return {
    userId: user!.id,
    username,
    role: user!.role,
    sessionId: user!.id,
    tokenId: user!.id,
    tokenExpiresAt: new Date(),
  };
}

describe('Reauthentication › the password again, as a signature [R-55]', () => {
  it('returns the printed name, the role and the time', async () => {
    const before = Date.now();
    const signatory = await signatures.confirm(await principalOf('clinician'), PASSWORD);
    expect(signatory).toMatchObject({ username: 'clinician', fullName: 'clinician', role: 'clinician' });
    expect(signatory.signedAt.getTime()).toBeGreaterThanOrEqual(before);
  });

  it('refuses a password that somebody else chose with AUTH_PASSWORD_CHANGE_REQUIRED', async () => {
    await running.app
      .get(Users)
      .install(
        { username: 'fresh', email: 'f@example.org', password: PASSWORD, role: 'approver', full_name: 'F' },
        { ownPassword: false },
      );
    const fresh = await principalOf('fresh');
    await expect(signatures.confirm(fresh, PASSWORD)).rejects.toMatchObject({
      code: 'AUTH_PASSWORD_CHANGE_REQUIRED',
    });
    await expect(signatures.confirm(fresh, 'a wrong password, long')).rejects.toMatchObject({
      code: 'SIGNATURE_PASSWORD_WRONG',
    });
  });

  it('counts a wrong password for the lockout like a login; a locked account cannot sign [R-51]', async () => {
    const viewer = await principalOf('viewer');
    const wrong = await Promise.allSettled(
      Array.from({ length: 10 }, () => signatures.confirm(viewer, 'a wrong password, long')),
    );
    expect(wrong.every(({ status }) => status === 'rejected')).toBe(true);
    await expect(signatures.confirm(viewer, PASSWORD)).rejects.toMatchObject({
      code: 'SIGNATURE_PASSWORD_WRONG',
    });
    const answer = await fetch(`${running.url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'viewer', password: PASSWORD }),
    });
    expect(answer.status).toBe(401);
  });
});
