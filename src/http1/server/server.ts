/**
 * Accepts connections and runs them (see `connection.ts`). It knows heads, bodies, connections and time; the meaning of a request and the
 * text of a refusal are passed in as functions.
 */
import { createServer, type Server as ListeningServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Deadlines } from '../deadline-wheel.ts';
import type { HeadFault } from '../grammar/request-head.ts';
import { Connection } from './connection.ts';
import { LingeringClose } from './lingering-close.ts';
import { type ListenAddress, listenAt, stopListening } from './listen.ts';
import type { Request } from './request.ts';
import type { Response } from './response.ts';

/**
 * Why a connection is refused without a request. `head_too_large`: beyond `headBytes`. `timeout`: no complete head in time. `tls`: a TLS
 * handshake on a port without TLS. `overloaded`: no memory for held bytes.
 */
export type ConnectionFault = HeadFault | 'head_too_large' | 'timeout' | 'tls' | 'overloaded';

/** Connections closed by a limit, without a response or after it. */
export interface EndedConnections {
  /** No request arrived in time. */
  idle: number;
  /** They reached `requestsPerConnection`. */
  requests: number;
  /** The client did not read a response in time. */
  unread: number;
  /** The client was still sending too long after its last response, or too many were. */
  lingering: number;
}

export interface ServerLimits {
  /** Maximum bytes of a head, and of bytes that arrive while a request is served. */
  readonly headBytes: number;
  /** Longest time for a head to arrive, counted for a new connection from its start. */
  readonly headTimeoutMs: number;
  /** Longest time for a whole request to arrive; 0: no limit. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept; 0: as long as a client may leave a response unread. */
  readonly keepAliveTimeoutMs: number;
  readonly unreadTimeoutMs: number;
  /** Maximum number of connections; further ones are closed. */
  readonly connections: number;
  /** Maximum requests on one connection; 0: no limit. */
  readonly requestsPerConnection: number;
}

export interface ServerOptions<C> {
  readonly limits: ServerLimits;
  readonly deadlines: Deadlines;
  /**
   * User data of a new connection; null: it is closed at once. `secure`: a handshake follows. `listener`: position of the address, in the
   * order of `listen`. `address`: the client, as `ClientPreface` says; undefined: the other end of the socket.
   */
  accept(socket: Socket, secure: boolean, listener: number, address: string | undefined): C | null;
  /** Its handshake has succeeded. */
  onSecured?(client: C, secured: Duplex): void;
  /** A field of each response without one of its name; if unset, there is none. */
  defaultField?(client: C): DefaultField | null;
  /** Connections with the same key share limits. */
  clientKey(client: C): string;
  onRequest(request: Request, response: Response, client: C, connection: Connection<C>): void;
  /** The bytes that refuse a connection, head and body as Latin-1, with `connection: close`; null: it ends without a response. */
  refusal(fault: ConnectionFault, client: C): string | null;
  /** Reserves memory for held bytes. False: none is left, and nothing was reserved. */
  hold(bytes: number, client: C): boolean;
  release(bytes: number, client: C): void;
  onClose(client: C): void;
  /** A connection of another protocol, on which the handshake of its socket has agreed; null: there is none. If unset, all speak HTTP/1. */
  openOther?(socket: Duplex, client: C, host: ConnectionHost<C>): OpenConnection<C> | null;
}

/** A connection, whatever its protocol. */
export interface OpenConnection<C> {
  readonly socket: Duplex;
  readonly client: C;
  /** While draining: ends it if it is idle. */
  endIdle(): void;
  /** Ends it at once. A response in progress is cut, and must not look complete. */
  break(): void;
}

