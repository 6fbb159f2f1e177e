/** Names in Redis for revocation. The keys share one hash tag, so that in a Cluster one script may use both. */

/** Where Auth APIs and other publishers announce. */
export function announcedChannel(keyPrefix: string): string {
  return `${keyPrefix}revocations`;
}

/** Where gateways announce to each other. */
export function gatewaysChannel(keyPrefix: string): string {
  return `${keyPrefix}gateways`;
}

/** Where one gateway receives acknowledgements, and its own proofs. */
export function ownChannel(keyPrefix: string, replicaId: string): string {
  return `${keyPrefix}gateway:${replicaId}`;
}

/** Recent revocations, for gateways that were disconnected. */
export function logKey(keyPrefix: string): string {
  return `${keyPrefix}{revocations}:log`;
}

/** Those that concern only results of sources that gateways call. */
export function resultsLogKey(keyPrefix: string): string {
  return `${keyPrefix}{revocations}:results`;
}

/** The connected gateways, by the time of their last proof. */
export function replicasKey(keyPrefix: string): string {
  return `${keyPrefix}{revocations}:replicas`;
}
