/** The only built-in role. */
export const administratorRole = 'users_admin';
