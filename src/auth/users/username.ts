/** The form under which a username is stored, compared and kept unique. */
export const foldUsername = (username: string): string => username.normalize('NFKC').toLowerCase();

export const USERNAME_PATTERN = /^[a-z0-9][a-z0-9._-]{1,63}$/i;
