/**
 * A connection for subscriptions in a Cluster: to any of its nodes, because every node forwards every message, and to another one at each
 * attempt. The client's own subscriber changes nodes without a notification.
 */
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Cluster, Redis } from 'ioredis';
import type { Address, RedisConfig } from '../config/config.ts';
import { tlsOptions } from '../http1/client/tls-options.ts';
import { clientOptions } from './client-options.ts';

type Client = typeof import('ioredis');

const disconnectTimeoutMs = 200;

export function createClusterSubscriber(
  { AbstractConnector, Redis }: Client,
  config: RedisConfig,
  cluster: Cluster,
  seeds: readonly Address[],
  name: string,
): Redis {
  const tls = tlsOptions(config.tls);
  let turn = Math.floor(Math.random() * 1_000);

  /** The nodes that the Cluster currently has, then the configured ones. */
  function nextNode(): Address {
    const known = cluster.nodes().map(({ options: { host = '', port = 6379 } }) => ({ host, port }));
    const nodes = [...known, ...seeds];
    turn += 1;
    return nodes[turn % nodes.length]!;
  }

  class AnyNode extends AbstractConnector {
    constructor() {
      super(disconnectTimeoutMs);
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      const { host, port } = nextNode();
      const socket = tls === undefined ? createConnection({ host, port }) : connectTls({ host, port, ...tls });
      socket.once('error', (error) => {
        this.firstError = error;
      });
      this.stream = socket;
      return socket;
    }
  }

  return new Redis({ ...clientOptions(config, name), ...(tls === undefined ? {} : { tls }), Connector: AnyNode });
}
