/**
 * Forwards one allowed WebSocket upgrade (RFC 9110 section 7.8, RFC 6455). Bytes are tunneled only after the service's
 * own 101; any other answer is an ordinary one, passed on as such, and the connection is closed after it. Why
 * `node:http` and not `undici`: docs/decisions/0003-upgrades-by-node-http.md.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage, ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Allow } from '../core/decision.ts';
import { appendRequestHeaders, type ClientFacts } from '../core/forwarding/request-headers.ts';
import { appendResponseHeaders } from '../core/forwarding/response-headers.ts';
import { rewritePath } from '../core/forwarding/rewrite-path.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { handshakeFault } from '../core/request/websocket-handshake.ts';
import { gatewayHeader } from '../core/syntax/header-names.ts';
import { farewellFor } from './close-frame.ts';
import type { ExchangeHost, IncomingUpgrade, Origin } from './exchange.ts';
import type { ForwardingContext } from './forward-request.ts';
import type { ForwardingParts } from './forwarding-parts.ts';
import { LastingExchange } from './lasting-exchange.ts';
import type { Target } from './target.ts';
import { Tunnel } from './tunnel.ts';
import { reasonOfFailure } from './upstream-failure.ts';

/** A side that has ended may wait this long for the other one to end too. */
const halfClosedMs = 30_000;
/** Both sides may take this long to hear the last word, before they are broken off. */
const farewellMs = 2_000;
const maxAnswerHeaderBytes = 64 * 1024;

export class UpgradeExchange extends LastingExchange {
  private readonly socket: Socket;
  private readonly early: Buffer;
  private context: ForwardingContext | null = null;
  private facts: ClientFacts | null = null;
  private targetPath = '';
  private tried: Set<Target> | null = null;
  private outgoing: ClientRequest | null = null;
  private answer: IncomingMessage | null = null;
  private tunnel: Tunnel | null = null;
  /** Moment of `performance.now()` at which the service is given up, or the tunnel is broken off. */
  private breakAt = Number.POSITIVE_INFINITY;
  /** Moment at which its access is looked at. */
  private accessAt = Number.POSITIVE_INFINITY;
  private ending = false;
  private released = false;

  constructor(
    shared: ForwardingParts,
    entrypoint: ExchangeHost,
    from: Origin,
    req: IncomingUpgrade,
    socket: Socket,
    head: Buffer,
  ) {
    // Node has let go of the socket; a response of our own serves for everything that is no tunnel.
    const res = new ServerResponse(req.source);
    super(shared, entrypoint, from, req, res, false);
    this.socket = socket;
    this.early = head;
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    res.once('finish', () => {
      res.detachSocket(socket);
      socket.destroySoon();
      this.closed();
    });
    socket.setTimeout(0);
    socket.on('error', () => socket.destroy());
    socket.on('drain', () => res.emit('drain'));
    // Read until something comes, so that a client that goes away during the handshake is noticed.
    socket.on('readable', this.peek);
    socket.once('end', this.gone);
  }

  override get door(): 'proxy' | 'upgrade' {
    return 'upgrade';
  }

  private readonly peek = (): void => void (this.socket.readableLength === 0 && this.socket.read(0));
  private readonly gone = (): void => void this.socket.destroy();

  /** Starts forwarding. Whatever comes of it is answered to the client; throws only for faults of the gateway. */
  forward(decision: Allow, context: ForwardingContext, facts: ClientFacts): void {
    if (!decision.route.websocket) {
      this.fail('upgrade_unsupported');
      return;
    }
    const fault = handshakeFault(this.req.rawHeaders);
    if (fault !== null) {
      this.fail(fault);
      return;
    }
    const path = rewritePath(decision.route, decision.request.path);
    if (path === null) {
      this.fail('path_ambiguous');
      return;
    }
    this.targetPath = path + decision.request.query;
    this.granted = decision;
    this.context = context;
    this.facts = facts;
    this.send();
  }