export interface DefaultField {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** Makes connections secure before their first request. */
export interface SecureTransport {
  /** Calls `done` once: with the socket of the requests; or with null, after the end of the connection. */
  begin(socket: Socket, clientKey: string, done: (secured: Duplex | null) => void): void;
}

/** Reads what a proxy sends ahead of all bytes of a client, to say who that is. */
export interface ClientPreface {
  /** Calls `done` once: with the address of the client; or with null, after the end of the connection. */
  begin(socket: Socket, done: (address: string | null) => void): void;
}

/** What precedes the first request of a connection, in this order; nothing if unset. */
export interface Transport {
  readonly preface?: ClientPreface | undefined;
  readonly secure?: SecureTransport | undefined;
}

/** What a connection needs from its server. */
export interface ConnectionHost<C> extends ServerLimits {
  readonly deadlines: Deadlines;
  readonly draining: boolean;
  /** Connections end with their current or next response. */
  readonly ending: boolean;
  readonly keepAliveMs: number;
  readonly keepAliveFields: string;
  readonly ended: EndedConnections;
  readonly lingering: LingeringClose;
  clientKey(client: C): string;
  defaultField(client: C): DefaultField | null;
  onRequest(request: Request, response: Response, client: C, connection: Connection<C>): void;
  refusal(fault: ConnectionFault, client: C): string | null;
  hold(bytes: number, client: C): boolean;
  release(bytes: number, client: C): void;
  onDetach(connection: OpenConnection<C>): void;
  onClose(connection: OpenConnection<C>): void;
}

export interface Server {
  /**
   * `shared`: other processes also listen there. Without `transport`, bytes are requests at once. Rejects with the error of the system,
   * such as `EADDRINUSE`. Each address accepts as many connections as the limit allows.
   */
  listen(address: ListenAddress, shared: boolean, transport?: Transport): Promise<ListenAddress>;
  /** The first one; null while not listening. */
  readonly address: ListenAddress | null;
  readonly draining: boolean;
  /** Open connections, tunnels included. */
  readonly connections: number;
  readonly tunnels: number;
  /** Connections that were closed at once because there were too many. */
  readonly dropped: number;
  readonly ended: EndedConnections;
  /** A drain follows soon: until then new connections are accepted, and every response announces the end of its connection. */
  announceEnd(): void;
  /**
   * Serves connections that have reached the port, stops listening, closes idle connections and waits for the others; those left after the
   * time are destroyed. Resolves when no connection is left.
   */
  drain(timeoutMs: number): Promise<void>;
}

export function createHttp1Server<C>(options: ServerOptions<C>): Server {
  const { limits } = options;
  const open = new Map<Duplex, OpenConnection<C>>();
  /** Those whose first request is still to come, after a preface or a handshake. */
  const preparing = new Set<Socket>();
  const listening: ListeningServer[] = [];
  const tunnels = new Set<OpenConnection<C>>();
  const ended: EndedConnections = { idle: 0, requests: 0, unread: 0, lingering: 0 };
  let dropped = 0;
  let address: ListenAddress | null = null;
  /** Ends a drain once the last connection is closed. */
  let settle = () => {};
  const seconds = Math.floor(limits.keepAliveTimeoutMs / 1000);
  const host: ConnectionHost<C> & { draining: boolean; ending: boolean } = {
    ...limits,
    deadlines: options.deadlines,
    draining: false,
    ending: false,
    // A second more than announced, so that a request in transit still meets an open connection.
    keepAliveMs: limits.keepAliveTimeoutMs > 0 ? limits.keepAliveTimeoutMs + 1_000 : limits.unreadTimeoutMs,
    keepAliveFields: `connection: keep-alive\r\n${seconds > 0 ? `keep-alive: timeout=${seconds}\r\n` : ''}`,
    ended,
    lingering: new LingeringClose(options.deadlines, () => {
      ended.lingering += 1;
    }),
    clientKey: options.clientKey,
    defaultField: (client) => options.defaultField?.(client) ?? null,
    onRequest: options.onRequest,
    refusal: options.refusal,
    hold: options.hold,
    release: options.release,
    onDetach: (connection) => tunnels.add(connection),
    onClose(connection) {
      tunnels.delete(connection);
      open.delete(connection.socket);
      options.onClose(connection.client);
      settle();
    },
  };

  function accept(socket: Socket, { preface, secure }: Transport, listener: number): void {
    if (preface === undefined) {
      enter(socket, secure, listener, undefined);
      return;
    }
    preparing.add(socket);
    preface.begin(socket, (address) => {
      preparing.delete(socket);
      if (address !== null) enter(socket, secure, listener, address);
      else settle();
    });
  }

  function enter(
    socket: Socket,
    secure: SecureTransport | undefined,
    listener: number,
    address: string | undefined,
  ): void {
    const client = options.accept(socket, secure !== undefined, listener, address);
    if (client === null) {
      socket.destroy();
      settle();
    } else if (secure === undefined) begin(socket, client);
    else {
      preparing.add(socket);
      secure.begin(socket, options.clientKey(client), (secured) => {
        preparing.delete(socket);
        if (secured !== null) {
          options.onSecured?.(client, secured);
          begin(secured, client);
        } else {
          options.onClose(client);
          settle();
        }
      });
    }
  }

  function begin(socket: Duplex, client: C): void {
    open.set(socket, options.openOther?.(socket, client, host) ?? new Connection(socket, client, host));
  }

  function createListener(transport: Transport, position: number): ListeningServer {
    // A client that ends its side after a request still gets the response.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      accept(socket, transport, position),
    );
    server.maxConnections = limits.connections;
    server.on('drop', () => {
      dropped += 1;
    });
    return server;
  }

  return {
    get address() {
      return address;
    },
    get draining() {
      return host.draining;
    },
    get connections() {
      return open.size + preparing.size;
    },
    get tunnels() {
      return tunnels.size;
    },
    get dropped() {
      return dropped;
    },
    ended,
    async listen(place, shared, transport = {}) {
      const server = createListener(transport, listening.length);
      listening.push(server);
      const bound = await listenAt(server, place, shared);
      address ??= bound;
      return bound;
    },
    announceEnd() {
      host.ending = true;
    },
    drain: (timeoutMs) =>
      new Promise((resolve) => {
        host.ending = true;
        host.draining = true;
        host.lingering.drain();
        if (address === null) return resolve();
        address = null;
        const timer = setTimeout(() => {
          for (const socket of preparing) socket.destroy();
          for (const connection of open.values()) connection.break();
        }, timeoutMs);
        // The server closes before its last socket, which must be reported first.
        settle = () => {
          if (listening.some((server) => server.listening) || open.size + preparing.size > 0) return;
          clearTimeout(timer);
          resolve();
        };
        for (const server of listening) {
          stopListening(server, () => {
            server.close(settle);
            for (const connection of open.values()) connection.endIdle();
          });
        }
      }),
  };
}
