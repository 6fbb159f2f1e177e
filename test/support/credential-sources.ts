/** The default credential sources, for tests without a configuration. */
import type { CredentialSources } from '../../src/core/credential/credential.ts';

const anyShape = { shapes: [] };

export const keyPairSettings = {
  apiKeyHeader: 'api-key',
  apiSecretHeader: 'api-secret',
  ...anyShape,
  secretShapes: [],
};

export const plainSources: CredentialSources = {
  bearer: anyShape,
  keyPair: keyPairSettings,
  apiKey: null,
  session: null,
  certificate: false,
  basic: null,
  bearerCookie: null,
  websocketProtocol: null,
  maxLength: 8192,
  resources: new Map(),
};
