/** Names in Redis that revocation uses. The two keys carry one hash tag, so that in a Cluster one script may use both. */

/** Where Auth APIs, and whoever else knows, announce. */
export function announcedChannel(keyPrefix: string): string {
  return `${keyPrefix}revocations`;
}

/** Where gateways tell each other. */
export function gatewaysChannel(keyPrefix: string): string {
  return `${keyPrefix}gateways`;
}

/** Where one gateway hears that others did as it said, and itself. */
export function ownChannel(keyPrefix: string, replicaId: string): string {
  return `${keyPrefix}gateway:${replicaId}`;
}

/** What was revoked lately, for whoever was away. */
export function logKey(keyPrefix: string): string {
  return `${keyPrefix}{revocations}:log`;
}

/** The gateways that hear, by when they last proved it. */
export function replicasKey(keyPrefix: string): string {
  return `${keyPrefix}{revocations}:replicas`;
}
