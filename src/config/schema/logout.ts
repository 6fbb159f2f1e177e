/** Keys of the logout tokens that a provider sends, for sources of tokens and for sign-in alike. */
import { anyChange, decides, ordered } from './key.ts';
import { word } from './scalar.ts';
import { duration } from './values.ts';

/** `looser`: what `ends: session` loosens. */
export function logoutKeys(looser: string) {
  return {
    maxMessageAge: decides(
      duration(1_000, 3_600_000).prefault('5m'),
      'Maximum age of a logout token, by its "iat". Its "jti" is remembered that long.',
      anyChange('older messages are accepted, or late ones end no session'),
    ),
    ends: decides(
      word(['session', 'user']).prefault('session'),
      'What a logout token with "sid" and "sub" ends: that session, or everything of the user that was issued until then. Use "user" if tokens have no "sid".',
      ordered(['user', 'session'], looser),
    ),
  };
}
