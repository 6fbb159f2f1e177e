/**
 * The one table of everything that can stop a request. A reason's code is an API: it is the problem's `code`, a metric label and a word in
 * the log, so codes are never renamed. `message` is the `x-error` text: fixed, printable ASCII, and without any part of the request, an
 * address or a cause.
 */

/** Who has to act for the request to succeed. */
export type Fault = 'client' | 'policy' | 'auth-api' | 'upstream' | 'gateway';

/** Error word for a bearer challenge (RFC 6750 section 3.1, RFC 9470 section 3); `none` sends the challenge without one. */
export type Challenge =
  | 'none'
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication';

export interface Reason {
  /** HTTP status of the refusal. */
  readonly status: number;
  /** Text of `x-error` and of the problem's `title`; at most 256 characters of printable ASCII. */
  readonly message: string;
  readonly fault: Fault;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Whether the same request may succeed later without a change by the client. */
  readonly retryable: boolean;
  /** Set if the response carries `WWW-Authenticate` (RFC 9110 section 11.6.1). */
  readonly challenge?: Challenge;
  /** Seconds of `Retry-After` if nothing else sets it. */
  readonly retryAfterS?: number;
  /** The connection is closed after the response, because its framing can no longer be trusted. */
  readonly closes?: true;
  /** Meaning and remedy, for the reference page. */
  readonly advice: string;
}

