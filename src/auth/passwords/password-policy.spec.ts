import common from './common-passwords.json';
import { isGuessable } from './password-policy';

const context = { username: 'jane.miller', email: 'jmiller@clinic-north.example' };

describe('password blocklist [R-52]', () => {
  it('has at least 3,000 entries, and says where they are from and under which licence', () => {
    expect(new Set(common.words.split(' ')).size).toBeGreaterThanOrEqual(3000);
    expect(common.origin).toContain('zxcvbn');
    expect(common.licence).toContain('MIT');
  });

  it.each([
    'passwordpassword',
    'Password12345678',
    '123456789012345',
    'qwertyuiopasdfgh',
    'aaaaaaaaaaaaaaaaaaaa',
    'jane.miller-jane.miller',
    'JMiller@clinic-north.example',
    'MedAI Flow password!',
    'ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ',
    '!!!!!!!!!!!!!!!!',
    'dragon-monkey-1!',
  ])('refuses %s', (password) => {
    expect(isGuessable(password, context)).toBe(true);
  });

  it.each([
    'a long enough password',
    'correct horse battery staple',
    'Zs7dRk1pQx94vLmB',
    'die Katze tritt die Treppe krumm',
    'пароль из четырёх слов',
  ])('accepts %s', (password) => {
    expect(isGuessable(password, context)).toBe(false);
  });

  it('judges the longest password there may be', () => {
    expect(isGuessable('ab'.repeat(128), context)).toBe(true);
    expect(
      isGuessable(
        Array.from({ length: 256 }, (_, i) => i.toString(36))
          .join('')
          .slice(0, 256),
        context,
      ),
    ).toBe(false);
  });
});
