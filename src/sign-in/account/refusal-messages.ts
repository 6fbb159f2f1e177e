/** What the pages of a sign-in say of a refusal of the Auth API. */
import type { MessageName } from './account-texts.ts';
import type { AuthApiResponse } from './auth-api-client.ts';

export function signUpMessage({ status, json }: AuthApiResponse): MessageName {
  if (status === 429) return 'tooManyRequests';
  if (status === 403) return 'signUpClosed';
  return json['code'] === 'key_duplicated' ? 'aliasTaken' : 'fieldsInvalid';
}

export function passkeyMessage({ status, json }: AuthApiResponse): MessageName {
  if (status === 429) return 'tooManyPasskeys';
  return json['code'] === 'passkey_cloned' ? 'passkeyCloned' : 'passkeyRejected';
}

export function recoveryMessage({ status }: AuthApiResponse): MessageName {
  if (status === 429) return 'tooManyPasskeys';
  return status === 401 ? 'recoveryRejected' : 'longCodeMalformed';
}