const table = {
  // Reading the request
  request_malformed: {
    status: 400,
    message: 'The request is not valid HTTP',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'The bytes on the connection violate RFC 9112. The connection is closed.',
  },
  tls_on_plain_port: {
    status: 400,
    message: 'This port does not speak TLS',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice:
      'The connection began with a TLS handshake. Use http:// for this port, or put a proxy that terminates TLS in front of it.',
  },
  https_required: {
    status: 403,
    message: 'This address requires https',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'The address has "redirectToHttps". GET and HEAD are redirected (308); a request with another method has to be sent with https from its start, because its body was readable on the way. Replace a credential that a client sent without TLS.',
  },
  misdirected_request: {
    status: 421,
    message: 'This address does not serve the host of the request',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'The address only redirects to https, and no certificate in use is for the host of the request. Add the host to a certificate, or correct the DNS entry or the client.',
  },
  http2_on_plain_port: {
    status: 400,
    message: 'This port speaks HTTP/1.1 only',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice:
      'The connection began with the preface of HTTP/2 (prior knowledge, h2c). Configure the client or the proxy in front to use HTTP/1.1 towards the gateway.',
  },
  target_invalid: {
    status: 400,
    message: 'The request target is not valid',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'The target does not start with "/", or contains "#", a control character, an invalid escape or invalid UTF-8.',
  },
  path_ambiguous: {
    status: 400,
    message: 'The path can be read in more than one way',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'The path contains an encoded slash, backslash, dot segment or NUL, a double escape, or ";"; a more specific route matches it in another reading; or it contains more than 64 such spellings. A route can allow some of them with its "path" setting.',
  },
  host_invalid: {
    status: 400,
    message: 'The Host header is missing, repeated or not valid',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'Send exactly one valid Host header; an absolute-form target must name the same host. The admin port responds to a public name only if "server.adminHosts" lists it.',
  },
  header_invalid: {
    status: 400,
    message: 'A request header is not valid',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'A header that frames the request is repeated or malformed.',
  },
  transfer_coding_unsupported: {
    status: 501,
    message: 'This transfer coding is not supported',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'Only "Transfer-Encoding: chunked" is accepted.',
  },
  method_unsupported: {
    status: 501,
    message: 'This method is not supported',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice:
      'TRACE, TRACK and CONNECT are never forwarded, nor methods with lower-case letters (such as "patch" in a call of fetch), which services may read in either case.',
  },
  expectation_failed: {
    status: 417,
    message: 'The expectation cannot be met',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'Only "Expect: 100-continue" is supported.',
  },
  upgrade_unsupported: {
    status: 400,
    message: 'This upgrade is not supported here',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'Only WebSocket upgrades are forwarded, and only on routes with "websocket: true".',
  },
  websocket_handshake_invalid: {
    status: 400,
    message: 'The WebSocket handshake is not valid',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'RFC 6455 section 4.1 requires one "Sec-WebSocket-Key" of 16 bytes in Base64 and one version.',
  },
  websocket_version_unsupported: {
    status: 426,
    message: 'This version of WebSocket is not supported',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'Only "Sec-WebSocket-Version: 13" (RFC 6455) is supported.',
  },
  loop_detected: {
    status: 508,
    message: 'The request loops between gateways',
    fault: 'policy',
    // Not an error: anyone can write the Via header that causes it.
    level: 'warn',
    retryable: false,
    advice:
      'Its Via header shows that it has passed through a gateway of this name more often than "server.limits.passes": a route leads back to the gateway. Each gateway in a chain needs its own "server.name", or the limit must be higher.',
  },
  request_timeout: {
    status: 408,
    message: 'The request was not received in time',
    fault: 'client',
    level: 'info',
    retryable: true,
    closes: true,
    advice: 'Headers or body took longer than the limits under "server".',
  },
  too_early: {
    status: 425,
    message: 'The request came in TLS early data, which can be replayed',
    fault: 'client',
    level: 'info',
    retryable: true,
    advice:
      'A proxy in front marked it with Early-Data, and its method is not safe. Clients that send early data repeat the request after the handshake (RFC 8470).',
  },
  body_too_large: {
    status: 413,
    message: 'The request body is too large',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'The body exceeds "maxBody" of the route, or the limit of the admin port.',
  },
  target_too_long: {
    status: 414,
    message: 'The request target is too long',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'The target exceeds "server.limits.target", or its path has more than 256 segments.',
  },
  headers_too_large: {
    status: 431,
    message: 'The request headers are too large',
    fault: 'client',
    level: 'info',
    retryable: false,
    closes: true,
    advice: 'The headers exceed "server.limits.headerBytes" or "server.limits.headers".',
  },

  // Finding the route
  route_not_found: {
    status: 404,
    message: 'There is no such resource',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice: 'No route matches the host and path, and only routes forward requests.',
  },
  method_not_allowed: {
    status: 405,
    message: 'The method is not allowed for this resource',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice: 'The route does not list this method; the Allow header lists them.',
  },

  cors_origin_forbidden: {
    status: 403,
    message: 'Pages of this origin may not use this resource',
    fault: 'policy',
    level: 'info',
    retryable: false,
    advice: 'A preflight came from an origin that "cors.origins" of the route does not list.',
  },

  // The credential
  credential_missing: {
    status: 401,
    message: 'A credential is required',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'none',
    advice:
      'Send a credential of a kind that the route accepts: "Authorization: Bearer <token>", an API key, or the API key and secret headers. The admin port accepts "server.adminToken" and "server.adminTokens" as the bearer.',
  },
  credential_malformed: {
    status: 401,
    message: 'The credential is malformed',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'invalid_token',
    advice:
      'A bearer is one token of RFC 6750 section 2.1; keys and secrets are visible ASCII without spaces; Basic is base64 of user, colon and password in UTF-8 (RFC 7617).',
  },
  credential_too_long: {
    status: 431,
    message: 'The credential is too long',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice: 'The bearer, API key or secret exceeds "server.limits.credential".',
  },
  credential_incomplete: {
    status: 401,
    message: 'The API key and its secret must be sent together',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'none',
    advice: 'Half of the key pair is missing, or the API key does not contain "credentials.apiKey.separator".',
  },
  credential_scheme_unsupported: {
    status: 401,
    message: 'This authentication scheme is not supported',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'none',
    advice: 'Authorization supports the Bearer scheme, and Basic if "credentials.basic" enables it.',
  },
  credential_repeated: {
    status: 400,
    message: 'A credential header was sent more than once',
    fault: 'client',
    level: 'warn',
    retryable: false,
    advice: 'Identity never depends on which copy is read, so a repeated credential header is refused.',
  },
  credential_conflict: {
    status: 400,
    message: 'Two kinds of credential were sent at once',
    fault: 'client',
    level: 'warn',
    retryable: false,
    advice: 'Send one credential of one kind. Identity never depends on precedence.',
  },
  credential_rejected: {
    status: 401,
    message: 'The credential is not valid',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'invalid_token',
    advice:
      'Its source (such as the Auth API) rejected it: it is unknown, expired, revoked or not verified. On the admin port, it is not one of the configured tokens.',
  },
  credential_shape_wrong: {
    status: 401,
    message: 'The credential is not valid',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'invalid_token',
    advice: 'It does not match the "shape" of its kind under "credentials", so no source was called.',
  },
  credential_kind_not_accepted: {
    status: 401,
    message: 'This kind of credential is not accepted here',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'none',
    advice:
      'The kind is disabled under "credentials", or the route does not list it under "credentials". The challenges list the accepted kinds.',
  },
  cross_site_request: {
    status: 403,
    message: 'A cookie cannot be used for this request from another site',
    fault: 'client',
    level: 'warn',
    retryable: false,
    advice: 'State-changing requests that authenticate by cookie must come from the same origin.',
  },
  access_expired: {
    status: 401,
    message: 'The credential ended while the stream was open',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'invalid_token',
    advice: 'A WebSocket, event stream or transfer ends when its credential expires. Connect again with a new one.',
  },
  access_revoked: {
    status: 401,
    message: 'Access was revoked while the stream was open',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'invalid_token',
    advice:
      'The credential was revoked, or now belongs to another user, while a WebSocket, event stream or transfer was open.',
  },

  // The rules
  access_denied: {
    status: 403,
    message: 'Access to this resource is denied',
    fault: 'policy',
    level: 'info',
    retryable: false,
    advice: 'The rule of this route is "deny".',
  },
  role_missing: {
    status: 403,
    message: 'A required role is missing',
    fault: 'policy',
    level: 'info',
    retryable: false,
    challenge: 'insufficient_scope',
    advice: 'The identity has none of the roles in "any", or lacks one in "all".',
  },
  role_forbidden: {
    status: 403,
    message: 'A role of this identity is excluded here',
    fault: 'policy',
    level: 'info',
    retryable: false,
    advice: 'The identity has a role that the rule lists under "none".',
  },
  condition_failed: {
    status: 403,
    message: 'A condition of this resource is not met',
    fault: 'policy',
    level: 'info',
    retryable: false,
    advice:
      'A condition of the route ("when") is not met, or what it compares is missing or has two readings. The "reason" that its author gave it follows in x-error and is the "condition" of the problem and of the log.',
  },

  access_not_active: {
    status: 403,
    message: 'Access to this resource is not active at this time',
    fault: 'policy',
    level: 'info',
    retryable: false,
    advice: 'The route is open for a limited time ("notBefore", "notAfter"), which has not begun yet or has ended.',
  },

  sign_in_too_old: {
    status: 401,
    message: 'A recent sign-in is required',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'insufficient_user_authentication',
    advice:
      'The user signed in longer ago than "maxAuthAge" of the route or of a policy allows, or the source does not know when (for example, for a key). Sign in again. The challenge contains the age in seconds ("max_age", RFC 9470).',
  },

  sign_in_too_weak: {
    status: 401,
    message: 'A stronger sign-in is required',
    fault: 'client',
    level: 'info',
    retryable: false,
    challenge: 'insufficient_user_authentication',
    advice:
      'The user did not sign in by one of the ways in "acr" of the route, or the source does not know how. Sign in again with one of them. The challenge contains them ("acr_values", RFC 9470).',
  },

  // The Auth API
  account_unchanged: {
    status: 400,
    message: 'The account was not changed',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'The page says why: an address, a name, a number of days or a code was not valid, or the entry had changed.',
  },
  sign_in_failed: {
    status: 403,
    message: 'The sign-in failed',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'The provider refused the sign-in, or its response could not be accepted; the log line of the request has its error. The page says why, and leads back to the start.',
  },
  auth_unavailable: {
    status: 503,
    message: 'Authentication is temporarily unavailable',
    fault: 'auth-api',
    level: 'error',
    retryable: true,
    retryAfterS: 2,
    advice: 'The Auth API cannot be reached, or responded with an error or a redirect.',
  },
  auth_timeout: {
    status: 503,
    message: 'Authentication is temporarily unavailable',
    fault: 'auth-api',
    level: 'error',
    retryable: true,
    retryAfterS: 2,
    advice:
      'The Auth API did not respond within "authApi.timeout", or, for a check of another proxy, within "authorizer.timeout".',
  },
  auth_response_invalid: {
    status: 503,
    message: 'Authentication is temporarily unavailable',
    fault: 'auth-api',
    level: 'error',
    retryable: true,
    retryAfterS: 5,
    advice: 'The response of the Auth API violates its contract. Check "authApi.paths" and "authApi.fields".',
  },
  auth_busy: {
    status: 503,
    message: 'Authentication is temporarily unavailable',
    fault: 'auth-api',
    level: 'warn',
    retryable: true,
    retryAfterS: 1,
    advice:
      'Too many checks are waiting for the Auth API ("authApi.concurrency"), its circuit breaker is open, or it limits the gateway as a whole (429).',
  },
  auth_throttled: {
    status: 429,
    message: 'Too many attempts',
    fault: 'client',
    level: 'warn',
    retryable: true,
    retryAfterS: 10,
    advice: 'The Auth API limits how often this credential may be checked.',
  },
  authentication_throttled: {
    status: 429,
    message: 'Too many failed authentications',
    fault: 'client',
    level: 'warn',
    retryable: true,
    retryAfterS: 1,
    advice:
      'More authentications of this client, or with this key id, have failed than "server.limits.failedAuthentications" allows, and this credential is not known to be good. No source was called. Retry after Retry-After.',
  },

  // The upstream
  upstream_unreachable: {
    status: 502,
    message: 'The service cannot be reached',
    fault: 'upstream',
    level: 'error',
    retryable: true,
    advice: 'The gateway could not connect to any target of the upstream.',
  },
  upstream_failed: {
    status: 502,
    message: 'The service closed the connection before it responded',
    fault: 'upstream',
    level: 'error',
    retryable: true,
    advice: 'The connection ended before a response began.',
  },
  upstream_response_invalid: {
    status: 502,
    message: 'The service returned an invalid response',
    fault: 'upstream',
    level: 'error',
    retryable: true,
    advice: 'The response violates HTTP, or its headers exceed the limits.',
  },
  upstream_timeout: {
    status: 504,
    message: 'The service did not respond in time',
    fault: 'upstream',
    level: 'error',
    retryable: true,
    advice: 'No response began within the "timeout" of the route.',
  },
  upstream_unavailable: {
    status: 503,
    message: 'The service is temporarily unavailable',
    fault: 'upstream',
    level: 'warn',
    retryable: true,
    retryAfterS: 2,
    advice: 'Every target of the upstream failed its health checks.',
  },
  upstream_busy: {
    status: 503,
    message: 'The service has too many requests at the moment',
    fault: 'upstream',
    level: 'warn',
    retryable: true,
    retryAfterS: 1,
    advice:
      'Every connection to the upstream is in use, and the request waited longer than "queue.wait" or "queue.length" requests were already waiting. If "rolegate_event_loop_busy_ratio" is near 1, the gateway has too little CPU time; otherwise the service is slow.',
  },

  // Checks of other proxies
  check_invalid: {
    status: 400,
    message: 'The request in the check of the proxy cannot be read',
    fault: 'policy',
    level: 'warn',
    retryable: false,
    advice:
      'A proxy sent a check without a field of its dialect, such as the method, target, host or address of its client, sent one twice, or sent headers that are not valid HTTP. Compare its configuration with what "rolegate proxy-config" prints.',
  },
  proxied_service_unavailable: {
    status: 503,
    message: 'The service is temporarily unavailable',
    fault: 'upstream',
    level: 'warn',
    retryable: true,
    retryAfterS: 2,
    advice:
      'nginx requested the refusal of an allowed request: nginx could not reach its service, or access was granted after the check. The error log of nginx has the cause.',
  },

  // The admin port
  origin_forbidden: {
    status: 403,
    message: 'Pages of other sites cannot use the admin port',
    fault: 'client',
    level: 'warn',
    retryable: false,
    advice: 'The Origin header names a site other than the admin port itself. Only browsers send this header.',
  },
  content_type_unsupported: {
    status: 415,
    message: 'This content type is not supported',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice: 'A change through the admin port needs "Content-Type: application/json".',
  },
  changes_disabled: {
    status: 403,
    message: 'Changes through the admin port are not enabled',
    fault: 'policy',
    level: 'warn',
    retryable: false,
    advice: 'Without a token the admin port is read-only. Set "server.adminToken" and send it as the bearer.',
  },
  admin_scope_missing: {
    status: 403,
    message: 'The token of the admin port does not permit this',
    fault: 'policy',
    level: 'warn',
    retryable: false,
    advice:
      'Its scope under "server.adminTokens" is too narrow: "metrics" permits only /metrics, and "read" does not permit changes.',
  },
  reload_refused: {
    status: 409,
    message: 'The configuration file has problems and was not applied',
    fault: 'policy',
    level: 'warn',
    retryable: false,
    advice:
      'The last good configuration stays in use. The response lists the problems; "rolegate validate" shows more.',
  },
  revocation_invalid: {
    status: 400,
    message: 'The body must be a JSON object that names exactly one session, key, user or credential',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'Send exactly one of "sessionID", "keyID", "userID", "bearer", "tokenID", or "apiKey" with "apiSecret" or alone; with an id, "source", and with "userID", "issuedBefore"; a webhook sends ids only. "detail" in the response describes the problem.',
  },
  revocation_undelivered: {
    status: 503,
    message: 'The revocation took effect in this replica, but could not be announced to the others',
    fault: 'gateway',
    level: 'error',
    retryable: true,
    retryAfterS: 1,
    advice:
      'Redis did not accept it. It is announced to the other replicas as soon as Redis does. Until then, replicas that cannot reach Redis either drop their results within "cache.whileDisconnected". Send it again.',
  },
  webhook_signature_invalid: {
    status: 401,
    message: 'The signature of the webhook is missing, wrong or too old',
    fault: 'client',
    level: 'warn',
    retryable: false,
    challenge: 'none',
    advice:
      'Sign as defined by Standard Webhooks, with a secret of "revocations.webhookSecret", and check the clocks: they may differ by five minutes.',
  },
  event_token_invalid: {
    status: 400,
    message: 'The logout token or security event token is not valid here',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice:
      'The body contains the cause, as the standards define it: "error_description", or "err" and "description". Compare issuer, audience and clocks with "logout" and "securityEvents" of the source; a token that was already received is refused as well.',
  },
  decision_unknown: {
    status: 404,
    message: 'There is no record of this decision',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice: 'The id is wrong, "records.keep" has passed, or the record was removed to make room ("records.max").',
  },
  question_invalid: {
    status: 400,
    message: 'The request to explain cannot be read',
    fault: 'client',
    level: 'info',
    retryable: false,
    advice: 'Send what "rolegate explain --bearer" sends: method, host, secure, target, headers, client, bearer.',
  },

  // The gateway itself
  not_ready: {
    status: 503,
    message: 'The gateway is not ready',
    fault: 'gateway',
    level: 'warn',
    retryable: true,
    retryAfterS: 2,
    advice: 'No configuration is in use.',
  },
  overloaded: {
    status: 503,
    message: 'The gateway is at capacity',
    fault: 'gateway',
    level: 'warn',
    retryable: true,
    retryAfterS: 1,
    advice:
      'The process has too little CPU time ("server.limits.eventLoopLag"), or bodies and waiting bytes use all of "server.limits.bodyMemory".',
  },
  client_busy: {
    status: 429,
    message: 'Too many concurrent requests of this client',
    fault: 'client',
    level: 'warn',
    retryable: true,
    retryAfterS: 1,
    advice:
      'One client has "requestsPerClient" requests in flight at an upstream and fills half of its queue, or uses a quarter of "server.limits.bodyMemory".',
  },
  evictions_throttled: {
    status: 429,
    message: 'Too many calls end sessions, keys or users',
    fault: 'client',
    level: 'warn',
    retryable: true,
    retryAfterS: 60,
    advice:
      'In ten minutes, one client has made 1000 calls through routes with "evict" whose path names what they end, or one user 1000 that end its own; 100 of each if they end tokens of a source of kind "jwt". The service was not called.',
  },
  draining: {
    status: 503,
    message: 'The gateway is shutting down',
    fault: 'gateway',
    level: 'info',
    retryable: true,
    retryAfterS: 1,
    closes: true,
    advice: 'The process is draining. Another replica will respond.',
  },
  signing_key_missing: {
    status: 503,
    message: 'The gateway cannot sign the identity for the service',
    fault: 'gateway',
    level: 'error',
    retryable: true,
    retryAfterS: 2,
    advice:
      'With "identityAssertion" and "cache.redis", a new replica has no key until it has reached Redis once. Afterwards it continues without Redis.',
  },
  internal_error: {
    status: 500,
    message: 'Internal error',
    fault: 'gateway',
    level: 'error',
    retryable: false,
    advice: 'This is a bug in the gateway. The log contains the cause under the error id.',
  },
} as const satisfies Record<string, Reason>;

/** The code of a reason: a stage that refuses returns it. */
export type ReasonCode = keyof typeof table;

/** The catalog, frozen. */
export const reasons: Readonly<Record<ReasonCode, Reason>> = Object.freeze(table);
