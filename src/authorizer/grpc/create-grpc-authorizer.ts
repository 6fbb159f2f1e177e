/**
 * The external authorizer over gRPC, for Envoy and products built on it (`envoy.service.auth.v3.Authorization/Check`). This process accepts
 * connections itself, makes them secure, and passes them to `@grpc/grpc-js`, so that peers, limits, TLS, shared ports and Unix sockets work
 * as over HTTP.
 */
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type { AuthorizerConfig } from '../../config/config.ts';
import { authorizerHeader } from '../../core/syntax/header-names.ts';
import { listenAt, stopListening } from '../../http1/server/listen.ts';
import { clientOf } from '../../request-line/client.ts';
import { hasSecret, listenWithGroup, mayConnect, secretOf } from '../callers.ts';
import { createChecks } from '../checks.ts';
import type { CheckServer, CheckServerOptions } from '../create-http-authorizer.ts';
import { checkOf } from '../read-check.ts';
import { CheckReply } from './check-reply.ts';
import { createHealth } from './health.ts';
import { authorization, type CheckMessage, health, type VerdictMessage } from './messages.ts';
import { readAttributes } from './read-attributes.ts';
import { closesUnfinished } from './unfinished-calls.ts';

export interface GrpcAuthorizerOptions extends CheckServerOptions {
  readonly grpc: GrpcSettings;
  /** Whether the process can serve checks. */
  ready(): Promise<boolean>;
}

type GrpcSettings = NonNullable<AuthorizerConfig['grpc']>;

/** A check has no body and no connection of its own. */
const ofCall = { body: null, bodyLength: 0, keepAlive: true, expect: 'none' } as const;

export function createGrpcAuthorizer(options: GrpcAuthorizerOptions): CheckServer {
  const { grpc: settings, limits, trustedProxies } = options;
  const checks = createChecks(options);
  const healthService = createHealth(options.ready);
  const sockets = new Set<Socket>();
  let isSecret = secretOf(options.settings);
  const port = settings.tls === null ? null : options.openTlsPort(settings.tls, ['h2']);
  /** Ends a drain once the last connection is closed. */
  let settle = () => {};

  function check(call: ServerUnaryCall<CheckMessage, VerdictMessage>, send: sendUnaryData<VerdictMessage>): void {
    const reply = new CheckReply(send);
    call.once('cancelled', () => reply.callEnded());
    const waitsMs = Number(call.getDeadline()) - Date.now();
    const read = readAttributes(call.request, waitsMs);
    const reading = read === null ? null : checkOf(read, ofCall, read.upgrades, trustedProxies);
    const { request, peer } = reading ?? unreadable;
    const context = checks.take({ name: 'grpc' }, request, reply, peer);
    reply.decided = context;
    if (!hasSecret(call.metadata.get(authorizerHeader).map(String), isSecret)) {
      options.turnedAway('secret', addressOf(call));
      context.break();
    } else if (reading === null) context.fail('check_invalid');
    else checks.serve(context, reading, { refusesOnly: false, allow: (_, managed) => reply.allow(managed) });
  }

  const server = new Server({
    'grpc.max_connection_age_ms': settings.maxConnectionAgeMs,
    'grpc.max_connection_age_grace_ms': settings.maxConnectionAgeGraceMs,
    'grpc.max_concurrent_streams': settings.maxConcurrentStreams,
    'grpc.max_receive_message_length': settings.maxMessageBytes,
    'grpc.enable_channelz': 0,
    interceptors: [closesUnfinished(options.deadlines, () => checks.settings.timeoutMs)],
  });
  server.addService(authorization, { Check: check });
  server.addService(health, healthService.handlers);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());

  const listener = createServer({ noDelay: true }, (socket) => {
    const { address, network } = clientOf(socket, () => false);
    if (!mayConnect(address, checks.settings.peers)) {
      options.turnedAway('peer', address);
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      settle();
    });
    // For a connection that breaks before HTTP/2 begins.
    socket.on('error', () => {});
    if (port === null) injector.injectConnection(socket);
    else port.begin(socket, network, (secured) => void (secured !== null && inject(secured)));
  });
  const inject = (secured: Duplex) => {
    // A caller that did not agree to HTTP/2 in its handshake (RFC 9113 section 3.2).
    if (secured instanceof TLSSocket && secured.alpnProtocol === 'h2') injector.injectConnection(secured);
    else secured.destroy();
  };
  listener.maxConnections = limits.connections;

  return {
    listen: (address) => listenWithGroup(address, (place) => listenAt(listener, place, options.shared)),
    use(runtime, next) {
      checks.use(runtime, next ?? checks.settings);
      if (next === null) return [];
      isSecret = secretOf(next);
      for (const socket of sockets) {
        if (!mayConnect(clientOf(socket, () => false).address, next.peers)) socket.destroy();
      }
      const tls = next.grpc?.tls ?? null;
      return port === null || tls === null ? [] : port.use(tls);
    },
    async drain(timeoutMs) {
      checks.beginDrain();
      await new Promise<void>((resolve) => stopListening(listener, resolve));
      listener.close();
      healthService.close();
      const timer = setTimeout(() => {
        server.forceShutdown();
        for (const socket of sockets) socket.destroy();
      }, timeoutMs);
      await new Promise<void>((resolve) => {
        settle = () => {
          if (sockets.size === 0) resolve();
        };
        // Every connection gets GOAWAY, and ends with its last check.
        server.tryShutdown(settle);
        settle();
      });
      clearTimeout(timer);
    },
  };
}

/** For a check without the attributes of a request. */
const unreadable = {
  request: { ...ofCall, method: '', target: '', minor: 1, rawHeaders: [], upgrade: 'none' },
  peer: { address: '', network: '', trusted: false, secure: false, listener: null, certificate: null },
} as const;

/** Empty for the Unix socket. */
function addressOf(call: ServerUnaryCall<unknown, unknown>): string {
  const [, address = ''] = /^(.*):\d+$/.exec(call.getPeer()) ?? [];
  return address;
}
