/**
 * The one table of everything that can stop a request to the Auth API. A code is an API: it is the problem's `code` and a
 * word in the log, and is never renamed. `message` is the `x-error` text: fixed, printable ASCII, without any echo.
 */
import {
  Refusal as AnyRefusal,
  type CommonCode,
  type ReasonTable,
  type RefusalReason,
} from '../../operations/refusal.ts';

const table = {
  request_malformed: { status: 400, message: 'The request is not valid HTTP', closes: true },
  host_invalid: { status: 400, message: 'The Host header is missing or repeated', closes: true },
  target_invalid: { status: 400, message: 'The request target is not valid' },
  body_malformed: { status: 400, message: 'The body is not a valid JSON object' },
  parameters_invalid: { status: 400, message: 'The parameters are not valid' },
  id_invalid: { status: 400, message: 'The id is not a UUID' },
  key_duplicated: { status: 400, message: 'duplicated key not allowed' },
  email_preferred: { status: 400, message: 'The preferred address cannot be removed' },
  email_unverified: { status: 400, message: 'The address is not verified' },
  passkey_invalid: { status: 400, message: 'The new passkey is not valid' },
  credential_repeated: { status: 400, message: 'A credential header was sent more than once' },
  credential_conflict: { status: 400, message: 'Two kinds of credential were sent at once' },
  credential_missing: { status: 401, message: 'A credential is required' },
  credential_rejected: { status: 401, message: 'The credential is not valid' },
  code_wrong: { status: 401, message: 'The code is wrong' },
  passkey_rejected: { status: 401, message: 'The passkey is not valid' },
  passkey_cloned: { status: 401, message: 'The passkey was used elsewhere: its counter has not risen' },
  sign_in_too_old: { status: 401, message: 'A more recent sign-in is required' },
  recovery_code_rejected: { status: 401, message: 'The recovery code is not valid' },
  link_rejected: { status: 401, message: 'The link is not valid' },
  passkey_required: { status: 401, message: 'A sign-in with a passkey is required' },
  permission_missing: { status: 403, message: 'A required role is missing' },
  registration_closed: { status: 403, message: 'Self-registration is off' },
  route_not_found: { status: 404, message: 'There is no such resource' },
  email_unknown: { status: 404, message: 'There is no such e-mail address' },
  code_unknown: { status: 404, message: 'There is no such verification' },
  session_unknown: { status: 404, message: 'There is no such session' },
  keypair_unknown: { status: 404, message: 'There is no such key pair' },
  passkey_unknown: { status: 404, message: 'There is no such passkey' },
  user_unknown: { status: 404, message: 'There is no such user' },
  role_unknown: { status: 404, message: 'The user does not hold this role' },
  method_not_allowed: { status: 405, message: 'The method is not allowed for this resource' },
  request_timeout: { status: 408, message: 'The request was not received in time', closes: true },
  administrator_last: { status: 409, message: 'The last administrator cannot be removed' },
  passkeys_exceeded: { status: 409, message: 'The user has too many passkeys' },
  body_too_large: { status: 413, message: 'The request body is too large', closes: true },
  expectation_failed: { status: 417, message: 'The expectation cannot be met', closes: true },
  attempts_exceeded: { status: 429, message: 'Too many attempts' },
  headers_too_large: { status: 431, message: 'The request headers are too large', closes: true },
  internal_error: { status: 500, message: 'Internal error' },
  store_unavailable: { status: 503, message: 'The store does not respond' },
  method_unsupported: { status: 501, message: 'This method is not supported', closes: true },
} as const satisfies Record<string, RefusalReason>;

export type RefusalCode = keyof typeof table;

/** The catalog, frozen. */
export const refusalKinds: Readonly<Record<RefusalCode, RefusalReason>> = Object.freeze(table);

/** A refused request as a value: an operation returns it instead of a result. */
export type Refusal = AnyRefusal<RefusalCode>;
export const Refusal = AnyRefusal<RefusalCode>;

export const refusalTable: ReasonTable<RefusalCode | CommonCode> = {
  reasons: refusalKinds,
  urn: 'urn:rolegate:auth-api:',
  // RFC 9110 section 15.5.2: a 401 lists a scheme with which the client may authenticate.
  challenges: (code) => {
    if (refusalKinds[code].status !== 401) return [];
    return [`Bearer realm="auth-api"${strongerSignIn(code)}`];
  },
  closes: false,
};

/** RFC 9470 section 3. */
function strongerSignIn(code: RefusalCode): string {
  if (code === 'sign_in_too_old') return ', error="insufficient_user_authentication"';
  return code === 'passkey_required' ? ', error="insufficient_user_authentication", acr_values="phr"' : '';
}