  private send(): void {
    const { route } = this.granted!;
    const upstream = this.context!.upstreams.get(route.upstream);
    const target = upstream.pick(this.tried, false);
    if (typeof target === 'string') {
      this.fail(target);
      return;
    }
    this.target = target.origin;
    this.progress();

    const headers: string[] = [];
    appendRequestHeaders(headers, this.context!.rules, this.granted!, this.req.rawHeaders, this.facts!);
    if (upstream.gatewaySecret !== null) headers.push(gatewayHeader, upstream.gatewaySecret);
    headers.push('connection', 'Upgrade', 'upgrade', 'websocket');
    const { url } = target;
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)({
      hostname,
      // The name to verify is the target's own, never the Host that the client sent.
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      port: url.port,
      path: this.targetPath,
      method: 'GET',
      headers,
      agent: false,
      maxHeaderSize: maxAnswerHeaderBytes,
      httpValidation: 'strict',
      // So that the end of one direction does not end the other.
      ...{ allowHalfOpen: true },
    });
    this.outgoing = outgoing;
    let connected = false;
    outgoing.once('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        connected = true;
      });
    });
    outgoing.on('error', (error) => {
      if (this.released || outgoing !== this.outgoing) return;
      if (connected) return this.fail(reasonOfFailure(error, false), error);
      target.connectionFailed();
      this.cause = error;
      this.tried ??= new Set();
      this.tried.add(target);
      this.send();
    });
    outgoing.once('response', (answer) => this.pass(answer));
    outgoing.once('upgrade', (answer, socket, head) => this.open(answer, socket as Socket, head));
    outgoing.end();
  }

  /** The service declined: an ordinary answer, after which the connection is closed. */
  private pass(answer: IncomingMessage): void {
    if (this.released) {
      answer.destroy();
      return;
    }
    this.answer = answer;
    answer.on('error', (error) => this.fail('upstream_failed', error));
    const { statusCode, statusMessage, rawHeaders } = answer;
    // A 101 that names no protocol is no answer: the client would take it for a tunnel.
    if (statusCode === 101) {
      this.fail('upstream_answer_invalid');
      return;
    }
    this.beginAnswer(statusCode!, statusMessage ?? '', rawHeaders, this.context!, true);
    if (this.released) return;
    // It may be without an end, as events are.
    this.watchAccess();
    if (this.released) return;
    answer.on('data', (chunk: Buffer) => {
      this.progress();
      if (this.continueAnswer(chunk)) return;
      answer.pause();
      this.res.once('drain', () => answer.resume());
    });
    answer.on('end', () => {
      if (this.released) return;
      if (answer.complete) this.endAnswer();
      else this.fail('upstream_failed');
    });
  }

  /** The service agreed: from here on there are only bytes. */
  private open(answer: IncomingMessage, upstream: Socket, upstreamHead: Buffer): void {
    upstream.on('error', () => upstream.destroy());
    if (this.released) {
      upstream.destroy();
      return;
    }
    if (answer.headers.upgrade?.toLowerCase() !== 'websocket') {
      upstream.destroy();
      this.fail('upstream_answer_invalid');
      return;
    }
    this.answeredAt = performance.now();
    this.status = 101;
    this.breakAt = Number.POSITIVE_INFINITY;
    this.wait();
    const { socket } = this;
    const headers: string[] = ['connection', 'Upgrade', 'upgrade', 'websocket'];
    appendResponseHeaders(headers, answer.rawHeaders, this.context!.rules.treatResponse);
    let text = 'HTTP/1.1 101 Switching Protocols\r\n';
    const { websocketProtocol } = this.context!.rules;
    for (let i = 0; i < headers.length; i += 2) {
      // The client's bearer is announced to the gateway: a service has no say in that.
      if (headers[i]!.toLowerCase() === 'sec-websocket-protocol' && headers[i + 1] === websocketProtocol) continue;
      text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    }
    (this.res as ServerResponse).detachSocket(socket);
    socket.off('readable', this.peek);
    socket.off('end', this.gone);
    socket.write(`${text}\r\n`, 'latin1');
    const received = socket.bytesRead - this.early.length;
    const sent = socket.bytesWritten - upstreamHead.length;
    this.tunnel = new Tunnel(socket, upstream, this.early, upstreamHead, {
      halfClosed: () => this.breakIn(halfClosedMs),
      closed: () => {
        this.bytesIn = socket.bytesRead - received;
        this.bytesOut = socket.bytesWritten - sent;
        this.closed();
      },
    });
    this.watchAccess();
  }

  /** The tunnel does not outlive the access that opened it. */
  endAccess(reason: ReasonCode): void {
    if (this.tunnel === null) {
      this.fail(reason);
      return;
    }
    if (this.ending || this.over) return;
    this.ending = true;
    this.reason = reason;
    this.watch?.stop();
    this.tunnel.end(farewellFor(reason));
    this.breakIn(farewellMs);
  }

  lookAt(at: number): void {
    if (this.ending || this.released) return;
    this.accessAt = at;
    this.wait();
  }

  /** The service has its time anew. */
  private progress(): void {
    this.breakAt = performance.now() + this.granted!.route.timeoutMs;
    this.wait();
  }

  private breakIn(ms: number): void {
    this.breakAt = Math.min(this.breakAt, performance.now() + ms);
    this.wait();
  }

  private wait(): void {
    const at = this.ending ? this.breakAt : Math.min(this.accessAt, this.breakAt);
    if (at === Number.POSITIVE_INFINITY) this.shared.deadlines.cancel(this);
    else this.shared.deadlines.schedule(this, at);
  }

  onDeadline(): void {
    if (performance.now() < this.breakAt) {
      this.accessAt = Number.POSITIVE_INFINITY;
      this.watch?.look();
      if (!this.released) this.wait();
    } else if (this.tunnel === null) {
      this.fail('upstream_timeout');
    } else {
      this.tunnel.destroy();
    }
  }

  override fail(reason: ReasonCode, cause: unknown = null): void {
    this.release();
    super.fail(reason, cause);
  }

  protected override release(): void {
    if (this.released) return;
    this.released = true;
    this.shared.deadlines.cancel(this);
    this.answer?.destroy();
    this.outgoing?.destroy();
  }

  /** A tunnel ends when either side says so. */
  protected override get finished(): boolean {
    return this.tunnel !== null || super.finished;
  }
}
