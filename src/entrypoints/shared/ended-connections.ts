/** Connections that a limit ended without an answer that says so, counted by the limit: they show nowhere else. */
export interface EndedConnections {
  /** No request came for `keepAliveTimeout`. */
  idle: number;
  /** They had `requestsPerConnection`. */
  requests: number;
  /** Nothing of a whole answer was taken for `unreadTimeout`. */
  unread: number;
}
