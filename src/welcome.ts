import type { GeneratedCredentials } from './auth/users/first-administrator';
import type { Demo } from './demo';

interface Start {
  readonly url: string;
  readonly docs: boolean;
  readonly administrator?: GeneratedCredentials;
  readonly demo?: Demo;
}

/** What a person who has just started the server needs next. */
export function welcome({ url, docs, administrator, demo }: Start): string {
  const base = url.replace('[::1]', 'localhost');
  const lines = [
    `MedAI Flow listens on ${base}`,
    ...(docs ? [`Documentation       ${base}/docs`] : []),
    ...(administrator
      ? [`Administrator       ${administrator.username} / ${administrator.password}   (shown this once)`]
      : []),
    ...(demo ? demoLines(base, demo) : []),
  ];
  return `\n${lines.join('\n')}\n\n`;
}

function demoLines(base: string, { accounts, image }: Demo): string[] {
  const [clinician] = accounts;
  const login = JSON.stringify({ username: clinician!.username, password: clinician!.password });
  return [
    ...accounts.map(
      ({ role, username, password }) => `${`Demo ${role}`.padEnd(20)}${username} / ${password}`,
    ),
    '',
    'Paste this to run the demo model on the demo image (synthetic, not for clinical use):',
    '',
    `curl -sS ${base}/infer -H "Authorization: Bearer $(curl -sS ${base}/auth/login -H 'Content-Type: application/json' -d '${login}' | cut -d'"' -f4)" -H 'Content-Type: image/png' --data-binary @'${image}'`,
  ];
}
